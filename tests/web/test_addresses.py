"""A new telephone number or e-mail address counts once its code was written; the old is told."""

import asyncio
from datetime import timedelta

import pytest
from tests.web.accounts import ask_for, newest_code, notices, other_than
from tests.web.complaints import to_check
from tests.web.conftest import Clock, Visiting
from tests.web.pages import Browser

from balagh.database import fetch, fetch_one

OLD = {"phone": "+966553184471", "email": "n@example.sa"}
NEW = {"phone": "+966561102938", "email": "new@example.sa"}
TYPED = {"phone": "٠٥٦ ١١٠ ٢٩٣٨", "email": " new@EXAMPLE.sa "}
CHANNEL = {"phone": "sms", "email": "email"}
WHICH = pytest.mark.parametrize("which", ["phone", "email"])


async def of_person(which: str) -> str | None:
    row = await fetch_one("SELECT phone, email FROM person ORDER BY id LIMIT 1")
    assert row is not None
    value: str | None = row[which]
    return value


@WHICH
async def test_changed_by_the_right_code(noura: Browser, which: str, time: Clock) -> None:
    page = await noura.open("/account")
    page = await noura.open(page.links["Change " + ("Mobile number", "E-mail")[which == "email"]])
    page = await noura.send(f"/account/{which}", **{which: TYPED[which]})
    assert page.path == f"/account/{which}/code"
    (sent,) = await notices("verification_code")
    assert (sent["channel"], sent["recipient"]) == (CHANNEL[which], NEW[which])
    assert await of_person(which) == OLD[which]
    time.now += timedelta(minutes=2)
    code = await newest_code()
    arabic = code.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    page = await noura.send(f"/account/{which}/code", code=f" {arabic[:3]} {arabic[3:]}")
    assert page.path == f"/account?saved={which}"
    assert "confirmed and saved" in page.text
    assert await of_person(which) == NEW[which]
    (told,) = await notices("contact_changed")
    assert (told["channel"], told["recipient"]) == (CHANNEL[which], OLD[which])
    assert told["data"]["changed_at"].startswith("2026-11-23T08:32")
    assert NEW[which] not in str(told["data"])


@WHICH
async def test_reports_follow_and_what_was_promised_stays(
    noura: Browser, which: str, time: Clock
) -> None:
    await to_check(noura)
    await noura.send("/submission")
    page = await to_check(noura, reference="BLD-2")
    # Another address was given for this one.
    await noura.open(f"{page.path.removesuffix('/check')}/contact?change=1")
    await noura.send("/contact", phone="0500000001", email="other@example.sa")
    await noura.send("/submission")
    before = await notices("opened")
    await ask_for(noura, which, NEW[which])
    await noura.send("/code", code=await newest_code())
    rows = await fetch("SELECT phone, email FROM report ORDER BY id")
    assert rows[0][which] == NEW[which]
    assert rows[1][which] in ("+966500000001", "other@example.sa")
    assert await notices("opened") == before


@WHICH
async def test_what_is_wrong_is_said(noura: Browser, which: str) -> None:
    for typed, said in (("", "Write your"), ("x", "such as"), (OLD[which], "already")):
        page = await ask_for(noura, which, typed)
        assert page.status == 422
        assert page.title.startswith("Error:")
        assert said in page.text
        assert page.form(f"/account/{which}").fields[which] == typed
    assert not await fetch("SELECT 1 FROM verification")


async def test_wrong_codes(noura: Browser) -> None:
    await ask_for(noura, "email", NEW["email"])
    code = await newest_code()
    for typed, said in (("", "Write the code"), ("12345", "6 digits"), ("12345x", "6 digits")):
        page = await noura.send("/code", code=typed)
        assert page.status == 422
        assert said in page.text
    # What is no code at all is no attempt.
    for left in (4, 3, 2, 1):
        page = await noura.send("/code", code=other_than(code))
        assert (page.status, page.title.startswith("Error:")) == (422, True)
        assert f"Attempts left: {left}" in page.text
    page = await noura.send("/code", code=other_than(code))
    assert "This code can no longer be used" in page.text
    page = await noura.send("/code", code=code)
    assert page.status == 422
    assert await of_person("email") == OLD["email"]
    assert not await notices("contact_changed")


async def test_a_code_that_is_over(noura: Browser, time: Clock) -> None:
    await ask_for(noura, "email", NEW["email"])
    time.now += timedelta(minutes=10)
    page = await noura.send("/code", code=await newest_code())
    assert page.status == 422
    assert "This code can no longer be used" in page.text
    page = await noura.send("/code/again")
    assert page.status == 200
    page = await noura.send("/code", code=await newest_code())
    assert page.path == "/account?saved=email"


async def test_another_code_after_a_minute(noura: Browser, time: Clock) -> None:
    await ask_for(noura, "email", NEW["email"])
    page = await noura.send("/code/again")
    assert page.status == 422
    assert "The next code can be sent at 11:31" in page.text
    page = await ask_for(noura, "email", "third@example.sa")
    assert page.status == 422
    assert page.form("/account/email").fields["email"] == "third@example.sa"
    time.now += timedelta(minutes=1)
    await noura.open("/account/email/code")
    page = await noura.send("/code/again")
    assert page.status == 200
    assert len(await notices("verification_code")) == 1


async def test_the_same_form_sent_twice_changes_once(noura: Browser) -> None:
    await ask_for(noura, "email", NEW["email"])
    code = await newest_code()
    form = noura.page.form("/code")
    answers = await asyncio.gather(
        *(noura.client.post(form.action, data={**form.fields, "code": code}) for _ in range(4))
    )
    assert {answer.headers.get("location") for answer in answers} == {"/account?saved=email"}
    assert len(await notices("contact_changed")) == 1
    assert await of_person("email") == NEW["email"]


async def test_somebody_else_s_code(noura: Browser, khalid: Browser) -> None:
    await ask_for(noura, "email", NEW["email"])
    code = await newest_code()
    form = noura.page.form("/code")
    token = (await khalid.open("/account/email")).form("/account/email").fields["csrf"]
    answer = await khalid.client.post(form.action, data={"csrf": token, "code": code})
    # Khalid asked for none: he is led to where one is asked for.
    assert answer.headers["location"] == "/account/email"
    rows = await fetch("SELECT email FROM person ORDER BY id")
    assert NEW["email"] not in [row["email"] for row in rows]


async def test_a_code_page_without_a_code(noura: Browser) -> None:
    page = await noura.open("/account/phone/code")
    assert page.path == "/account/phone"
    csrf = page.form("/account/phone").fields["csrf"]
    for path in ("/account/phone/code/again", "/account/phone/code"):
        answer = await noura.client.post(path, data={"csrf": csrf, "code": "000000"})
        assert answer.headers["location"] == "/account/phone"


async def test_a_first_address_tells_nobody(visiting: Visiting) -> None:
    async with visiting("سلمى", email=None) as salma:
        await ask_for(salma, "email", NEW["email"])
        await salma.send("/code", code=await newest_code())
        assert await of_person("email") == NEW["email"]
        assert not await notices("contact_changed")


async def test_no_code_is_logged(noura: Browser, capsys: pytest.CaptureFixture[str]) -> None:
    await ask_for(noura, "phone", NEW["phone"])
    code = await newest_code()
    await noura.send("/code", code=other_than(code))
    await noura.send("/code", code=code)
    said = "".join(capsys.readouterr())
    for secret in (code, other_than(code), NEW["phone"], OLD["phone"]):
        assert secret not in said
