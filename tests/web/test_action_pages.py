"""The pages on which a beneficiary acts: one language each, and no more bytes than promised."""

from typing import Any

import httpx
import pytest
from tests.files import samples
from tests.reports import filed
from tests.web.conftest import NOW, Visiting
from tests.web.pages import Page
from tests.web.reports import person_named
from tests.web.test_budgets import NEXT_FRAGMENT, PAGE, size
from tests.web.test_languages import NAMES, TYPED, Reader

from balagh.assets import asset
from balagh.database import fetch

ITEMS = {"ar": ["صورة من التقرير", "رقم التقرير"], "en": ["A picture of the report", "Its number"]}
WORDS = {"ar": "ما زالت الرخصة غير مجددة.", "en": "The licence is still not renewed."}
HTMX = {"hx-request": "true"}


class Weighing(Reader):
    """A reader that weighs each page with the style sheet, as it is sent."""

    sheet = 0

    async def _show(self, answer: httpx.Response) -> Page:
        page = await super()._show(answer)
        assert answer.is_redirect or answer.num_bytes_downloaded + self.sheet <= PAGE
        return page


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_each_page_and_error(visiting: Visiting, language: str) -> None:
    async with visiting(NAMES[language], language=language) as found:
        found.client.headers["accept-encoding"] = "br"
        reader = Weighing(found.client, language)
        reader.sheet, _ = await size(found.client, asset("app.css"))
        person = await person_named(NAMES[language])

        async def report(state: str, **columns: Any) -> str:
            event = {"data": {"reason": WORDS[language]}, **columns.pop("event", {})}
            made = await filed.report(
                person, state, event=event, answer=WORDS[language],
                **{**TYPED[language], **columns},
            )  # fmt: skip
            if state == "missing_data":
                await fetch(
                    "UPDATE event SET data = jsonb_build_object('items', $2::text[]) "
                    "WHERE report_id = $1", made["id"], ITEMS[language],
                )  # fmt: skip
            return f"/reports/{made['number']}"

        open_states = ("received", "under_review", "in_progress", "answered", "reopen_requested")
        reports = [await report(state) for state in open_states]
        reports += [
            await report("missing_data", data_due_at=NOW),
            await report("rejected", event={"action": "reject"}),
            await report("cancelled", event={"action": "cancel"}),
            await report("cancelled", event={"action": "expire"}),
            await report("closed", outcome="refused"),
            await report("closed", outcome="accepted", promised_on=NOW.date()),
            await report("closed", reopen_until=NOW),
        ]
        for address in reports:
            for rest in ("", "/update", "/cancellation", "/reopening"):
                await reader.open(address + rest)
        for show in ("all", "open", "ended"):
            await reader.open(f"/reports?show={show}")
        update = await report("missing_data")
        await reader.open(update)
        page = await reader.open(f"{update}/update")
        await reader.send("/update")
        form = page.form("/update")
        for raw in (b"x", b"", samples.picture("PNG")):
            answer = await found.client.post(
                f"{form.action}/files/0", data=form.fields, files={"file_0": ("1.png", raw)}
            )
            await reader._show(answer)
        await reader.send("/update", text_1="x" * 3001)
        page = await reader.send("/update", text_1=WORDS[language])
        assert page.path.endswith("/check")
        for path in ("", "/check"):
            fragment, _ = await size(found.client, f"{update}/update{path}", **HTMX)
            assert fragment <= NEXT_FRAGMENT
        await reader.open(page.path + "?changed=1")
        await reader.send("/confirmation")
        await reader.open(f"{update}/cancellation")
        await reader.send("/cancellation", reason="x" * 501)
        await reader.send("/cancellation", reason=WORDS[language])
        closed = await report("closed")
        await reader.open(f"{closed}/reopening")
        await reader.send("/reopening", text_0="x")
        await reader.send("/reopening", text_0=WORDS[language])
        page = await reader.send("/confirmation")
        assert page.path == closed
        assert len(reader.seen) >= 14
