"""Who is first: an answer by a link, its withdrawal, and whatever else happens to the report."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from tests.reports import filed
from tests.reports.filed import NOW

from balagh.database import fetch, fetch_one
from balagh.reports import answer_links
from balagh.reports.acting import Deed, Done, Overtaken
from balagh.reports.answer_links import AnswerLink, Contact, desk_by
from balagh.reports.cases import Case, Desk, case_for
from balagh.reports.lifecycle import Action, Role, State
from balagh.reports.standing import Answer

CONTACT = Contact("أحمد", "ahmad@example.sa", "ar")
LATER = NOW + timedelta(hours=1)


def words(token: str, end: Any) -> dict[str, Any]:
    return {"answer_url": f"https://balagh.example.sa/answer/{token}", "open_until": str(end)}


async def begin() -> tuple[Desk, Case, AnswerLink]:
    made = await filed.report(await filed.person(), "in_progress")
    desk = Desk(await filed.reviewer(), Role.REVIEWER, None)
    case = await case_for(desk, made["number"])
    assert case is not None
    assert await answer_links.make(desk, case, CONTACT, words, NOW)
    (link,) = await answer_links.links_of(case.id)
    return desk, case, link


def deed(case: Case, link: AnswerLink) -> Deed:
    given = Answer("solved", "عولج العطل.")
    before = case.standing()
    return Deed(
        report=case.id, version=case.version, action=Action.ANSWER, before=before,
        after=replace(before, state=State.ANSWERED, outcome=given.outcome, answer=given.text),
        actor="staff", staff=link.made_by, data={"by_link": link.name},
    )  # fmt: skip


async def used(link: AnswerLink) -> bool:
    row = await fetch_one("SELECT used_at FROM answer_link WHERE id = $1", link.id)
    assert row is not None
    return row["used_at"] is not None


async def state(case: Case) -> str:
    row = await fetch_one("SELECT state FROM report WHERE id = $1", case.id)
    assert row is not None
    return str(row["state"])


async def test_withdrawn_first(db: None) -> None:
    desk, case, link = await begin()
    await answer_links.revoke(desk, case.id, link.id, NOW)
    assert await answer_links.answer(link, (deed(case, link),), LATER) is None
    assert not await used(link)
    assert await state(case) == "in_progress"


async def test_answered_first(db: None) -> None:
    desk, case, link = await begin()
    assert isinstance(await answer_links.answer(link, (deed(case, link),), LATER), Done)
    await answer_links.revoke(desk, case.id, link.id, LATER)
    row = await fetch_one("SELECT revoked_at, used_at FROM answer_link")
    assert row is not None
    assert (row["revoked_at"], row["used_at"]) == (None, LATER)
    assert not await fetch("SELECT 1 FROM event WHERE action = 'revoke_link'")


async def test_somebody_else_was_faster_and_the_link_is_as_it_was(db: None) -> None:
    _, case, link = await begin()
    await fetch("UPDATE report SET version = version + 1 WHERE id = $1", case.id)
    outcome = await answer_links.answer(link, (deed(case, link),), LATER)
    assert isinstance(outcome, Overtaken)
    assert not await used(link)
    # What carries it is still there to be opened.
    (notice,) = await fetch("SELECT data FROM notice")
    assert "answer_url" in json.loads(notice["data"])


async def test_at_its_last_moment_and_after(db: None) -> None:
    _, case, link = await begin()
    assert await answer_links.answer(link, (deed(case, link),), link.expires_at) is None
    last = link.expires_at - timedelta(microseconds=1)
    assert isinstance(await answer_links.answer(link, (deed(case, link),), last), Done)


async def test_two_links_of_one_report(db: None) -> None:
    desk, case, first = await begin()
    assert await answer_links.make(desk, case, CONTACT, words, NOW)
    second = (await answer_links.links_of(case.id))[0]
    assert isinstance(await answer_links.answer(second, (deed(case, second),), LATER), Done)
    assert isinstance(await answer_links.answer(first, (deed(case, first),), LATER), Overtaken)
    assert not await used(first)


async def test_moved_before_the_link_is_made(db: None) -> None:
    desk, case, _ = await begin()
    await fetch("UPDATE report SET state = 'answered' WHERE id = $1", case.id)
    assert not await answer_links.make(desk, case, CONTACT, words, NOW)
    assert len(await answer_links.links_of(case.id)) == 1


async def test_whoever_looks_through_it_sees_that_report_as_the_agency_does(db: None) -> None:
    _, case, link = await begin()
    other = await filed.report(await filed.person(), "under_review")
    assert await case_for(desk_by(link), case.number) is not None
    assert await case_for(desk_by(link), other["number"]) is None


@pytest.mark.parametrize(
    ("sent", "age", "kept"),
    [
        ("waiting", timedelta(), True),
        # To be sent again once the cause is gone.
        ("failed", timedelta(days=13), True),
        ("sent", timedelta(), False),
        ("waiting", timedelta(days=14), False),
        ("failed", timedelta(days=14), False),
    ],
)
async def test_how_long_the_outbox_knows_the_address(
    db: None, sent: str, age: timedelta, kept: bool
) -> None:
    await begin()
    await fetch("UPDATE notice SET state = $1", sent)
    await answer_links.forget(NOW + age)
    rows = await fetch("SELECT data FROM notice")
    assert ["answer_url" in json.loads(row["data"]) for row in rows] == (
        [] if sent == "waiting" and not kept else [kept]
    )


async def test_at_the_same_moment_as_the_withdrawal(db: None) -> None:
    """Fifty times: it is either answered, with the link used, or withdrawn and left as it was."""
    answered = 0
    for turn in range(50):
        desk, case, link = await begin()
        ways = [
            answer_links.answer(link, (deed(case, link),), LATER),
            answer_links.revoke(desk, case.id, link.id, LATER),
        ]
        await asyncio.gather(*(ways if turn % 2 else reversed(ways)))
        row = await fetch_one(
            "SELECT l.used_at, l.revoked_at, r.state FROM answer_link l "
            "JOIN report r ON r.id = l.report_id WHERE l.id = $1",
            link.id,
        )
        assert row is not None
        outcome = (row["used_at"] is not None, row["revoked_at"] is not None, row["state"])
        assert outcome in ((True, False, "answered"), (False, True, "in_progress"))
        answered += outcome[0]
    assert 0 < answered < 50


@pytest.mark.parametrize("state", ["waiting", "sent", "failed"])
@pytest.mark.parametrize("how", ["answered", "revoked", "over"])
async def test_a_message_whose_link_is_over_is_not_sent(db: None, state: str, how: str) -> None:
    """One that waits would be tried for a day and never be written."""
    desk, case, link = await begin()
    await fetch("UPDATE notice SET state = $1, attempts = 1", state)
    if how == "answered":
        assert isinstance(await answer_links.answer(link, (deed(case, link),), LATER), Done)
    elif how == "revoked":
        await answer_links.revoke(desk, case.id, link.id, LATER)
    else:
        await answer_links.forget(NOW + answer_links.LIFETIME)
    rows = await fetch(
        "SELECT state, data ? 'answer_url' AS there FROM notice WHERE moment = 'answer_link'"
    )
    found = [tuple(row.values()) for row in rows]
    assert found == ([] if state == "waiting" else [(state, False)])
