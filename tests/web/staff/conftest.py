"""Where each test's own entries in the audit log begin."""

import pytest
from tests.web.conftest import NOW

from balagh.people import audit


@pytest.fixture(autouse=True)
async def begins(catalogue: None) -> None:
    await audit.record(None, "test begins", "test", NOW)
