"""Tables as CSV files that spreadsheets open, written as they are read."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from typing import Any

from litestar.response import Stream

from balagh.files.names import download_headers

# Excel takes a file for UTF-8 only with a byte order mark.
_MARK = "\ufeff"
# What makes a spreadsheet take a text for a formula (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_file(name: str, rows: AsyncIterator[Sequence[Sequence[object]]]) -> Stream:
    """A download called ``name``; ``rows`` come in batches, the first with the headings."""

    async def lines() -> AsyncIterator[bytes]:
        mark = _MARK
        async for batch in rows:
            written = io.StringIO()
            csv.writer(written).writerows([_cell(value) for value in row] for row in batch)
            yield (mark + written.getvalue()).encode()
            mark = ""

    media_type = "text/csv; charset=utf-8"
    headers: dict[str, Any] = {
        **download_headers(name, media_type),
        "Cache-Control": "no-store",
    }
    return Stream(lines(), media_type=media_type, headers=headers)


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
