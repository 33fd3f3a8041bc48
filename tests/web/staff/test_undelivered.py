"""A supervisor's page of what could not be delivered, and how staff choose to be told."""

from typing import Any

import pytest
from litestar import Litestar
from tests.people.portal import browser
from tests.reports import filed
from tests.web.conftest import NOW, Clock, Visiting, staff_id
from tests.web.staff.cases import a_case

from balagh.database import fetch, fetch_one
from balagh.i18n import grouped
from balagh.people import staff_notices, unsubscribing
from balagh.people.staff_notices import KINDS

OLD = "+966553184471"


async def failed(made: dict[str, Any] | None = None, **columns: Any) -> int:
    about = f"report:{made['id']}" if made else "person:1"
    values: dict[str, Any] = {
        "key": f"{about}:late:1:sms", "moment": "late", "channel": "sms", "recipient": OLD,
        "language": "ar", "state": "failed", "attempts": 29, "next_attempt_at": NOW,
        "created_at": NOW, "failed_at": NOW, "error": "SMS gateway refused the message: 422",
    }  # fmt: skip
    return await filed.new_id("notice", **{**values, **columns})


async def state(id: int) -> tuple[Any, ...]:
    row = await fetch_one(
        "SELECT state, resent, recipient, dismissed_why FROM notice WHERE id = $1", id
    )
    assert row is not None
    return tuple(row.values())


@pytest.mark.parametrize(
    ("key", "status"),
    [
        ("majed", 200), ("abeer", 404), ("reem", 404), ("hind", 404), ("fahd", 404), ("mona", 404),
    ],
)  # fmt: skip
async def test_who_may(at_desk: Visiting, key: str, status: int) -> None:
    """Nobody else finds a page, nor does a form of theirs change anything."""
    id = await failed(await a_case())
    async with at_desk(key) as one:
        home = await one.open("/profile")
        assert any(text.startswith("Not delivered") for text in home.links) == (status == 200)
        for path in ("", f"/{id}", "/resend"):
            assert (await one.open(f"/undelivered{path}")).status == status
        if status == 200:
            return
        csrf = (await one.open("/profile")).form("/profile/language").fields["csrf"]
        data = {"csrf": csrf, "as_of": "0", "phone": "0500000012", "why": "told", "last": str(id)}
        data |= {"since": "2026-01-01T00:00:00+00:00"}
        for path in (f"{id}/resend", f"{id}/address", f"{id}/dismissal", "resend"):
            answer = await one.client.post(f"/undelivered/{path}", data=data)
            assert answer.status_code == 404
    assert await state(id) == ("failed", 0, OLD, None)


async def test_sent_again_and_settled(at_desk: Visiting) -> None:
    made = await a_case()
    first, second = await failed(made), await failed(made, key="report:1:opened:1:sms")
    async with at_desk("majed") as majed:
        page = await majed.open("/undelivered")
        assert "Not delivered 2 not delivered" in page.links
        assert grouped(made["number"]) in page.text.replace("\u00a0", " ")
        # Enough to know it by, and no more.
        assert "05• ••• •471" in page.text
        assert OLD not in page.html
        assert "is the number right?" in page.text
        page = await majed.open(f"/undelivered/{first}")
        assert "Correct the address, or tell the person otherwise" in page.text
        await majed.send("/resend")
        assert "It is sent again now." in majed.page.text
        assert await state(first) == ("waiting", 1, OLD, None)
        # The page from before, in another window.
        answer = await majed.client.post(
            f"/undelivered/{first}/resend", data=page.form("/resend").fields
        )
        assert answer.headers["location"] == f"/undelivered/{first}?done=first"
        assert (await state(first))[1] == 1
        page = await majed.open(f"/undelivered/{second}")
        page = await majed.send("/dismissal", why=" ")
        assert page.status == 422
        assert page.title.startswith("Error:")
        assert "Write how it was settled" in page.text
        stale = page.form("/dismissal").fields
        page = await majed.send("/dismissal", why="Told by telephone")
        assert "no longer counted" in page.text
        assert await state(second) == ("failed", 0, OLD, "Told by telephone")
        # Who is second keeps what they typed.
        answer = await majed.client.post(
            f"/undelivered/{second}/dismissal", data={**stale, "why": "Told at the counter"}
        )
        assert answer.status_code == 409
        assert "Told at the counter" in answer.text
        page = await majed.open("/undelivered")
        assert "Every message that was due has gone out." in page.text
        assert "Told by telephone" in (await majed.open("/undelivered?tab=dismissed")).text
    actions = await fetch(
        "SELECT action FROM audit WHERE staff_id = $1 ORDER BY id DESC LIMIT 20",
        await staff_id("majed"),
    )
    assert {"view_undelivered", "resend", "dismiss_notice"} <= {row["action"] for row in actions}


async def test_the_right_address(at_desk: Visiting) -> None:
    made = await a_case("closed")
    id = await failed(made)
    async with at_desk("majed") as majed:
        page = await majed.open(f"/undelivered/{id}")
        assert page.form("/address").fields["phone"] == "055 318 4471"
        for typed, said in (
            ("055 318 4471", "This is the address at which it failed"),
            ("12", "Write a mobile number"),
            ("", "Write your mobile number"),
        ):
            page = await majed.send("/address", phone=typed)
            assert (page.status, page.title[:6]) == (422, "Error:")
            assert said in page.text
            assert page.form("/address").fields["phone"] == typed
        stale = page.form("/address").fields
        await majed.send("/address", phone="٠٥٠ ٠٠٠ ٠٠١٢")
        assert "It is sent again now." in majed.page.text
        assert await state(id) == ("waiting", 1, "+966500000012", None)
        await fetch("UPDATE notice SET state = 'failed' WHERE id = $1", id)
        answer = await majed.client.post(
            f"/undelivered/{id}/address", data={**stale, "phone": "0511111111"}
        )
        assert answer.status_code == 409
        assert "0511111111" in answer.text
        case = await majed.open(f"/cases/{made['number']}")
        assert "050 000 0012" in case.text
        assert f"/undelivered/{id}" in case.html
    async with at_desk("reem") as reem:
        case = await reem.open(f"/cases/{made['number']}")
        assert "could not be delivered" in case.text
        assert "/undelivered/" not in case.html
    async with at_desk("fahd") as fahd:
        case = await fahd.open(f"/cases/{made['number']}")
        assert "050 000 0012" not in case.text


async def test_what_cannot_be_sent_again(at_desk: Visiting) -> None:
    id = await failed(key="person:1:verification_code:1:sms", moment="verification_code")
    async with at_desk("majed") as majed:
        page = await majed.open(f"/undelivered/{id}")
        assert "cannot be sent again" in page.text
        assert [form.action for form in page.forms if f"/undelivered/{id}/" in form.action] == [
            f"/undelivered/{id}/dismissal"
        ]
        csrf = page.form("/dismissal").fields["csrf"]
        for path in ("resend", "address"):
            await majed.client.post(
                f"/undelivered/{id}/{path}",
                data={"csrf": csrf, "as_of": "0", "phone": "0500000012"},
            )
        assert await state(id) == ("failed", 0, OLD, None)


async def test_an_address_of_staff_is_no_reports(at_desk: Visiting) -> None:
    """A reminder of a promise went to an officer: correcting it would move the beneficiary's."""
    made = await a_case("closed")
    id = await failed(
        made, key=f"report:{made['id']}:promise_due:2026-11-20:7:email", moment="promise_due",
        channel="email", recipient="officer@moj.example.sa",
    )  # fmt: skip
    async with at_desk("majed") as majed:
        page = await majed.open(f"/undelivered/{id}")
        assert "ask an administrator" in page.text
        assert "Correct the address" not in page.text
        fields = page.form("/resend").fields
        answer = await majed.client.post(
            f"/undelivered/{id}/address", data={**fields, "as_of": "1", "email": "o@moj.example.sa"}
        )
        assert answer.status_code == 409
    row = await fetch_one("SELECT email, version FROM report WHERE id = $1", made["id"])
    assert row is not None
    assert row["email"] != "o@moj.example.sa"
    assert row["version"] == 1
    assert await state(id) == ("failed", 0, "officer@moj.example.sa", None)


async def test_several_again(at_desk: Visiting) -> None:
    made = [await failed(await a_case()) for _ in range(3)]
    mail = await failed(await a_case(), channel="email", recipient="n@x.sa")
    fell_back = await a_case()
    await failed(fell_back)
    await failed(
        key=f"report:{fell_back['id']}:late:1:sms:fallback", channel="email", state="sent",
        failed_at=None, recipient="n@x.sa",
    )  # fmt: skip
    async with at_desk("majed") as majed:
        await majed.open("/undelivered?channel=sms")
        page = await majed.open(majed.page.links["Send several again"])
        assert "3 messages" in page.text
        assert "1 message is left out" in page.text
        later = await failed(await a_case())
        form = page.form("/undelivered/resend").fields
        page = await majed.send("/undelivered/resend")
        assert "3 messages are sent again" in page.text
        assert [(await state(id))[0] for id in made] == ["waiting"] * 3
        assert [(await state(id))[0] for id in (mail, later)] == ["failed"] * 2
        answer = await majed.client.post("/undelivered/resend", data=form)
        assert answer.headers["location"] == "/undelivered?sent=0"
        for wrong in ({"since": "x"}, {"last": "-1"}, {"since": "2026-11-22"}):
            answer = await majed.client.post("/undelivered/resend", data={**form, **wrong})
            assert answer.headers["location"] == "/undelivered/resend"


@pytest.mark.parametrize(
    "query",
    ["tab=x", "after=x", "channel=fax", "moment=%27", "moment=nothing", "sent=x", "after=9" * 20],
)
async def test_what_means_nothing_is_no_error(at_desk: Visiting, query: str) -> None:
    await failed(await a_case())
    async with at_desk("majed") as majed:
        assert (await majed.open(f"/undelivered?{query}")).status == 200
        assert (await majed.open(f"/undelivered/resend?{query}")).status == 200
        assert (await majed.open("/undelivered/99999999999999999999")).status == 404


@pytest.mark.parametrize("key", ["hind", "reem", "majed", "fahd", "abeer"])
async def test_how_staff_are_told(at_desk: Visiting, key: str) -> None:
    """Each role chooses of what can concern it; an administrator is told nothing."""
    async with at_desk(key) as one:
        page = await one.open("/profile")
        if key == "abeer":
            assert "Messages to you" not in page.text
            csrf = page.form("/profile/language").fields["csrf"]
            answer = await one.client.post(
                "/profile/notices", data={"csrf": csrf, "notify": "each"}
            )
            assert answer.status_code == 404
            return
        role = await fetch_one("SELECT role FROM staff WHERE id = $1", await staff_id(key)) or {}
        form = page.form("/profile/notices")
        assert form.fields["notify"] == "digest"
        assert tuple(form.choices["kind"]) == KINDS[role["role"]]
        await one.client.post(
            "/profile/notices",
            data={"csrf": form.fields["csrf"], "notify": "each", "kind": ["mention"]},
        )
        chosen = await staff_notices.of(await staff_id(key))
        assert chosen.how == "each"
        assert set(chosen.without) == {*KINDS[role["role"]]} - {"mention"}
        page = await one.open("/profile?saved=notices")
        assert page.form("/profile/notices").fields["kind"] == "mention"
        # What no form of ours sends changes nothing.
        for notify in ("", "weekly"):
            data = {"csrf": form.fields["csrf"], "notify": notify}
            await one.client.post("/profile/notices", data=data)
        assert await staff_notices.of(await staff_id(key)) == chosen


@pytest.mark.parametrize("one_click", [True, False])
async def test_stopping_by_the_link(
    portal: Litestar, visiting: Visiting, time: Clock, one_click: bool
) -> None:
    """A mail program sends the form by itself, without cookie, origin or token."""
    settings = portal.state.settings
    reem = await staff_id("reem")
    token = unsubscribing.token(reem, NOW + unsubscribing.LIFETIME, settings.secret_key)
    async with visiting() as nobody:
        page = await nobody.open(f"/unsubscribe/{token}")
        assert page.status == 200
        # Looking stops nothing.
        assert (await staff_notices.of(reem)).how == "digest"
        if not one_click:
            page = await nobody.send(f"/unsubscribe/{token}")
            assert "You get no more messages" in page.text
    if one_click:
        async with browser(portal, {}) as program:
            program.headers.pop("origin", None)
            program.headers.pop("sec-fetch-site", None)
            answer = await program.post(
                f"/unsubscribe/{token}", data={"List-Unsubscribe": "One-Click"}
            )
            assert answer.status_code == 200
            other = await program.post(f"/unsubscribe/{token[:-2]}AA", data={})
            assert other.status_code == 404
    assert (await staff_notices.of(reem)).how == "none"
    time.now = NOW + unsubscribing.LIFETIME
    async with visiting() as nobody:
        page = await nobody.open(f"/unsubscribe/{token}")
        assert (page.status, page.h1) == (410, "This link has expired")
