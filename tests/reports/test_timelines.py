"""Lives of reports with every message that comes of them, at its instant; told by ``living``.

Days are counted by hand.
"""

from datetime import timedelta
from pathlib import Path

import pytest
from tests.reports.lives import (
    calendars,
    drafts,
    late,
    missing,
    outages,
    parts,
    promises,
    reopening,
)
from tests.reports.living import Life, Lived

from balagh.notices.moments import MOMENTS
from balagh.reports import clocks
from balagh.settings import Settings

CHAPTERS = (late, missing, reopening, outages, calendars, promises, parts, drafts)
LIVES = [(chapter, life) for chapter in CHAPTERS for life in chapter.LIVES]


@pytest.mark.parametrize(
    "lived",
    [life for _, life in LIVES],
    ids=[f"{chapter.__name__.rpartition('.')[2]}: {life.name}" for chapter, life in LIVES],
)
async def test_every_message_at_its_instant(sample: None, lived: Lived) -> None:
    life = Life()
    await life.begin(lived.story[0][:16])
    for happening in lived.story:
        await life.happens(happening)
    await life.until(life.now + timedelta(days=60))
    assert life.told == lived.told


def test_there_are_enough_of_them() -> None:
    assert len(LIVES) >= 90
    told = {line.split()[0] for _, life in LIVES for line in life.told}
    # All that is told of a report or a draft to whoever waits for it.
    assert told == {
        "opened", "in_progress", "missing_data", "missing_data_reminder", "expired", "cancelled",
        "late", "closed", "accepted", "refused", "rejected", "reopened", "reopening_refused",
        "promise_due", "delivered", "may_file_now",
    }  # fmt: skip
    assert told <= {*MOMENTS}


def test_the_document_is_that_of_the_table() -> None:
    document = Path(__file__).parents[2] / "docs" / "deadlines.md"
    assert document.read_text("utf-8").strip() == clocks.as_markdown().strip()
    named = {row.limit for row in clocks.DEADLINES if isinstance(row.limit, str)}
    assert named <= set(Settings.__struct_fields__)
