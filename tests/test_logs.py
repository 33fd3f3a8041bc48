"""One form of log for every process, and nobody's data in it."""

import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from balagh import logs


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()
    logging.captureWarnings(False)


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_both_ways_of_logging_come_out_alike(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", json=True)
    structlog.stdlib.get_logger("ours").info("Report received", kind="complaint")
    logging.getLogger("theirs").warning("slow: %d ms", 1200)
    ours, theirs = _lines(capsys)
    assert (ours["event"], ours["kind"], ours["level"], ours["logger"]) == (
        *("Report received", "complaint", "info", "ours"),
    )
    assert (theirs["event"], theirs["level"]) == ("slow: 1200 ms", "warning")
    assert ours.keys() - {"kind"} == theirs.keys()
    assert str(ours["timestamp"]).endswith("Z")


def test_what_is_below_the_level_is_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("warning", json=True)
    structlog.stdlib.get_logger().info("quiet")
    logging.getLogger("theirs").info("quiet")
    assert _lines(capsys) == []


@pytest.mark.parametrize("library", ["httpx", "saq", "aiosmtplib"])
def test_libraries_that_log_addresses_and_payloads_are_held_back(
    library: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("info", json=True)
    logging.getLogger(library).info("GET https://id.example.sa/?code=secret")
    assert _lines(capsys) == []


@pytest.mark.parametrize("json_lines", [True, False])
def test_personal_data_is_withheld(json_lines: bool, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", json=json_lines)
    structlog.stdlib.get_logger().info("sent", recipient="+966553184471", phone="0553184471")
    logging.getLogger("theirs").warning("job", extra={"kwargs": {"to": "0553184471"}})
    national_id = "1000000016"
    message = f"duplicate key\nDETAIL:  Key (national_id)=({national_id}) already exists."
    try:
        raise ValueError(message)
    except ValueError:
        structlog.stdlib.get_logger().exception("failed")
        logging.getLogger("theirs").error("failed", exc_info=sys.exc_info())
    said = capsys.readouterr().err
    assert "553184471" not in said
    # Neither quoted by the database nor as a local variable in the traceback.
    assert national_id not in said
    assert said.count("duplicate key") == 2


def test_configuring_again_does_not_log_twice(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", json=True)
    logs.configure("info", json=True)
    logging.getLogger("theirs").warning("once")
    assert len(_lines(capsys)) == 1
