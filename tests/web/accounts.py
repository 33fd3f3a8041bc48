"""A person in their settings: codes as the outbox carries them."""

import json
from typing import Any

from tests.web.pages import Browser, Page

from balagh.database import fetch


async def notices(moment: str) -> list[dict[str, Any]]:
    """The outbox's rows of that moment, oldest first, with their data read."""
    rows = await fetch("SELECT * FROM notice WHERE moment = $1 ORDER BY id", moment)
    return [{**row, "data": json.loads(row["data"])} for row in rows]


async def newest_code() -> str:
    rows = await notices("verification_code")
    return str(rows[-1]["data"]["code"])


async def ask_for(browser: Browser, which: str, value: str) -> Page:
    await browser.open(f"/account/{which}")
    return await browser.send(f"/account/{which}", **{which: value})


def other_than(code: str) -> str:
    """A code that is not that one."""
    return f"{(int(code) + 1) % 10**6:06}"
