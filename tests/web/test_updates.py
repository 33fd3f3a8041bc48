"""«تحديث الطلب»: what was asked for, item by item, kept on the server, confirmed once."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest
from saq.types import Context
from tests.files import samples
from tests.reports import filed
from tests.reports.filed import ITEMS
from tests.web.conftest import NOW, Clock
from tests.web.pages import Browser, Page
from tests.web.reports import events_of, noura_s, person_named, state_of

from balagh.database import fetch
from balagh.files.inspection import REASONS
from balagh.files.store import Store
from balagh.i18n import Language
from balagh.jobs import tidy
from balagh.reports import inboxes, pending
from balagh.reports.acting import Deed, Done, act
from balagh.reports.casework import File
from balagh.reports.lifecycle import Action, Role, transition
from balagh.reports.standing import Terms, after

PICTURE = samples.picture("JPEG", 6)
WORDS = {"text_0": "التقرير مرفق من المستشفى.", "text_1": "رقم التقرير 20931177"}


async def update_page(noura: Browser, **columns: Any) -> tuple[dict[str, Any], Page]:
    report = await noura_s("missing_data", **columns)
    return report, await noura.open(f"/reports/{report['number']}/update")


async def upload(
    browser: Browser, item: int, raw: bytes = PICTURE, name: str = "a.jpg",
    typed: dict[str, str] | None = None,
) -> Page:  # fmt: skip
    """By the button beside the file of that item; everything typed goes with it."""
    return await press(browser, f"/files/{item}", {f"file_{item}": (name, raw)}, **(typed or {}))


async def press(browser: Browser, address: str, files: Any = None, **typed: str) -> Page:
    """A button of the form with an address of its own."""
    form = browser.page.form()
    buttons = [button.get("formaction", "") for button in form.buttons]
    (action,) = [found for found in buttons if address in found]
    answer = await browser.client.post(action, data={**form.fields, **typed}, files=files)
    return await browser._show(answer)


def on_disk(tmp_path: Path) -> set[str]:
    return {path.name for path in (tmp_path / "files").rglob("*") if path.is_file()}


async def files() -> list[dict[str, Any]]:
    return [dict(row) for row in await fetch("SELECT * FROM attachment ORDER BY added_at, id")]


async def test_from_the_card_to_the_report_that_went_back(noura: Browser, tmp_path: Path) -> None:
    report = await noura_s("missing_data")
    page = await noura.open("/reports")
    assert "27 hours left" in page.text
    assert all(item in page.text for item in ITEMS)
    page = await noura.open(page.links["Update the request"])
    assert page.path == f"/reports/{report['number']}/update"
    # The deadline with date and hour: 27 hours after Monday 11:30 in Riyadh.
    assert "Tuesday 24 November, 2:30 pm" in page.text
    page = await upload(noura, 0, name="التقرير.jpg", typed=WORDS)
    assert (page.status, page.path) == (200, f"/reports/{report['number']}/update")
    assert page.form().fields["text_1"] == WORDS["text_1"]
    assert "التقرير.jpg" in page.text
    (row,) = await files()
    assert (row["report_id"], row["pending_action"], row["item"], row["event_id"]) == (
        report["id"], "update", 0, None,
    )  # fmt: skip
    assert on_disk(tmp_path) == {str(row["id"])}
    # Pending, and already its owner's to look at.
    assert (await noura.client.get(f"/files/{row['id']}")).status_code == 200
    page = await noura.send("/update")
    assert page.path.endswith("/update/check")
    assert "Monday 30 November 2026" in page.text
    assert page.facts[ITEMS[1]] == WORDS["text_1"]
    assert "التقرير.jpg" in page.facts[ITEMS[0]]
    page = await noura.send("/confirmation")
    assert page.path == f"/reports/{report['number']}"
    assert "The report went back to Amer centre" in page.text
    assert "you will have an answer by Monday 30 November 2026" in page.text
    assert "التقرير.jpg" in page.text
    assert WORDS["text_1"] in page.text
    _, event = await events_of(report)
    assert (event["action"], event["from_state"], event["to_state"], event["actor"]) == (
        "update", "missing_data", "under_review", "beneficiary",
    )  # fmt: skip
    assert json.loads(event["data"])["answers"] == [
        {"item": ITEMS[0], "text": WORDS["text_0"], "files": ["التقرير.jpg"]},
        {"item": ITEMS[1], "text": WORDS["text_1"], "files": []},
    ]
    (row,) = await files()
    assert (row["event_id"], row["pending_action"], row["item"]) == (event["id"], None, 0)
    (stands,) = await fetch("SELECT * FROM report")
    # Asked for on the day of filing, so all five were left: from Tuesday 24 to Monday 30.
    assert stands["due_at"] == datetime(2026, 11, 30, 21, tzinfo=UTC)
    assert await fetch("SELECT 1 FROM action_draft") == []


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({}, [0, 1]),
        ({"text_0": "هذا هو"}, [1]),
        ({"text_0": " \r\n ", "text_1": "هذا هو"}, [0]),
        ({"text_0": "x" * 3001, "text_1": "x"}, [0]),
        ({"text_0": "x" * 3000, "text_1": "\x00"}, [1]),
        ({"text_0": "a\r\n" * 1500, "text_1": "x"}, []),
    ],
)
async def test_each_item_needs_words_or_a_file(
    noura: Browser, typed: dict[str, str], wrong: list[int]
) -> None:
    await update_page(noura)
    page = await noura.send("/update", **typed)
    if not wrong:
        assert page.path.endswith("/update/check")
        return
    assert page.status == 422
    assert page.title.startswith("Error:")
    for n in (0, 1):
        assert (f"text_{n}_error" in page.ids) == (n in wrong)
        kept = page.form().fields[f"text_{n}"]
        assert kept == typed.get(f"text_{n}", "").replace("\x00", "")
    # And it is kept when one comes back.
    page = await noura.open(page.path)
    assert page.status == 200
    assert page.form().fields["text_0"].strip() == typed.get("text_0", "").strip()


async def test_a_file_alone_answers_an_item(noura: Browser) -> None:
    await update_page(noura)
    await upload(noura, 0)
    page = await noura.send("/update", text_1="20931177")
    assert page.path.endswith("/update/check")


async def test_a_file_that_was_chosen_and_not_uploaded_goes_along(noura: Browser) -> None:
    """Without scripts, with Continue at once; in two places at the same time."""
    await update_page(noura)
    page = await noura.send(
        "/update", files={"file_0": ("a.jpg", PICTURE), "file_1": ("b.jpg", PICTURE)}
    )
    assert page.path.endswith("/update/check")
    assert sorted(row["item"] for row in await files()) == [0, 1]


REFUSED = [
    (b"<svg onload='alert(1)'/>", "شعار.svg", "type_not_allowed"),
    (b"", "empty.png", "empty"),
    (PICTURE[:400], "half.jpg", "broken"),
    (samples.document(samples.with_script_name), "script.pdf", "active_content"),
]


@pytest.mark.parametrize(("raw", "name", "code"), REFUSED, ids=[row[2] for row in REFUSED])
@pytest.mark.parametrize("language", ["ar", "en"])
async def test_a_refused_file_is_told_beside_its_name_and_the_words_stay(
    noura: Browser, tmp_path: Path, raw: bytes, name: str, code: str, language: str
) -> None:
    noura.client.cookies.set("lang", language)
    await update_page(noura)
    page = await upload(noura, 1, raw, name, typed=WORDS)
    assert page.status == 422
    assert Language.of(language).text(REASONS[code]) in page.text
    assert name in page.text
    assert "file_1_error" in page.ids
    assert page.form().fields["text_0"] == WORDS["text_0"]
    assert on_disk(tmp_path) == set()
    assert await files() == []
    # The same with Continue: nothing is confirmed that somebody believes to be complete.
    page = await noura.send("/update", files={"file_1": (name, raw)})
    assert page.status == 422


async def test_no_file_chosen(noura: Browser) -> None:
    await update_page(noura)
    page = await press(noura, "/files/1", {"file_1": ("", b"")}, **WORDS)
    assert page.status == 422
    assert "Choose a file first" in page.text
    assert page.form().fields["text_1"] == WORDS["text_1"]


async def test_a_removed_file_is_gone_and_the_words_stay(noura: Browser, tmp_path: Path) -> None:
    await update_page(noura)
    await upload(noura, 0)
    (row,) = await files()
    page = await press(noura, f"/removal/{row['id']}", **WORDS)
    assert (page.status, "a.jpg" in page.text) == (200, False)
    assert page.form().fields["text_0"] == WORDS["text_0"]
    assert on_disk(tmp_path) == set()
    assert (await noura.client.get(f"/files/{row['id']}")).status_code == 404


async def test_ten_files_for_all_items_and_no_more(noura: Browser, tmp_path: Path) -> None:
    await update_page(noura)
    form = noura.page.form()

    async def send(n: int) -> Any:
        address = f"{form.action}/files/{n % 2}"
        file = {f"file_{n % 2}": (f"{n}.png", samples.picture("PNG"))}
        return await noura.client.post(address, data=form.fields, files=file)

    answers = await asyncio.gather(*(send(n) for n in range(12)))
    assert sorted(answer.status_code for answer in answers) == [303] * 10 + [422] * 2
    assert len(await files()) == len(on_disk(tmp_path)) == 10
    page = await noura.open(form.action)
    assert "10 of 10 files" in page.text


async def test_with_htmx_the_pages_come_at_once(noura: Browser) -> None:
    report, page = await update_page(noura)
    form, htmx = page.form(), {"hx-request": "true"}
    answer = await noura.client.post(
        f"{form.action}/files/0", data={**form.fields, **WORDS},
        files={"file_0": ("a.jpg", PICTURE)}, headers=htmx,
    )  # fmt: skip
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert 'id="part_0" tabindex="-1" autofocus' in answer.text
    answer = await noura.client.post(form.action, data={**form.fields, **WORDS}, headers=htmx)
    assert answer.headers["hx-push-url"] == f"/reports/{report['number']}/update/check"
    assert "Confirm the request" in answer.text


async def test_going_on_from_another_device(noura: Browser, visiting: Any) -> None:
    _, page = await update_page(noura)
    await noura.send("/update", text_0=WORDS["text_0"])
    async with visiting("نورة سعد القحطاني") as phone:
        found = await phone.open(page.path)
        assert found.form().fields["text_0"] == WORDS["text_0"]


@pytest.mark.parametrize(
    "state",
    ["received", "under_review", "in_progress", "answered", "closed", "cancelled", "rejected",
     "reopen_requested"],
)  # fmt: skip
async def test_only_while_data_is_missing(noura: Browser, state: str) -> None:
    report = await noura_s(state)
    page = await noura.open(f"/reports/{report['number']}")
    assert "Update the request" not in page.links
    for path in ("update", "update/check"):
        page = await noura.open(f"/reports/{report['number']}/{path}")
        assert (page.status, page.h1) == (200, "This report does not lack data now")
    csrf = {"csrf": page.form("/sign-out").fields["csrf"], "request": "1", "text_0": "كتبته"}
    for path in ("update", "update/files/0", f"update/removal/{uuid4()}",
                 "update/confirmation?as_of=1"):  # fmt: skip
        answer = await noura.client.post(f"/reports/{report['number']}/{path}", data=csrf)
        assert answer.status_code == 409, path
        assert "This report does not lack data now" in answer.text
        assert "كتبته" in answer.text
    assert await state_of(report) == state
    assert len(await events_of(report)) == 1


@pytest.mark.parametrize(("left", "taken"), [(timedelta(minutes=1), True), (timedelta(), False)])
async def test_until_the_last_minute_and_not_after(
    noura: Browser, time: Clock, left: timedelta, taken: bool
) -> None:
    """48 hours are over although the clock has not come yet: refused, with what to do."""
    report, page = await update_page(noura)
    await noura.send("/update", **WORDS)
    assert noura.page.path.endswith("/check")
    time.now = NOW + timedelta(hours=27) - left
    await fetch("UPDATE session SET expires_at = $1, seen_at = $2",
                time.now + timedelta(hours=1), time.now)  # fmt: skip
    page = await noura.send("/confirmation")
    if taken:
        assert await state_of(report) == "under_review"
        return
    assert (page.status, page.h1) == (409, "The time for completing the data is over")
    assert WORDS["text_0"] in page.text
    assert page.links["File a new report"] == "/new/complaint"
    assert await state_of(report) == "missing_data"
    page = await noura.open("/reports")
    assert "Update the request" not in page.links
    assert "You may file it again." in page.text


async def test_somebody_else_s_report_is_as_absent_as_none(
    noura: Browser, khalid: Browser, tmp_path: Path
) -> None:
    report, _ = await update_page(noura)
    await upload(noura, 0)
    (row,) = await files()
    await khalid.open("/reports")
    csrf = {"csrf": khalid.page.form("/sign-out").fields["csrf"], "text_0": "x", "request": "1"}
    missing = "7302641182"
    for path in ("", "/check"):
        theirs, none = [
            await khalid.client.get(f"/reports/{number}/update{path}")
            for number in (report["number"], missing)
        ]
        assert theirs.status_code == none.status_code == 404
        assert theirs.text.replace(report["number"], "") == none.text.replace(missing, "")
    for path in ("", "/files/0", f"/removal/{row['id']}", "/confirmation?as_of=1"):
        theirs, none = [
            await khalid.client.post(f"/reports/{number}/update{path}", data=csrf)
            for number in (report["number"], missing)
        ]
        assert theirs.status_code == none.status_code == 404
        assert theirs.text.replace(report["number"], "") == none.text.replace(missing, "")
    assert (await khalid.client.get(f"/files/{row['id']}")).status_code == 404
    # Through a report of his own neither.
    his = await filed.report(await person_named("خالد عبدالله العتيبي"), "missing_data")
    await khalid.open(f"/reports/{his['number']}/update")
    fields = khalid.page.form().fields
    await khalid.client.post(f"/reports/{his['number']}/update/removal/{row['id']}", data=fields)
    assert on_disk(tmp_path) == {str(row["id"])}
    assert len(await files()) == 1


async def test_two_tabs_confirm_at_once(noura: Browser) -> None:
    for _ in range(10):
        report, _ = await update_page(noura)
        await noura.send("/update", **WORDS)
        form = noura.page.form("/confirmation")
        answers = await asyncio.gather(
            *(noura.client.post(form.action, data=form.fields) for _ in range(3))
        )
        assert {answer.status_code for answer in answers} == {303}
        assert {a.headers["location"] for a in answers} == {f"/reports/{report['number']}"}
        assert [event["action"] for event in await events_of(report)] == ["request_data", "update"]


async def test_cancelled_in_one_tab_and_updated_in_the_other(noura: Browser) -> None:
    done = []
    for n in range(20):
        report, _ = await update_page(noura)
        await noura.send("/update", **WORDS)
        update = noura.page.form("/confirmation")
        await noura.open(f"/reports/{report['number']}/cancellation")
        cancel = noura.page.form("/cancellation")
        pair = (update, cancel) if n % 2 else (cancel, update)
        sent = [noura.client.post(form.action, data=form.fields) for form in pair]
        # Twice one after the other, so that each was first once; then as it comes.
        answers = [await one for one in sent] if n < 2 else await asyncio.gather(*sent)
        _, event = await events_of(report)
        done.append(event["action"])
        lost = next(a for a in answers if a.status_code != 303)
        assert lost.status_code == 409
        if event["action"] == "cancel":
            assert WORDS["text_0"] in lost.text
            assert "You cancelled the report." in lost.text
            assert await fetch("SELECT 1 FROM notice WHERE key LIKE $1", f"report:{report['id']}:%")
        else:
            assert "You completed the data" in lost.text
            # Still open, so it can still be cancelled: they look again, and decide.
            assert "The report changed meanwhile" in lost.text
            assert "?as_of=2" in lost.text
    assert set(done) == {"cancel", "update"}


async def test_what_was_added_after_the_check_page_is_looked_at_first(noura: Browser) -> None:
    report, page = await update_page(noura)
    await noura.send("/update", **WORDS)
    check = noura.page.form("/confirmation")
    await noura.open(page.path)
    await upload(noura, 0)
    page = await noura._show(await noura.client.post(check.action, data=check.fields))
    assert page.path.endswith("/update/check?changed=1")
    assert "Your answers changed after this page was opened." in page.text
    assert await state_of(report) == "missing_data"
    await noura.send("/confirmation")
    assert await state_of(report) == "under_review"


async def test_staff_was_first(noura: Browser) -> None:
    """They are told by whom and when; what they had written is still there."""
    report, _ = await update_page(noura)
    await noura.send("/update", **WORDS)
    check = noura.page
    await by_staff(report)
    page = await noura._show(
        await noura.client.post(check.form("/confirmation").action,
                                data=check.form("/confirmation").fields)
    )  # fmt: skip
    assert (page.status, page.h1) == (409, "This report does not lack data now")
    assert "Amer centre completed the data for you" in page.text
    assert "Today, 11:30 am" in page.text
    assert WORDS["text_0"] in page.text
    assert len(await events_of(report)) == 2


async def test_other_data_is_asked_for_than_when_the_page_was_opened(noura: Browser) -> None:
    report, page = await update_page(noura)
    await upload(noura, 1)
    old = noura.page.form()
    await by_staff(report)
    await fetch(
        "INSERT INTO event (report_id, at, action, from_state, to_state, actor, staff_id, data) "
        "VALUES ($1, $2, 'request_data', 'under_review', 'missing_data', 'staff', $3, $4)",
        report["id"], NOW + timedelta(seconds=1), await filed.reviewer(),
        json.dumps({"items": ["رقم الهوية"]}),
    )  # fmt: skip
    await fetch(
        "UPDATE report SET state = 'missing_data', version = 3, resume_state = 'under_review', "
        "data_due_at = $2, paused_working_days = 3 WHERE id = $1",
        report["id"], NOW + timedelta(hours=48),
    )  # fmt: skip
    answer = await noura.client.post(old.action, data={**old.fields, **WORDS})
    assert answer.status_code == 409
    assert WORDS["text_1"] in answer.text
    page = await noura.open(page.path)
    # Neither words nor files for the old list stand under the new one.
    assert page.form().fields["text_0"] == ""
    assert "a.jpg" not in page.text
    assert "0 of 10 files" in page.text


async def by_staff(report: dict[str, Any]) -> None:
    """Somebody at Amer updates on the beneficiary's behalf."""
    (row,) = await fetch("SELECT person_id FROM report WHERE id = $1", report["id"])
    seen = await inboxes.report_of(row["person_id"], report["number"])
    assert seen is not None
    rule = transition(seen.state, Action.UPDATE, Role.REVIEWER)
    assert rule is not None
    done = await act(
        Deed(
            report=seen.id, version=seen.version, action=Action.UPDATE, before=seen.standing(),
            after=after(seen.standing(), rule, NOW, await terms()), actor="staff",
            staff=await filed.reviewer(),
        ),
        NOW,
    )  # fmt: skip
    assert isinstance(done, Done)


async def terms() -> Terms:
    from zoneinfo import ZoneInfo

    from tests.reports.calendars import SAUDI

    return Terms(calendar=SAUDI, zone=ZoneInfo("Asia/Riyadh"), resolution_days=5,
                 missing_data_hours=48, reopen_days=14)  # fmt: skip


async def test_a_file_that_comes_while_it_is_confirmed_is_in_it_or_refused(noura: Browser) -> None:
    """Never kept beside an update that is over."""
    person = await person_named("نورة سعد القحطاني")
    kept = 0
    for n in range(40):
        report, _ = await update_page(noura)
        await noura.send("/update", **WORDS)
        form = noura.page.form("/confirmation")
        file = File(uuid4(), "a.png", "image/png", 8)
        since = NOW - timedelta(hours=30)

        async def attach(file: File = file, report: dict[str, Any] = report,
                         since: datetime = since, wait: int = n % 4) -> bool:  # fmt: skip
            await asyncio.sleep(wait / 500)
            return await pending.attach(
                file, bytes(32), report["id"], person, Action.UPDATE, 0, since, 10, NOW
            )

        sent = noura.client.post(form.action, data=form.fields)
        # Once each was first for certain, then as it comes.
        if n == 0:
            attached = await attach()
            await sent
        elif n == 1:
            await sent
            attached = await attach()
        else:
            attached, _ = await asyncio.gather(attach(), sent)
        kept += attached
        confirmed = await state_of(report) == "under_review"
        rows = await fetch("SELECT pending_action FROM attachment WHERE id = $1", file.id)
        if attached:
            # It moved the version, so that nothing was confirmed without it.
            assert [row["pending_action"] for row in rows] == ["update"]
            assert not confirmed
        else:
            assert (rows, confirmed) == ([], True)
    assert 0 < kept < 40


async def test_what_can_no_longer_be_confirmed_goes_after_a_week(
    noura: Browser, tmp_path: Path, time: Clock
) -> None:
    reports = [(await update_page(noura))[0] for _ in range(2)]
    for report in reports:
        await noura.open(f"/reports/{report['number']}/update")
        await upload(noura, 0, typed=WORDS)
    confirmed, abandoned = reports
    await noura.open(f"/reports/{confirmed['number']}/update/check")
    await noura.send("/confirmation")
    rows = {row["report_id"]: str(row["id"]) for row in await files()}
    store = Store(tmp_path / "files")
    worker = cast(Context, {"worker": SimpleNamespace(store=store)})
    for age, left in ((timedelta(days=6, hours=23), 2), (timedelta(days=7, minutes=1), 1)):
        time.now = NOW + age
        await tidy(worker)
        assert len(on_disk(tmp_path)) == left
        assert len(await fetch("SELECT 1 FROM action_draft")) == left - 1
    # What was confirmed is the report's and stays.
    assert on_disk(tmp_path) == {rows[confirmed["id"]]}
    assert [row["report_id"] for row in await files()] == [confirmed["id"]]
    assert abandoned["id"] not in {row["report_id"] for row in await files()}


async def test_what_can_still_be_confirmed_stays_however_old(
    noura: Browser, tmp_path: Path, time: Clock
) -> None:
    await update_page(noura, data_due_at=NOW + timedelta(days=30))
    await upload(noura, 0, typed=WORDS)
    time.now = NOW + timedelta(days=29)
    await tidy(cast(Context, {"worker": SimpleNamespace(store=Store(tmp_path / "files"))}))
    assert len(on_disk(tmp_path)) == len(await fetch("SELECT 1 FROM action_draft")) == 1


async def test_a_reported_file_stands_with_its_event_and_not_among_the_first_ones(
    noura: Browser,
) -> None:
    report, _ = await update_page(noura)
    person = await person_named("نورة سعد القحطاني")
    await filed.pending_file(report["id"], person, pending_action=None, name="first.jpg")
    await filed.pending_file(report["id"], person, name="waiting.jpg", item=0)
    page = await noura.open(f"/reports/{report['number']}")
    assert "first.jpg" in page.text
    assert "waiting.jpg" not in page.text
