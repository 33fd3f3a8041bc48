"""«الإعدادات»: each setting with its question, its errors, and what it changes elsewhere."""

import pytest
from litestar import Litestar
from tests.people.portal import browser as browser_of
from tests.people.portal import settings_for
from tests.web.accounts import notices
from tests.web.complaints import to_check
from tests.web.conftest import Visiting
from tests.web.pages import Browser

from balagh.app import create
from balagh.database import fetch, fetch_one


async def test_the_settings_say_what_is_known_and_chosen(noura: Browser) -> None:
    page = await noura.open("/reports")
    page = await noura.open(page.links["Settings"])
    assert (page.path, page.h1) == ("/account", "Settings")
    assert page.facts["Name"].startswith("نورة سعد القحطاني")
    assert page.facts["Mobile number"] == "055 318 4471"
    assert page.facts["E-mail"] == "n@example.sa"
    assert page.facts["Messages come by"] == "SMS and e-mail"
    assert page.facts["Language"].startswith("العربية")
    assert page.facts["Digits"].startswith("Latin digits")
    assert page.facts["On behalf of"] == "Myself"
    for name in (
        "Mobile number",
        "E-mail",
        "Messages come by",
        "Language",
        "Digits",
        "On behalf of",
    ):
        assert (await noura.open(page.links[f"Change {name}"])).status == 200
    # The name is the sign-in service's word.
    assert "Change Name" not in page.links


async def test_language_is_that_of_pages_messages_and_earlier_reports(noura: Browser) -> None:
    await to_check(noura)
    await noura.send("/submission")
    await noura.open("/account/language")
    page = await noura.send("/account/language", language="ar")
    assert '<html lang="ar"' in page.html
    assert page.h1 == "الإعدادات"
    assert "حُفظ اختيارك." in page.text
    person = await fetch_one("SELECT language FROM person")
    report = await fetch_one("SELECT language FROM report")
    assert person is not None
    assert report is not None
    assert (person["language"], report["language"]) == ("ar", "ar")


@pytest.mark.parametrize(
    ("chosen", "told", "fallback"),
    [
        ("both", ["email", "sms"], None),
        ("sms", ["sms"], "n@example.sa"),
        ("email", ["email"], None),
    ],
)
async def test_messages_come_as_chosen(
    noura: Browser, chosen: str, told: list[str], fallback: str | None
) -> None:
    await noura.open("/account/channels")
    page = await noura.send("/account/channels", channels=chosen)
    assert "Your choice is saved." in page.text
    await to_check(noura)
    page = await noura.send("/submission")
    rows = await notices("opened")
    assert sorted(row["channel"] for row in rows) == told
    assert [row["data"].get("fallback_email") for row in rows][-1] == fallback
    assert ("055 318 4471" in page.text) == ("sms" in told)
    assert ("your e-mail" in page.text) == ("email" in told)


@pytest.mark.parametrize(
    ("phone", "email", "chosen", "said"),
    [
        (None, "n@example.sa", "sms", "Add a mobile number to your settings first"),
        ("+966553184471", None, "email", "Add an e-mail address to your settings first"),
    ],
)
async def test_a_channel_without_an_address_cannot_be_the_only_one(
    visiting: Visiting, phone: str | None, email: str | None, chosen: str, said: str
) -> None:
    async with visiting("سلمى", phone=phone, email=email) as salma:
        await salma.open("/account/channels")
        page = await salma.send("/account/channels", channels=chosen)
        assert page.status == 422
        assert page.title.startswith("Error:")
        assert page.links[said].endswith("#channels")
        assert not await fetch("SELECT 1 FROM person WHERE NOT (notify_sms AND notify_email)")


@pytest.mark.parametrize("slug", ["language", "digits", "channels", "organisation"])
async def test_what_cannot_be_chosen_is_refused(noura: Browser, slug: str) -> None:
    page = await noura.open(f"/account/{slug}")
    form = page.form(f"/account/{slug}")
    name = next(name for name in form.choices if name != "csrf")
    before = await fetch("SELECT * FROM person")
    for value in ("klingon", "", "\x00"):
        answer = await noura.client.post(form.action, data={**form.fields, name: value})
        assert answer.status_code == 422
        assert "<title>Error:" in answer.text
    assert await fetch("SELECT * FROM person") == before


async def test_the_organisation_is_kept_for_the_next_reports(noura: Browser) -> None:
    await noura.open("/account/organisation")
    page = await noura.send("/account/organisation", account_type="government")
    assert (page.status, page.path) == (200, "/account/organisation")
    page = await noura.send(
        "/account/organisation", organisation_name="أمانة", organisation_number="123"
    )
    assert page.status == 422
    page = await noura.send("/account/organisation", organisation_number="٧٠٠١٢٣٤٥٦٧")
    assert page.path.startswith("/account?")
    assert page.facts["On behalf of"] == "A government body"
    assert page.facts["Unified number"] == "7001234567"
    page = await to_check(noura)
    assert page.facts["Name of the organisation"] == "أمانة"


async def test_an_enhanced_page_asks_on_without_saving(noura: Browser) -> None:
    form = (await noura.open("/account/organisation")).form("/account/organisation")
    answer = await noura.client.post(
        f"{form.action}?refine=1",
        data={**form.fields, "account_type": "business"},
        headers={"hx-request": "true"},
    )
    assert answer.status_code == 200
    assert 'name="organisation_number"' in answer.text
    assert "<html" not in answer.text
    assert not await fetch("SELECT 1 FROM person WHERE account_type <> 'individual'")


async def test_a_setting_that_does_not_exist(noura: Browser) -> None:
    for path in ("/account/colour", "/account/colour/code", "/account/language/code"):
        assert (await noura.open(path)).status == 404


async def test_settings_are_for_those_who_signed_in(visiting: Visiting) -> None:
    async with visiting() as nobody:
        for path in ("", "/language", "/phone", "/phone/code", "/sessions", "/data", "/erasure"):
            page = await nobody.open(f"/account{path}")
            assert page.path.startswith("/sign-in") or page.status in (401, 503), page.path
            assert "/account" not in nobody.page.links.values()


async def test_without_a_gateway_nothing_is_promised_by_sms(
    portal: Litestar, noura: Browser
) -> None:
    token = noura.client.cookies.get("__Host-balagh")
    other = create(settings_for(data=str(portal.state.settings.data)))
    async with browser_of(other, {"lang": "en", "__Host-balagh": str(token)}) as client:
        found = Browser(client)
        page = await found.open("/account")
        assert "Change Mobile number" not in page.links
        assert "call 199099: no SMS is sent at present" in page.facts["Mobile number"]
        assert "No SMS is sent at present" in page.facts["Messages come by"]
        page = await found.open("/account/phone")
        assert page.h1 == "Your mobile number cannot be changed here"
        token_field = page.forms[-1].fields["csrf"]
        data = {"csrf": token_field, "phone": "0561102938"}
        answer = await client.post("/account/phone", data=data)
        assert answer.status_code == 303
        assert not await fetch("SELECT 1 FROM verification")
        # Somebody who chose SMS only is told by e-mail.
        await fetch("UPDATE person SET notify_email = false")
        await to_check(found)
        page = await found.send("/submission")
        assert [row["channel"] for row in await notices("opened")] == ["email"]
        assert "055 318 4471" not in page.text
