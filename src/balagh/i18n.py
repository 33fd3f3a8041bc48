"""Languages: texts, plurals, dates in both calendars, digits, direction.

English msgids are marked where they are declared (``N_``); Arabic is the default language and
complete. The catalogues are ``locale/ar/*.po``, one file per subject so that a translator reads one
subject at a time; they are read as they are, without a compile step.
"""

import datetime as dt
from functools import cache, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.messages.pofile import read_po
from hijridate import Gregorian
from markupsafe import Markup

LOCALES = Path(__file__).parent / "locale"
LANGUAGES = ("ar", "en")

# CLDR's six Arabic categories in gettext's form. Babel writes another header, so ours is forced.
ARABIC_PLURAL = (
    "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : "
    "n%100>=11 && n%100<=99 ? 4 : 5);"
)


def N_(text: str) -> str:  # noqa: N802 - gettext's usual name
    """Marks a text for translation where it is declared; translated where it is shown."""
    return text


def _arabic_form(n: int) -> int:
    if n in (0, 1, 2):
        return n
    if 3 <= n % 100 <= 10:
        return 3
    return 4 if 11 <= n % 100 <= 99 else 5


@cache
def _arabic() -> tuple[dict[str, str], dict[tuple[str, str], tuple[str, ...]]]:
    single: dict[str, str] = {}
    plural: dict[tuple[str, str], tuple[str, ...]] = {}
    for path in sorted((LOCALES / "ar").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="ar"):
                if not message.id or message.fuzzy:
                    continue
                if isinstance(message.id, tuple | list):
                    plural[(message.id[0], message.id[1])] = tuple(message.string or ())
                else:
                    single[message.id] = str(message.string)
    return single, plural


class Language:
    """Texts and formats of one language. ``Language.of("ar")``; instances are shared."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.direction = "rtl" if code == "ar" else "ltr"
        # Latin digits in Arabic too: the numbers people copy from elsewhere are written so.
        self.locale = Locale.parse("ar_SA@numbers=latn" if code == "ar" else "en_GB")
        self._single, self._plural = _arabic() if code == "ar" else ({}, {})

    @staticmethod
    @cache
    def of(code: str) -> "Language":
        if code not in LANGUAGES:
            raise ValueError(f"unknown language {code!r}")
        return Language(code)

    def text(self, msgid: str, /, **values: object) -> str:
        """The text in this language, with ``{name}`` placeholders filled in.

        ``values`` are put in as they are; escaping is the template's business (``Markup`` stays).
        """
        found = self._single.get(msgid, msgid)
        return found.format(**values) if values else found

    def markup(self, msgid: str, /, **values: object) -> Markup:
        """As ``text``, for HTML: the text may hold markup; values are escaped."""
        return Markup(self._single.get(msgid, msgid)).format(**values)  # noqa: S704 - our own texts

    def plural(self, one: str, other: str, n: int, /, **values: object) -> str:
        """As ``text``, for a count: ``{n}`` is the count itself."""
        if self.code == "ar":
            forms = self._plural.get((one, other))
            found = forms[_arabic_form(n)] if forms else other
        else:
            found = one if n == 1 else other
        return found.format(n=n, **values)

    def name(self, row: object, field: str = "name") -> str:
        """``row.name_ar`` or ``row.name_en``; rows are tables, records or mappings."""
        key = f"{field}_{self.code}"
        return str(row[key] if hasattr(row, "__getitem__") else getattr(row, key))

    @lru_cache(maxsize=4096)  # noqa: B019 - two instances live for the whole process
    def date(self, day: dt.date, *, weekday: bool = True, year: bool = True) -> str:
        """Monday 30 November 2026 · «الاثنين 30 نوفمبر 2026»."""
        pattern = ("EEEE " if weekday else "") + "d MMMM" + (" y" if year else "")
        return format_date(day, pattern, locale=self._gregorian())

    def month(self, day: dt.date) -> str:
        """November 2026 · «نوفمبر 2026»."""
        return format_date(day, "MMMM y", locale=self._gregorian())

    def weekday(self, day: dt.date) -> str:
        """Mon · «اثنين»: short enough for a column."""
        return format_date(day, "EEE", locale=self._gregorian()).removeprefix("ال")

    @lru_cache(maxsize=4096)  # noqa: B019
    def hijri(self, day: dt.date) -> str:
        """20 Jumada al-Akhirah 1448 AH · «20 جمادى الآخرة 1448هـ» (Umm al-Qura calendar)."""
        hijri = Gregorian(day.year, day.month, day.day).to_hijri()
        if self.code == "ar":
            return f"{hijri.day} {hijri.month_name('ar')} {hijri.year}هـ"
        return f"{hijri.day} {hijri.month_name('en')} {hijri.year} AH"

    def time(self, instant: dt.datetime, zone: ZoneInfo) -> str:
        """9:30 am · «9:30 ص» in that zone."""
        return format_time(instant.astimezone(zone), "h:mm a", locale=self._gregorian())

    def _gregorian(self) -> Locale:
        # ar_SA's own default calendar is the Hijri one; months are asked for in Gregorian.
        return Locale.parse("ar") if self.code == "ar" else self.locale


def grouped(number: str) -> str:
    """A report's number as it is read over the telephone: ``7302641185`` → ``730 264 1185``."""
    return f"{number[:3]} {number[3:6]} {number[6:]}"


def isolate(text: object) -> Markup:
    """``<bdi>``: keeps a number, a name or an address from reordering the words around it."""
    return Markup("<bdi>{}</bdi>").format(text)


def typed(text: object) -> Markup:
    """As ``isolate``, for what a person typed: its digits are shown as they were typed."""
    return Markup("<bdi data-typed>{}</bdi>").format(text)
