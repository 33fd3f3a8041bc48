"""Where one is signed in, and signing out from afar."""

from datetime import timedelta

from litestar import Litestar
from tests.people.portal import browser
from tests.web.conftest import Clock, Visiting
from tests.web.pages import Browser

from balagh.database import fetch, fetch_one
from balagh.people import sessions


async def test_sessions_are_listed_and_one_is_ended(visiting: Visiting, time: Clock) -> None:
    async with visiting("نورة") as phone, visiting("نورة") as desk:
        time.now += timedelta(minutes=7)
        page = await phone.open("/account")
        page = await phone.open(page.links["Where you are signed in"])
        assert page.texts["h2"][:2] == ["This browser", "Another browser"]
        assert "Last used: Today, 11:37" in page.text
        assert "Signed in: Today, 11:30" in page.text
        other = [form for form in page.forms if form.action.endswith("/end")][1]
        page = await phone.send(other.action)
        assert page.texts["h2"].count("Another browser") == 0
        assert (await desk.client.get("/account")).headers["location"].startswith("/sign-in")
        assert (await phone.open("/account")).status == 200
        # Ending it again changes nothing.
        csrf = page.form("/account/sessions/end").fields["csrf"]
        answer = await phone.client.post(other.action, data={"csrf": csrf})
        assert answer.headers["location"] == "/account/sessions"


async def test_ending_this_one_is_signing_out(noura: Browser) -> None:
    page = await noura.open("/account/sessions")
    form = next(form for form in page.forms if form.action.endswith("/end"))
    answer = await noura.client.post(form.action, data=form.fields)
    assert answer.headers["location"] == "/"
    assert "__Host-balagh=" in answer.headers["set-cookie"]
    assert (await noura.client.get("/account")).headers["location"].startswith("/sign-in")


async def test_signing_out_everywhere(visiting: Visiting) -> None:
    async with visiting("نورة") as phone, visiting("نورة") as desk, visiting("سالم") as salem:
        page = await phone.open("/account/sessions")
        form = page.form("/account/sessions/end")
        answer = await phone.client.post(
            form.action, data=form.fields, headers={"hx-request": "true"}
        )
        assert answer.headers["hx-redirect"] == "/"
        for each in (phone, desk):
            assert (await each.client.get("/account")).headers["location"].startswith("/sign-in")
        assert (await salem.open("/account")).status == 200


async def test_somebody_else_s_session_is_as_absent_as_none(
    noura: Browser, khalid: Browser
) -> None:
    row = await fetch_one("SELECT session.id FROM session JOIN person ON person.id = person_id "
                          "WHERE name LIKE 'نورة%'")  # fmt: skip
    assert row is not None
    csrf = (await khalid.open("/account")).forms[-1].fields["csrf"]
    theirs = await khalid.client.post(f"/account/sessions/{row['id']}/end", data={"csrf": csrf})
    nobody = await khalid.client.post("/account/sessions/99999/end", data={"csrf": csrf})
    assert theirs.status_code == nobody.status_code == 404
    assert theirs.text.replace(f"/{row['id']}/", "/99999/") == nobody.text
    assert not await fetch("SELECT 1 FROM session WHERE revoked_at IS NOT NULL")
    assert (await noura.open("/account")).status == 200


async def test_sessions_that_are_over_are_not_listed(
    portal: Litestar, noura: Browser, time: Clock
) -> None:
    person = await fetch_one("SELECT id FROM person")
    assert person is not None
    over = timedelta(seconds=1)
    await sessions.begin(person_id=person["id"], now=time.now - 2 * over, lifetime=over)
    token = await sessions.begin(person_id=person["id"], now=time.now, lifetime=timedelta(hours=1))
    await fetch("UPDATE session SET revoked_at = $1 WHERE token_hash = $2", time.now,
                sessions.token_hash(token))  # fmt: skip
    page = await noura.open("/account/sessions")
    assert "Another browser" not in page.text
    async with browser(portal, {"__Host-balagh": token}) as client:
        assert (await client.get("/account")).headers["location"].startswith("/sign-in")
