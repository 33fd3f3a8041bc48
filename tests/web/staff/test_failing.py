"""Why a message was not delivered, in words, and what to do: for every reason there is."""

import re
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.web.conftest import NOW

from balagh import notices
from balagh.notices.transports import Fault
from balagh.notices.transports.gateways.answers import failure
from balagh.reports.undelivered import Line
from balagh.web.staff import failing

NUMBER = "The SMS gateway refused the message: is the number right?"
CORRECT = "Correct the address, or tell the person otherwise and settle it."
LATER = "Send it again later, or tell the person otherwise and settle it."
WAY = "Send it again once it works. If it lasts, tell your administrator."
MEND = "Tell your administrator, and send it again once that is mended."
REASONS: list[tuple[str, str, str]] = [
    ("SMTP refused: 550 5.1.1", "There is no such mailbox.", CORRECT),
    ("SMTP refused: 550 5.1.10", "There is no such mailbox.", CORRECT),
    ("SMTP refused: 553 5.1.8", "The mail server there does not take our address as a sender.",
     MEND),
    ("SMTP refused: 552 5.2.2", "The mailbox is full.", LATER),
    ("SMTP refused: 452 4.2.2", "The mailbox is full.", LATER),
    ("SMTP refused: 550 5.7.26", "The mail server there does not take our messages.", MEND),
    ("SMTP refused: 554", "The mail server there refused the message for good.", CORRECT),
    ("SMTP refused: 550 5.2.21", "The mail server there refused the message for good.", CORRECT),
    ("SMTP refused: 451 4.7.1", "The mail server there asked to try again later.", LATER),
    ("SMTP sign-in refused: 535 5.7.8", "Our own mail server does not let Balagh in.", MEND),
    ("SMTP connection refused: 554", "Our own mail server does not let Balagh in.", MEND),
    ("SMTP connection failed: OSError", "Our own mail server could not be reached.", WAY),
    ("SMTP conversation broke off: SMTPServerDisconnected",
     "The connection to our own mail server broke off.", WAY),
    ("the address is not valid", "No message can be sent to this address.", CORRECT),
    ("SMTP server lacks SMTPUTF8, which the address needs",
     "No message can be sent to this address.", CORRECT),
    # Twilio's, Msegat's, Unifonic's wrong number; wrong token; too many.
    ("SMS gateway refused the message: 21211", NUMBER, CORRECT),
    ("SMS gateway refused the message: 1120", NUMBER, CORRECT),
    ("SMS gateway refused the message: 482", NUMBER, CORRECT),
    ("SMS gateway refuses our account: 401",
     "The SMS gateway refuses our account: password, balance or sender name.", MEND),
    ("SMS gateway takes nothing now: 429", "The SMS gateway took no messages.", WAY),
    ("SMS gateway gave an unknown answer: 29999",
     "The SMS gateway gave an answer that Balagh does not know.", MEND),
    ("SMS gateway did not answer: ConnectTimeout", "The SMS gateway could not be reached.", WAY),
    ("the SMS gateway took nothing for a day", "The SMS gateway took no messages.", WAY),
    ("no SMS gateway is set", "No SMS gateway is set up.", MEND),
    ("not delivered: ER-05", "The SMS was sent, but did not reach the phone.", CORRECT),
    ("no answer in time", "There was no answer in time.", WAY),
    ("the message could not be written: KeyError",
     "A fault in Balagh: tell your administrator.", MEND),
]  # fmt: skip


def line(error: str, **more: Any) -> Line:
    values: dict[str, Any] = {
        "id": 1, "key": "report:1:late:1:sms", "moment": "late", "channel": "sms",
        "recipient": "+966500000012", "language": "ar", "state": "failed", "attempts": 1,
        "resent": 0, "error": error, "created_at": NOW, "last_at": NOW, "told": False,
        "dismissed_at": None, "dismissed_why": None, "dismissed_ar": None, "dismissed_en": None,
        "report_id": 1, "number": "7302641185", "version": 1,
    }  # fmt: skip
    return Line(**{**values, **more})


def said(error: str, **more: Any) -> tuple[str, str]:
    why, cure = failing._why(error)
    return why, failing._advice(line(error, **more), cure)


@pytest.mark.parametrize(("error", "why", "advice"), REASONS, ids=[one[0] for one in REASONS])
def test_why_and_what_to_do(error: str, why: str, advice: str) -> None:
    assert said(error) == (why, advice)
    # There is always something to do, and never what cannot be done.
    assert "Correct the address" not in said(error, moment="promise_due")[1]
    assert said(error, moment="promise_due")[1]
    over = said(error, moment="verification_code")[1]
    assert over == ("Tell your administrator." if advice == MEND else "")
    assert said(error, dismissed_at=NOW)[1] == ""
    told = said(error, told=True)[1]
    assert told == (
        "They were told by e-mail. Correct the number for what comes next, or settle it."
        if advice == CORRECT
        else advice
    )
    waits = said(error, state="waiting")[1]
    assert ("Tell your administrator." in waits) == (advice == MEND)
    assert "again" in waits or advice in (MEND, CORRECT)


@pytest.mark.parametrize(("fault", "permanent"), list(product(Fault, (True, False))))
def test_whatever_a_gateway_refuses(fault: Fault, permanent: bool) -> None:
    """Every gateway's refusals are made by one function: each is in the table."""
    if fault is Fault.UNTRIED or (permanent and fault is not Fault.MESSAGE):
        with pytest.raises(KeyError):
            failure(httpx.Response(400), 400, fault=fault, permanent=permanent)
        return
    error = failure(httpx.Response(400), 400, fault=fault, permanent=permanent)
    assert any(error.reason[:-3] == known.rpartition(" ")[0] + " " for known, *_ in REASONS)


def test_every_reason_that_is_kept_is_in_the_table() -> None:
    """As the code writes them: up to where they differ from case to case."""
    written: set[str] = set()
    for path in Path(notices.__file__).parent.rglob("*.py"):
        text = path.read_text()
        found = re.findall(r"\breason ?= ?f?[\"\']([^\"\'{]+)", text)
        found += re.findall(r"\berror = (?:CASE .*?THEN )?'([^']+)'", text)
        written.update(found)
    assert {"no answer in time", "not delivered: ", "SMTP refused: "} <= written
    # Made of what is there, in `failure`; of the log.
    written -= {"SMS gateway ", "closed for a day"}
    for one in written:
        assert any(known.startswith(one) for known, *_ in REASONS), one
