"""A session that ends in the middle of a step: what was typed comes back to the same person."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from litestar import Litestar
from oidc_provider_mock import User, run_server_in_thread  # type: ignore[import-untyped]
from tests.people.portal import PUBLIC, browser, settings_for
from tests.web.complaints import DETAILS, begin, choose_service, day, picture
from tests.web.pages import Browser, Page

from balagh import clock
from balagh.app import furnish
from balagh.database import fetch
from balagh.people import unsent

NOURA = {"sub": "noura", "name": "نورة سعد القحطاني", "national_id": "1000000016",
         "phone_number": "+966553184471", "email": "noura@example.sa"}  # fmt: skip
SALEM = {"sub": "salem", "name": "سالم ناصر الحربي", "national_id": "1000000024",
         "phone_number": "+966553184472", "email": "salem@example.sa"}  # fmt: skip
TYPED = {"title": "عنوان لم يُرسل بعد", "description": "وصف كُتب في صفحة انتهت جلستها قبل إرساله."}
SIGNED_OUT = "You were signed out before this was sent."


@pytest.fixture
def issuer(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    # It insists on TLS otherwise.
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    users = [
        User(sub=each["sub"], claims={k: v for k, v in each.items() if k != "sub"})
        for each in (NOURA, SALEM)
    ]
    with run_server_in_thread(require_nonce=True, user_claims=users) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def portal(application: Litestar, catalogue: None, issuer: str, tmp_path: Path) -> Litestar:
    """On the machine's own clock: the provider's answers are of today."""
    furnish(application, settings_for(issuer, data=str(tmp_path)))
    return application


@pytest.fixture
async def phone(portal: Litestar) -> AsyncIterator[Browser]:
    async with browser(portal, {"lang": "en"}) as client:
        yield Browser(client)


async def sign_in(phone: Browser, sub: str, address: str = "/sign-in?next=/") -> Page:
    """Through the provider's page, with all redirections, from a page of ours back to it."""
    begun = await phone.client.get(address)
    async with httpx.AsyncClient() as outside:
        answer = await outside.post(begun.headers["location"], data={"sub": sub})
    return await phone.open(answer.headers["location"].removeprefix(PUBLIC))


async def expire() -> None:
    """Nobody was there for two hours."""
    await fetch("UPDATE session SET seen_at = seen_at - interval '2 hours'")


async def to_details(phone: Browser) -> Page:
    await sign_in(phone, "noura")
    await begin(phone, "no_response_time")
    await choose_service(phone)
    filed = clock.now().date() - timedelta(days=40)
    on = day("filed_on", filed.day, filed.month, filed.year)
    page = await phone.send("/reference", reference="BLD-4471882", **on)
    assert page.path.endswith("/details")
    return page


async def send(phone: Browser, page: Page, action: str = "", **typed: str) -> httpx.Response:
    """As a browser does, which says which page the form was on."""
    form = page.form(action)
    return await phone.client.post(
        form.action, data={**form.fields, **typed}, headers={"referer": PUBLIC + page.path}
    )


async def kept() -> list[str]:
    rows = await fetch("SELECT unsent FROM session WHERE unsent IS NOT NULL")
    return [row["unsent"] for row in rows]


async def test_what_was_typed_comes_back_after_signing_in(phone: Browser) -> None:
    page = await to_details(phone)
    await expire()
    answer = await send(phone, page, "/details", **TYPED)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=%2Fdrafts%2F")
    # Nothing was done, and nothing is shown to whoever has the browser now.
    (draft,) = await fetch("SELECT answers::text AS answers FROM draft")
    assert TYPED["title"] not in draft["answers"]
    public = await phone.open("/")
    assert TYPED["title"] not in public.html
    assert SIGNED_OUT not in public.text

    again = await sign_in(phone, "noura", answer.headers["location"])
    assert again.path == page.path
    assert SIGNED_OUT in again.text
    assert again.form("/details").fields["title"] == TYPED["title"]
    assert again.form("/details").fields["description"] == TYPED["description"]
    assert "You had written" not in again.text
    # Reloading shows it again; on other pages nothing is said.
    assert SIGNED_OUT in (await phone.open(page.path)).text
    assert SIGNED_OUT not in (await phone.open("/reports")).text
    (draft,) = await fetch("SELECT answers::text AS answers FROM draft")
    assert TYPED["title"] not in draft["answers"]

    await phone.open(page.path)
    onwards = await phone.send("/details")
    assert onwards.path.endswith("/documents")
    assert await kept() == []
    assert SIGNED_OUT not in (await phone.open(page.path)).text
    (draft,) = await fetch("SELECT answers->>'title' AS title FROM draft")
    assert draft["title"] == TYPED["title"]


async def test_another_person_on_the_same_phone_is_shown_nothing(phone: Browser) -> None:
    page = await to_details(phone)
    await expire()
    answer = await send(phone, page, "/details", **TYPED)
    theirs = await sign_in(phone, "salem", answer.headers["location"])
    assert theirs.status == 404
    assert TYPED["title"] not in theirs.html
    assert SIGNED_OUT not in theirs.text
    assert await kept() == []
    # Nor does it come back when Noura signs in after Salem.
    await phone.client.post("/sign-out", data=phone.page.form("/sign-out").fields)
    back = await sign_in(phone, "noura", f"/sign-in?next={page.path}")
    assert back.path == page.path
    assert SIGNED_OUT not in back.text


async def test_the_first_step_of_all(phone: Browser) -> None:
    await sign_in(phone, "noura")
    page = await phone.open("/new/complaint")
    await expire()
    answer = await send(phone, page, "/new/complaint", ground="outage")
    again = await sign_in(phone, "noura", answer.headers["location"])
    assert (again.path, SIGNED_OUT in again.text) == ("/new/complaint", True)
    assert again.form("/new/complaint").fields["ground"] == "outage"
    assert await fetch("SELECT 1 FROM draft") == []


async def test_a_file_has_to_be_chosen_again(phone: Browser) -> None:
    await to_details(phone)
    page = await phone.send("/details", **DETAILS)
    await expire()
    form = page.form("/files")
    answer = await phone.client.post(
        form.action,
        data=form.fields,
        files={"file": ("a.png", picture())},
        headers={"referer": PUBLIC + page.path},
    )
    again = await sign_in(phone, "noura", answer.headers["location"])
    assert again.path == page.path
    assert "The file has to be chosen again." in again.text
    assert await fetch("SELECT 1 FROM attachment") == []


async def test_filing_is_not_done_by_signing_in(phone: Browser) -> None:
    await to_details(phone)
    await phone.send("/details", **DETAILS)
    page = await phone.send("/documents")
    await expire()
    answer = await send(phone, page, "/submission")
    again = await sign_in(phone, "noura", answer.headers["location"])
    assert (again.path, SIGNED_OUT in again.text) == (page.path, True)
    assert await fetch("SELECT 1 FROM report") == []
    assert (await phone.send("/submission")).path.endswith("/confirmation")


async def test_with_htmx(phone: Browser) -> None:
    page = await to_details(phone)
    await expire()
    form = page.form("/details")
    answer = await phone.client.post(
        form.action,
        data={**form.fields, **TYPED},
        headers={"referer": PUBLIC + page.path, "hx-request": "true"},
    )
    assert answer.status_code == 200
    again = await sign_in(phone, "noura", answer.headers["hx-redirect"])
    assert again.form("/details").fields["title"] == TYPED["title"]


async def test_a_window_from_before_signing_in_anew(phone: Browser) -> None:
    """She signs in again in another window, then goes on in the old one."""
    page = await to_details(phone)
    await expire()
    await sign_in(phone, "noura")
    answer = await send(phone, page, "/details", **TYPED)
    assert answer.status_code == 303
    again = await phone.open(answer.headers["location"])
    assert (again.path, SIGNED_OUT in again.text) == (page.path, True)
    assert again.form("/details").fields["title"] == TYPED["title"]
    assert (await phone.send("/details")).path.endswith("/documents")


async def test_a_window_of_somebody_else(phone: Browser) -> None:
    page = await to_details(phone)
    await expire()
    await sign_in(phone, "salem")
    answer = await send(phone, page, "/details", **TYPED)
    assert answer.status_code == 403
    assert TYPED["title"] not in answer.text
    assert await kept() == []


@pytest.mark.parametrize("token", ["", "0" * 64, "x"])
async def test_only_a_form_of_that_session_is_kept(phone: Browser, token: str) -> None:
    page = await to_details(phone)
    await expire()
    answer = await send(phone, page, "/details", **TYPED, csrf=token)
    assert answer.status_code == 303
    assert await kept() == []


async def test_a_session_that_was_ended_keeps_nothing(phone: Browser) -> None:
    page = await to_details(phone)
    cookie = phone.client.cookies["__Host-balagh"]
    await phone.client.post("/sign-out", data=page.form("/sign-out").fields)
    phone.client.cookies.set("__Host-balagh", cookie)
    await send(phone, page, "/details", **TYPED)
    assert await kept() == []


async def test_it_waits_for_an_hour(phone: Browser) -> None:
    page = await to_details(phone)
    await expire()
    answer = await send(phone, page, "/details", **TYPED)
    await fetch("UPDATE session SET unsent_at = unsent_at - interval '61 minutes'")
    again = await sign_in(phone, "noura", answer.headers["location"])
    assert SIGNED_OUT not in again.text
    assert again.form("/details").fields["title"] == ""


async def test_a_page_that_has_no_fields_for_it_shows_the_text(phone: Browser) -> None:
    """Whatever form it was, what was written can be copied, and is no markup."""
    page = await to_details(phone)
    (session,) = await fetch("SELECT id, seen_at FROM session WHERE revoked_at IS NULL")
    form = unsent.Unsent("/reports", {"reason": "<b>سبب طويل بما يكفي</b>", "rate": "5"})
    await unsent.keep(session["id"], form, session["seen_at"] + timedelta(seconds=1))
    page = await phone.open("/reports")
    assert "You had written:" in page.text
    assert "<b>سبب طويل" in page.text
    assert "<b>سبب" not in page.html


def test_what_is_kept_has_a_limit_and_no_nul() -> None:
    found = unsent.unsent("/x", {"a": ["one\x00two"], "b\x00": ["c"]}, file=False)
    assert found.fields == {"a": "onetwo"}
    long = unsent.unsent("/x", {"a": ["x" * (unsent.MOST + 1)]}, file=True)
    assert (long.fields, long.file) == ({}, True)
