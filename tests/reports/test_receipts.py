"""The receipt: PDF/UA that says what was filed, and nothing of what people type is obeyed."""

import hashlib
import re
from pathlib import Path

import msgspec
import pikepdf
import pytest
from tests.reports.receipts import FILED_AT, PUBLIC, Read, page

from balagh.reports.receipts import printing
from balagh.reports.receipts.contents import Fact
from balagh.reports.receipts.printing import PrintingError, printed
from balagh.reports.receipts.signs import FONTS, MISSING, printable, shown

LINK = f"{PUBLIC}/reports/7302641185"
MILLIMETRE = 72 / 25.4


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_it_is_a_tagged_pdf_for_everybody(language: str) -> None:
    made = await printed(page(language), FILED_AT)
    pdf = Read(made).pdf
    assert pdf.Root.MarkInfo.Marked
    assert pdf.Root.Lang == language
    assert pdf.Root.ViewerPreferences.DisplayDocTitle
    assert "/StructTreeRoot" in pdf.Root
    with pdf.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
        assert metadata["dc:title"] == {
            "ar": "إيصال البلاغ 730 264 1185",
            "en": "Receipt of report 730 264 1185",
        }[language]  # fmt: skip
    if language == "ar":
        assert pdf.Root.ViewerPreferences.Direction == "/R2L"
    assert len(pdf.pages) == 1
    width, height = (float(side) / MILLIMETRE for side in pdf.pages[0].MediaBox[2:])
    assert (round(width), round(height)) == (210, 297)
    assert len(made) < 100_000


@pytest.mark.parametrize(
    ("language", "alt"),
    [
        ("ar", "رمز استجابة سريعة (QR) يفتح صفحة هذا البلاغ"),
        ("en", "QR code that opens the page of this report"),
    ],
)
async def test_it_is_read_in_order(language: str, alt: str) -> None:
    structure = Read(await printed(page(language), FILED_AT)).structure
    told = [(kind, text) for kind, text in structure if kind in ("/H1", "/H2", "/Figure", "/L")]
    assert told == [("/H1", ""), ("/Figure", alt), ("/H2", ""), ("/L", ""), ("/H2", "")]
    # Title, kind, agency, platform, service, date, person: each with its label.
    kinds = [kind for kind, _ in structure]
    assert kinds.count("/LI") == kinds.count("/Lbl") == kinds.count("/LBody") == 7
    assert kinds.count("/Link") == 2


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_its_fonts_come_with_it(language: str) -> None:
    read = Read(await printed(page(language), FILED_AT))
    names = {str(font.BaseFont).partition("+")[2] for font in read.fonts}
    assert names >= {"IBMPlexSansArabic-Regular", "IBMPlexSansArabic-Bold"}
    for font in read.fonts:
        assert re.match(r"/[A-Z]{6}\+IBMPlexSansArabic-(Regular|Bold)", str(font.BaseFont))
        if font.Subtype == "/Type0":
            assert "/ToUnicode" in font
        else:
            assert {"/FontFile2", "/FontFile3"} & set(font.FontDescriptor.keys())


async def test_arabic_letters_join() -> None:
    """Several forms of the same letter stand on the page."""
    read = Read(await printed(page(), FILED_AT))
    (regular,) = (
        font for font in read.fonts if font.Subtype == "/Type0" and "Regular" in str(font.BaseFont)
    )
    table = bytes(regular.ToUnicode.read_bytes()).decode()
    assert len(re.findall(r"<[0-9a-fA-F]+>\s*<0628>", table)) >= 2


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_it_says_what_was_filed(language: str) -> None:
    read = Read(await printed(page(language), FILED_AT))
    text = read.text
    if language == "en":
        for said in (
            "730 264 1185", "Monday 30 November 2026", "20 Jumada al-Akhirah 1448 AH",
            "Monday 23 November 2026, 11:30 am", "13 Jumada al-Akhirah 1448 AH", "Complaint",
            "Ministry of Municipalities and Housing", "Balady", "Commercial licence renewal",
            "BLD", "4471882", "199099", LINK,
        ):  # fmt: skip
            assert said in text, said
    # As the eye has it, from left to right, in either language.
    large = sorted((box[0], sign) for sign, box in read.signs() if box[3] - box[1] > 15)
    assert "".join(sign for _, sign in large if sign.isdigit()) == "7302641185"
    assert read.links == [LINK, "tel:199099"]
    assert read.code() == LINK


async def test_what_is_not_known_is_left_out() -> None:
    """A paper service is on no platform; a service provider's data may lack a name."""
    given = page("en", platform_ar=None, platform_en=None, name=" ")
    assert [fact.label for fact in given.facts] == [
        "Title", "Kind of report", "Agency", "Service", "Date of filing",
    ]  # fmt: skip
    assert (await printed(given, FILED_AT)).startswith(b"%PDF-")


async def test_nothing_in_it_is_a_picture_of_dots() -> None:
    pdf = Read(await printed(page(), FILED_AT)).pdf
    streams = [thing for thing in pdf.objects if isinstance(thing, pikepdf.Stream)]
    assert streams
    assert not [stream for stream in streams if stream.get("/Subtype") == "/Image"]


async def test_the_same_receipt_is_the_same_file() -> None:
    assert await printed(page(), FILED_AT) == await printed(page(), FILED_AT)


@pytest.mark.parametrize(
    "title",
    [
        '#image("/etc/passwd")',
        '#read("receipt.typ") #sys.inputs',
        '#import "@preview/cetz:0.3.0": *',
        "*bold* _slanted_ $x^2$ `raw`",
        "= Heading @label <label> // rest",
        "- a / b: c \\ d \\u{41} ~ #[x] #{1+1}",
        "https://evil.example/?a=1&b=2 <b>&amp;",
        '"}, {"label": "x\\"',
        "{number} {0} %s ${x}",
    ],
)
async def test_what_people_type_is_shown_and_never_obeyed(title: str) -> None:
    read = Read(await printed(page("en", title=title, name=title, service_en=title), FILED_AT))
    assert read.text.count(title) == 3
    assert read.links == [LINK, "tel:199099"]
    assert [kind for kind, _ in read.structure].count("/H1") == 1


@pytest.mark.parametrize(
    ("typed", "shown_as"),
    [
        ("تعذّر الدفع 😀😀 عبر سداد", f"تعذّر الدفع {MISSING} عبر سداد"),
        ("Ошибка", MISSING),
        ("支付失败 in the app", f"{MISSING} in the app"),
        ("line\nafter\tline\u2028and\u00a0more", "line after line and more"),
        ("exe\u202egnp.exe", "exegnp.exe"),
        ("e\u0301te\u0301", "été"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\ufeff  x\x07 ", "x"),
        ("a" * 200, "\u200b".join(["a" * 10] * 11 + ["a" * 9 + "…"])),
    ],
)
def test_signs(typed: str, shown_as: str) -> None:
    assert printable(typed, 120) == shown_as


async def test_a_sign_that_cannot_be_printed_is_said() -> None:
    read = Read(await printed(page("en", title="Paying fails 😀 in the app"), FILED_AT))
    assert f"Paying fails {MISSING} in the app" in read.text
    assert f"{MISSING} stands for" in read.text
    assert MISSING not in Read(await printed(page("en"), FILED_AT)).text


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_every_letter_of_the_fonts_can_be_printed(language: str) -> None:
    letters = sorted(printable(chr(code), 9) for code in shown())
    assert len(letters) > 1000
    assert {*"ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي٠١٢٣٤٥٦٧٨٩پچگی،؛؟«»éñÖß–…"} <= set(letters)
    for n in range(0, len(letters), 350):
        facts = [Fact("x", "".join(letters[n + m : n + m + 50])) for m in range(0, 350, 50)]
        assert await printed(msgspec.structs.replace(page(language), facts=facts), FILED_AT)


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("sign", ["W", "ﷺ", "خدمة رقمية "])
async def test_long_names_stay_on_the_page(language: str, sign: str) -> None:
    names = ("agency_ar", "agency_en", "platform_ar", "platform_en", "service_ar", "service_en")
    long = (sign * 300)[:300]
    given = page(
        language, public_url="https://a-long-name-of-a-portal.example.gov.sa", title=long[:100],
        name=long, **dict.fromkeys(names, long),
    )  # fmt: skip
    read = Read(await printed(given, FILED_AT))
    assert len(read.pdf.pages) == 1
    lefts = [box[0] for _, box in read.signs()]
    rights = [box[2] for _, box in read.signs()]
    assert min(lefts) > 19 * MILLIMETRE
    assert max(rights) < 191 * MILLIMETRE
    bottoms = sorted(box[1] for _, box in read.signs())
    assert bottoms[0] > 12 * MILLIMETRE


async def test_why_it_could_not_be_made_is_said_without_anybody_s_words() -> None:
    """Past ``printable``: what the setter refuses and quotes."""
    facts = [Fact("x", "`secret 😀 words`")]
    with pytest.raises(PrintingError) as raised:
        await printed(msgspec.structs.replace(page(), facts=facts), FILED_AT)
    said = str(raised.value)
    assert said == "PDF/UA-1 error: the text …"


async def test_a_receipt_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "_SECONDS", 0.001)
    with pytest.raises(PrintingError, match=r"took more than 0.001 seconds"):
        await printed(page(), FILED_AT)


async def test_the_process_has_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "_CHILD", Path(__file__).with_name("greedy.py"))
    with pytest.raises(PrintingError, match="MemoryError"):
        await printed(page(), FILED_AT)


def test_the_fonts_are_as_published() -> None:
    table = (FONTS / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\S+\.ttf)` .*`([0-9a-f]{64})`", table, re.MULTILINE)
    assert {name for name, _ in rows} == {path.name for path in FONTS.glob("*.ttf")}
    for name, digest in rows:
        assert hashlib.sha256((FONTS / name).read_bytes()).hexdigest() == digest
