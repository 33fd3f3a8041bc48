"""Corrections: who may, in which states, what is a change, and what becomes of the report."""

from datetime import date
from typing import Any

import pytest
from tests.reports import filed

from balagh.database import fetch, fetch_one
from balagh.i18n import Language
from balagh.reports.correcting import (
    Change,
    Correction,
    changes,
    correct,
    every_step,
    may_correct,
)
from balagh.reports.fields import NOT_LISTED
from balagh.reports.filed import typed
from balagh.reports.kinds import KINDS
from balagh.reports.lifecycle import Role, State

OPEN = {*State} - {State.CLOSED, State.CANCELLED, State.REJECTED}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("state", list(State))
def test_who_may_correct(role: Role, state: State) -> None:
    assert may_correct(role, state) == (role in (Role.REVIEWER, Role.SUPERVISOR) and state in OPEN)


class Row:
    """A row of the directory."""

    def __init__(self, code: str, id: int = 1) -> None:
        self.id = id
        self.code = code
        self.name_ar = f"{code} بالعربية"
        self.name_en = f"{code} in English"
        self.digital = True
        self.sla_days = None


OLD: dict[str, Any] = {
    "phone": "+966553184471",
    "account_type": "individual",
    "ground": "no_response_time",
    "agency": Row("a"),
    "platform": Row("p"),
    "service": Row("s"),
    "delivery_channel": Row("web"),
    "reference": "A-1",
    "filed_on": date(2026, 11, 9),
    "title": "عنوان",
    "description": "وصف طويل بما يكفي لهذا",
}
CASES = [
    pytest.param("complaint", {}, [], id="nothing"),
    pytest.param(
        "complaint", {"title": "عنوان آخر"}, [("title", "عنوان", "عنوان آخر", "عنوان آخر")],
        id="a text",
    ),
    pytest.param(
        "complaint", {"filed_on": date(2026, 11, 8)},
        [("filed_on", "2026-11-09", "2026-11-08", "Sunday 8 November 2026")], id="a date",
    ),
    pytest.param(
        "complaint", {"service": Row("s2", 2)}, [("service", "s", "s2", "s2 in English")],
        id="a service",
    ),
    pytest.param(
        "complaint", {"phone": "+966561102938"},
        [("phone", "+966553184471", "+966561102938", "056 110 2938")], id="a number",
    ),
    pytest.param(
        "complaint", {"matter": "technical"},
        [("matter", None, "technical", "A technical problem")],
        id="what was not there",
    ),
    pytest.param(
        "complaint", {"reference": None}, [("reference", "A-1", None, "")], id="what is no more",
    ),
    pytest.param(
        "complaint", {"account_type": "business", "organisation_name": "شركة"},
        [("account_type", "individual", "business", "A business"),
         ("organisation_name", None, "شركة", "شركة")],
        id="two, in the order in which they are asked",
    ),
    pytest.param(
        "transformation", {"service": NOT_LISTED, "service_name": "شهادة"},
        [("service", "s", "not-listed", "It is not in the list"),
         ("service_name", None, "شهادة", "شهادة")],
        id="a service that is typed",
    ),
    pytest.param(
        "suggestion", {"description": "نص آخر طويل بما يكفي"},
        [("description", "وصف طويل بما يكفي لهذا", "نص آخر طويل بما يكفي", "نص آخر طويل بما يكفي")],
        id="a suggestion",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "new", "expected"), CASES)
def test_changes(kind: str, new: dict[str, Any], expected: list[tuple[Any, ...]]) -> None:
    found = changes(every_step(KINDS[kind]), OLD, {**OLD, **new})
    assert [(one.field, one.old, one.new, one.told("new", "en")) for one in found] == expected


def test_a_change_is_told_in_both_languages() -> None:
    (one,) = changes(every_step(KINDS["complaint"]), OLD, {**OLD, "service": Row("s2")})
    assert one.told("old", "ar") == "s بالعربية"
    assert one.told("new", "en") == "s2 in English"


def test_what_is_there_is_typed_as_one_would() -> None:
    answers = typed(OLD)
    assert answers["service"] == "s"
    assert answers["phone"] == "055 318 4471"
    assert [answers[f"filed_on_{part}"] for part in ("day", "month", "year")] == ["9", "11", "2026"]
    # An agency's paper services stand under no platform.
    assert typed({"service": Row("x")})["platform"] == "paper"
    assert "platform" not in typed({"service": NOT_LISTED})


def correction(made: dict[str, Any], agency: int, version: int, **new: Any) -> Correction:
    values = {
        **OLD,
        "agency": Row("momah", agency),
        "platform": None,
        "service": Row("s", new.pop("service_id")),
        **new,
    }
    before = {**values, **dict.fromkeys(new, "قبل")}
    return Correction(
        report=made["id"],
        version=version,
        kind=KINDS["complaint"],
        values=values,
        changes=changes(every_step(KINDS["complaint"]), before, values),
        staff=1,
    )


@pytest.fixture
async def service(db: None) -> int:
    names: dict[str, Any] = {"name_ar": "خدمة", "name_en": "Service"}
    short: dict[str, Any] = {"short_ar": "منصة", "short_en": "Platform"}
    agency = await filed.agency()
    platform = await filed.new_id("platform", agency_id=agency, code="p", **names, **short)
    await filed.reviewer()
    return await filed.new_id(
        "service", agency_id=agency, platform_id=platform, code="s", digital=True, **names
    )


async def event(made: dict[str, Any]) -> list[dict[str, Any]]:
    rows = await fetch(
        "SELECT * FROM event WHERE report_id = $1 AND action = 'correct'", made["id"]
    )
    return [dict(row) for row in rows]


async def report(made: dict[str, Any]) -> dict[str, Any]:
    row = await fetch_one("SELECT * FROM report WHERE id = $1", made["id"])
    assert row is not None
    return dict(row)


async def test_the_report_its_event_and_nothing_else_change(service: int) -> None:
    made = await filed.report(await filed.person(), "under_review")
    before = await report(made)
    given = correction(made, before["agency_id"], 1, service_id=service, reference="B-7")
    assert await correct(given, filed.NOW) == "corrected"
    after = await report(made)
    # Derived from what was corrected, by the kind.
    assert (after["reference"], after["reference_key"]) == ("B-7", "b7")
    assert after["version"] == 2
    same = ("state", "due_at", "phone", "email", "account_type", "assignee_id", "checked_at")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    (written,) = await event(made)
    assert (written["public"], written["side"], written["to_state"]) == (True, None, None)
    assert '"old": "قبل"' in written["data"]


# Whoever is second finds nothing to change, in either order; so does whoever finds it ended.
async def test_the_second_changes_nothing(service: int) -> None:
    made = await filed.report(await filed.person(), "under_review")
    agency = await filed.agency()
    first = correction(made, agency, 1, service_id=service, title="الأول الأول")
    second = correction(made, agency, 1, service_id=service, title="الثاني الثاني")
    assert await correct(second, filed.NOW) == "corrected"
    assert await correct(first, filed.NOW) == "overtaken"
    assert (await report(made))["title"] == "الثاني الثاني"
    assert len(await event(made)) == 1


@pytest.mark.parametrize("state", ["closed", "cancelled", "rejected"])
async def test_what_ended_stays(service: int, state: str) -> None:
    made = await filed.report(await filed.person(), state)
    given = correction(made, await filed.agency(), 1, service_id=service, title="عنوان جديد")
    assert await correct(given, filed.NOW) == "overtaken"
    assert (await report(made))["title"] != "عنوان جديد"


async def test_what_is_filed_once_stays_once(service: int) -> None:
    person = await filed.person()
    other = await filed.report(
        person, ground="no_response_time", reference="B-7", reference_key="b7",
        filed_on=date(2026, 11, 9),
    )  # fmt: skip
    made = await filed.report(person)
    agency = await filed.agency()
    given = correction(made, agency, 1, service_id=service, reference="b 7")
    assert await correct(given, filed.NOW) == "same_as_another"
    assert (await report(made))["version"] == 1
    assert await event(made) == []
    # Once that one is cancelled, it is free again.
    await fetch("UPDATE report SET state = 'cancelled', ended_at = $2 WHERE id = $1",
                other["id"], filed.NOW)  # fmt: skip
    assert await correct(given, filed.NOW) == "corrected"


def test_nothing_is_told_where_there_was_nothing() -> None:
    assert Change(field="matter", new="technical").told("old", Language.of("ar").code) == ""
