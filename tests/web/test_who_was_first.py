"""Whoever comes second is told what changed the report last, of all that they may know."""

import json
from datetime import timedelta
from typing import Any

import pytest
from tests.reports.filed import insert
from tests.web.conftest import NOW, Visiting, staff_id
from tests.web.pages import Browser
from tests.web.reports import noura_s
from tests.web.staff.casework import agency

from balagh.database import fetch
from balagh.i18n import Language
from balagh.reports.lifecycle import NO_CHANGE, Action, Entry
from balagh.reports.timeline import TELLINGS
from balagh.web.staff.actions import _OTHERS, TEXTS

# What had been done before; who is not told of what came after is told of that.
BEFORE = ("Amer centre referred the report to Ministry of Justice", "Refer", "Refer")
WORDS = "عولج الخلل وأعيد فتح الخدمة."
# Entry, actor, whose own it is, public → what is told to the beneficiary, to Amer, to the agency.
LATER = [
    ("correct", "reem", None, True, (
        "Amer centre corrected the data of the report.",
        "Correction of the data", "Correction of the data",
    )),
    ("move_due", "reem", None, True, (
        "The calendar of working days changed:",
        "Moved due dates by the calendar", "Moved due dates by the calendar",
    )),
    ("add_evidence", None, None, True, (
        "A file came by the link that Amer centre sent.", "Added documents", "Added documents",
    )),
    # For staff alone.
    ("acknowledge", "fahd", None, False, (BEFORE[0], "Acknowledgement", "Acknowledgement")),
    # These change nothing of the report.
    ("late", "clock", None, True, BEFORE),
    ("note", "reem", None, False, BEFORE),
    ("note", "reem", "amer", False, BEFORE),
    ("note", "fahd", "agency", False, BEFORE),
    ("assign", "majed", "amer", False, BEFORE),
    ("assign", "mona", "agency", False, BEFORE),
    ("send_link", "reem", "amer", False, BEFORE),
    ("revoke_link", "reem", "amer", False, BEFORE),
]  # fmt: skip
DATA = {
    "correct": {"changes": []},
    "move_due": {"reason_ar": "إجازة", "reason_en": "A holiday", "due_on": "2026-12-01"},
    "note": {"text": "x"},
}
CASES = [pytest.param(*one, id=f"{one[0]}-{one[2] or 'all'}") for one in LATER]


@pytest.mark.parametrize(("entry", "by", "side", "public", "told"), CASES)
async def test_what_each_is_told(
    noura: Browser, at_desk: Visiting,
    entry: str, by: str | None, side: str | None, public: bool, told: tuple[str, str, str],
) -> None:  # fmt: skip
    moj = await agency("moj")
    made = await noura_s("in_progress", referred_agency_id=moj, referred_at=NOW, agency_id=moj)
    staff: dict[str, Any] = {"actor": "staff", "staff_id": await staff_id("reem")}
    names = json.dumps({"agency_ar": "وزارة العدل", "agency_en": "Ministry of Justice"})
    await insert(
        "event", report_id=made["id"], at=NOW - timedelta(hours=2), action="refer",
        from_state="under_review", to_state="in_progress", data=names, **staff,
    )  # fmt: skip
    number = made["number"]
    async with at_desk("reem") as reem, at_desk("fahd") as fahd:
        await noura.open(f"/reports/{number}/cancellation")
        await fahd.open(f"/cases/{number}?do=answer")
        csrf = (await reem.open(f"/cases/{number}")).form("/sign-out").fields["csrf"]
        await insert(
            "event", report_id=made["id"], at=NOW - timedelta(hours=1), action=entry, side=side,
            public=public, data=json.dumps(DATA.get(entry, {})), **await _actor(by),
        )  # fmt: skip
        await fetch("UPDATE report SET version = 2 WHERE id = $1", made["id"])
        page = await noura.send("/cancellation")
        assert page.status == 409
        assert told[0] in page.text
        page = await fahd.send("/answer", text=WORDS)
        assert page.status == 409
        assert f"{told[2]} · " in page.text
        assert WORDS in page.text
        # What Amer can do no more, for that matter.
        answer = await reem.client.post(
            f"/cases/{number}/rejection?as_of=1",
            data={"csrf": csrf, "code": "outside", "reason": WORDS},
        )
        assert answer.status_code == 409
        assert f"{told[1]} · " in answer.text


async def _actor(by: str | None) -> dict[str, Any]:
    if by is None:
        return {"actor": "beneficiary"}
    return (
        {"actor": "clock"} if by == "clock" else {"actor": "staff", "staff_id": await staff_id(by)}
    )


@pytest.mark.parametrize("one", sorted({*Action, *Entry} - NO_CHANGE))
def test_whatever_changes_a_report_has_its_words(one: Action | Entry) -> None:
    texts = [{**{str(action): text for action, text in TEXTS.items()}, **_OTHERS}[str(one)]]
    # Only staff know when the agency confirmed that it received the report.
    if one is not Entry.ACKNOWLEDGE:
        texts.append(TELLINGS[one].text)
    for text in texts:
        assert Language.of("ar").text(text) != text
