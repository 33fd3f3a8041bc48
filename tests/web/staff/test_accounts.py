"""An administrator's list of staff, and everybody's own profile."""

import asyncio
from datetime import timedelta

import pyotp
import pytest
from tests.reports.filed import person
from tests.reports.filed import report as filed
from tests.web.conftest import Clock, Visiting, staff_id
from tests.web.staff.test_sign_in import PASSWORD, code_of, mailed, out

from balagh import clock
from balagh.database import fetch
from balagh.people import staff
from balagh.people.staff import Refusal
from balagh.reports.leaving import leave_reports

NEW = {
    "email": "lama@example.sa",
    "name_ar": "لمى العنزي",
    "name_en": "Lama Alanazi",
    "role": "reviewer",
    "language": "en",
}


async def audited(since: int = 0) -> list[str]:
    rows = await fetch("SELECT action, subject FROM audit WHERE id > $1 ORDER BY id", since)
    return [f"{row['action']} {row['subject']}" for row in rows]


async def last_entry() -> int:
    (row,) = await fetch("SELECT coalesce(max(id), 0) AS id FROM audit")
    return int(row["id"])


async def test_invited_by_an_administrator(
    at_desk: Visiting, visiting: Visiting, time: Clock
) -> None:
    async with at_desk("abeer") as abeer, visiting() as lama:
        since = await last_entry()
        await abeer.open("/staff/new")
        page = await abeer.send("/staff/new", **NEW)
        assert "The link is on its way" in page.text
        assert "Lama Alanazi Reviewer lama@example.sa Invited" in page.text
        (row,) = await fetch("SELECT id FROM staff WHERE email = 'lama@example.sa'")
        assert await audited(since) == [f"invite staff:{row['id']}"]
        await lama.open(await mailed("lama@example.sa"))
        await lama.send("/staff/invitation", new_password=PASSWORD, again=PASSWORD)
        await lama.send("/staff/sign-in/factor", code=code_of(lama.page, time))
        assert (await lama.open("/inbox")).h1 == "Inbox"
        page = await abeer.open("/staff")
        assert "lama@example.sa Active Today" in page.text


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"email": "lama"}, "Enter an e-mail address"),
        ({"name_ar": " "}, "Enter the name"),
        ({"role": ""}, "Choose a role"),
        ({"role": "agency_officer"}, "Choose the agency whose people they are"),
        ({"email": "ABEER@example.sa"}, "has this e-mail address already"),
    ],
)
async def test_what_is_wrong_with_an_invitation(
    at_desk: Visiting, changed: dict[str, str], said: str
) -> None:
    async with at_desk("abeer") as abeer:
        await abeer.open("/staff/new")
        page = await abeer.send("/staff/new", **{**NEW, **changed})
        assert page.status == 422
        assert page.title.startswith("Error:")
        assert said in page.text
        assert page.form("/staff/new").fields["name_en"] == "Lama Alanazi"
        assert len(await fetch("SELECT 1 FROM staff")) == 1


async def test_another_role_and_leaving(at_desk: Visiting, time: Clock) -> None:
    await filed(await person())
    fahd, reem = await staff_id("fahd"), await staff_id("reem")
    await fetch("UPDATE report SET assignee_id = $1", reem)
    (before,) = await fetch("SELECT version FROM report")
    async with at_desk("abeer") as abeer, at_desk("reem") as at_reems:
        await abeer.open(f"/staff/{reem}")
        page = await abeer.send(f"/staff/{reem}", name_en="Reem A. Alshammari")
        assert "The changes are saved." in page.text
        # Her name alone: nothing ends.
        assert (await at_reems.open("/inbox")).h1 == "Inbox"
        await abeer.send(f"/staff/{reem}", role="agency_manager", agency="moj")
        assert (await at_reems.open("/inbox")).h1 == "Sign in for staff"
        (row,) = await fetch("SELECT assignee_id, version FROM report")
        # A change of hands is no change of the report.
        assert (row["assignee_id"], row["version"]) == (None, before["version"])
        (row,) = await fetch("SELECT role, agency_id FROM staff WHERE id = $1", reem)
        assert row["role"] == "agency_manager"
        assert row["agency_id"] is not None
    async with at_desk("abeer") as abeer, at_desk("fahd") as at_fahds:
        await fetch(
            "UPDATE report SET state = 'in_progress', officer_id = $1, referred_at = $2, "
            "referred_agency_id = (SELECT agency_id FROM staff WHERE id = $1)",
            fahd, time.now,
        )  # fmt: skip
        since = await last_entry()
        await abeer.open(f"/staff/{fahd}")
        page = await abeer.send("/deactivation")
        assert "can no longer sign in" in page.text
        assert (await at_fahds.open("/inbox")).h1 == "Sign in for staff"
        (row,) = await fetch("SELECT officer_id FROM report")
        assert row["officer_id"] is None
        assert await audited(since) == [f"unassign staff:{fahd}", f"deactivate staff:{fahd}"]
        page = await abeer.send("/activation")
        assert "can sign in again" in page.text


async def test_what_has_ended_keeps_its_name(at_desk: Visiting) -> None:
    await filed(await person(), "closed")
    reem = await staff_id("reem")
    await fetch("UPDATE report SET assignee_id = $1", reem)
    async with at_desk("abeer") as abeer:
        await abeer.open(f"/staff/{reem}")
        await abeer.send("/deactivation")
    (row,) = await fetch("SELECT assignee_id FROM report")
    assert row["assignee_id"] == reem


async def test_the_last_administrator_stays(at_desk: Visiting) -> None:
    abeers = await staff_id("abeer")
    async with at_desk("abeer") as abeer:
        await abeer.open(f"/staff/{abeers}")
        page = await abeer.send("/deactivation")
        assert page.status == 422
        assert "the only administrator" in page.text
        page = await abeer.send(f"/staff/{abeers}", role="reviewer")
        assert page.status == 422
        assert "the only administrator" in page.text
        assert (await abeer.open("/staff")).status == 200


@pytest.mark.usefixtures("catalogue")
async def test_two_administrators_deactivate_each_other() -> None:
    one = await staff_id("abeer")
    (row,) = await fetch(
        "INSERT INTO staff (role, name_ar, name_en, email, created_at) "
        "VALUES ('administrator', 'ب', 'B', 'b@example.sa', $1) RETURNING id",
        clock.now(),
    )
    for _ in range(10):
        done = await asyncio.gather(
            staff.deactivate(one, by=row["id"], now=clock.now(), leaving=leave_reports),
            staff.deactivate(row["id"], by=one, now=clock.now(), leaving=leave_reports),
            return_exceptions=True,
        )
        assert [type(each) for each in done if each] == [Refusal]
        await fetch("UPDATE staff SET active = true")


async def test_a_second_factor_that_was_lost(
    at_desk: Visiting, visiting: Visiting, time: Clock
) -> None:
    reem = await staff_id("reem")
    async with at_desk("abeer") as abeer, visiting() as nobody:
        await abeer.open(f"/staff/{reem}")
        await abeer.send("/link")
        first = await mailed("reem@example.sa")
        await abeer.send("/link")
        second = await mailed("reem@example.sa")
        assert (await nobody.open(first)).status == 410
        await nobody.open(second)
        await nobody.send("/staff/invitation", new_password=PASSWORD, again=PASSWORD)
        await nobody.send("/staff/sign-in/factor", code=code_of(nobody.page, time))
        await abeer.open(f"/staff/{reem}")
        page = await abeer.send("/factor")
        assert "Password and second factor are removed" in page.text
        assert (await nobody.open("/profile")).h1 == "Sign in for staff"
        assert await fetch("SELECT 1 FROM credential UNION SELECT 1 FROM recovery_code") == []
        await nobody.open(await mailed("reem@example.sa"))
        await nobody.send("/staff/invitation", new_password=PASSWORD, again=PASSWORD)
        assert nobody.page.h1 == "Connect an app"


@pytest.mark.parametrize("key", ["reem", "hind", "majed", "fahd"])
async def test_the_list_is_for_administrators(at_desk: Visiting, key: str) -> None:
    abeer = await staff_id("abeer")
    async with at_desk(key) as somebody:
        for path in ("/staff", "/staff/new", f"/staff/{abeer}"):
            assert (await somebody.open(path)).status == 404
        await somebody.open("/profile")
        csrf = somebody.page.form("/profile/language").fields["csrf"]
        for action in ("/link", "/factor", "/deactivation", "/activation", ""):
            answer = await somebody.client.post(f"/staff/{abeer}{action}", data={"csrf": csrf})
            assert answer.status_code == 404, action


@pytest.mark.parametrize("number", ["999999", "99999999999999999999"])
async def test_nobody_of_that_number(at_desk: Visiting, number: str) -> None:
    async with at_desk("abeer") as abeer:
        assert (await abeer.open(f"/staff/{number}")).status == 404


async def test_one_s_own_choices(at_desk: Visiting) -> None:
    async with at_desk("reem") as reem:
        await reem.open("/profile")
        page = await reem.send("/profile/language", language="en")
        assert "Your choice is saved." in page.text
        (row,) = await fetch("SELECT language, shortcuts FROM staff")
        assert (row["language"], row["shortcuts"]) == ("en", True)
        form = page.form("/profile/shortcuts")
        await reem.client.post("/profile/shortcuts", data={"csrf": form.fields["csrf"]})
        (row,) = await fetch("SELECT shortcuts FROM staff")
        assert row["shortcuts"] is False
        page = await reem.open("/profile")
        assert "shortcuts" not in page.form("/profile/shortcuts").fields
        # Who signs in elsewhere has no password here.
        for path in ("/profile/password", "/profile/factor", "/profile/recovery-codes"):
            assert (await reem.open(path)).status == 404


async def test_password_factor_and_codes_anew(
    at_desk: Visiting, visiting: Visiting, time: Clock
) -> None:
    reem = await staff_id("reem")
    async with at_desk("abeer") as abeer, visiting() as mine, at_desk("reem") as other:
        await abeer.open(f"/staff/{reem}")
        await abeer.send("/link")
        await mine.open(await mailed("reem@example.sa"))
        await mine.send("/staff/invitation", new_password=PASSWORD, again=PASSWORD)
        await mine.send("/staff/sign-in/factor", code=code_of(mine.page, time))
        assert (await other.open("/profile")).h1 == "Sign in for staff"

        new = "purple lantern harbour"
        await mine.open("/profile/password")
        page = await mine.send("/profile/password", password="no", new_password=new, again=new)
        assert page.status == 422
        assert "This is not your present password" in page.text
        page = await mine.send("/profile/password", password=PASSWORD, new_password=new, again=new)
        assert "Your new password is saved." in page.text
        assert "10 codes are left" in page.text

        await mine.open("/profile/recovery-codes")
        page = await mine.send("/profile/recovery-codes", password=new)
        assert len(page.texts["code"]) == 10
        assert len(await fetch("SELECT 1 FROM recovery_code")) == 10

        page = await mine.open("/profile/factor")
        time.now += timedelta(seconds=31)
        code = code_of(page, time)
        page = await mine.send("/profile/factor", code=code, password="no")
        assert page.status == 422
        page = await mine.send("/profile/factor", code="123", password=new)
        assert "This code is not right" in page.text
        secret = next(each for each in page.texts["bdi"] if len(each) == 39).replace(" ", "")
        page = await mine.send("/profile/factor", code=code, password=new)
        assert page.h1 == "Keep your recovery codes"
        await out(mine)
        time.now += timedelta(seconds=31)
        await mine.open("/staff/sign-in")
        await mine.send("/staff/sign-in", email="reem@example.sa", password=new)
        page = await mine.send("/staff/sign-in/code", code=pyotp.TOTP(secret).at(time.now))
        assert page.path == "/inbox"


async def test_sessions_of_one_s_own_and_nobody_else_s(at_desk: Visiting) -> None:
    async with at_desk("reem") as here, at_desk("reem") as there, at_desk("fahd") as fahd:
        page = await here.open("/profile")
        ends = [form.action for form in page.forms if form.action.endswith("/end")]
        assert len(ends) == 3
        assert "This browser" in page.text
        csrf = (await fahd.open("/profile")).form("/profile/language").fields["csrf"]
        for action in ends[:2]:
            answer = await fahd.client.post(action, data={"csrf": csrf})
            assert answer.status_code == 404
        (row,) = await fetch("SELECT max(id) AS id FROM session WHERE staff_id = $1",
                             await staff_id("reem"))  # fmt: skip
        page = await here.send(f"/profile/sessions/{row['id']}/end")
        assert "That browser is signed out." in page.text
        assert (await there.open("/profile")).h1 == "Sign in for staff"
        page = await here.send("/profile/sessions/end")
        assert page.h1 == "Sign in for staff"
        assert (await fahd.open("/profile")).status == 200
