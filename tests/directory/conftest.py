"""What a process keeps of the catalogue and the calendar does not outlive a test."""

from collections.abc import Iterator

import pytest

from balagh.directory import holidays, lookup


@pytest.fixture
def fresh() -> Iterator[None]:
    lookup.forget()
    holidays.forget()
    yield
    lookup.forget()
    holidays.forget()
