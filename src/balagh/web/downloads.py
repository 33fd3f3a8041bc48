"""Tables as CSV files that spreadsheets open, written as they are read."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from litestar.response import Stream

from balagh.files.names import download_headers
from balagh.text import computed

# Excel takes a file for UTF-8 only with a byte order mark.
_MARK = "\ufeff"


def csv_file(name: str, rows: AsyncIterator[Sequence[Sequence[object]]]) -> Stream:
    """A download called ``name``; ``rows`` come in batches, the first with the headings."""

    async def lines() -> AsyncIterator[bytes]:
        mark = _MARK
        async for batch in rows:
            written = io.StringIO()
            csv.writer(written).writerows([cell(value) for value in row] for row in batch)
            yield (mark + written.getvalue()).encode()
            mark = ""

    media_type = "text/csv; charset=utf-8"
    headers: dict[str, Any] = {
        **download_headers(name, media_type),
        "Cache-Control": "no-store",
    }
    return Stream(lines(), media_type=media_type, headers=headers)


def cell(value: object) -> str:
    """As text, times to the minute; what a spreadsheet would compute stands behind an
    apostrophe."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    text = "" if value is None else str(value)
    return f"'{text}" if computed(text) else text
