"""Who may rate what, until when, and what follows (specification 7)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from balagh.reports import deadlines, surveys
from balagh.reports.kinds import KINDS
from balagh.reports.lifecycle import State
from balagh.reports.surveys import PROBLEM_REMAINS, SURVEYS, Code, Opinion

ENDED = datetime(2026, 11, 12, 7, 25, tzinfo=UTC)
SECOND = timedelta(seconds=1)
RIYADH = ZoneInfo("Asia/Riyadh")
# The midnight that ends the 30th day after it.
LAST = datetime(2026, 12, 12, 21, tzinfo=UTC)
# Specification 7 "after closing"; 6: the message about a rejection is "as closed".
OPEN: set[tuple[str, State]] = {
    ("agency", State.CLOSED),
    ("balagh", State.CLOSED),
    ("balagh", State.REJECTED),
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("survey", SURVEYS)
@pytest.mark.parametrize(
    ("now", "in_time"),
    [(ENDED, True), (LAST - SECOND, True), (LAST, False), (LAST + timedelta(days=300), False)],
)
def test_who_may_rate_when(survey: Code, state: State, now: datetime, in_time: bool) -> None:
    allowed = in_time and (survey, state) in OPEN
    assert surveys.may_rate(survey, state, ENDED, now, RIYADH) is allowed
    assert surveys.may_rate(survey, state, None, now, RIYADH) is False


def test_the_surveys_of_a_report_in_their_order() -> None:
    assert surveys.after(State.CLOSED) == ("agency", "balagh")
    assert surveys.after(State.REJECTED) == ("balagh",)
    for state in set(State) - {State.CLOSED, State.REJECTED}:
        assert surveys.after(state) == ()


@pytest.mark.parametrize(
    ("survey", "score", "reasons", "comment", "expected"),
    [
        ("agency", 1, ["slow", PROBLEM_REMAINS], " x ", Opinion(1, (PROBLEM_REMAINS, "slow"), "x")),
        ("agency", 2, [], "", Opinion(2)),
        ("agency", 2, ["slow", "slow"], "\n ", Opinion(2, ("slow",))),
        # Ticked, then a better score: without scripts the ticks are still sent.
        ("agency", 3, ["slow"], "", Opinion(3)),
        ("agency", 5, [PROBLEM_REMAINS], "y", Opinion(5, (), "y")),
        # The other survey's, or nobody's.
        ("balagh", 1, [PROBLEM_REMAINS, "broken", "made up"], "", Opinion(1, ("broken",))),
        ("agency", 1, ["broken"], "", Opinion(1)),
    ],
)
def test_what_an_answer_means(
    survey: str, score: int, reasons: list[str], comment: str, expected: Opinion
) -> None:
    assert surveys.opinion(SURVEYS[survey], score, reasons, comment) == expected


@pytest.mark.parametrize("kind", [*KINDS, "transformation", "suggestion"])
@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("survey", SURVEYS)
@pytest.mark.parametrize("reasons", [(PROBLEM_REMAINS, "slow"), ("slow",), ()])
@pytest.mark.parametrize("left", [SECOND, timedelta(0), -SECOND, None])
def test_what_leads_to_reopening(
    kind: str, state: State, survey: Code, reasons: tuple[str, ...], left: timedelta | None
) -> None:
    allowed = (
        (kind, state, survey) == ("complaint", State.CLOSED, "agency")
        and PROBLEM_REMAINS in reasons
        and left == SECOND
    )
    until = None if left is None else ENDED + left
    told = surveys.leads_to_reopening(
        survey, Opinion(1, reasons), kind=kind, state=state, reopen_until=until, now=ENDED
    )
    assert told is allowed


def test_every_reason_has_its_own_code() -> None:
    codes = [code for survey in SURVEYS.values() for code in survey.reasons]
    assert len(codes) == len(set(codes))
    assert list(surveys.SCORES) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_the_day_that_is_told_is_whole(hour: int) -> None:
    """Whenever on 12 November it ended, in Riyadh; what the statement asks is the same."""
    ended = datetime(2026, 11, 12, hour, tzinfo=RIYADH)
    until = surveys.rate_until(ended, RIYADH)
    assert deadlines.due_day(until, RIYADH) == date(2026, 12, 12)
    assert ended >= surveys.ended_since(until - SECOND, RIYADH)
    assert ended < surveys.ended_since(until, RIYADH)
