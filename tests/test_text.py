"""The same and not the same, in Arabic and in reference numbers."""

import pytest

from balagh.text import computed, fold, latin_digits, reference_key, text_key

SAME = [
    ("إدارة", "اداره"),
    ("أحمد", "احمد"),
    ("آمر", "امر"),
    ("ٱلرياض", "الرياض"),
    ("مستشفى", "مستشفي"),
    ("وزارة العدل", "وزارة  العدل "),
    ("وِزَارَةُ العَدْل", "وزارة العدل"),
    ("بـــلاغ", "بلاغ"),
    ("مسؤول", "مسوول"),
    ("رئيس", "رييس"),
    ("بناء", "بنا"),
    ("خدمة\u200fرقمية", "خدمةرقمية"),
    ("\u200eخدمة", "خدمة"),
    ("خدمة\u200c", "خدمة"),
    ("خد\u00adمة", "خدمة"),
    ("کتاب", "كتاب"),
    ("ھذا", "هذا"),
    ("طلب ١٢٣", "طلب 123"),
    ("طلب ۱۲۳", "طلب 123"),
    ("ﻻ", "لا"),
    ("Najiz", "NAJIZ"),
    ("Qiwa Platform", "qiwa\u00a0platform"),
    ("café", "cafe"),
    ("１２３", "123"),
]
DIFFERENT = [
    ("وزارة العدل", "وزارة العمل"),
    ("تجديد رخصة", "تجديد الرخصة"),
    ("رخصة تجارية", "رخصة"),
    ("طلب 123", "طلب 124"),
    ("حساب", "حسابي"),
    ("جواز", "جوازات"),
    ("صك", "شك"),
    ("علي", "على ما"),
    ("Najiz", "Najm"),
    ("ضمان", "ظمان"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other)
    assert fold(fold(one)) == fold(one)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_not_the_same(one: str, other: str) -> None:
    assert fold(one) != fold(other)


# Names of services and texts of suggestions: their words alone count.
SAME_WORDS = [
    ("إصدار بدل فاقد", "اصدار بدل فاقد"),
    ("إصدار بدل فاقد", "إصدار: بدل فاقد."),
    ("إصدار بدل فاقد", "«إصدار بدل فاقد»"),
    ("إصدار بدل فاقد", " إصدار  بدل\u00a0فاقد "),
    ("إصدار بدل فاقد", "إصدار-بدل-فاقد"),
    ("إصدار بدل فاقد", "إصدار بدل فاقد!"),
    ("إصدارُ بدلٍ فاقدٍ", "إصدار بدل فاقد"),
    ("إصـدار بـدل فـاقـد", "إصدار بدل فاقد"),
    ("شهادة خبرة", "شهاده خبره"),
    ("معادلة الشهادات الجامعية", "معادله الشهادات الجامعيه"),
    ("مستشفى الملك فيصل", "مستشفي الملك فيصل"),
    ("مبنى على الشارع", "مبني علي الشارع"),
    ("بناءً على", "بنا على"),
    ("شؤون الموظفين", "شوون الموظفين"),
    ("هيئة السوق", "هييه السوق"),
    ("الآثار", "الاثار"),
    ("رخصة رقم ١٤٤٨", "رخصة رقم 1448"),
    ("نموذج ۷", "نموذج 7"),
    ("الدفع بـ Apple Pay", "الدفع ب apple pay"),
    ("E-mail الرسمي", "email الرسمي"),
    ("أقترح: إضافة خيار، ثم إزالة آخر؛ شكرًا!", "اقترح اضافة خيار ثم ازالة اخر شكرا"),
    ("سطر أول\r\nسطر ثانٍ", "سطر أول سطر ثان"),
    ("1,000 ريال", "١٬٠٠٠ ريال"),
    ("و/أو", "وأو"),
    ("\u200fتحديث\u200f الصفحة", "تحديث الصفحة"),
    ("ﺗﺤﺪﻳﺚ الصفحة", "تحديث الصفحة"),
    ("Renew a licence", "RENEW A LICENCE."),
    ("l’adresse", "l'adresse"),
    ("👍 أضيفوا الدفع 👍", "أضيفوا الدفع"),
]
OTHER_WORDS = [
    ("إصدار بدل فاقد", "إصدار بدل تالف"),
    ("إصدار بدل فاقد", "إصدار بدل فاقد لجواز"),
    ("أضيفوا الدفع", "أزيلوا الدفع"),
    ("تذكير قبل شهر", "تذكير قبل شهرين"),
    ("رخصة 12", "رخصة 21"),
    ("شهادة", "شهادات"),
    ("الطلب مقبول", "الطلب غير مقبول"),
    ("نقل ملكية", "نقل الملكية"),
    ("عقد عمل", "عقد عمال"),
    ("صك", "صكوك"),
    ("علم", "عمل"),
    ("ضمان", "زمان"),
]


@pytest.mark.parametrize(("one", "other"), SAME_WORDS)
def test_the_same_words(one: str, other: str) -> None:
    assert text_key(one) == text_key(other) != ""


@pytest.mark.parametrize(("one", "other"), OTHER_WORDS)
def test_other_words(one: str, other: str) -> None:
    assert text_key(one) != text_key(other)


@pytest.mark.parametrize(
    "typed",
    [
        "BLD-4471882", "bld-4471882", "BLD 4471882", "BLD4471882", "BLD/4471882", "BLD_4471882",
        " bld - ٤٤٧١٨٨٢ ", "BLD\u2013۴۴۷۱۸۸۲", "\u2066BLD-4471882\u2069", "B.L.D.4471882",
        "#BLD-4471882", "ＢＬＤ４４７１８８２",
    ],
)  # fmt: skip
def test_one_reference(typed: str) -> None:
    assert reference_key(typed) == "bld4471882"


@pytest.mark.parametrize(
    "typed", ["BLD-4471883", "BLD-447188", "QW-4471882", "4471882", "1BLD4471882"]
)
def test_another_reference(typed: str) -> None:
    assert reference_key(typed) != "bld4471882"


@pytest.mark.parametrize("typed", ["", " ", "---", "؟!", "\u200e", "#"])
def test_no_reference_at_all(typed: str) -> None:
    assert reference_key(typed) == ""


@pytest.mark.parametrize(
    ("typed", "latin"),
    [
        ("٠١٢٣٤٥٦٧٨٩", "0123456789"),
        ("۰۱۲۳۴۵۶۷۸۹", "0123456789"),
        ("9 نوفمبر", "9 نوفمبر"),
        ("²", "²"),
    ],
)
def test_digits(typed: str, latin: str) -> None:
    assert latin_digits(typed) == latin


@pytest.mark.parametrize(
    ("cell", "so"),
    [
        ("=1", True), ("+1", True), ("-1", True), ("@SUM(A1)", True), ("\t=1", True),
        ("\r=1", True), ("\n=1", True), ("  =1", True), ("＝1", True), ("＋1", True),
        ("－1", True), ("＠x", True), ("'=1", False), ("a=1", False), ("", False), ("١", False),
    ],
)  # fmt: skip
def test_what_a_spreadsheet_would_compute(cell: str, so: bool) -> None:
    assert computed(cell) is so
