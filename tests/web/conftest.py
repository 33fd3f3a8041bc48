"""The whole portal in this process, with the sample catalogue, on Monday 23 November 2026."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from litestar import Litestar
from tests.people.portal import browser, settings_for
from tests.web.pages import Browser

from balagh import clock
from balagh.app import create, furnish
from balagh.database import fetch
from balagh.demo import cast
from balagh.people import sessions

# 11:30 in Riyadh.
NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)

Visiting = Callable[..., AbstractAsyncContextManager[Browser]]


class Clock:
    """The time that the portal reads."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(clock, "now", made)
    return made


@pytest.fixture
async def catalogue(sample: None) -> None:
    """The name by which a test asks for the directory alone."""


@pytest.fixture(scope="session")
def application(migrated: None, tmp_path_factory: pytest.TempPathFactory) -> Litestar:
    """Its routes are put together once for each process: that takes longer than most tests, and
    nothing of a test stays in them. After the database, whose address it reads."""
    return create(settings_for(data=str(tmp_path_factory.mktemp("data"))))


@pytest.fixture
def portal(application: Litestar, catalogue: None, time: Clock, tmp_path: Path) -> Litestar:
    settings = settings_for(data=str(tmp_path), sms_url="https://sms.example.sa/messages")
    furnish(application, settings)
    return application


@pytest.fixture
def visiting(portal: Litestar) -> Visiting:
    """``async with visiting("نورة") as noura``: the browser of a person who is signed in, who is
    made when there is none of that name; without a name, of nobody."""

    @asynccontextmanager
    async def open_browser(
        name: str = "", *, phone: str | None = "+966553184471", email: str | None = "n@example.sa",
        language: str = "en",
    ) -> AsyncIterator[Browser]:  # fmt: skip
        cookies = {"lang": language}
        if name:
            cookies["__Host-balagh"] = await _session(name, phone, email)
        async with browser(portal, cookies) as client:
            yield Browser(client)

    return open_browser


@pytest.fixture
async def noura(visiting: Visiting) -> AsyncIterator[Browser]:
    async with visiting("نورة سعد القحطاني") as found:
        yield found


@pytest.fixture
async def khalid(visiting: Visiting) -> AsyncIterator[Browser]:
    async with visiting("خالد عبدالله العتيبي", phone="+966561102938") as found:
        yield found


@pytest.fixture
def at_desk(portal: Litestar) -> Visiting:
    """``async with at_desk("reem") as reem``: the browser of that member of the cast's staff, who
    is made when they are not there yet."""

    @asynccontextmanager
    async def open_browser(key: str, *, language: str = "en") -> AsyncIterator[Browser]:
        token = await sessions.begin(
            staff_id=await staff_id(key), now=clock.now(), lifetime=timedelta(hours=1)
        )
        async with browser(portal, {"lang": language, "__Host-balagh": token}) as client:
            yield Browser(client)

    return open_browser


async def staff_id(key: str) -> int:
    """The id of that member of the cast (of the staff), who is made when there is none."""
    one = cast.member(key)
    assert one is not None
    found = await fetch("SELECT id FROM staff WHERE email = $1", one.email)
    if not found:
        found = await fetch(
            "INSERT INTO staff (role, agency_id, name_ar, name_en, email, created_at) VALUES "
            "($1, (SELECT id FROM agency WHERE code = $2), $3, $4, $5, $6) RETURNING id",
            one.role, one.agency, one.name_ar, one.name_en, one.email, clock.now(),
        )  # fmt: skip
    return int(found[0]["id"])


async def _session(name: str, phone: str | None, email: str | None) -> str:
    now = clock.now()
    rows = await fetch("SELECT id FROM person WHERE name = $1", name)
    if not rows or name == " ":
        rows = await fetch(
            "INSERT INTO person (name, phone, email, created_at) VALUES ($1, $2, $3, $4) "
            "RETURNING id",
            name.strip(), phone, email, now,
        )  # fmt: skip
    return await sessions.begin(person_id=rows[0]["id"], now=now, lifetime=timedelta(hours=1))
