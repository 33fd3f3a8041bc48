"""Requests and suggestions by a person: the keyboard alone, scripts off and on; every page of both
kinds, in both languages, under axe."""

import re
import secrets
from collections.abc import Mapping
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Page, expect
from tests.browser.conftest import Visiting
from tests.browser.filing import Keyboard, add_file
from tests.browser.test_every_page import LOOKS, day, tour

from balagh.i18n import grouped

TITLE = "شهادة إشغال لمبنى قديم دون مراجعة"
REASONS = "أراجع البلدية ثلاث مرات لكل شهادة، وكل مرة أنتظر أسبوعًا كاملًا."
WORDS = ("الخريطة", "التذكير", "الفاتورة", "الموعد", "الأقساط", "الشهادة", "الترجمة", "التوقيع")


def idea() -> str:
    """Unlike any that was had before."""
    return " ".join(secrets.choice(WORDS) + secrets.token_hex(3) for _ in range(8))


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "page.png"
    Image.new("RGB", (60, 40), "#1B8354").save(path)
    return path


async def picked(page: Page, **answers: str) -> None:
    """One choice after the other; without scripts each is a page."""
    hands = Keyboard(page)
    for name, value in answers.items():
        await page.wait_for_selector(f"[name={name}]:not([type=hidden])")
        if await page.locator(f"select[name={name}]").count():
            await hands.pick(name, value)
        elif await page.locator(f"input[type=radio][name={name}]").count():
            await hands.mark(name, value)
        else:
            await hands.type(name, value)
        if not await hands.scripted() or name == list(answers)[-1]:
            await hands.go_on()


ABOUT = {"agency": "momah", "platform": "balady", "service": "balady-building-permit"}


async def file(page: Page, kind: str, picture: Path, about: Mapping[str, str] = ABOUT) -> str:
    """From the start page to the number, which is returned. ``about``: the service, or of a request
    its agency."""
    hands = Keyboard(page)
    await page.goto("/")
    await hands.press(page.locator(f'main li a[href="/new/{kind}"]'))
    await page.wait_for_url(f"**/new/{kind}")
    if kind == "transformation":
        name = f"شهادة رقم {secrets.token_hex(4)}"
        await picked(page, agency=about["agency"], service="not-listed", service_name=name)
    else:
        await picked(page, **about, delivery_channel="web")
    await page.wait_for_url("**/details*")
    await hands.type("title", TITLE)
    await hands.type("description", REASONS if kind == "transformation" else idea())
    await hands.go_on()
    await page.wait_for_url("**/documents*")
    await add_file(page, picture)
    await hands.go_on()
    await page.wait_for_url("**/check*")
    await hands.go_on()
    await page.wait_for_url("**/confirmation")
    found = re.search(r"/reports/(\d{10})/", page.url)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("kind", ["transformation", "suggestion"])
@pytest.mark.parametrize("scripts", [False, True])
async def test_by_keyboard(visiting: Visiting, picture: Path, kind: str, scripts: bool) -> None:
    language = "en" if scripts else "ar"
    async with visiting("khalid", scripts=scripts, language=language) as page:
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        number = await file(page, kind, picture)
        await expect(page.locator("main")).to_contain_text(grouped(number))
        await page.goto(f"/reports/{number}")
        await expect(page.locator("main")).to_contain_text(picture.name)
        assert not problems


@pytest.mark.parametrize("scripts", [False, True])
async def test_a_complaint_becomes_a_request_by_keyboard(visiting: Visiting, scripts: bool) -> None:
    async with visiting("khalid", scripts=scripts, language="en") as page:
        hands = Keyboard(page)
        await page.goto("/new/complaint")
        await hands.mark("ground", "sla_exceeded")
        await hands.go_on()
        await page.wait_for_url("**/service*")
        await picked(page, agency="moe", platform="paper", service="moe-special-education")
        await page.wait_for_url("**/refusal")
        await hands.press(page.locator("form[action$='/kind'] button"))
        await page.wait_for_url("**/details*")
        await expect(page.locator("h1")).to_have_text("Why should it become digital?")


@pytest.mark.parametrize("scripts", [False, True])
async def test_the_reminder_by_keyboard(visiting: Visiting, scripts: bool) -> None:
    async with visiting("khalid", scripts=scripts, language="en") as page:
        hands = Keyboard(page)
        await page.goto("/new/complaint")
        await hands.mark("ground", "no_response_time")
        await hands.go_on()
        await page.wait_for_url("**/service*")
        await picked(page, agency="momah", platform="balady", service="balady-licence-renew",
                     delivery_channel="web")  # fmt: skip
        await page.wait_for_url("**/reference*")
        await hands.type("reference", f"R-{secrets.randbelow(10**9)}")
        for name, text in day("filed_on", 2).items():
            await hands.type(name, text)
        await hands.go_on()
        await page.wait_for_url("**/refusal")
        await hands.press(page.locator("form[action$='/reminder'] button"))
        await expect(page.locator(".note.ok h2")).to_have_text("Reminder set")
        await hands.press(page.locator("form[action$='/removal'] button"))
        await expect(page.locator("form[action$='/reminder'] button")).to_be_visible()


async def test_a_similar_suggestion_is_told_while_it_is_written(visiting: Visiting) -> None:
    async with visiting("khalid", language="en") as page:
        await page.goto("/new/suggestion")
        await picked(page, agency="moj", platform="najiz", service="najiz-poa-issue",
                     delivery_channel="app")  # fmt: skip
        await page.wait_for_url("**/details*")
        hands = Keyboard(page)
        await hands.type("description", SIMILAR)
        await page.keyboard.press("Tab")
        await expect(page.locator("#notices")).to_contain_text("You filed something similar before")
        # What is typed meanwhile stays where it is.
        await hands.type("title", "تنبيه بانتهاء الوكالة")
        await hands.go_on()
        await page.wait_for_url("**/documents*")


# Like the sample of Khalid's that was accepted.
SIMILAR = (
    "تنتهي الوكالات دون أن ننتبه، فتتوقف معاملاتنا. أقترح إرسال تنبيه من ناجز إلى الموكل والوكيل "
    "قبل انتهاء الوكالة بشهر."
)


@pytest.mark.parametrize("look", LOOKS)
async def test_every_page_of_both_kinds(visiting: Visiting, look: dict[str, object]) -> None:
    async with tour(visiting, key="khalid", **look) as seen:
        await seen.open("/new/transformation")
        await seen.send("service: error")
        await seen.send("service: paper services", agency="momah")
        await seen.send("service: name", service="not-listed")
        await seen.send("service: name missing")
        await seen.send("refusal: alternative", service_name="تجديد رخصة محل لدى البلدية")
        base = seen.page.url.rsplit("/", 1)[0]
        await seen.open(f"{base}/service", "service: notice")
        await seen.send("refusal: digital", service_name="تجديد رخصة تجارية")
        await seen.open(f"{base}/service")
        name = f"شهادة {secrets.token_hex(4)}"
        await seen.send("details", service_name=name)
        await seen.send("details: errors")
        await seen.send("documents", title=TITLE, description=REASONS)
        await seen.send("check")
        await seen.send("confirmation")
        assert "/confirmation" in seen.page.url
        await seen.open(seen.page.url.removesuffix("/confirmation"), "details of a request")
        await seen.open("/new/transformation")
        await seen.send("service: paper services", agency="momah")
        await seen.send("service: name", service="not-listed")
        await seen.send("refusal: requested before", service_name=name)
        await seen.open("/new/suggestion")
        await seen.send("service: platforms", agency="moj")
        await seen.send("service: services", platform="najiz")
        await seen.send("service: channels", service="najiz-poa-issue")
        await seen.send("details", delivery_channel="app")
        await seen.send("details: errors")
        await seen.send("documents: similar", title=TITLE, description=SIMILAR)
        await seen.send("check: similar")
        await seen.open("/new/suggestion")
        await seen.send("service: platforms", agency="moj")
        await seen.send("service: paper", platform="paper")
        await seen.send("refusal: paper", service="moj-lost-paper-deed")
        await seen.open("/new/complaint")
        await seen.send("service", ground="no_response_time")
        for field, value in (
            ("agency", "momah"), ("platform", "balady"), ("service", "balady-licence-renew"),
            ("delivery_channel", "web"),
        ):  # fmt: skip
            await seen.send(f"service: {field}", **{field: value})
        number = f"R-{secrets.randbelow(10**9)}"
        await seen.send("refusal: too early", reference=number, **day("filed_on", 2))
        await seen.page.locator("form[action$='/reminder'] button").click()
        await seen.look("refusal: reminder set")
        await seen.open("/reports")
        assert len(seen.seen) > 30
