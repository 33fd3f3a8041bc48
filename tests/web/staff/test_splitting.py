"""A report that concerns several agencies: split into linked ones, each answered on its own, one
story for the beneficiary."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest
from litestar import Litestar
from tests.reports import filed
from tests.web.conftest import NOW, Visiting
from tests.web.pages import Browser, Page

from balagh.database import fetch, fetch_one
from balagh.i18n import Language
from balagh.reports import erasure, inboxes, splitting
from balagh.reports.lifecycle import Role, State
from balagh.reports.receipts.contents import receipt_of

TEXT = "الخصم من الحساب البنكي يخص هذه الجهة وحدها."


async def reported(state: str = "under_review", **columns: Any) -> dict[str, Any]:
    """A report of Noura's with Momah; ``id``, ``number`` and ``person``."""
    person = await filed.person()
    made = await filed.report(person, state, **columns)
    return {**made, "person": person}


async def a_file(report: dict[str, Any], name: str) -> str:
    return str(await filed.pending_file(
        report["id"], report["person"], name=name, pending_action=None
    ))  # fmt: skip


async def split(browser: Browser, number: str, *agencies: str, **typed: str) -> Page:
    """Splits for these agencies, one choice a page as without scripts."""
    await browser.open(f"/cases/{number}/split")
    for n, agency in enumerate(agencies, 1):
        if n > 1:
            await press(browser, "more")
        await press(browser, "list", **{f"agency_{n}": agency, f"text_{n}": TEXT})
    return await press(browser, "split", **typed)


async def press(browser: Browser, do: str, **typed: str) -> Page:
    form = browser.page.form("/split")
    for name, value in typed.items():
        known = form.choices.get(name)
        assert name in form.fields or known is not None, name
        assert known is None or value in known, f"{value} cannot be chosen: {known}"
    data = {**form.fields, **typed, "do": do}
    return await browser._show(await browser.client.post(form.action, data=data))


async def parts_of(report: int) -> list[Any]:
    return await fetch(
        "SELECT r.*, a.code FROM report r JOIN agency a ON a.id = r.agency_id "
        "WHERE part_of = $1 ORDER BY r.id",
        report,
    )


POSSIBLE = [
    (role, state, part_of, role in (Role.REVIEWER, Role.SUPERVISOR)
     and state is State.UNDER_REVIEW and part_of is None)
    for role in Role for state in State for part_of in (None, 7)
]  # fmt: skip


@pytest.mark.parametrize(("role", "state", "part_of", "may"), POSSIBLE)
def test_who_splits_what(role: Role, state: State, part_of: int | None, may: bool) -> None:
    assert splitting.possible(role, state, part_of) is may


async def test_two_further_agencies(at_desk: Visiting) -> None:
    report = await reported(email="other@example.sa", channel="toll_free",
                            filed_by=await filed.reviewer())  # fmt: skip
    shown, hidden = [await a_file(report, name) for name in ("يُرى.png", "لا يُرى.png")]
    async with at_desk("reem") as reem:
        page = await reem.open(f"/cases/{report['number']}")
        assert "Split for several agencies" in page.links
        page = await split(
            reem, report["number"], "moj", "mc", about_1="s:najiz-poa-issue", file_1=shown
        )
        assert page.path == f"/cases/{report['number']}"
        assert "Ministry of Justice" in page.text
        assert "the first report" in page.text
    whole = await fetch_one("SELECT * FROM report WHERE id = $1", report["id"])
    assert whole is not None
    assert (whole["version"], whole["state"]) == (2, "under_review")
    parts = await parts_of(report["id"])
    assert [part["code"] for part in parts] == ["moj", "mc"]
    for part in parts:
        assert part["description"] == TEXT
        assert part["state"] == "under_review"
        for name in ("person_id", "kind", "title", "submitted_at", "due_at", "email", "channel",
                     "completeness_due_at", "filed_by", "ground", "language"):  # fmt: skip
            assert part[name] == whole[name], name
        assert part["referred_agency_id"] is None
        events = await fetch(
            "SELECT action, to_state, public FROM event WHERE report_id = $1 ORDER BY at, id",
            part["id"],
        )
        assert [event["action"] for event in events][-1] == "split"
        assert [event["to_state"] for event in events] == ["under_review", None]
    assert parts[0]["service_id"] is not None
    # Where the service is not known, the whole report's name of it.
    assert (parts[1]["service_id"], parts[1]["service_name"]) == (None, "تجديد الرخصة")
    assert len({whole["number"], *(part["number"] for part in parts)}) == 3
    assert len({whole["draft_id"], *(part["draft_id"] for part in parts)}) == 3
    (row,) = await fetch("SELECT report_id, attachment_id FROM shared_file")
    assert (row["report_id"], str(row["attachment_id"])) == (parts[0]["id"], shown)
    (row,) = await fetch(
        "SELECT data FROM audit WHERE action = 'split' AND subject = $1 ORDER BY id DESC LIMIT 1",
        f"report:{report['id']}",
    )
    assert json.loads(row["data"])["parts"] == [part["id"] for part in parts]
    assert hidden


async def test_an_agency_sees_its_own_part_and_nothing_else(at_desk: Visiting) -> None:
    report = await reported()
    await a_file(report, "أصل.png")
    async with at_desk("reem") as reem, at_desk("fahd") as fahd, at_desk("salem") as salem:
        await split(reem, report["number"], "moj", "mc")
        moj, mc = await parts_of(report["id"])
        for part in (moj, mc):
            await fetch(
                "UPDATE report SET state = 'in_progress', referred_agency_id = agency_id, "
                "referred_at = now() WHERE id = $1",
                part["id"],
            )
        for officer, own, others in ((fahd, moj, mc), (salem, mc, moj)):
            page = await officer.open(f"/cases/{own['number']}")
            assert page.status == 200
            for other in (others["number"], report["number"], "Agencies that it concerns"):
                assert other not in page.html
            for number in (others["number"], report["number"]):
                assert (await officer.client.get(f"/cases/{number}")).status_code == 404
                assert (await officer.client.get(f"/cases/{number}/split")).status_code == 404


async def test_a_shared_file_is_there_for_its_agency_alone(
    at_desk: Visiting, portal: Litestar
) -> None:
    from balagh.reports import cases

    report = await reported()
    shared, own = [await a_file(report, name) for name in ("مشترك.png", "أصل.png")]
    stranger = await reported()
    foreign = await a_file(stranger, "غريب.png")
    async with at_desk("reem") as reem, at_desk("fahd"), at_desk("salem"):
        await reem.open(f"/cases/{report['number']}/split")
        form = reem.page.form("/split")
        data = {**form.fields, "agency_1": "moj", "text_1": TEXT, "do": "split"}
        # Somebody else's file is not shared, whatever the form says.
        await reem.client.post(form.action, data={**data, "file_1": [shared, foreign, "x"]})
    (part,) = await parts_of(report["id"])
    await fetch(
        "UPDATE report SET state = 'in_progress', referred_agency_id = agency_id, "
        "referred_at = now() WHERE id = $1",
        part["id"],
    )
    agencies = {row["code"]: row["id"] for row in await fetch("SELECT id, code FROM agency")}
    moj = cases.Desk(1, Role.AGENCY_OFFICER, agencies["moj"])
    mc = cases.Desk(1, Role.AGENCY_OFFICER, agencies["mc"])
    for desk, file, seen in (
        (moj, shared, True), (moj, own, False), (moj, foreign, False),
        (mc, shared, False), (mc, own, False),
    ):  # fmt: skip
        assert (await cases.file_for(desk, file) is not None) is seen
    assert [file.name for file in await inboxes.files_of(part["id"])] == ["مشترك.png"]


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ({"agency_1": ""}, "Choose the agency"),
        ({"agency_1": "nonsense"}, "Choose the agency"),
        ({"agency_1": "momah"}, "This agency has a part of the report already"),
        ({"text_1": ""}, "Write what concerns this agency"),
        ({"text_1": "قصير"}, "Write at least 10 characters"),
        ({"text_1": "س" * 3001}, "Shorten this to 3000 characters"),
        ({"about_1": "s:balady-licence-renew"}, "Choose a platform or service of this agency"),
        ({"about_1": "p:balady"}, "Choose a platform or service of this agency"),
    ],
)
async def test_what_is_wrong_is_said_and_kept(
    at_desk: Visiting, typed: dict[str, str], error: str
) -> None:
    report = await reported()
    async with at_desk("reem") as reem:
        await reem.open(f"/cases/{report['number']}/split")
        form = reem.page.form("/split")
        data = {**form.fields, "agency_1": "moj", "text_1": TEXT, "about_1": "", **typed}
        page = await reem._show(await reem.client.post(form.action, data=data))
        assert page.status == 422
        assert page.title.startswith("Error:")
        assert error in page.text
        if "text_1" not in typed:
            assert page.form("/split").fields["text_1"] == TEXT
    assert not await parts_of(report["id"])


async def test_an_agency_twice_and_one_left_out(at_desk: Visiting) -> None:
    report = await reported()
    async with at_desk("majed") as majed:
        page = await split(majed, report["number"], "moj", "moj")
        assert page.status == 422
        assert "This agency has a part of the report already" in page.text
        page = await press(majed, "less_2")
        assert "agency_2" not in page.form("/split").fields
        await press(majed, "split")
        assert len(await parts_of(report["id"])) == 1
        # Once more, afterwards: only another agency.
        page = await split(majed, report["number"], "moj")
        assert page.status == 422
        await press(majed, "split", agency_1="mc")
    assert [part["code"] for part in await parts_of(report["id"])] == ["moj", "mc"]


@pytest.mark.parametrize("state", [state.value for state in State if state != "under_review"])
async def test_states_in_which_it_is_not_split(at_desk: Visiting, state: str) -> None:
    report = await reported(state)
    async with at_desk("reem") as reem:
        page = await reem.open(f"/cases/{report['number']}")
        assert "Split for several agencies" not in page.links
        page = await reem.open(f"/cases/{report['number']}/split")
        assert page.path == f"/cases/{report['number']}"
        csrf = page.form("/sign-out").fields["csrf"]
        typed = {"agency_1": "moj", "text_1": TEXT, "as_of": "1", "once": str(uuid4())}
        answer = await reem.client.post(
            f"/cases/{report['number']}/split", data={"csrf": csrf, **typed}
        )
        # What was typed stays, to be copied.
        assert answer.status_code == 409
        assert TEXT in answer.text
    assert not await parts_of(report["id"])


async def test_a_part_is_not_split_itself(at_desk: Visiting) -> None:
    report = await reported()
    async with at_desk("reem") as reem:
        await split(reem, report["number"], "moj")
        (part,) = await parts_of(report["id"])
        page = await reem.open(f"/cases/{part['number']}")
        assert "Split off a part for another agency" not in page.links
        page = await reem.open(f"/cases/{part['number']}/split")
        assert page.path == f"/cases/{part['number']}"


@pytest.mark.parametrize("who", ["hind", "fahd", "salem", "abeer"])
async def test_who_does_not_split(at_desk: Visiting, who: str) -> None:
    report = await reported()
    async with at_desk(who) as staff:
        csrf = (await staff.open("/help")).form("/sign-out").fields["csrf"]
        assert (await staff.client.get(f"/cases/{report['number']}/split")).status_code == 404
        answer = await staff.client.post(f"/cases/{report['number']}/split", data={"csrf": csrf})
        assert answer.status_code == 404


async def test_the_second_is_told_and_loses_nothing(at_desk: Visiting) -> None:
    report = await reported()
    async with at_desk("reem") as reem, at_desk("majed") as majed:
        await majed.open(f"/cases/{report['number']}/split")
        await split(reem, report["number"], "moj")
        page = await press(majed, "split", agency_1="mc", text_1=TEXT)
        assert page.status == 409
        assert "Reem Alshammari changed the report Today" in page.text
        assert page.form("/split").fields["text_1"] == TEXT
        assert len(await parts_of(report["id"])) == 1
        # Having seen it, they may go on.
        await press(majed, "split")
    assert [part["code"] for part in await parts_of(report["id"])] == ["moj", "mc"]


async def test_the_same_form_many_times_splits_once(at_desk: Visiting) -> None:
    report = await reported()
    async with at_desk("reem") as reem:
        await reem.open(f"/cases/{report['number']}/split")
        form = reem.page.form("/split")
        data = {**form.fields, "agency_1": "moj", "text_1": TEXT, "do": "split"}
        answers = await asyncio.gather(
            *(reem.client.post(form.action, data=data) for _ in range(6))
        )
    assert {answer.status_code for answer in answers} == {303}
    assert len(await parts_of(report["id"])) == 1


async def test_one_that_was_filed_there_before(at_desk: Visiting) -> None:
    same: dict[str, Any] = {
        "ground": "no_response_time", "reference": "A-1", "reference_key": "a1",
        "filed_on": NOW.date(),
    }  # fmt: skip
    report = await reported(**same)
    (moj,) = await fetch("SELECT id FROM agency WHERE code = 'moj'")
    await filed.report(await filed.person("غيرها"), agency_id=moj["id"], **same)
    async with at_desk("reem") as reem:
        page = await split(reem, report["number"], "mc", "moj")
        assert page.status == 422
        assert "One of these agencies has a report about the same already" in page.text
        assert page.form("/split").fields["text_2"] == TEXT
    assert not await parts_of(report["id"])


@pytest.mark.parametrize("kind", ["transformation", "suggestion"])
async def test_the_other_kinds(at_desk: Visiting, kind: str) -> None:
    report = await reported(kind=kind, **({"service_key": "x"} if kind == "transformation" else {}))
    async with at_desk("reem") as reem:
        await split(reem, report["number"], "moj")
    (part,) = await parts_of(report["id"])
    assert (part["service_key"] is not None) is (kind == "transformation")
    assert (part["text_hash"] is not None) is (kind == "suggestion")
    assert (part["folded_text"] is not None) is (kind == "suggestion")


# States of the first report and two parts; the group of the story, and how many have answered.
STORIES = [
    (("in_progress", "in_progress", "in_progress"), "working", (0, 3)),
    (("in_progress", "missing_data", "closed"), "waiting", (1, 3)),
    (("closed", "missing_data", "closed"), "waiting", (2, 3)),
    (("missing_data", "closed", "closed"), "waiting", (2, 3)),
    (("closed", "answered", "in_progress"), "working", (2, 3)),
    (("closed", "closed", "closed"), "ended", (3, 3)),
    (("closed", "rejected", "in_progress"), "working", (1, 2)),
    (("cancelled", "cancelled", "under_review"), "working", (0, 1)),
    (("cancelled", "rejected", "closed"), "ended", (1, 1)),
    (("reopen_requested", "closed", "closed"), "working", (3, 3)),
]


@pytest.mark.parametrize(("states", "group", "answered"), STORIES)
async def test_one_story(
    visiting: Visiting, portal: Litestar, states: tuple[str, ...], group: str,
    answered: tuple[int, int],
) -> None:  # fmt: skip
    person = await filed.person()
    first = await filed.report(person, states[0])
    parts = []
    for code, state in zip(("moj", "mc"), states[1:], strict=True):
        (agency,) = await fetch("SELECT id FROM agency WHERE code = $1", code)
        referred = {"referred_agency_id": agency["id"]} if state in (
            "in_progress", "answered", "closed", "reopen_requested") else {}  # fmt: skip
        parts.append(
            await filed.report(
                person, state, part_of=first["id"], agency_id=agency["id"], **referred
            )
        )
    for name in ("waiting", "working", "ended"):
        page = await inboxes.mine(person, name)
        assert [line.number for line in page.lines] == ([first["number"]] if name == group else [])
    kept = await erasure.standing(person)
    assert (kept.reports, kept.working) == (1, 0 if group == "ended" else 1)
    (count,) = await inboxes.counts(person)
    assert (count.open, count.ended) == ((0, 1) if group == "ended" else (1, 0))
    async with visiting("نورة سعد القحطاني") as noura:
        shown = await noura.open("/reports")
        said = f"Agencies that answered: {answered[0]} of {answered[1]}"
        assert said in shown.text
        assert all(part["number"] not in shown.html or "missing_data" in states for part in parts)
        if "missing_data" in states:
            number = [first, *parts][states.index("missing_data")]["number"]
            assert f"/reports/{number}/update" in shown.html
        shown = await noura.open(f"/reports/{first['number']}")
        assert said in shown.text
        for part, state in zip(parts, states[1:], strict=True):
            assert f"/reports/{part['number']}" in shown.html
            if state == "missing_data":
                assert f"/reports/{part['number']}/update" in shown.html
        # An answer stands there once Amer has let it stand.
        assert shown.html.count("عولج العطل.") == sum(state in ("closed",) for state in states)
        # A part's own address works for its owner, and leads to the whole.
        own = await noura.open(f"/reports/{parts[0]['number']}")
        assert own.status == 200
        assert f"/reports/{first['number']}" in own.html
        assert "It is not in the list" not in own.text


async def test_what_is_done_to_a_part_stays_with_the_part(
    visiting: Visiting, portal: Litestar
) -> None:
    person = await filed.person()
    first = await filed.report(person, "in_progress")
    (agency,) = await fetch("SELECT id FROM agency WHERE code = 'moj'")
    part = await filed.report(person, "under_review", part_of=first["id"], agency_id=agency["id"])
    async with visiting("نورة سعد القحطاني") as noura:
        page = await noura.open(f"/reports/{first['number']}")
        # Each agency's part on its own, never all by one press.
        assert page.html.count("Cancel this part") == 2
        assert "Cancel the report" not in page.text
        await noura.open(f"/reports/{part['number']}/cancellation")
        await noura.send("/cancellation")
    states = await fetch("SELECT state FROM report ORDER BY id")
    assert [row["state"] for row in states] == ["in_progress", "cancelled"]


async def test_balagh_is_rated_once_and_each_agency_on_its_own(
    visiting: Visiting, portal: Litestar
) -> None:
    person = await filed.person()
    first = await filed.report(person, "closed")
    part = await filed.report(person, "closed", part_of=first["id"])
    async with visiting("نورة سعد القحطاني") as noura:
        page = await noura.open(f"/reports/{part['number']}")
        assert "Rate the agency's response" in page.text
        assert "Rate your experience of Balagh" not in page.text
        page = await noura.open(f"/reports/{part['number']}/rating/balagh")
        assert page.status == 409
        page = await noura.open(f"/reports/{first['number']}")
        assert "Rate your experience of Balagh" in page.text


async def test_receipt_and_copy_name_the_parts(visiting: Visiting, portal: Litestar) -> None:
    from balagh.reports import export

    person = await filed.person()
    first = await filed.report(person)
    (moj,) = await fetch("SELECT id FROM agency WHERE code = 'moj'")
    part = await filed.report(person, part_of=first["id"], agency_id=moj["id"])
    whole = await receipt_of(person, first["number"])
    piece = await receipt_of(person, part["number"])
    assert whole is not None
    assert piece is not None
    assert (whole.others_en, whole.whole) == (("Ministry of Justice",), None)
    assert (piece.others_en, piece.whole) == ((), first["number"])
    rows = await fetch(export.SECTIONS["report"], person)
    assert [row["part_of"] for row in rows] == [None, first["number"]]
    assert Language.of("ar").text("Part of report") == "جزء من البلاغ"
