"""The catalogue's three CSV files: their names, columns and way of writing (docs/catalogue.md).

RFC 4180, UTF-8. Read leniently, as spreadsheets write: a byte order mark, any line end, commas,
semicolons or tabs, spaces and direction marks around a value. Every problem carries the file and
the line, so that the person who keeps the catalogue finds the cell.
"""

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec

from balagh.i18n import N_, Language
from balagh.text import computed

AGENCIES, PLATFORMS, SERVICES = "agencies.csv", "platforms.csv", "services.csv"

COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        AGENCIES: ("code", "name_ar", "name_en", "short_ar", "short_en", "active"),
        PLATFORMS: ("code", "agency", "name_ar", "name_en", "short_ar", "short_en", "active"),
        SERVICES: (
            *("code", "agency", "platform", "name_ar", "name_en", "digital", "sla_days"),
            *("digital_alternative", "channels", "active"),
        ),
    }
)
# May be left out of a file; its cells then count as empty.
_OPTIONAL = frozenset({"active"})

SAMPLE = Path(__file__).parent / "sample"


class Files(msgspec.Struct, frozen=True):
    """The contents of the three files. Bytes are taken as UTF-8."""

    agencies: str | bytes
    platforms: str | bytes
    services: str | bytes

    def named(self) -> tuple[tuple[str, str | bytes], ...]:
        return ((AGENCIES, self.agencies), (PLATFORMS, self.platforms), (SERVICES, self.services))


class Problem(msgspec.Struct, frozen=True):
    """Why a file is refused. ``line`` counts from 1, the header's; 0 speaks of the whole file.

    ``column`` is the header's name, empty when the whole line is meant.
    """

    file: str
    line: int
    column: str
    message: str
    values: Mapping[str, object] = MappingProxyType({})

    def text(self, language: Language) -> str:
        return language.text(self.message, **self.values)


class Row(msgspec.Struct, frozen=True):
    """Cells of one line by column, cleaned."""

    file: str
    line: int
    cells: Mapping[str, str]

    def problem(self, column: str, message: str, **values: object) -> Problem:
        return Problem(self.file, self.line, column, message, values)


class Sheet(msgspec.Struct, frozen=True):
    """What could be read of one file.

    ``whole``: no line was lost, so that a code which is not among ``rows`` is not in the file.
    """

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]
    whole: bool


def load(folder: Path) -> Files:
    """The three files of a folder, not checked. ``OSError`` when one cannot be read."""
    return Files(*((folder / name).read_bytes() for name in COLUMNS))


def read(file: str, content: str | bytes) -> Sheet:
    """Lines of ``content`` by the columns of ``file`` (one of ``COLUMNS``), empty ones left out."""
    try:
        text = content if isinstance(content, str) else content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return _nothing(Problem(file, line, "", NOT_UTF8))
    rows: list[Row] = []
    problems: list[Problem] = []
    header: list[str] = []
    for line, cells in _records(text.removeprefix("\ufeff")):
        if cells is None:
            problems.append(Problem(file, line, "", UNREADABLE))
        elif not header:
            header = [cell.casefold() for cell in _trimmed(cells, 0)]
            refused = tuple(_header_problems(file, line, header))
            if refused:
                return _nothing(*refused)
        elif len(cells := _trimmed(cells, len(header))) != len(header):
            values = {"found": len(cells), "expected": len(header)}
            problems.append(Problem(file, line, "", WRONG_WIDTH, values))
        else:
            rows.append(Row(file, line, dict(zip(header, cells, strict=True))))
    if not header and not problems:
        return _nothing(Problem(file, 0, "", EMPTY))
    return Sheet(tuple(rows), tuple(problems), whole=not problems)


def write(file: str, rows: Iterable[Mapping[str, str]]) -> str:
    """The text of ``file``, safe to open in a spreadsheet.

    With a byte order mark, without which Excel misreads Arabic.
    """
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.DictWriter(out, COLUMNS[file])
    writer.writeheader()
    for row in rows:
        writer.writerow({column: _guarded(value) for column, value in row.items()})
    return out.getvalue()


EMPTY = N_("The file is empty.")
NOT_UTF8 = N_("This line is not UTF-8 text. Save the file as “CSV UTF-8”.")
UNREADABLE = N_("A quotation mark is not closed properly here; the rest of the file was not read.")
WRONG_WIDTH = N_("The line has {found} cells; the header has {expected}.")
NO_COLUMN = N_("The column “{name}” is missing.")
UNKNOWN_COLUMN = N_("The column “{name}” does not belong in this file.")
COLUMN_TWICE = N_("The column “{name}” appears twice.")

# Left by word processors and spreadsheets around Arabic words; equal names would differ by them.
_MARKS = dict.fromkeys(
    [0x200E, 0x200F, 0x061C, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)


def _guarded(value: str) -> str:
    # Before values that have an apostrophe already too, so that taking one away gives back what
    # there was.
    return f"'{value}" if computed(value.lstrip("'")) else value


def _cleaned(cell: str) -> str:
    """Without marks of direction, spaces around and doubled, and the guard against formulas."""
    plain = unicodedata.normalize("NFC", cell).translate(_MARKS).strip()
    if plain.startswith("'") and computed(plain.lstrip("'")):
        plain = plain[1:]
    return " ".join(plain.split())


def _trimmed(cells: list[str], width: int) -> list[str]:
    """Without the empty cells that spreadsheets put after the last column."""
    end = len(cells)
    while end > width and not cells[end - 1]:
        end -= 1
    return cells[:end]


def _records(text: str) -> Iterator[tuple[int, list[str] | None]]:
    """Line at which each record begins, and its cells; none, and no more lines, where it cannot be
    read. Lines of nothing but separators are left out."""
    first = text.partition("\n")[0]
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True
    )
    ended = 0
    try:
        for record in reader:
            cells = [_cleaned(cell) for cell in record]
            if any(cells):
                yield ended + 1, cells
            ended = reader.line_num
    except csv.Error:
        yield ended + 1, None


def _header_problems(file: str, line: int, header: list[str]) -> Iterator[Problem]:
    for name in dict.fromkeys(header):
        if name not in COLUMNS[file]:
            yield Problem(file, line, name, UNKNOWN_COLUMN, {"name": name})
        elif header.count(name) > 1:
            yield Problem(file, line, name, COLUMN_TWICE, {"name": name})
    for name in COLUMNS[file]:
        if name not in header and name not in _OPTIONAL:
            yield Problem(file, line, name, NO_COLUMN, {"name": name})


def _nothing(*problems: Problem) -> Sheet:
    return Sheet((), problems, whole=False)
