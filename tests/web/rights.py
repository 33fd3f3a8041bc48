"""Who may open which address, as the specification says it (1, 4) and not as the guards do."""

import re
from dataclasses import dataclass
from urllib.parse import quote

from tests.web.world import (
    ABEER,
    AMER,
    BENEFICIARIES,
    CASEWORK,
    COMMERCE,
    EVERYBODY,
    FAHD,
    HIND,
    JUSTICE,
    KHALID,
    MAJED,
    MONA,
    NOURA,
    PHONES,
    REVIEWERS,
    SALEM,
    STAFF,
    WORD,
)  # fmt: skip

OFFICERS = frozenset({FAHD, SALEM})
AGENCIES = JUSTICE | COMMERCE
# Specification 1: supervisor and agency manager assign; who works on reports takes and hands over.
LEADERS = frozenset({MAJED, MONA})
HOLDERS = REVIEWERS | OFFICERS


@dataclass(frozen=True)
class Rule:
    """``to``: who may, if what the address names is theirs; ``things``: the family of records that
    it names, none where it names nobody's. ``told``: who sees the record, or has the page, and is
    told that this is not theirs to do. ``queries``: with which the page is opened too. ``gone``:
    the status for what nobody has; ``later``: the one that says that it cannot be now."""

    path: str
    to: frozenset[str]
    things: str = ""
    method: str = "GET|POST"
    told: frozenset[str] = frozenset()
    queries: tuple[str, ...] = ()
    gone: int = 404
    later: int = 200

    def covers(self, method: str, path: str) -> bool:
        return bool(re.fullmatch(self.method, method) and re.fullmatch(self.path, path))


def _action(noun: str, to: frozenset[str], state: str) -> list[Rule]:
    """An action of the life cycle (specification 4): the form's own address leads everybody who
    sees the report to its page; ``state``: in which one it is done."""
    path, things = rf"/cases/{{number}}/{noun}", f"cases in {state}"
    return [
        Rule(path, CASEWORK, things, "GET"),
        Rule(path, to, things, "POST", told=CASEWORK - to),
    ]


BY_PHONE = tuple(f"?state=any&q={quote(PHONES[key])}" for key in (NOURA, KHALID))
_LISTS = (
    "?view=all&state=any", "?view=all&state=any&agency=mc", "?view=all&state=any&agency=moj",
    f"?state=any&q={WORD}", *BY_PHONE, "?state=any&q=نورة", "?state=any&q=خالد",
    "?view=all&state=any&assignee=none",
)  # fmt: skip
RULES = (
    # Nobody's.
    Rule(r"/health/worker", EVERYBODY, later=503),
    Rule(r"/|/health|/privacy|/accessibility|/manifest.webmanifest|/help", EVERYBODY),
    Rule(r"/help/{slug}|/static/{name}", EVERYBODY),
    Rule(r"/sign-in(/callback)?|/sign-out|/staff/sign-in(/\w+)?", EVERYBODY),
    # By a link: whoever has it, signed in or not.
    Rule(r"/staff/invitation/{token}", EVERYBODY, "invitations", gone=410),
    Rule(r"/r/{token}(/thanks)?", EVERYBODY, "surveys"),
    Rule(r"/e/{token}", EVERYBODY, "evidence tokens"),
    Rule(r"/stop/{token}", EVERYBODY, "tokens that stop reminders"),
    Rule(r"/unsubscribe/{token}", EVERYBODY, "tokens that stop notices"),
    # A gateway, by a signature or a secret (``test_sms_receipts.py``).
    Rule(r"/sms/receipts/{gateway}(/{secret})?", EVERYBODY),
    Rule(r"/answer/{token}", EVERYBODY, "answer tokens"),
    Rule(r"/answer/{token}/files/{file}", EVERYBODY, "answer files"),
    # Beneficiaries.
    Rule(r"/new/{kind}", BENEFICIARIES),
    Rule(r"/account(/data(/archive)?|/erasure(/withdrawal)?|/sessions(/end)?)?", BENEFICIARIES),
    Rule(r"/account/({slug}|{which}/code(/again)?)", BENEFICIARIES),
    Rule(r"/account/sessions/{session}/end", BENEFICIARIES, "sessions"),
    Rule(r"/reports", BENEFICIARIES),
    Rule(r"/reports/{number}(/confirmation|/receipt.pdf)?", BENEFICIARIES, "reports"),
    Rule(r"/reports/{number}/cancellation", BENEFICIARIES, "reports in in_progress"),
    Rule(r"/reports/{number}/rating/{survey}(/thanks)?", BENEFICIARIES, "reports in closed",
         later=409),
    Rule(r"/reports/{number}/reopening(/check|/confirmation|/files/{part})?", BENEFICIARIES,
         "reports in closed"),
    Rule(r"/reports/{number}/update(/check|/confirmation|/files/{part})?", BENEFICIARIES,
         "reports in missing_data"),
    Rule(r"/reports/{number}/(update|reopening)/removal/{file}", BENEFICIARIES, "pending files"),
    Rule(r"/files/{file}", BENEFICIARIES, "files"),
    # Filing: for oneself, or for a caller.
    Rule(r"/drafts/{draft}(/{slug}|/(?!discard)\w+(/removal)?)?", BENEFICIARIES | {HIND}, "drafts"),
    # Deleting what is gone is no fault of whoever presses twice: it leads to the list, alike.
    Rule(r"/drafts/{draft}/discard", BENEFICIARIES | {HIND}, "drafts", "GET"),
    Rule(r"/drafts/{draft}/discard", BENEFICIARIES | {HIND}, "drafts", "POST", gone=303),
    Rule(r"/drafts/{draft}/files/{file}/removal", BENEFICIARIES | {HIND}, "draft files"),
    Rule(r"/intake(/callers)?", frozenset({HIND})),
    Rule(r"/intake/callers/{caller}(/drafts)?", frozenset({HIND}), "callers"),
    Rule(r"/intake/filed/{number}", frozenset({HIND}), "cases"),
    # All of the staff, their own.
    Rule(r"/profile(/language|/shortcuts|/password|/factor|/recovery-codes|/sessions/end)?", STAFF),
    Rule(r"/profile/sessions/{session}/end", STAFF, "sessions"),
    Rule(r"/profile/(absence(/end)?|notices)", CASEWORK),
    # Who keeps the installation, and who looks after it.
    Rule(r"/staff(/new)?", frozenset({ABEER})),
    Rule(r"/staff/{member}(/\w+)?", frozenset({ABEER}), "members"),
    Rule(r"/audit(.csv)?", frozenset({MAJED, ABEER})),
    Rule(r"/messages(/{moment}(/restoration|/email/{language}|/test/{language})?)?",
         frozenset({ABEER})),
    Rule(r"/calendar", frozenset({MAJED, ABEER})),
    Rule(r"/calendar/change(s)?", frozenset({ABEER})),
    Rule(r"/calendar/changes/{change}", frozenset({MAJED, ABEER}), "changes"),
    Rule(r"/sweeps(/now)?", frozenset({MAJED, ABEER})),
    Rule(r"/undelivered(/resend)?", frozenset({MAJED})),
    Rule(r"/undelivered/{notice}(/resend|/address|/dismissal)?", frozenset({MAJED}), "notices"),
    # Whoever works on reports.
    Rule(r"/inbox", CASEWORK, queries=_LISTS),
    Rule(r"/inbox/export", CASEWORK, queries=tuple(
        f"{query}&format={format}" for query in _LISTS[:4] for format in ("csv", "xlsx"))),
    Rule(r"/inbox/(news|shortcuts|views|views/new)", CASEWORK),
    Rule(r"/inbox/views/{view}(/deletion)?", CASEWORK, "views"),
    Rule(r"/inbox/next", CASEWORK, method="GET"),
    Rule(r"/inbox/next", HOLDERS, method="POST", told=CASEWORK - HOLDERS),
    Rule(r"/inbox/bulk(/confirmation|/outcome)?", CASEWORK, method="GET"),
    Rule(r"/inbox/bulk(/confirmation)?", HOLDERS | LEADERS, method="POST"),
    Rule(r"/mentions", CASEWORK),
    Rule(r"/promises(.csv)?", CASEWORK, queries=(
        "?tab=all", "?tab=all&agency=mc", "?tab=all&agency=moj", "?tab=soon&agency=mc")),
    Rule(r"/load", LEADERS),
    Rule(r"/assignment", LEADERS),
    Rule(r"/assignment/rules/{rule}(/removal)?", LEADERS, "rules"),
    Rule(r"/assignment/people/{colleague}/absence(/end)?", LEADERS, "colleagues"),
    Rule(r"/replies(/new)?", REVIEWERS | AGENCIES, queries=(f"?q={quote('شكر')}",)),
    Rule(r"/replies/{reply}(/deletion)?", REVIEWERS | AGENCIES, "replies"),
    Rule(r"/case-files/{file}", CASEWORK, "case files"),
    # One report.
    Rule(r"/cases/{number}", CASEWORK, "cases"),
    Rule(r"/cases/{number}/(notes|presence)", CASEWORK, "cases in in_progress"),
    Rule(r"/cases/{number}/assignment", CASEWORK, "cases in in_progress", "GET"),
    Rule(r"/cases/{number}/assignment", HOLDERS | LEADERS, "cases in in_progress", "POST",
         told=frozenset({HIND})),
    Rule(r"/cases/{number}/acknowledgement", AGENCIES, "cases in in_progress"),
    Rule(r"/cases/{number}/delivery", REVIEWERS | AGENCIES, "cases in promised"),
    Rule(r"/cases/{number}/correction", REVIEWERS, "cases in in_progress"),
    Rule(r"/cases/{number}/split", REVIEWERS, "cases in under_review"),
    Rule(r"/cases/{number}/answer-links", REVIEWERS, "cases in in_progress"),
    Rule(r"/cases/{number}/answer-links/{link}/revocation", REVIEWERS, "answer links"),
    Rule(r"/cases/{number}/evidence-links", AMER, "cases in in_progress"),
    Rule(r"/cases/{number}/evidence-links/{link}/revocation", AMER, "evidence links"),
    *_action("review", REVIEWERS, "received"),
    *_action("data-request", REVIEWERS | OFFICERS, "under_review"),
    *_action("update", AMER, "missing_data"),
    *_action("referral", REVIEWERS, "under_review"),
    *_action("rejection", REVIEWERS, "under_review"),
    *_action("return", OFFICERS, "in_progress"),
    *_action("answer", OFFICERS, "in_progress"),
    *_action("closing", REVIEWERS, "answered"),
    *_action("sending-back", REVIEWERS, "answered"),
    *_action("reopening-acceptance", REVIEWERS, "reopen_requested"),
    *_action("reopening-refusal", REVIEWERS, "reopen_requested"),
)  # fmt: skip
