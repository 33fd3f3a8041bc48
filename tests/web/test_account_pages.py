"""Every page of the settings: small enough, in one language, and its messages short enough."""

import pytest
from tests.web.accounts import newest_code, notices, other_than
from tests.web.conftest import Visiting
from tests.web.test_budgets import BROTLI, NEXT_FRAGMENT, PAGE, size
from tests.web.test_languages import NAMES, Reader

from balagh.assets import asset
from balagh.notices.messages import Email, Sms, render, segments

PATHS = (
    *("", "/language", "/digits", "/channels", "/organisation", "/phone", "/email"),
    *("/sessions", "/data", "/erasure", "/email/code"),
)
LANGUAGE = pytest.mark.parametrize("language", ["ar", "en"])


@LANGUAGE
async def test_budgets(visiting: Visiting, language: str) -> None:
    async with visiting("نورة سعد القحطاني", language=language) as noura:
        sheet, _ = await size(noura.client, asset("app.css"))
        await noura.open("/account/email")
        await noura.send("/account/email", email="new@example.sa")
        for path in PATHS:
            whole, _ = await size(noura.client, f"/account{path}")
            assert whole + sheet <= PAGE, path
        await noura.open("/account/organisation")
        form = noura.page.form("/account/organisation")
        data = {**form.fields, "account_type": "business", "organisation_number": "1"}
        answer = await noura.client.post(
            form.action, data=data, headers={**BROTLI, "hx-request": "true"}
        )
        assert answer.status_code == 422
        assert answer.num_bytes_downloaded <= NEXT_FRAGMENT


@LANGUAGE
async def test_pages_speak_one_language(visiting: Visiting, language: str) -> None:
    async with visiting(NAMES[language], language=language) as found:
        reader = Reader(found.client, language)
        for path in PATHS[:-1]:
            await reader.open(f"/account{path}")
            assert reader.page.status == 200
        for slug, wrong in (
            ("language", {"language": ""}), ("digits", {"digits": ""}),
            ("channels", {"channels": ""}), ("organisation", {"account_type": ""}),
        ):  # fmt: skip
            form = (await reader.open(f"/account/{slug}")).form(f"/account/{slug}")
            await reader._show(await reader.client.post(form.action, data={**form.fields, **wrong}))
            assert reader.page.status == 422
        await reader.open("/account/organisation")
        await reader.send("/account/organisation", account_type="nonprofit")
        await reader.send("/account/organisation", organisation_name="", organisation_number="12")
        await reader.open("/account/erasure")
        await reader.send("/account/erasure")
        await reader.send("/account/erasure", confirmed="yes")
        await reader.open("/account")
        await reader.open("/account/phone")
        await reader.send("/account/phone", phone="1")
        await reader.send("/account/phone", phone="0561102938")
        await reader.send("/code", code="1")
        await reader.send("/code", code=other_than(await newest_code()))
        await reader.send("/code/again")
        page = await reader.send("/code", code=await newest_code())
        assert page.path == "/account?saved=phone"


@LANGUAGE
async def test_messages(visiting: Visiting, language: str) -> None:
    """An SMS with a code is one part in either language, every other two at most."""
    async with visiting("نورة سعد القحطاني", language=language) as noura:
        for which, value in (("phone", "0561102938"), ("email", "new@example.sa")):
            await noura.open(f"/account/{which}")
            await noura.send(f"/account/{which}", **{which: value})
            code = await newest_code()
            (*_, notice) = await notices("verification_code")
            made = render("verification_code", notice["channel"], language, notice["data"])
            if isinstance(made, Sms):
                assert code in made.text
                assert segments(made.text) == 1
            else:
                # Seen on a locked screen: the subject tells nothing.
                assert code not in made.subject
                assert code in made.text
                assert code in made.html
            await noura.send("/code", code=code)
        await noura.open("/account/erasure")
        await noura.send("/account/erasure", confirmed="yes")
        rows = [*await notices("contact_changed"), *await notices("erasure_asked")]
        assert sorted(row["channel"] for row in rows) == ["email", "email", "sms", "sms"]
        for row in rows:
            made = render(row["moment"], row["channel"], language, row["data"])
            if isinstance(made, Sms):
                assert segments(made.text) <= 2
                assert "199099" in made.text or "30" in made.text
            else:
                assert isinstance(made, Email)
                assert "199099" in made.text
                assert "2026" in made.text
                assert "نورة سعد القحطاني" in made.html
