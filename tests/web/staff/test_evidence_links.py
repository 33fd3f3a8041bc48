"""A caller adds evidence by a link: for seven days, until it is revoked or the report ends, and
sees nothing else of the report."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from litestar import Litestar
from tests.reports import filed
from tests.web.complaints import picture
from tests.web.conftest import NOW, Clock, Visiting, staff_id
from tests.web.pages import Browser

from balagh.database import fetch
from balagh.notices import receipts
from balagh.notices.messages import Email, Sms, render, segments
from balagh.notices.transports.gateways import Receipt
from balagh.reports import evidence_links


async def sent(staff: Browser, number: str) -> str:
    """Sends a link from the case page; its path, from the message."""
    await staff.open(f"/cases/{number}")
    await staff.send("/evidence-links")
    (row,) = await fetch("SELECT data FROM notice ORDER BY id DESC LIMIT 1")
    link: str = json.loads(row["data"])["link"]
    return "/" + link.split("/", 3)[3]


@pytest.mark.parametrize("who", ["hind", "reem", "majed"])
async def test_a_link_from_message_to_case(at_desk: Visiting, visiting: Visiting, who: str) -> None:
    person = await filed.person()
    report = await filed.report(person, "under_review", description="سر لا يراه غيرها")
    async with at_desk(who) as staff, visiting() as nobody, visiting("نورة سعد القحطاني") as noura:
        path = await sent(staff, report["number"])
        assert path.startswith("/e/")
        page = await nobody.open(path)
        assert page.h1 == "Add evidence to your report"
        assert "لم تُجدَّد الرخصة" in page.text
        for hidden in ("سر لا يراه", "نورة", "n@example.sa", "وزارة"):
            assert hidden not in page.html
        page = await nobody.send("/e/", files={"file": ("fault.png", picture())})
        assert "The file was added to the report" in page.text
        assert "1 of 10" in page.text
        assert "fault.png" not in page.html
        page = await noura.open(f"/reports/{report['number']}")
        assert "Evidence was added" in page.text
        assert "fault.png" in page.text
        page = await staff.open(f"/cases/{report['number']}")
        assert "Works until" in page.text
    (row,) = await fetch("SELECT version FROM report")
    assert row["version"] == 2, "whoever decides meanwhile is told"
    events = await fetch("SELECT action, actor, public, side FROM event ORDER BY id OFFSET 1")
    assert [tuple(event.values()) for event in events] == [
        ("send_link", "staff", False, "amer"),
        ("add_evidence", "beneficiary", True, None),
    ]
    # The token is in the message alone.
    (link,) = await fetch("SELECT token_hash FROM evidence_link")
    token = path.removeprefix("/e/").partition("?")[0]
    assert re.fullmatch("[A-Za-z0-9]{24}", token)
    assert token.encode() not in link["token_hash"]


async def test_the_message(at_desk: Visiting) -> None:
    report = await filed.report(await filed.person())
    async with at_desk("reem") as reem:
        await sent(reem, report["number"])
    rows = await fetch("SELECT moment, channel, recipient, data, key FROM notice ORDER BY channel")
    assert [(row["channel"], row["recipient"]) for row in rows] == [
        ("email", "n@example.sa"), ("sms", "+966553184471"),
    ]  # fmt: skip
    for language in ("ar", "en"):
        data = json.loads(rows[1]["data"])
        sms = render("evidence_link", "sms", language, data)
        assert isinstance(sms, Sms)
        assert segments(sms.text) <= 2
        assert sms.text.endswith(data["link"])
        mail = render("evidence_link", "email", language, data)
        assert isinstance(mail, Email)
        assert data["link"] in mail.text
        assert data["link"] in mail.html


async def with_link() -> list[tuple[str, str, bool]]:
    rows = await fetch(
        "SELECT channel, state, data ? 'link' AS there FROM notice ORDER BY channel, state"
    )
    return [(row["channel"], row["state"], row["there"]) for row in rows]


@pytest.mark.parametrize(
    ("columns", "days", "kept"),
    [
        ("state = 'waiting'", 0, [True, True]),
        ("state = 'waiting'", 7, []),
        # A receipt may still say that the SMS has to become an e-mail.
        ("state = 'sent'", 0, [False, True]),
        ("state = 'sent'", 7, [False, False]),
        ("state = 'sent', receipt = 'delivered'", 0, [False, False]),
        ("state = 'failed'", 0, [False, False]),
    ],
)
async def test_how_long_the_outbox_knows_the_link(
    at_desk: Visiting, columns: str, days: int, kept: list[bool]
) -> None:
    report = await filed.report(await filed.person())
    async with at_desk("reem") as reem:
        await sent(reem, report["number"])
    await fetch(f"UPDATE notice SET {columns}")
    await evidence_links.forget(NOW + timedelta(days=days))
    assert [there for _, _, there in await with_link()] == kept


async def test_a_revoked_link_is_in_no_message(at_desk: Visiting) -> None:
    """One that waits is not sent; one whose receipt says later that it failed is no e-mail."""
    report = await filed.report(await filed.person())
    other = await filed.report(await filed.person())
    async with at_desk("reem") as reem:
        await sent(reem, other["number"])
        await sent(reem, report["number"])
        about = f"report:{report['id']}:%"
        await fetch(
            "UPDATE notice SET state = 'sent', attempts = 1, data = data || $2::jsonb "
            "WHERE channel = 'sms' AND key LIKE $1",
            about, json.dumps({"fallback_email": "n@example.sa"}),
        )  # fmt: skip
        await reem.open(f"/cases/{report['number']}")
        await reem.send("/revocation")
    # The other report's still wait.
    assert await with_link() == [
        ("email", "waiting", True), ("sms", "sent", False), ("sms", "waiting", True),
    ]  # fmt: skip
    (row,) = await fetch("SELECT id FROM notice WHERE state = 'sent'")
    receipt = Receipt(notice=row["id"], name=None, outcome="failed", code="1")
    assert await receipts.receive(receipt, NOW) == (row["id"], "noted")


@pytest.mark.parametrize("who", ["fahd", "salem", "abeer"])
async def test_who_sends_none(at_desk: Visiting, who: str) -> None:
    agency = await fetch("SELECT id FROM agency WHERE code = 'moj'")
    report = await filed.report(
        await filed.person(), "in_progress", referred_agency_id=agency[0]["id"]
    )
    async with at_desk(who) as staff:
        page = await staff.open(f"/cases/{report['number']}")
        assert (page.status == 200) is (who == "fahd")
        assert "Evidence by link" not in page.text
        csrf = (await staff.open("/help")).form("/sign-out").fields["csrf"]
        answer = await staff.client.post(
            f"/cases/{report['number']}/evidence-links", data={"csrf": csrf, "newest": "0"}
        )
        assert answer.status_code == 404
    assert not await fetch("SELECT 1 FROM evidence_link")


async def test_the_same_form_twice_sends_one(at_desk: Visiting) -> None:
    report = await filed.report(await filed.person())
    async with at_desk("reem") as reem:
        await reem.open(f"/cases/{report['number']}")
        form = reem.page.form("/evidence-links")
        await asyncio.gather(*(reem.client.post(form.action, data=form.fields) for _ in range(4)))
        assert len(await fetch("SELECT 1 FROM evidence_link")) == 1
        assert len(await fetch("SELECT 1 FROM notice")) == 2
        # Another one, on purpose.
        await sent(reem, report["number"])
    assert len(await fetch("SELECT 1 FROM evidence_link")) == 2


Spoil = Callable[[Browser, Clock, str], Awaitable[None]]


async def _expire(_reem: Browser, time: Clock, _number: str) -> None:
    time.now = NOW + evidence_links.LIFETIME


async def _revoke(reem: Browser, _time: Clock, number: str) -> None:
    await reem.open(f"/cases/{number}")
    page = await reem.send("/revocation")
    assert "Revoked Today" in page.text


def _end(state: str) -> Spoil:
    async def end(_reem: Browser, _time: Clock, _number: str) -> None:
        await fetch("UPDATE report SET state = $1, ended_at = now()", state)

    return end


@pytest.mark.parametrize(
    "spoil",
    [_expire, _revoke, _end("closed"), _end("cancelled"), _end("rejected")],
    ids=["expired", "revoked", "closed", "cancelled", "rejected"],
)
async def test_a_link_that_is_over(
    at_desk: Visiting, visiting: Visiting, time: Clock, spoil: Spoil
) -> None:
    report = await filed.report(await filed.person())
    async with at_desk("reem") as reem, visiting() as nobody:
        path = await sent(reem, report["number"])
        await nobody.open(path)
        form = nobody.page.form("/e/")
        await spoil(reem, time, report["number"])
        answer = await nobody.client.post(
            form.action, data=form.fields, files={"file": ("a.png", picture())}
        )
        assert answer.status_code == 410
        page = await nobody.open(path)
        assert page.status == 410
        assert page.h1 == "This link does not work any more"
        assert "لم تُجدَّد" not in page.html
    assert not await fetch("SELECT 1 FROM attachment")


async def test_a_moment_before_it_expires(
    at_desk: Visiting, visiting: Visiting, time: Clock
) -> None:
    report = await filed.report(await filed.person())
    async with at_desk("reem") as reem, visiting() as nobody:
        path = await sent(reem, report["number"])
        time.now = NOW + evidence_links.LIFETIME - timedelta(seconds=1)
        await nobody.open(path)
        page = await nobody.send("/e/", files={"file": ("a.png", picture())})
        assert "The file was added" in page.text


@pytest.mark.parametrize("token", ["a" * 24, "x", "%00", "a" * 5000])
async def test_a_token_that_we_never_made(visiting: Visiting, token: str) -> None:
    async with visiting() as nobody:
        for method in ("GET", "POST"):
            answer = await nobody.client.request(
                method, f"/e/{token}", headers={"Origin": "https://balagh.example.sa"}
            )
            assert answer.status_code == 404


async def test_files_are_checked_counted_and_taken_once(
    at_desk: Visiting, visiting: Visiting, portal: Litestar
) -> None:
    report = await filed.report(await filed.person())
    async with at_desk("reem") as reem, visiting() as nobody:
        path = await sent(reem, report["number"])
        await nobody.open(path)
        page = await nobody.send("/e/", files={"file": ("page.html", b"<p>")})
        assert page.status == 422
        assert "page.html" in page.text
        page = await nobody.send("/e/")
        assert (page.status, page.texts["li"][0]) == (422, "Choose a file first")
        for _ in range(2):
            page = await nobody.send("/e/", files={"file": ("a.png", picture())})
            assert "1 of 10" in page.text
        # All at once: those over the limit are told so.
        form = page.form("/e/")
        answers = await asyncio.gather(*(
            nobody.client.post(
                form.action, data=form.fields, files={"file": (f"{n}.png", picture())}
            )
            for n in range(11)
        ))  # fmt: skip
        assert sorted(answer.status_code for answer in answers) == [303] * 9 + [422] * 2
        page = await nobody.open(path)
        assert "10 files have been added" in page.text
    assert len(await fetch("SELECT 1 FROM attachment")) == 10
    # Bytes of refused files did not stay.
    kept = [path for path in portal.state.store.folder.rglob("*") if path.is_file()]
    assert len(kept) == 10


async def test_revoking_another_report_s_link_does_nothing(at_desk: Visiting) -> None:
    first, second = [await filed.report(await filed.person()) for _ in range(2)]
    async with at_desk("reem") as reem:
        await sent(reem, first["number"])
        (link,) = await fetch("SELECT id FROM evidence_link")
        form = (await reem.open(f"/cases/{second['number']}")).form("/evidence-links")
        answer = await reem.client.post(
            f"/cases/{second['number']}/evidence-links/{link['id']}/revocation", data=form.fields
        )
        assert answer.status_code == 303
    (row,) = await fetch("SELECT revoked_at FROM evidence_link")
    assert row["revoked_at"] is None
    assert await staff_id("reem")
