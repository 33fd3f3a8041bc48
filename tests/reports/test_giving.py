"""What each action must give: every limit from both sides."""

from datetime import date
from typing import Any

import pytest
from tests.reports.filed import ITEMS

from balagh.reports import giving
from balagh.reports.fields import Situation
from balagh.reports.lifecycle import Action


class Agency:
    code, name_ar, name_en = "moj", "وزارة العدل", "Ministry of Justice"


class Directory:
    def agencies(self) -> tuple[Agency, ...]:
        return (Agency(),)


NOW = Situation(today=date(2026, 11, 23), directory=Directory())  # type: ignore[arg-type]
REASON = "x" * 10


def day(year: Any, month: Any, of: Any, calendar: str = "gregorian") -> dict[str, str]:
    parts = {"day": of, "month": month, "year": year, "calendar": calendar}
    return {f"promised_on_{part}": str(value) for part, value in parts.items()}


ACCEPTED = {"outcome": "accepted", "plan": REASON}

# Action, kind, what is typed, the fields that are wrong.
CASES: list[tuple[Action, str, dict[str, str], set[str]]] = [
    (Action.START_REVIEW, "complaint", {}, set()),
    (Action.REQUEST_DATA, "complaint", {}, {"item"}),
    (Action.REQUEST_DATA, "complaint", {"item_0": " \t"}, {"item"}),
    (Action.REQUEST_DATA, "complaint", {"item_9": "x"}, set()),
    # Not one of its lines.
    (Action.REQUEST_DATA, "complaint", {"item_10": "x"}, {"item"}),
    (Action.REQUEST_DATA, "complaint", {"item_0": "x" * 200}, set()),
    (Action.REQUEST_DATA, "complaint", {"item_0": "x" * 201}, {"item"}),
    (Action.REFER, "complaint", {"agency": "moj", "priority": "high"}, set()),
    (Action.REFER, "complaint", {"agency": "none", "priority": "urgent"}, {"agency", "priority"}),
    (Action.REFER, "complaint", {}, {"agency", "priority"}),
    (Action.REFER, "complaint",
     {"agency": "moj", "priority": "normal", "guidance": "x" * 2000}, set()),
    (Action.REFER, "complaint",
     {"agency": "moj", "priority": "normal", "guidance": "x" * 2001}, {"guidance"}),
    (Action.REJECT, "complaint", {"code": "conditions", "reason": REASON}, set()),
    (Action.REJECT, "suggestion", {"code": "conditions", "reason": REASON}, {"code"}),
    (Action.REJECT, "transformation", {"code": "digital_already", "reason": REASON}, set()),
    (Action.REJECT, "suggestion", {"code": "exists_already", "reason": "x" * 9}, {"reason"}),
    (Action.REJECT, "complaint", {"code": "outside", "reason": "x" * 2000}, set()),
    (Action.REJECT, "complaint", {"code": "outside", "reason": "x" * 2001}, {"reason"}),
    (Action.RETURN_TO_AMER, "complaint", {"code": "other_agency", "reason": REASON}, set()),
    (Action.RETURN_TO_AMER, "complaint", {}, {"code", "reason"}),
    (Action.ANSWER, "complaint", {"text": REASON}, set()),
    (Action.ANSWER, "complaint", {"text": "x" * 4001}, {"text"}),
    (Action.ANSWER, "complaint", ACCEPTED, {"text"}),
    (Action.ANSWER, "suggestion", {"text": REASON}, {"outcome"}),
    (Action.ANSWER, "suggestion", ACCEPTED, {"promised_on"}),
    (Action.ANSWER, "suggestion", {**ACCEPTED, **day(2026, 11, 23)}, set()),
    (Action.ANSWER, "suggestion", {**ACCEPTED, **day(2026, 11, 22)}, {"promised_on"}),
    (Action.ANSWER, "transformation", {**ACCEPTED, **day(2031, 12, 31)}, set()),
    (Action.ANSWER, "transformation", {**ACCEPTED, **day(2032, 1, 1)}, {"promised_on"}),
    (Action.ANSWER, "transformation", {**ACCEPTED, **day(1448, 6, 14, "hijri")}, set()),
    (Action.ANSWER, "transformation", {**ACCEPTED, **day(1448, 6, 11, "hijri")}, {"promised_on"}),
    (Action.ANSWER, "transformation", {**ACCEPTED, **day("٢٠٢٧", "٣", "١")}, set()),
    (Action.ANSWER, "suggestion", {"outcome": "refused"}, {"reasons"}),
    (Action.ANSWER, "suggestion", {"outcome": "refused", "reasons": REASON}, set()),
    (Action.ANSWER, "suggestion", {"outcome": "solved", "reasons": REASON}, {"outcome"}),
    (Action.CLOSE, "complaint", {}, set()),
    (Action.CLOSE, "complaint", {"comment": "x" * 1000}, set()),
    (Action.CLOSE, "complaint", {"comment": "x" * 1001}, {"comment"}),
    (Action.SEND_BACK, "complaint", {}, {"reason"}),
    (Action.SEND_BACK, "complaint", {"reason": REASON}, set()),
    (Action.ACCEPT_REOPENING, "complaint", {}, set()),
    (Action.REFUSE_REOPENING, "complaint", {}, {"reason"}),
    (Action.REFUSE_REOPENING, "complaint", {"reason": REASON}, set()),
]  # fmt: skip


@pytest.mark.parametrize(("action", "kind", "typed", "wrong"), CASES)
def test_what_is_taken(action: Action, kind: str, typed: dict[str, str], wrong: set[str]) -> None:
    values, problems = giving.read(giving.papers(action, kind).fields, typed, NOW)
    assert set(problems) == wrong
    assert not set(values) & wrong


def test_every_action_of_staff_has_its_papers() -> None:
    for action in giving.BY_STAFF:
        for kind in giving.REJECTIONS:
            papers = giving.papers(action, kind)
            names = {field.name for field in papers.fields}
            assert {papers.reply, papers.for_staff} - {""} <= names
    for action in set(Action) - giving.BY_STAFF:
        with pytest.raises(KeyError):
            giving.papers(action, "complaint")


def test_lines_are_cleaned_and_said_once() -> None:
    typed = {"item_0": f"  {ITEMS[0]} ", "item_3": ITEMS[1], "item_4": ITEMS[0].replace(" ", "  ")}
    assert giving.ITEMS.parse(typed, {}, NOW) == ITEMS


def test_the_line_that_is_too_long_is_named() -> None:
    found = giving.ITEMS.parse({"item_0": "x", "item_2": "x" * 201}, {}, NOW)
    assert found.part == "2"
