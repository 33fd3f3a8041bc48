"""What the messages say (specification 6, ``opened``: number, due date, link to follow)."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from lxml import html as lxml_html  # type: ignore[import-untyped]
from tests.notices.outbox import LINK, NOURA, NOW

from balagh.notices.messages import Email, Sms, render, segments
from balagh.notices.transports import Outgoing
from balagh.notices.transports.email import compose
from balagh.notices.wording import WordingError

LANGUAGES = ("ar", "en")


def sms(language: str) -> str:
    made = render("opened", "sms", language, NOURA)
    assert isinstance(made, Sms)
    return made.text


def email(language: str) -> Email:
    made = render("opened", "email", language, NOURA)
    assert isinstance(made, Email)
    return made


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ب" * 70, 1),
        ("ب" * 71, 2),
        ("ب" * 134, 2),
        ("ب" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("a" * 100 + "ب", 2),
        # What takes two places goes whole into the next part.
        ("a" * 152 + "€" + "a" * 151, 2),
        ("a" * 152 + "€" + "a" * 152, 3),
        ("a" * 151 + "€" + "a" * 153, 2),
        ("a" * 158 + "€", 1),
        ("a" * 159 + "€", 2),
        ("€" * 76 + "a" + "€" * 76 + "a", 2),
        ("€" * 153, 3),
        ("ب" * 66 + "😀" + "ب" * 65, 2),
        ("ب" * 66 + "😀" + "ب" * 66, 3),
        ("ب" * 65 + "😀" + "ب" * 67, 2),
        ("ب" * 68 + "😀", 1),
        ("ب" * 69 + "😀", 2),
        ("😀" * 66, 2),
        ("😀" * 67, 3),
    ],
)
def test_a_text_is_counted_as_networks_count_it(text: str, count: int) -> None:
    assert segments(text) == count


@pytest.mark.parametrize(
    ("language", "number", "day", "most"),
    [
        ("ar", "\u200e730\u00a0264\u00a01185", "الاثنين 30 نوفمبر 2026", 2),
        ("en", "730 264 1185", "Monday 30 November 2026", 1),
    ],
)
def test_the_sms_is_short_and_says_it_all(language: str, number: str, day: str, most: int) -> None:
    text = sms(language)
    assert number in text
    assert day in text
    # On a line of its own, so that the phone makes all of it a link and nothing else.
    assert text.splitlines()[-1] == LINK
    assert segments(text) <= most


def test_an_arabic_sms_fits_under_a_long_address_and_the_longest_date() -> None:
    data = {**NOURA, "due_on": "2026-12-30", "link": "https://balagh.dga.gov.sa/reports/7302641185"}
    made = render("opened", "sms", "ar", data)
    assert isinstance(made, Sms)
    assert segments(made.text) <= 2


@pytest.mark.parametrize(
    ("language", "gregorian", "hijri", "agency"),
    [
        ("ar", "الاثنين 30 نوفمبر 2026", "20 جمادى الآخرة 1448هـ", "وزارة البلديات والإسكان"),
        (
            "en",
            "Monday 30 November 2026",
            "20 Jumada al-Akhirah 1448 AH",
            "Ministry of Municipalities & Housing",
        ),
    ],
)
def test_both_parts_of_the_email_say_it_all(
    language: str, gregorian: str, hijri: str, agency: str
) -> None:
    made = email(language)
    page = lxml_html.fromstring(made.html)
    for text in (made.text, " ".join(page.body.text_content().split())):
        for fact in ("730 264 1185", gregorian, hijri, agency, NOURA["title"], NOURA["name"]):
            assert fact in text
        assert "199099" in text
        assert "{" not in text
    assert "730 264 1185" in made.subject
    assert LINK in made.text.splitlines()
    assert set(page.xpath("//a/@href")) == {LINK, "tel:199099"}


@pytest.mark.parametrize(("language", "direction"), [("ar", "rtl"), ("en", "ltr")])
def test_the_html_is_accessible_and_fetches_nothing(language: str, direction: str) -> None:
    made = email(language)
    page = lxml_html.fromstring(made.html)
    assert (page.get("lang"), page.get("dir")) == (language, direction)
    # Mail programs drop <html>; the language has to be on something that stays.
    assert page.xpath(f"//body//div[@lang='{language}'][@dir='{direction}']")
    assert len(page.xpath("//h1")) == 1
    assert page.xpath("//title/text()")
    assert not page.xpath("//img | //link | //script | //iframe | //@background")
    assert "url(" not in made.html
    # One table, and it lays out only.
    assert [table.get("role") for table in page.xpath("//table")] == ["presentation"]
    # Styles are in the elements; only what cannot be there is in the head.
    assert "prefers-color-scheme: dark" in page.xpath("string(//style)")
    assert "#14573A" in page.xpath("string(//*[@class='hero']/@style)")
    assert "#1B8354" in page.xpath("string(//*[@class='button']/@style)")


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_and_names_are_kept_apart_from_the_text_around_them(language: str) -> None:
    made = email(language)
    assert "\u2068730 264 1185\u2069" in made.text
    assert "\u2068730 264 1185\u2069" in made.subject
    assert made.text.count("\u2068") == made.text.count("\u2069")
    assert '<bdi dir="ltr">730 264 1185</bdi>' in made.html
    assert f"<bdi>{NOURA['name']}</bdi>" in made.html


def test_what_people_typed_is_text_and_not_markup() -> None:
    data = {**NOURA, "title": "<b>x</b> {link}", "name": "<script>alert(1)</script>"}
    made = render("opened", "email", "en", data)
    assert isinstance(made, Email)
    assert "<script" not in made.html
    assert "<b>" not in made.html
    assert "<b>x</b> {link}" in made.text


def test_a_moment_without_words_is_an_error() -> None:
    with pytest.raises(WordingError, match="unheard_of"):
        render("unheard_of", "sms", "ar", NOURA)
    with pytest.raises(WordingError, match="received"):
        render("opened", "sms", "ar", {"name": "x"})


def composed(language: str = "ar") -> bytes:
    notice = Outgoing(15, "noura@example.com", language, NOW, email(language))
    return compose(notice, "بلاغ رقمي <balagh@example.sa>")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_message_on_the_wire(language: str) -> None:
    raw = composed(language)
    mail = message_from_bytes(raw, _class=EmailMessage, policy=default)
    assert mail["Message-ID"] == "<notice-15@example.sa>"
    assert mail["Date"].datetime == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    assert mail["To"] == "noura@example.com"
    assert mail["From"].addresses[0].addr_spec == "balagh@example.sa"
    assert mail["From"].addresses[0].display_name == "بلاغ رقمي"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == language
    assert mail["Subject"] == email(language).subject
    assert mail.get_content_type() == "multipart/alternative"
    # The last alternative is the one preferred (RFC 2046, 5.1.4).
    kinds = [part.get_content_type() for part in mail.iter_parts()]
    assert kinds == ["text/plain", "text/html"]
    plain, rich = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert rich is not None
    assert plain.get_content().splitlines() == email(language).text.splitlines()
    assert rich.get_content().splitlines() == email(language).html.splitlines()
    # Any SMTP server takes it: 7 bits, no line over 998 (RFC 5322, 2.1.1).
    assert raw.isascii()
    assert max(map(len, raw.splitlines())) <= 998


def test_every_attempt_sends_the_same_bytes() -> None:
    assert composed() == composed()
