"""Arabic-Indic digits on every Arabic page for those who chose them; nothing else changes."""

import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from litestar import Litestar
from tests.people.portal import browser, settings_for
from tests.web.accounts import ask_for, notices
from tests.web.complaints import REFERENCE, begin, choose_service, day, picture, to_check
from tests.web.conftest import NOW, Visiting
from tests.web.pages import Browser, Page

from balagh.database import fetch
from balagh.demo import cast, samples
from balagh.notices.messages import render
from balagh.people import sessions
from balagh.web.digits import arabic


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<p>12</p>", "<p>١٢</p>"),
        ("30 نوفمبر 2026", "٣٠ نوفمبر ٢٠٢٦"),
        ("1448هـ", "١٤٤٨هـ"),
        ("الساعة 9:30 ص", "الساعة ٩:٣٠ ص"),
        ("1.2 ميغابايت", "١.٢ ميغابايت"),
        ("(5) 1–15، 50%", "(٥) ١–١٥، ٥٠%"),
        ("نهاية 10.", "نهاية ١٠."),
        # Groups of a number stay in order.
        ("<bdi>730 264 1185</bdi>", "<bdi>٧٣٠\u00a0٢٦٤\u00a0١١٨٥</bdi>"),
        ("<bdi>055 318 4471</bdi>", "<bdi>٠٥٥\u00a0٣١٨\u00a0٤٤٧١</bdi>"),
        # What machines read.
        ('<a href="/reports/7302641185?n=1">1</a>', '<a href="/reports/7302641185?n=1">١</a>'),
        (
            '<a href="tel:199099"><bdi>199099</bdi></a>',
            '<a href="tel:199099"><bdi>١٩٩٠٩٩</bdi></a>',
        ),
        ('<input value="7" maxlength=3>', '<input value="7" maxlength=3>'),
        ('<button data-copy="7302641185">2</button>', '<button data-copy="7302641185">٢</button>'),
        ("<option value=2>2</option>", "<option value=2>٢</option>"),
        ("<h1>1</h1>", "<h1>١</h1>"),
        ("<!-- 1 -->2", "<!-- 1 -->٢"),
        ("&#39;5&#34; &amp;6", "&#39;٥&#34; &amp;٦"),
        # What people typed.
        ("<textarea name=a>\n5 <b>6</textarea>7", "<textarea name=a>\n5 <b>6</textarea>٧"),
        ('<div dir="auto">5<br>6</div>7', '<div dir="auto">5<br>6</div>٧'),
        ("<bdi data-typed>5 6</bdi>7", "<bdi data-typed>5 6</bdi>٧"),
        ('<h1 data-typed class="a">5 <b>6</b></h1>7', '<h1 data-typed class="a">5 <b>6</b></h1>٧'),
        # A number in a Latin word.
        ("BLD-4471882", "BLD-4471882"),
        ("4471882-BLD", "4471882-BLD"),
        ("n1@example.sa", "n1@example.sa"),
        ("fault2.png 3", "fault2.png ٣"),
        ("https://x.sa/12", "https://x.sa/12"),
        ("05X XXX XXXX", "05X XXX XXXX"),
        ("+44 20 7946 0958", "+44 20 7946 0958"),
        # Already so.
        ("٧٣٠", "٧٣٠"),
        ("", ""),
    ],
)
def test_what_is_read_is_changed_and_nothing_else(html: str, shown: str) -> None:
    assert arabic(html) == shown


class _Seen(HTMLParser):
    """Texts that are seen, without what may hold Latin digits."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("meta", "link", "input", "br", "img", "path", "rect", "circle"):
            return
        given = dict(attrs)
        typed = tag == "textarea" or "data-typed" in given or given.get("dir") == "auto"
        self.open.append((tag, typed or bool(self.open and self.open[-1][1])))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not self.open or not self.open[-1][1]:
            self.texts.append(data)


# A Latin word with a digit in it: references, addresses, file names, patterns to be filled in.
WORD = re.compile(r"[\w.@/:-]*[A-Za-z@][\w.@/:-]*|\+[\d ]+")


def latin(html: str) -> list[str]:
    seen = _Seen()
    seen.feed(html)
    return [text for text in seen.texts if re.search("[0-9]", WORD.sub("", text))]


class Reader(Browser):
    """A browser whose pages are looked through for Latin digits."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        super().__init__(client)
        self.seen: set[str] = set()
        self.arabic = 0

    async def _show(self, answer: httpx.Response) -> Page:
        page = await super()._show(answer)
        assert latin(page.html) == [], page.path
        self.arabic += len(re.findall("[٠-٩]", page.html))
        self.seen.add(page.h1)
        # What a form sends is Latin, whatever is seen.
        for form in page.forms:
            assert not re.search("[٠-٩]", form.action)
            for name, value in form.fields.items():
                assert not re.search("[٠-٩]", value), (page.path, name)
        assert not [url for url in page.links.values() if re.search("[٠-٩]", url)]
        return page


async def _reader(visiting: Browser) -> Reader:
    await fetch("UPDATE person SET digits = 'arabic', language = 'ar'")
    return Reader(visiting.client)


def test_a_latin_digit_is_found() -> None:
    assert latin("<p>رقم 5</p>") == ["رقم 5"]
    assert latin("<p>BLD-5 <bdi data-typed>5</bdi><textarea>5</textarea></p>") == []


async def test_the_way_to_the_confirmation(visiting: Visiting) -> None:
    async with visiting("نورة سعد القحطاني", language="ar") as found:
        reader = await _reader(found)
        await reader.open("/reports")
        page = await to_check(reader, "outage")
        for url in page.links.values():
            if "/drafts/" in url and "lang=" not in url:
                await reader.open(url)
        await reader.open(page.path.replace("/check", "/discard"))
        await reader.open(page.path)
        page = await reader.send("/submission")
        assert page.path.endswith("/confirmation")
        number = re.search(r'data-copy="(\d{10})"', page.html)
        assert number
        shown = number[1].translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
        assert f"{shown[:3]}\u00a0{shown[3:6]}\u00a0{shown[6:]}" in page.html
        await reader.open(f"/reports/{number[1]}")
        await reader.open("/reports")
        assert reader.arabic > 100
        # Digits typed in either form are taken, and kept as they were typed.
        await begin(reader, "no_response_time")
        await choose_service(reader)
        typed = {"reference": "٤٤٧١٨٨٢", **day("filed_on", 9, 11, 2026)}
        answer = await reader.client.post(
            reader.page.form("/reference").action,
            data={**reader.page.form("/reference").fields, **typed, "filed_on_day": "٩"},
        )
        assert answer.headers["location"].endswith("/details")


async def test_errors_refusals_and_settings(visiting: Visiting) -> None:
    async with visiting("نورة سعد القحطاني", language="ar") as found:
        reader = await _reader(found)
        # (Where there is no page, nobody looks who asks.)
        for path in ("/", "/help", "/accessibility", "/privacy"):
            await reader.open(path)
        await begin(reader, "no_response_time")
        await choose_service(reader)
        await reader.send("/reference", **{**REFERENCE, **day("filed_on", 41, 13, 26)})
        await reader.send("/reference", **{**REFERENCE, **day("filed_on", 22, 11, 2026)})
        assert reader.page.path.endswith("/refusal")
        await begin(reader, "outage")
        await choose_service(reader)
        await reader.send("/details", title="x" * 200, description="5")
        await reader.send("/details", title="عطل عطل", description="وصف طويل بما يكفي لقبوله هنا")
        await reader.send("/files", files={"file": ("a.png", b"MZ")})
        await reader.send("/files", files={"file": ("صورة 2.png", picture())})
        for slug in ("", "/language", "/digits", "/channels", "/organisation", "/phone", "/email",
                     "/sessions", "/data", "/erasure"):  # fmt: skip
            assert (await reader.open(f"/account{slug}")).status == 200
        await ask_for(reader, "email", "new@example.sa")
        await reader.send("/code", code="1")
        await reader.send("/code/again")
        await reader.open("/account/organisation")
        await reader.send("/account/organisation", account_type="business")
        await reader.send("/account/organisation", organisation_name="1 س", organisation_number="1")
        await reader.send("/account/organisation", organisation_number="7001234567")
        assert "٧٠٠١٢٣٤٥٦٧" in reader.page.html
        assert len(reader.seen) >= 20


async def test_reports_in_every_state(portal: Litestar, tmp_path: Path) -> None:
    settings = settings_for(data=str(tmp_path))
    ids = await cast.seed_cast(settings.secret_key, NOW)
    await samples.seed(settings, NOW)
    await fetch("UPDATE person SET digits = 'arabic'")
    token = await sessions.begin(person_id=ids["noura"], now=NOW, lifetime=timedelta(hours=1))
    async with browser(portal, {"lang": "ar", "__Host-balagh": token}) as client:
        reader = Reader(client)
        page = await reader.open("/reports")
        for url in {url for url in page.links.values() if re.fullmatch(r"/reports/\d+", url)}:
            await reader.open(url)
        assert len(reader.seen) >= 5


async def test_english_pages_and_everybody_else_keep_latin_digits(visiting: Visiting) -> None:
    async with visiting("نورة", language="en") as noura, visiting("سالم", language="ar") as salem:
        await fetch("UPDATE person SET digits = 'arabic' WHERE name = 'نورة'")
        page = await to_check(noura)
        assert not re.search("[٠-٩]", page.html)
        # The description holds none either: what is seen was made here.
        page = await salem.open("/help")
        assert not re.search("[٠-٩]", page.html)
        page = await noura.open("/help?lang=ar")
        assert re.search("[٠-٩]", page.html)
        assert not latin(page.html)
        answer = await noura.client.get("/reports", headers={"hx-request": "true"})
        assert not latin(answer.text)
        assert not re.search("[٠-٩]", answer.headers.get("hx-push-url", ""))


async def test_messages_keep_latin_digits(visiting: Visiting) -> None:
    async with visiting("نورة", language="ar") as noura:
        await fetch("UPDATE person SET digits = 'arabic'")
        await to_check(noura)
        await noura.send("/submission")
        for notice in await notices("opened"):
            made = render("opened", notice["channel"], "ar", notice["data"])
            text = made.text
            assert re.search("[0-9]", text)
            assert not re.search("[٠-٩]", text)
