"""The owner of a local account is told of each change to their way in, and of nothing else."""

import json
from datetime import timedelta
from typing import Any

import pytest
from tests.web.conftest import Clock, Visiting, staff_id
from tests.web.staff.test_sign_in import PASSWORD, code_of, mailed

from balagh.database import fetch
from balagh.notices.messages import Email, render
from balagh.people import audit, credentials

NEW = "purple lantern harbour"


async def told() -> list[str]:
    """What Reem was told, in order."""
    rows = await fetch(
        "SELECT data, recipient FROM notice WHERE moment = 'staff_account_changed' ORDER BY id"
    )
    assert {row["recipient"] for row in rows} <= {"reem@example.sa"}
    return [
        name.removesuffix("_at")
        for row in rows
        for name in json.loads(row["data"])
        if name.endswith("_at")
    ]


async def test_each_change_is_told_once(at_desk: Visiting, visiting: Visiting, time: Clock) -> None:
    reem = await staff_id("reem")
    async with at_desk("abeer") as abeer, visiting() as mine:
        await abeer.open(f"/staff/{reem}")
        await abeer.send("/link")
        await mine.open(await mailed("reem@example.sa"))
        await mine.send("/staff/invitation", new_password=PASSWORD, again=PASSWORD)
        await mine.send("/staff/sign-in/factor", code=code_of(mine.page, time))
        # The first time, that is what they came for.
        assert await told() == []

        await mine.open("/profile/password")
        await mine.send("/profile/password", password="no", new_password=NEW, again=NEW)
        assert await told() == []
        await mine.send("/profile/password", password=PASSWORD, new_password=NEW, again=NEW)
        assert await told() == ["password"]
        await mine.open("/profile/recovery-codes")
        await mine.send("/profile/recovery-codes", password=NEW)
        assert await told() == ["password", "codes"]
        page = await mine.open("/profile/factor")
        time.now += timedelta(seconds=31)
        await mine.send("/profile/factor", code=code_of(page, time), password=NEW)
        assert await told() == ["password", "codes", "factor"]

        # By a link that somebody asked for; then by an administrator.
        await abeer.open(f"/staff/{reem}")
        await abeer.send("/link")
        await mine.open(await mailed("reem@example.sa"))
        await mine.send("/staff/invitation", new_password=PASSWORD, again=PASSWORD)
        assert await told() == ["password", "codes", "factor", "password"]
        await abeer.open(f"/staff/{reem}")
        await abeer.send("/factor")
        assert await told() == ["password", "codes", "factor", "password", "reset"]


async def test_not_told_when_it_was_not_done(
    db: None, time: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One transaction: what is undone was not told."""
    reem = await staff_id("reem")
    await fetch(
        "INSERT INTO credential (staff_id, password_hash, changed_at) VALUES ($1, 'x', $2)",
        reem, time.now,
    )  # fmt: skip

    async def broken(*_: Any, **__: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(audit, "record", broken)
    with pytest.raises(ConnectionError):
        await credentials.change_password(reem, NEW, session=1, now=time.now)
    assert await told() == []
    assert await fetch("SELECT 1 FROM credential WHERE password_hash = 'x'")


@pytest.mark.parametrize(
    ("change", "arabic", "english"),
    [
        ("password", "غُيّرت كلمة مرورك", "Your password was changed"),
        ("factor", "صار تطبيق آخر عاملك الثاني", "Another app became your second factor"),
        ("codes", "أُنشئت لك رموز استرداد جديدة", "New recovery codes were made"),
        ("reset", "أزال مدير النظام كلمة مرورك", "An administrator removed your password"),
    ],
)
def test_what_it_says(change: str, arabic: str, english: str) -> None:
    data = {
        f"{change}_at": "2026-11-23T11:30:00+03:00",
        "name_ar": "ريم",
        "name_en": "Reem",
    }
    for language, words, name in (("ar", arabic, "ريم"), ("en", english, "Reem")):
        found = render("staff_account_changed", "email", language, data)
        assert isinstance(found, Email)
        for text in (found.text, found.html):
            assert words in text
            assert name in text
        # Whoever was at the account sends such mails with a link.
        assert "http" not in found.text
