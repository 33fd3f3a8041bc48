"""The rules of the catalogue's files (specification 2), without the database: all problems at once.

A catalogue is whole in its three files: what a row refers to is looked for there, never in what
was imported earlier, so that the same files mean the same everywhere. Rules between two rows bind
active rows only: one that left the catalogue stays as it was, whatever became of the other, and
must not stop the import of what was exported.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from balagh.directory.entries import AgencyEntry, E, Entries, PlatformEntry, ServiceEntry
from balagh.directory.lookup import CHANNELS
from balagh.directory.sheets import (
    AGENCIES,
    PLATFORMS,
    SERVICES,
    Files,
    Problem,
    Row,
    Sheet,
    read,
)
from balagh.i18n import N_
from balagh.text import fold, latin_digits

NAME_LIMIT = 200
CODE_LIMIT = 60
SLA_DAYS = range(1, 367)


def check(files: Files) -> tuple[Entries | None, tuple[Problem, ...]]:
    """The catalogue of the files, or nothing and every problem, by file and line."""
    sheets = {name: read(name, content) for name, content in files.named()}
    problems = [problem for sheet in sheets.values() for problem in sheet.problems]
    problems += _check_agencies(sheets[AGENCIES])
    problems += _check_platforms(sheets[PLATFORMS], sheets[AGENCIES])
    problems += _check_services(sheets)
    if problems:
        order = list(sheets)
        problems.sort(key=lambda problem: (order.index(problem.file), problem.line))
        return None, tuple(problems)
    entries = Entries(
        tuple(_entry(AgencyEntry, row) for row in sheets[AGENCIES].rows),
        tuple(_entry(PlatformEntry, row) for row in sheets[PLATFORMS].rows),
        tuple(_entry(ServiceEntry, row) for row in sheets[SERVICES].rows),
    )
    return entries, ()


MISSING = N_("This cell must not be empty.")
TOO_LONG = N_("The text is longer than {limit} characters.")
UNPRINTABLE = N_("The text holds a character that cannot be shown.")
BAD_CODE = N_(
    "“{value}” cannot be a code: use small Latin letters, digits and hyphens, "
    "at most {limit} characters, the first a letter or a digit."
)
CODE_TWICE = N_("The code “{value}” is already on line {line}.")
NAME_TWICE = N_("The name “{value}” is already on line {line}, in the same list.")
NOT_YES_NO = N_("Write yes or no instead of “{value}”.")
NO_AGENCY = N_("There is no agency with the code “{value}”.")
NO_PLATFORM = N_("There is no platform with the code “{value}”.")
NO_SERVICE = N_("There is no service with the code “{value}”.")
OTHER_AGENCY = N_("The platform “{value}” belongs to another agency, “{agency}”.")
PLATFORM_NEEDED = N_("A digital service needs a platform.")
BAD_DAYS = N_("The response time is a whole number of working days from 1 to 366, not “{value}”.")
PAPER_DAYS = N_("A paper service has no response time.")
DIGITAL_ALTERNATIVE = N_("Only a paper service has a digital alternative.")
PAPER_ALTERNATIVE = N_("“{value}” is a paper service; the alternative must be digital.")
NO_CHANNEL = N_("“{value}” is not a channel. The channels are: {channels}.")

_YES_NO: Mapping[str, bool] = {
    **dict.fromkeys(("yes", "true", "1", "نعم"), True),
    **dict.fromkeys(("no", "false", "0", "لا"), False),
}
# Codes of a file; nothing when lines of it were lost and a missing code may be among them.
Known = frozenset[str] | None
_CODE = re.compile(r"[a-z0-9][a-z0-9-]*")


def _check_agencies(sheet: Sheet) -> Iterator[Problem]:
    for row in sheet.rows:
        yield from _check_names(row, "name_ar", "name_en", "short_ar", "short_en")
        yield from _check_yes_no(row, "active", empty=True)
    yield from _check_codes(sheet.rows)
    yield from _check_doubles(sheet.rows)


def _check_platforms(sheet: Sheet, agencies: Sheet) -> Iterator[Problem]:
    known = _codes(agencies)
    for row in sheet.rows:
        yield from _check_names(row, "name_ar", "name_en", "short_ar", "short_en")
        yield from _check_yes_no(row, "active", empty=True)
        yield from _check_reference(row, "agency", known, NO_AGENCY)
    yield from _check_codes(sheet.rows)
    yield from _check_doubles(sheet.rows, "agency")


def _check_services(sheets: Mapping[str, Sheet]) -> Iterator[Problem]:
    rows = sheets[SERVICES].rows
    agencies, platforms, services = (_codes(sheet) for sheet in sheets.values())
    # A platform of an unknown agency is told once, at the platform, not at each of its services.
    owners = {
        row.cells["code"]: row.cells["agency"]
        for row in sheets[PLATFORMS].rows
        if agencies is None or row.cells["agency"] in agencies
    }
    digital = {row.cells["code"]: _yes_no(row.cells["digital"]) for row in rows}
    for row in rows:
        yield from _check_names(row, "name_ar", "name_en")
        yield from _check_yes_no(row, "active", empty=True)
        yield from _check_yes_no(row, "digital", empty=False)
        yield from _check_reference(row, "agency", agencies, NO_AGENCY)
        yield from _check_platform(row, platforms, owners)
        yield from _check_days(row)
        yield from _check_alternative(row, services, digital)
        yield from _check_channels(row)
    yield from _check_codes(rows)
    yield from _check_doubles(rows, "agency", "platform", "digital")


def _check_names(row: Row, *columns: str) -> Iterator[Problem]:
    for column in columns:
        value = row.cells[column]
        if not value:
            yield row.problem(column, MISSING)
        elif len(value) > NAME_LIMIT:
            yield row.problem(column, TOO_LONG, limit=NAME_LIMIT)
        elif any(unicodedata.category(letter) in ("Cc", "Co", "Cs", "Cn") for letter in value):
            yield row.problem(column, UNPRINTABLE)


def _check_yes_no(row: Row, column: str, *, empty: bool) -> Iterator[Problem]:
    value = row.cells.get(column, "")
    if value and _yes_no(value) is None:
        yield row.problem(column, NOT_YES_NO, value=value)
    elif not value and not empty:
        yield row.problem(column, MISSING)


def _check_codes(rows: Sequence[Row]) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for row in rows:
        code = row.cells["code"]
        if not code:
            yield row.problem("code", MISSING)
        elif not _CODE.fullmatch(code) or len(code) > CODE_LIMIT:
            yield row.problem("code", BAD_CODE, value=code, limit=CODE_LIMIT)
        elif seen.setdefault(code, row.line) != row.line:
            yield row.problem("code", CODE_TWICE, value=code, line=seen[code])


def _check_doubles(rows: Sequence[Row], *scope: str) -> Iterator[Problem]:
    """Two active rows of one list with one name could not be told apart by who must choose."""
    for column in ("name_ar", "name_en"):
        seen: dict[tuple[str, ...], int] = {}
        for row in rows:
            name = row.cells[column]
            if not name or not _active(row):
                continue
            key = (*(row.cells[part] for part in scope), fold(name).casefold())
            if seen.setdefault(key, row.line) != row.line:
                yield row.problem(column, NAME_TWICE, value=name, line=seen[key])


def _codes(sheet: Sheet) -> Known:
    return frozenset(row.cells["code"] for row in sheet.rows) if sheet.whole else None


def _check_reference(row: Row, column: str, known: Known, message: str) -> Iterator[Problem]:
    value = row.cells[column]
    if not value:
        yield row.problem(column, MISSING)
    elif known is not None and value not in known:
        yield row.problem(column, message, value=value)


def _check_platform(row: Row, known: Known, owners: Mapping[str, str]) -> Iterator[Problem]:
    platform, agency = row.cells["platform"], row.cells["agency"]
    if not platform:
        if _yes_no(row.cells["digital"]):
            yield row.problem("platform", PLATFORM_NEEDED)
        return
    yield from _check_reference(row, "platform", known, NO_PLATFORM)
    if _active(row) and agency and owners.get(platform, agency) not in (agency, ""):
        yield row.problem("platform", OTHER_AGENCY, value=platform, agency=owners[platform])


def _check_days(row: Row) -> Iterator[Problem]:
    value = row.cells["sla_days"]
    if not value:
        return
    if _yes_no(row.cells["digital"]) is False:
        yield row.problem("sla_days", PAPER_DAYS)
    elif _days(value) not in SLA_DAYS:
        yield row.problem("sla_days", BAD_DAYS, value=value)


def _check_alternative(
    row: Row, known: Known, digital: Mapping[str, bool | None]
) -> Iterator[Problem]:
    value = row.cells["digital_alternative"]
    if not value:
        return
    if _yes_no(row.cells["digital"]):
        yield row.problem("digital_alternative", DIGITAL_ALTERNATIVE)
    elif digital.get(value) is False and _active(row):
        yield row.problem("digital_alternative", PAPER_ALTERNATIVE, value=value)
    else:
        yield from _check_reference(row, "digital_alternative", known, NO_SERVICE)


def _check_channels(row: Row) -> Iterator[Problem]:
    for channel in _channels(row.cells["channels"]):
        if channel not in CHANNELS:
            known = ", ".join(CHANNELS)
            yield row.problem("channels", NO_CHANNEL, value=channel, channels=known)


def _entry(kind: type[E], row: Row) -> E:
    values: dict[str, object] = {
        name: row.cells.get(name) or None for name in kind.__struct_fields__
    }
    values["active"] = _active(row)
    if kind is ServiceEntry:
        values["digital"] = _yes_no(row.cells["digital"])
        values["sla_days"] = _days(row.cells["sla_days"])
        values["channels"] = _channels(row.cells["channels"])
    return msgspec.convert(values, kind)


def _active(row: Row) -> bool:
    return _yes_no(row.cells.get("active", "")) is not False


def _yes_no(value: str) -> bool | None:
    return _YES_NO.get(latin_digits(value).casefold())


def _days(value: str) -> int | None:
    digits = latin_digits(value)
    return int(digits) if re.fullmatch("[0-9]{1,4}", digits) else None


def _channels(value: str) -> tuple[str, ...]:
    """In the order of ``CHANNELS``, each once, so that the order of typing is no change."""
    parts = dict.fromkeys(part.strip().casefold() for part in value.split("|"))
    named = [part for part in parts if part]
    order = list(CHANNELS)
    return tuple(sorted(named, key=lambda c: order.index(c) if c in CHANNELS else len(order)))
