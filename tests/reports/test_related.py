"""Which other reports are shown beside one, and to whom."""

from typing import Any

import pytest
from tests.reports import filed

from balagh.database import fetch
from balagh.reports.cases import Desk
from balagh.reports.lifecycle import Role
from balagh.reports.presence import LOOKING, onlookers, opened, still_there
from balagh.reports.related import Why, related

FOLDED = "سددت رسوم تجديد الرخصه ولم تجدد"


class Cases:
    """``report``: the one that is looked at; ``others``: by what they have in common with it."""

    def __init__(self, report: int, others: dict[str, str], own: int, other: int) -> None:
        self.report = report
        self.others = others
        self.own = own
        self.other = other


async def service(agency: int) -> int:
    platform = await filed.new_id(
        "platform", agency_id=agency, code="p", **names("name"), **names("short")
    )
    return await filed.new_id(
        "service", agency_id=agency, platform_id=platform, code="s", digital=True, **names("name")
    )


def names(kind: str) -> dict[str, Any]:
    return {f"{kind}_ar": "اسم", f"{kind}_en": "Name"}


@pytest.fixture
async def cases(db: None) -> Cases:
    own = await filed.agency()
    other = await filed.new_id("agency", code="mc", **names("name"), **names("short"))
    noura, khalid = await filed.person(), await filed.person("خالد")
    about = await service(own)
    said: dict[str, Any] = {
        "ground": "no_response_time", "reference": "A-1", "reference_key": "a1",
        "filed_on": filed.FILED_AT.date(),
    }  # fmt: skip
    this = await filed.report(noura, "in_progress", service_id=about, folded_text=FOLDED, **said)
    made = {
        # Whatever they have in common besides, they are told once, by the first reason.
        "reference": await filed.report(
            noura, "closed", agency_id=other, referred_agency_id=other, **said
        ),
        "text": await filed.report(khalid, "in_progress", service_id=about, folded_text=FOLDED),
        "person": await filed.report(noura, "in_progress"),
        "elsewhere": await filed.report(
            noura, "in_progress", agency_id=other, referred_agency_id=other
        ),
        "unreferred": await filed.report(noura, "received"),
        "service": await filed.report(
            khalid, "in_progress", service_id=about, folded_text="شيء مختلف تماما"
        ),
        "nothing": await filed.report(khalid, "in_progress", folded_text=FOLDED),
    }
    return Cases(this["id"], {one["number"]: key for key, one in made.items()}, own, other)


async def seen(cases: Cases, desk: Desk) -> dict[str, Why]:
    return {cases.others[one.number]: one.why for one in await related(desk, cases.report)}


AMER = {
    "reference": Why.REFERENCE,
    "text": Why.TEXT,
    "person": Why.PERSON,
    "elsewhere": Why.PERSON,
    "unreferred": Why.PERSON,
    "service": Why.SERVICE,
}


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.SUPERVISOR, Role.INTAKE_OFFICER])
async def test_amer_sees_all_that_is_related(cases: Cases, role: Role) -> None:
    assert await seen(cases, Desk(1, role, None)) == AMER


@pytest.mark.parametrize("role", [Role.AGENCY_OFFICER, Role.AGENCY_MANAGER])
async def test_an_agency_sees_its_own_among_them(cases: Cases, role: Role) -> None:
    assert await seen(cases, Desk(1, role, cases.own)) == {
        key: why for key, why in AMER.items() if key in ("text", "person", "service")
    }


async def test_who_sees_nothing(cases: Cases) -> None:
    assert await seen(cases, Desk(1, Role.ADMINISTRATOR, None)) == {}


async def test_five_of_each_sort_are_shown(db: None) -> None:
    noura = await filed.person()
    this = await filed.report(noura)
    for _ in range(7):
        await filed.report(noura)
    assert len(await related(Desk(1, Role.REVIEWER, None), this["id"])) == 5


async def test_colleagues_of_one_side_see_who_looks(db: None) -> None:
    own = await filed.agency()
    report = (await filed.report(await filed.person(), "in_progress"))["id"]
    desks = {}
    for key, role, agency in (
        ("Reem", "reviewer", None),
        ("Majed", "supervisor", None),
        ("Fahd", "agency_officer", own),
    ):
        id = await filed.new_id(
            "staff", role=role, agency_id=agency, name_ar=key, name_en=key,
            email=f"{key}@x.sa", created_at=filed.NOW,
        )  # fmt: skip
        desks[key] = Desk(id, Role(role), agency)
    for desk in desks.values():
        await opened(desk, report, 1, filed.NOW)

    async def others(key: str, after: float = 0) -> list[str]:
        at = filed.NOW + after * LOOKING
        return [one.name_en for one in await onlookers(desks[key], report, at)]

    assert await others("Reem") == ["Majed"]
    assert await others("Majed") == ["Reem"]
    assert await others("Fahd") == []
    # Whoever closed the page is gone; whoever did not says so.
    assert await others("Reem", 1.1) == []
    await still_there(desks["Majed"], report, filed.NOW + LOOKING)
    assert await others("Reem", 1.1) == ["Majed"]
    # Being there has not seen anything new, and opening it has.
    await opened(desks["Majed"], report, 3, filed.NOW)
    await opened(desks["Majed"], report, 2, filed.NOW)
    rows = await fetch("SELECT version FROM case_view WHERE staff_id = $1", desks["Majed"].staff_id)
    assert [row["version"] for row in rows] == [3]
