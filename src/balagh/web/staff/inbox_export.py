"""The inbox as a spreadsheet: every report of the current filter, none of the beneficiaries' data.

CSV goes out as it is read, some thousand reports at a time; XLSX is made in a file first, because
its end must be known before it can be read. Decision 085.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import date, datetime
from typing import IO, Any
from zoneinfo import ZoneInfo

import xlsxwriter
from litestar import Response, Router, get
from litestar.exceptions import NotFoundException
from litestar.response import Stream

from balagh.i18n import N_, Language
from balagh.people import audit
from balagh.people.staff_names import StaffName, StaffNames
from balagh.reports import inbox_filter
from balagh.reports.inbox import Asked, Exported, batches
from balagh.reports.kinds import KINDS
from balagh.reports.lifecycle import STATE_TEXT
from balagh.web.downloads import csv_file
from balagh.web.page import AnyRequest, language_of
from balagh.web.staff.desk import CASEWORK
from balagh.web.staff.inbox import asked_of

COLUMNS = (
    N_("Number"),
    N_("Kind"),
    N_("State"),
    N_("Title"),
    N_("Priority"),
    N_("Channel"),
    N_("Agency"),
    N_("Referred to"),
    N_("Platform"),
    N_("Service"),
    N_("Ground"),
    N_("Reference number"),
    N_("Complained to the provider on"),
    N_("Filed"),
    N_("Due"),
    N_("Ended"),
    N_("Outcome"),
    N_("Promised for"),
    N_("Assignee"),
)
OUTCOMES: Mapping[str, str] = {
    "solved": N_("Solved"),
    "accepted": N_("Accepted"),
    "refused": N_("Refused"),
}
# Rows of a sheet, its heading not counted: the format ends at 1,048,576.
_SHEET = 1_000_000
_CHUNK = 256 * 1024
# Workbooks that are made at once in this process.
_making = asyncio.Semaphore(2)

Line = list[str | date]


@get("/inbox/export")
async def export(request: AnyRequest) -> Response[Any] | Stream:
    """``format``: ``csv`` or ``xlsx``; the rest as the inbox has it."""
    format = request.query_params.get("format")
    if format not in ("csv", "xlsx"):
        raise NotFoundException
    asked, _ = await asked_of(request, most=None)
    names: StaffNames = request.app.state.staff_names
    line = line_maker(asked, await names.at(asked.now), language_of(request))
    heading = [language_of(request).text(text) for text in COLUMNS]
    # What was searched may be a name, and is not for the log.
    data = {"format": format, "filter": asked.filter.query(q=None)}
    await audit.record(asked.desk.staff_id, "export", "inbox", asked.now, data)
    day = asked.now.astimezone(asked.zone).date().isoformat()
    if format == "csv":
        return csv_file(f"inbox-{day}.csv", _rows(asked, heading, line))
    headers = {
        "Content-Disposition": f'attachment; filename="inbox-{day}.xlsx"',
        "Cache-Control": "no-store",
    }
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it was sent
    try:
        async with _making:
            await _xlsx(file, asked, heading, line, rtl=language_of(request).code == "ar")
    except BaseException:
        file.close()
        raise
    return Stream(
        _chunks(file),
        media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        headers=headers | {"Content-Length": str(file.seek(0, 2))},
    )


def line_maker(
    asked: Asked, names: Mapping[int, StaffName], language: Language
) -> Callable[[Exported], Line]:
    """Makes the cells of a report, in the order of ``COLUMNS``."""
    known, zone = asked.catalogue, asked.zone
    kinds = {code: language.text(kind.name) for code, kind in KINDS.items()}
    states = {state: language.text(text) for state, text in STATE_TEXT.items()}
    channels = {code: language.text(text) for code, text in inbox_filter.CHANNELS.items()}
    grounds = {code: language.text(text) for code, text in inbox_filter.GROUNDS.items()}
    priorities = {code: language.text(text) for code, text in inbox_filter.PRIORITIES.items()}
    outcomes = {code: language.text(text) for code, text in OUTCOMES.items()}

    def name(rows: Mapping[int, Any], id: int | None) -> str:
        return language.name(rows[id]) if id is not None and id in rows else ""

    def line(one: Exported) -> Line:
        return [
            one.number,
            kinds[one.kind],
            states[one.state],
            one.title,
            priorities[one.priority],
            channels[one.channel],
            name(known.agencies, one.agency_id),
            name(known.agencies, one.referred_agency_id),
            name(known.platforms, one.platform_id),
            name(known.services, one.service_id) or one.service_name or "",
            grounds[one.ground] if one.ground else "",
            one.reference or "",
            one.filed_on or "",
            _local(one.submitted_at, zone),
            _local(one.due_at, zone),
            _local(one.ended_at, zone) if one.ended_at else "",
            outcomes[one.outcome] if one.outcome else "",
            one.promised_on or "",
            name(names, one.held_by),
        ]

    return line


def _local(at: datetime, zone: ZoneInfo) -> datetime:
    # To the minute, as a spreadsheet writes it: without a zone, which it does not know.
    return at.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)


async def _rows(
    asked: Asked, heading: list[str], line: Callable[[Exported], Line]
) -> AsyncIterator[list[Line]]:
    yield [list(heading)]
    async for batch in batches(asked):
        yield [line(one) for one in batch]


async def _xlsx(
    file: IO[bytes],
    asked: Asked,
    heading: list[str],
    line: Callable[[Exported], Line],
    *,
    rtl: bool,
) -> None:
    book = xlsxwriter.Workbook(
        file,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    bold = book.add_format({"bold": True})
    day, minute = (
        book.add_format({"num_format": form}) for form in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm")
    )
    sheet: Any = None
    row = _SHEET + 1

    def write(lines: list[Line]) -> None:
        nonlocal sheet, row
        for cells in lines:
            if row > _SHEET:
                sheet, row = begin(), 1
            for column, value in enumerate(cells):
                if isinstance(value, datetime):
                    sheet.write_datetime(row, column, value, minute)
                elif isinstance(value, date):
                    sheet.write_datetime(row, column, value, day)
                elif value:
                    sheet.write_string(row, column, value)
            row += 1

    def begin() -> Any:
        made = book.add_worksheet()
        if rtl:
            made.right_to_left()
        made.freeze_panes(1, 0)
        made.set_column(0, len(heading) - 1, 18)
        made.write_row(0, 0, heading, bold)
        return made

    sheet, row = begin(), 1
    async for batch in batches(asked):
        # Writing takes longer than reading: others go on meanwhile.
        await asyncio.to_thread(write, [line(one) for one in batch])
    await asyncio.to_thread(book.close)


async def _chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        file.seek(0)
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            yield chunk


router = Router("/", guards=[CASEWORK], route_handlers=[export])
