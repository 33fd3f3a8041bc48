"""What people type, and what they find."""

import pytest

from balagh.help import search
from balagh.i18n import Language


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("الرقم المرجعي", "reference-number"),
        ("رقم مرجعى", "reference-number"),
        ("وَالرَّقْم المـــرجعي", "reference-number"),
        ("أين أجد الرقم المرجعي؟", "reference-number"),
        ("إلغاء", "cancel"),
        ("الغاء البلاغ", "cancel"),
        ("ألغي", "cancel"),
        ("كيف الغي بلاغي", "cancel"),
        ("مسودة", "drafts"),
        ("المسودات", "drafts"),
        ("ايصال", "receipt"),
        ("للإيصال", "receipt"),
        ("اعادة فتح", "reopening"),
        ("إعادة الفتح", "reopening"),
        ("ايام العمل", "working-days"),
        ("تحديث الطلب", "update"),
        ("نفاذ", "sign-in"),
        ("١٩٩٠٩٩", "contact-amer"),
        ("آمر", "contact-amer"),
        ("هاتف", "contact-amer"),
        ("ورقية", "paper-services"),
        ("الورقيه", "paper-services"),
        ("sla", "ground-response-time"),
        ("قارئ شاشة", "assistive"),
    ],
)
def test_in_arabic(asked: str, first: str) -> None:
    found = [entry.slug for entry in search.find(asked, Language.of("ar"))]
    assert first in found[:2], found


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("reference number", "reference-number"),
        ("Where is my REFERENCE number?", "reference-number"),
        ("cancel", "cancel"),
        ("cancelling", None),
        ("drafts", "drafts"),
        ("draft", "drafts"),
        ("hijri", "dates"),
        ("receipts", "receipt"),
        ("working days", "working-days"),
        ("199099", "contact-amer"),
        ("reopen", "reopening"),
        ("erase my data", "erasure"),
        ("slow internet", "weak-link"),
    ],
)
def test_in_english(asked: str, first: str | None) -> None:
    found = [entry.slug for entry in search.find(asked, Language.of("en"))]
    if first is not None:
        assert first in found[:2], found


@pytest.mark.parametrize("asked", ["", " ", "؟", "!!!", "قسطنطينية", "xyzzy", "\u200f", "_" * 3000])
def test_nothing(asked: str) -> None:
    assert search.find(asked, Language.of("ar")) == []
    assert search.find(asked, Language.of("en")) == []


def test_the_title_counts_more_than_the_text_and_all_words_more_than_some() -> None:
    found = [entry.slug for entry in search.find("surveys closing", Language.of("en"))]
    assert found[0] == "surveys"
    # Every entry that speaks of a complaint, and no more than fit a page.
    assert len(search.find("complaint", Language.of("en"))) == search.MOST


def test_every_entry_is_found_by_its_own_title() -> None:
    from balagh.help import entries

    for code in ("ar", "en"):
        language = Language.of(code)
        for entry in entries().values():
            found = search.find(entry.wording(language).title, language)
            assert entry in found[:3], (code, entry.slug, [each.slug for each in found])
