"""Who may give a report to whom, and who may stand in for whom: each case a row."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from balagh.reports.hands import (
    HOLDERS,
    OPEN,
    STANDS_IN,
    Absence,
    Colleague,
    Hinder,
    Unfit,
    hinder,
    unfit,
)
from balagh.reports.lifecycle import TRANSITIONS, Role, State

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
DAY = timedelta(days=1)
MOJ, MC = 7, 8


def one(id: int, role: Role, agency: int | None = None, **more: object) -> Colleague:
    made = Colleague(id=id, role=role, agency_id=agency, name_ar="اسم", name_en="Name")
    return msgspec.structs.replace(made, **more)


def away(who: Colleague, deputy: int, since: int = -1, until: int = 3) -> Colleague:
    """Away from so many days from now until so many days from now."""
    return msgspec.structs.replace(
        who, away_from=NOW + since * DAY, away_until=NOW + until * DAY, deputy_id=deputy
    )


HIND = one(1, Role.INTAKE_OFFICER)
REEM = one(2, Role.REVIEWER)
LAMA = one(3, Role.REVIEWER)
MAJED = one(4, Role.SUPERVISOR)
ABEER = one(5, Role.ADMINISTRATOR)
FAHD = one(6, Role.AGENCY_OFFICER, MOJ)
TURKI = one(7, Role.AGENCY_OFFICER, MOJ)
HEAD = one(8, Role.AGENCY_MANAGER, MOJ)
SALEM = one(9, Role.AGENCY_OFFICER, MC)
LEFT = one(10, Role.REVIEWER, active=False)
MOVED = one(11, Role.ADMINISTRATOR)

# Who asks, who has it, who shall get it; and why not.
HANDS = [
    # What nobody has is taken, and given to a colleague.
    (REEM, None, REEM, None),
    (REEM, None, LAMA, None),
    (REEM, None, MAJED, None),
    (MAJED, None, REEM, None),
    (FAHD, None, FAHD, None),
    (FAHD, None, TURKI, None),
    (HEAD, None, FAHD, None),
    # One's own is handed over, or put back.
    (REEM, REEM, LAMA, None),
    (REEM, REEM, None, None),
    (FAHD, FAHD, TURKI, None),
    (FAHD, FAHD, None, None),
    # A colleague's is not: only who leads gives it away.
    (REEM, LAMA, REEM, Hinder.NOT_YOURS),
    (REEM, LAMA, None, Hinder.NOT_YOURS),
    (REEM, MAJED, REEM, Hinder.NOT_YOURS),
    (FAHD, TURKI, FAHD, Hinder.NOT_YOURS),
    (MAJED, LAMA, REEM, None),
    (MAJED, REEM, MAJED, None),
    (MAJED, REEM, None, None),
    (HEAD, TURKI, FAHD, None),
    (HEAD, FAHD, None, None),
    # Who stands in gives it like their own, while the other is away.
    (LAMA, away(REEM, LAMA.id), LAMA, None),
    (LAMA, away(REEM, LAMA.id), None, None),
    (LAMA, away(REEM, MAJED.id), LAMA, Hinder.NOT_YOURS),
    (LAMA, away(REEM, LAMA.id, since=1), LAMA, Hinder.NOT_YOURS),
    (LAMA, away(REEM, LAMA.id, since=-3, until=0), LAMA, Hinder.NOT_YOURS),
    # Who has left, or does other work now, has nothing.
    (REEM, LEFT, REEM, None),
    (REEM, MOVED, REEM, None),
    (REEM, None, LEFT, Hinder.NOT_THEM),
    (MAJED, REEM, LEFT, Hinder.NOT_THEM),
    # Only who works on reports gets one, and on this side's.
    (MAJED, None, HIND, Hinder.NOT_THEM),
    (MAJED, None, ABEER, Hinder.NOT_THEM),
    (MAJED, None, FAHD, Hinder.NOT_THEM),
    (HEAD, None, HEAD, Hinder.NOT_THEM),
    (HEAD, FAHD, SALEM, Hinder.NOT_THEM),
    (HEAD, FAHD, REEM, Hinder.NOT_THEM),
    (FAHD, FAHD, HEAD, Hinder.NOT_THEM),
    # Who works on none gives none.
    (HIND, None, REEM, Hinder.NOT_YOURS),
    (HIND, REEM, None, Hinder.NOT_YOURS),
    (ABEER, None, REEM, Hinder.NOT_YOURS),
]


@pytest.mark.parametrize(("asking", "holder", "to", "why"), HANDS)
def test_who_gives_what_to_whom(
    asking: Colleague, holder: Colleague | None, to: Colleague | None, why: Hinder | None
) -> None:
    assert hinder(asking, State.IN_PROGRESS, holder, to, NOW) == why


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize(("asking", "to"), [(MAJED, REEM), (REEM, REEM), (HEAD, FAHD)])
def test_only_what_is_open_is_given(state: State, asking: Colleague, to: Colleague) -> None:
    ended = state in (State.CLOSED, State.CANCELLED, State.REJECTED)
    assert hinder(asking, state, None, to, NOW) == (Hinder.ENDED if ended else None)
    assert (state in OPEN) != ended


def test_whoever_may_have_a_report_can_do_something_with_it() -> None:
    for role in HOLDERS:
        assert any(role in row.roles and row.source is not None for row in TRANSITIONS)


STAFF = [HIND, REEM, LAMA, MAJED, LEFT]
AGENCY = [FAHD, TURKI, HEAD]
# Who is away, from and until (days from now), who stands in; the others as they are; why not.
ABSENCES = [
    (REEM, 0, 3, LAMA, STAFF, None),
    (REEM, 0, 3, MAJED, STAFF, None),
    (REEM, -5, 1, LAMA, STAFF, None),
    (MAJED, 0, 3, REEM, STAFF, None),
    (HIND, 0, 3, REEM, STAFF, None),
    (FAHD, 0, 3, TURKI, AGENCY, None),
    (HEAD, 0, 3, FAHD, AGENCY, None),
    (REEM, 3, 3, LAMA, STAFF, Unfit.BACKWARDS),
    (REEM, 3, 1, LAMA, STAFF, Unfit.BACKWARDS),
    (REEM, -5, -1, LAMA, STAFF, Unfit.OVER),
    (REEM, -5, 0, LAMA, STAFF, Unfit.OVER),
    (REEM, 0, 3, REEM, STAFF, Unfit.THEMSELVES),
    # Who could not do their work does not stand in.
    (REEM, 0, 3, HIND, STAFF, Unfit.NOBODY),
    (REEM, 0, 3, LEFT, STAFF, Unfit.NOBODY),
    (REEM, 0, 3, FAHD, [*STAFF, FAHD], Unfit.NOBODY),
    (FAHD, 0, 3, HEAD, AGENCY, Unfit.NOBODY),
    (FAHD, 0, 3, SALEM, [*AGENCY, SALEM], Unfit.NOBODY),
    (REEM, 0, 3, LAMA, [REEM], Unfit.NOBODY),
    (ABEER, 0, 3, REEM, STAFF, Unfit.NOBODY),
    # A deputy who is away in that time; the day on which one comes and the other goes is free.
    (REEM, 0, 3, LAMA, [REEM, away(LAMA, 4, 2, 5), MAJED], Unfit.DEPUTY_AWAY),
    (REEM, 0, 3, LAMA, [REEM, away(LAMA, 4, -2, 1), MAJED], Unfit.DEPUTY_AWAY),
    (REEM, 0, 9, LAMA, [REEM, away(LAMA, 4, 2, 5), MAJED], Unfit.DEPUTY_AWAY),
    (REEM, 2, 3, LAMA, [REEM, away(LAMA, 4, 0, 9), MAJED], Unfit.DEPUTY_AWAY),
    (REEM, 0, 3, LAMA, [REEM, away(LAMA, 4, 3, 5), MAJED], None),
    (REEM, 5, 8, LAMA, [REEM, away(LAMA, 4, 3, 5), MAJED], None),
    # What is over counts no more.
    (REEM, 0, 3, LAMA, [REEM, away(LAMA, 4, -9, -2), MAJED], None),
    # No circle: of two, of three. At another time it is none.
    (LAMA, 1, 4, REEM, [away(REEM, 3), LAMA, MAJED], Unfit.DEPUTY_AWAY),
    (MAJED, 1, 4, REEM, [away(REEM, 3), away(LAMA, 4), MAJED], Unfit.DEPUTY_AWAY),
    (LAMA, 5, 8, REEM, [away(REEM, 3), LAMA, MAJED], None),
    # Who stands in for somebody may be away too: a third stands in for both.
    (LAMA, 1, 4, MAJED, [away(REEM, 3), LAMA, MAJED], None),
]


@pytest.mark.parametrize(("who", "since", "until", "deputy", "people", "why"), ABSENCES)
def test_who_may_be_away_and_who_stands_in(
    who: Colleague, since: int, until: int, deputy: Colleague, people: list[Colleague],
    why: Unfit | None,
) -> None:  # fmt: skip
    wanted = Absence(NOW + since * DAY, NOW + until * DAY, deputy.id)
    assert unfit(who, wanted, people, NOW) == why


def test_whoever_stands_in_may_have_what_they_get() -> None:
    for role, deputies in STANDS_IN.items():
        if role in HOLDERS:
            assert deputies <= HOLDERS


def test_an_absence_ends_by_itself() -> None:
    reem = away(REEM, LAMA.id, 0, 2)
    assert [reem.away(NOW + hours * timedelta(hours=1)) for hours in (-1, 0, 47, 48)] == [
        False, True, True, False,
    ]  # fmt: skip
