"""One way of logging for all processes: lines for people on a terminal, JSON elsewhere.

Personal data and secrets have no place in a log. Authors keep them out of their messages; what
slips through other people's code is held back here: values under telling names, the row values
that PostgreSQL quotes in its errors, and the chatter of libraries that log addresses and payloads.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

# Names under which personal data or secrets travel, in our own events and in libraries' extras.
WITHHELD = frozenset(
    (
        *("address", "authorization", "body", "cookie", "email", "kwargs", "mobile"),
        *("national_id", "password", "payload", "phone", "recipient", "secret", "text", "token"),
    )
)
# Libraries that at `info` log addresses with their queries, the arguments of jobs, or mere chatter.
_TALKATIVE = ("aiosmtplib", "authlib", "httpcore", "httpx", "mail", "piccolo", "PIL", "saq")


def configure(level: str = "info", *, json: bool | None = None) -> None:
    """Sends structlog's and the standard library's records to stderr, from ``level`` up.

    ``json`` None: JSON unless stderr is a terminal. Safe to call again; the last call holds.
    """
    as_json = not sys.stderr.isatty() if json is None else json
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _withhold,
    ]
    ending: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        # Plain tracebacks: the pretty ones print local variables, and with them people's data.
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, ending],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    # At every stop it warns of its own idle loops; failed jobs are errors.
    logging.getLogger("saq").setLevel(logging.ERROR)
    # Granian brings handlers of its own.
    for name in ("_granian", "granian.access"):
        logging.getLogger(name).handlers[:] = []
        logging.getLogger(name).propagate = True


def _withhold(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Blanks values under telling names, and the lines of an error that quote a row's values."""
    for name in event.keys() & WITHHELD:
        event[name] = "(withheld)"
    trace = event.get("exception")
    if isinstance(trace, str):
        event["exception"] = "\n".join(
            line
            for line in trace.splitlines()
            if not line.lstrip().startswith(("DETAIL:", "[SQL:"))
        )
    return event
