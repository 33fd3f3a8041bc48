"""The demonstration's cast, and that nobody can be one of them anywhere else."""

import ast
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from litestar import Litestar
from tests.people.portal import SECRET, browser, token, who

import balagh
from balagh import clock
from balagh.database import fetch
from balagh.demo import sign_in
from balagh.demo.cast import CAST, SIDES, seed_cast
from balagh.i18n import Language
from balagh.people import national_ids
from balagh.settings import Settings, load
from balagh.web import access

SOURCES = Path(balagh.__file__).parent


@pytest.fixture
def settings() -> Settings:
    return load({"BALAGH_SECRET_KEY": SECRET}, demo=True)


@pytest.fixture
async def cast(db: None, settings: Settings) -> dict[str, int]:
    for code in ("moj", "mc"):
        await fetch(
            "INSERT INTO agency (code, name_ar, name_en, short_ar, short_en) "
            "VALUES ($1, $1, $1, $1, $1)",
            code,
        )
    return await seed_cast(settings.secret_key, clock.now())


@pytest.fixture
async def client(cast: dict[str, int], settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    app = Litestar(
        [who, token, sign_in.router],
        middleware=[access.middleware],
        exception_handlers={access.SignInNeeded: access.to_sign_in},
        openapi_config=None,
        logging_config=None,
    )
    app.state.settings, app.state.provider = settings, None
    async with browser(app) as visiting:
        yield visiting


async def test_seeding_again_changes_nothing(cast: dict[str, int], settings: Settings) -> None:
    assert await seed_cast(settings.secret_key, clock.now()) == cast
    assert set(cast) == {member.key for member in CAST}
    (row,) = await fetch(
        "SELECT (SELECT count(*) FROM person) AS people, (SELECT count(*) FROM staff) AS staff"
    )
    assert (row["people"], row["staff"]) == (2, 8)


async def test_the_directory_comes_first(db: None, settings: Settings) -> None:
    with pytest.raises(LookupError, match="moj"):
        await seed_cast(settings.secret_key, clock.now())
    # All or nobody.
    (row,) = await fetch("SELECT count(*) AS n FROM person")
    assert row["n"] == 0


def test_the_cast_could_not_be_real() -> None:
    ids = [member.national_id for member in CAST if member.national_id]
    assert len(set(ids)) == len(ids)
    for national_id in ids:
        assert national_ids.normalised(national_id) == national_id
        assert national_id[1:8] == "0" * 7
    assert all(member.email.endswith("@example.sa") for member in CAST)


def test_everything_said_of_them_is_in_arabic_too() -> None:
    arabic = Language.of("ar")
    for text in (*SIDES.values(), *(member.about for member in CAST)):
        assert arabic.text(text) != text


@pytest.mark.parametrize("member", CAST, ids=[member.key for member in CAST])
async def test_becoming_one_of_them(client: httpx.AsyncClient, member: object) -> None:
    one = next(known for known in CAST if known is member)
    answer = await client.post("/demo/sign-in", data={"key": one.key, "next": "/reports"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/reports")
    assert (await client.get("/who")).text == (one.role or "beneficiary")


async def test_changing_places_and_leaving(client: httpx.AsyncClient) -> None:
    await client.post("/demo/sign-in", data={"key": "noura"})
    csrf = (await client.get("/token")).text
    assert (await client.post("/demo/sign-in", data={"key": "fahd"})).status_code == 403
    answer = await client.post("/demo/sign-in", data={"key": "fahd", "csrf": csrf})
    assert answer.headers["location"] == "/"
    assert (await client.get("/who")).text == "agency_officer"
    csrf = (await client.get("/token")).text
    assert (await client.post("/sign-out", data={"csrf": csrf})).headers["location"] == "/"
    assert (await client.get("/who")).text == "nobody"


@pytest.mark.parametrize("next_path", ["//evil.example", "https://evil.example", "/\\evil"])
async def test_nobody_is_sent_elsewhere(client: httpx.AsyncClient, next_path: str) -> None:
    answer = await client.post("/demo/sign-in", data={"key": "noura", "next": next_path})
    assert answer.headers["location"] == "/"


async def test_only_the_cast(client: httpx.AsyncClient) -> None:
    assert (await client.post("/demo/sign-in", data={"key": "nobody"})).status_code == 404
    await fetch("UPDATE staff SET active = false")
    assert (await client.post("/demo/sign-in", data={"key": "reem"})).status_code == 404


async def test_the_page_lists_them(client: httpx.AsyncClient) -> None:
    page = await client.get("/sign-in", params={"next": "/reports", "lang": "ar"})
    assert page.status_code == 200
    for member in CAST:
        assert member.name_ar in page.text
        assert f'value="{member.key}"' in page.text


def test_nothing_outside_the_demonstration_imports_it() -> None:
    for path in SOURCES.rglob("*.py"):
        inside = path.relative_to(SOURCES).parts
        # The command line starts it by name when asked for `balagh demo`.
        if inside[0] in ("demo", "cli.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            assert not any(name.startswith("balagh.demo") for name in names), path
