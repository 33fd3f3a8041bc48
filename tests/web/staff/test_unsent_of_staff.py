"""A form of staff's that is sent when their session is over comes back filled, to them alone."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pyotp
import pytest
from litestar import Litestar
from tests.people.portal import PUBLIC
from tests.reports.filed import person
from tests.reports.filed import report as filed
from tests.web.conftest import Clock, Visiting, staff_id
from tests.web.pages import Browser, Page
from tests.web.staff.test_sign_in import PASSWORD, enrolled, out

from balagh.database import fetch, fetch_one
from balagh.people import unsent
from balagh.web.refilling import refilled

SIGNED_OUT = "You were signed out before this was sent."
NOTE = 'اتصلت بالمستفيدة: العطل <قائم> & "مستمر".\nوأرسلت صورة.'


@pytest.fixture
async def case(portal: Litestar) -> str:
    made = await filed(await person(), "under_review")
    return str(made["number"])


class Desk:
    """A browser in which members of staff with passwords sign in, one after the other."""

    def __init__(self, browser: Browser, time: Clock) -> None:
        self.browser = browser
        self.time = time
        self.secrets: dict[str, str] = {}

    async def sign_in(self, key: str, next_path: str = "/inbox") -> Page:
        self.time.now += timedelta(seconds=31)
        if key not in self.secrets:
            self.secrets[key], _ = await enrolled(self.browser, key, self.time)
            await out(self.browser)
            self.time.now += timedelta(seconds=31)
        await self.browser.open(next_path)
        await self.browser.send("/staff/sign-in", email=f"{key}@example.sa", password=PASSWORD)
        code = pyotp.TOTP(self.secrets[key]).at(self.time.now)
        return await self.browser.send("/staff/sign-in/code", code=code)

    async def sent(self, page: Page, action: str, **typed: Any) -> httpx.Response:
        """As a browser does, which says which page the form was on."""
        form = page.form(action)
        return await self.browser.client.post(
            form.action, data={**form.fields, **typed}, headers={"referer": PUBLIC + page.path}
        )


@pytest.fixture
async def desk(visiting: Visiting, time: Clock) -> AsyncIterator[Desk]:
    async with visiting() as browser:
        yield Desk(browser, time)


async def over(limit: str) -> None:
    """Nobody was there for long, or the day is over."""
    column = {"idle": "seen_at", "absolute": "expires_at"}[limit]
    await fetch(f"UPDATE session SET {column} = {column} - interval '23 hours'")


async def kept() -> int:
    return len(await fetch("SELECT 1 FROM session WHERE unsent IS NOT NULL"))


async def notes() -> int:
    return len(await fetch("SELECT 1 FROM event WHERE action = 'note'"))


@pytest.mark.parametrize("limit", ["idle", "absolute"])
async def test_a_note_comes_back(desk: Desk, case: str, limit: str) -> None:
    await desk.sign_in("reem")
    page = await desk.browser.open(f"/cases/{case}")
    await over(limit)
    answer = await desk.sent(page, "/notes", note=NOTE)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/staff/sign-in?next=%2Fcases%2F")
    again = await desk.sign_in("reem", answer.headers["location"])
    assert again.path == page.path
    assert SIGNED_OUT in again.text
    assert "You had written" not in again.text
    assert again.form("/notes").fields["note"].strip() == NOTE
    # Nothing was done by signing in; sending it does it, and it is forgotten.
    assert await notes() == 0
    assert SIGNED_OUT not in (await desk.browser.open("/inbox")).text
    await desk.browser.open(f"/cases/{case}")
    await desk.browser.send("/notes")
    assert await notes() == 1
    assert SIGNED_OUT not in (await desk.browser.open(f"/cases/{case}")).text
    assert await kept() == 0


async def test_an_action_comes_back_from_its_own_address(desk: Desk, case: str) -> None:
    """After an error the page has the form's address, which leads to the tab."""
    await desk.sign_in("reem")
    await desk.browser.open(f"/cases/{case}?do=data-request")
    page = await desk.browser.send("/data-request", item_0="")
    assert page.status == 422
    await over("idle")
    typed = {"item_0": "صورة من إشعار السداد", "item_1": "رقم الطلب لديكم"}
    answer = await desk.sent(page, "/data-request", **typed)
    again = await desk.sign_in("reem", answer.headers["location"])
    assert again.path == f"/cases/{case}?do=data-request"
    assert SIGNED_OUT in again.text
    assert again.form("/data-request").fields["item_0"] == typed["item_0"]
    # For what the page has no field yet, it stands there to be copied.
    assert f"You had written: {typed['item_1']}" in again.text
    assert (await fetch("SELECT state FROM report"))[0]["state"] == "under_review"


async def test_somebody_else_at_the_same_desk_sees_nothing(desk: Desk, case: str) -> None:
    await desk.sign_in("majed")
    await out(desk.browser)
    await desk.sign_in("reem")
    page = await desk.browser.open(f"/cases/{case}")
    await over("idle")
    answer = await desk.sent(page, "/notes", note=NOTE)
    theirs = await desk.sign_in("majed", answer.headers["location"])
    assert theirs.path == page.path
    assert "مستمر" not in theirs.html
    assert SIGNED_OUT not in theirs.text
    assert await kept() == 0
    # Nor does it come back afterwards.
    await out(desk.browser)
    back = await desk.sign_in("reem", page.path)
    assert SIGNED_OUT not in back.text


async def test_a_window_from_before_signing_in_anew(desk: Desk, case: str) -> None:
    await desk.sign_in("reem")
    page = await desk.browser.open(f"/cases/{case}")
    await over("idle")
    await desk.sign_in("reem")
    answer = await desk.sent(page, "/notes", note=NOTE)
    assert answer.status_code == 303
    again = await desk.browser.open(answer.headers["location"])
    assert again.form("/notes").fields["note"].strip() == NOTE
    assert await notes() == 0


async def test_passwords_are_never_kept(desk: Desk) -> None:
    await desk.sign_in("reem")
    page = await desk.browser.open("/profile/password")
    await over("idle")
    await desk.sent(page, "/profile/password", password=PASSWORD, new_password="x" * 20)
    assert await kept() == 0
    await desk.sign_in("reem")
    await desk.sent(page, "/profile/password", password=PASSWORD, new_password="x" * 20)
    assert await kept() == 0


async def test_filing_for_a_caller_leads_to_the_staff_s_sign_in(
    desk: Desk, portal: Litestar
) -> None:
    caller = await person()
    await desk.sign_in("hind")
    hind = await staff_id("hind")
    draft = await fetch_one(
        "INSERT INTO draft (id, person_id, kind, created_at, updated_at, answers, filed_by, "
        "channel) VALUES (gen_random_uuid(), $1, 'complaint', now(), now(), '{}', $2, 'toll_free') "
        "RETURNING id",
        caller, hind,
    )  # fmt: skip
    assert draft is not None
    await over("idle")
    answer = await desk.browser.client.get(f"/drafts/{draft['id']}/service")
    assert answer.headers["location"].startswith("/staff/sign-in?next=%2Fdrafts%2F")


PAGE = """<form method="post" action="/other"><textarea name="text">
other</textarea></form>
<input type="checkbox" name="case" value="1" form="it">
<input type="checkbox" name="case" value="2" form="it" checked>
<form id="it" method="post" action="/a?as_of=2"><input type="hidden" name="as_of" value="2">
<input name="one" value="old" id="x"><input name="line" value=""><input name="line">
<select name="chosen"><option value="">-</option>
<option value="b" selected>b</option><option value="c">c</option></select>
<input type="radio" name="r" value="x" checked><input type="radio" name="r" value="y">
<textarea name="text" class="t">
old</textarea><button name="go" value="1" formaction="/b?x=1">Go</button></form>"""


@pytest.mark.parametrize("action", ["/a", "/b"])
def test_every_field_of_the_form_and_no_other(action: str) -> None:
    sent = {
        "as_of": ["1"], "one": ['"new" <&>'], "line": ["first", "second", "third"], "case": ["1"],
        "chosen": ["c"], "r": ["y"], "text": ["<b>\nnew"], "go": ["1"],
        "gone": ["no field any more"],
    }  # fmt: skip
    again = refilled(PAGE, unsent.unsent("/page", sent, file=False, action=action))
    assert again is not None
    assert again.left == ["third", "no field any more"]
    for part in (
        '<textarea name="text">\nother</textarea>',
        'name="case" value="1" form="it" checked>',
        'name="case" value="2" form="it">',
        '<input type="hidden" name="as_of" value="2">',
        '<input name="one" id="x" value="&quot;new&quot; &lt;&amp;&gt;">',
        '<input name="line" value="first"><input name="line" value="second">',
        '<option value="b">b</option><option value="c" selected>',
        'value="x"><input type="radio" name="r" value="y" checked>',
        '<textarea name="text" class="t">\n&lt;b&gt;\nnew</textarea>',
    ):
        assert part in again.html
    assert refilled(PAGE, unsent.unsent("/page", sent, file=False, action="/c")) is None
