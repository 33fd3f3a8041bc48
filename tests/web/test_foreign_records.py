"""Somebody else's record is as absent as one that does not exist, at every address that names one.

The addresses come from the application's own routes: a new route is tried without a word, and one
with a new parameter fails here until it is said what it names.
"""

import re
from itertools import product
from typing import Any
from uuid import UUID

from litestar import Litestar
from litestar.routes import HTTPRoute
from tests.reports.filed import NOW, insert, reviewer
from tests.web.complaints import begin, picture, to_check
from tests.web.conftest import Visiting, staff_id
from tests.web.pages import Browser

from balagh.database import fetch_one

# What names a person's record.
RECORDS = ("number", "draft", "file", "session", "reply", "caller", "link", "view")
# What goes with it, and takes these values.
BESIDE = {
    "slug": ("ground", "service", "details", "documents", "check", "refusal", "nonsense"),
    "part": ("0", "1"),
    "survey": ("agency", "balagh"),
    # Nobody's; those of others are tried in ``staff/test_answering.py``.
    "token": (43 * "x",),
}
# What names nobody's record, or speaks for itself (a signed link: ``test_rating.py``).
# (The staff's own are tried by ``staff/test_rules.py``: rules and colleagues of another side.)
OPEN = {"kind", "name", "which", "token", "rule", "colleague", "member", "change"}
# Deleting what is gone is no fault of whoever presses twice, so this leads to the list, alike.
ALIKE = {("POST", "/drafts/{draft}/discard"): 303}
# Parameters of the query that a handler asks for.
QUERY = "?as_of=1&item=0"


def addresses(portal: Litestar) -> list[tuple[str, str]]:
    """Method and path of every route, with its parameters as ``{name}``."""
    found: list[tuple[str, str]] = []
    for route in portal.routes:
        if isinstance(route, HTTPRoute):
            path = re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path)
            found += [(method, path) for method in sorted(route.methods - {"OPTIONS"})]
    return found


def names(path: str) -> list[str]:
    return re.findall(r"\{(\w+)\}", path)


def test_every_parameter_is_known(portal: Litestar) -> None:
    met = {name for _, path in addresses(portal) for name in names(path)}
    assert met <= {*RECORDS, *BESIDE, *OPEN}
    # And nothing is listed that no address has.
    assert {*RECORDS, *BESIDE, *OPEN} - met == set()


async def filed(noura: Browser) -> dict[str, str]:
    """A report of Noura's with a file, another draft of hers, her session; a view of Reem's."""
    await to_check(noura, "outage")
    await noura.send("/submission")
    report = await fetch_one("SELECT id, number FROM report")
    file = await fetch_one("SELECT id FROM attachment")
    await begin(noura, "no_response_time")
    await noura.client.get("/reports")
    draft = await fetch_one("SELECT id FROM draft")
    session = await fetch_one("SELECT id, person_id FROM session ORDER BY id LIMIT 1")
    view = await insert(
        "saved_view", staff_id=await staff_id("reem"), name="x", query="", created_at=NOW
    )
    assert report is not None
    assert file is not None
    assert draft is not None
    assert session is not None
    reem = await reviewer()
    reply = await insert(
        "canned_reply", language="ar", title="شكر", body="شكرًا", changed_by=reem, changed_at=NOW
    )
    return {
        "reply": str(reply),
        "number": report["number"],
        "file": str(file["id"]),
        "draft": str(draft["id"]),
        "session": str(session["id"]),
        "caller": str(session["person_id"]),
        "link": str(await evidence_link(report["id"])),
        "view": str(view),
    }


async def evidence_link(report: int) -> int:
    """By which she adds evidence: of staff's to see, like all of its case."""
    row = await fetch_one(
        "INSERT INTO evidence_link (report_id, token_hash, made_by, created_at, expires_at) "
        "VALUES ($1, $2, $3, now(), now() + interval '7 days') RETURNING id",
        report, bytes(32), await staff_id("reem"),
    )  # fmt: skip
    assert row is not None
    return int(row["id"])


# A report number with a right check digit, and ids that nobody was given.
NOBODYS = {
    "reply": "2000000000",
    "number": "1000000005",
    "file": str(UUID(int=7)),
    "draft": str(UUID(int=7)),
    "session": "2000000000",
    "caller": "2000000000",
    "link": "2000000000",
    "view": "2000000000",
}


async def test_every_address_of_a_record(
    noura: Browser, visiting: Visiting, portal: Litestar
) -> None:
    hers = await filed(noura)
    everything = await state()
    tried = 0
    async with visiting("سالم ناصر الشهري", phone="+966561102938") as salem:
        csrf = (await salem.open("/new/complaint")).form("/new/").fields["csrf"]
        for method, path in addresses(portal):
            found = names(path)
            if not {*found} & {*RECORDS}:
                continue
            extra = [BESIDE[name] for name in found if name in BESIDE]
            for values in product(*extra):
                beside = dict(zip((name for name in found if name in BESIDE), values, strict=True))
                # Each record of hers, and both where a path names two.
                foreign = await ask(salem, method, path.format(**hers, **beside), csrf)
                absent = await ask(salem, method, path.format(**NOBODYS, **beside), csrf)
                assert foreign[0] == ALIKE.get((method, path), 404), (method, path, foreign[0])
                assert bare(foreign[1], hers) == bare(absent[1], NOBODYS), (method, path)
                assert foreign[0] == absent[0]
                tried += 1
    assert tried > 20
    assert await state() == everything


async def ask(browser: Browser, method: str, path: str, csrf: str) -> tuple[int, str]:
    given: dict[str, Any] = {}
    if method not in ("GET", "HEAD"):
        given["data"] = {"csrf": csrf, "text": "x", "confirm": "yes"}
        if path.endswith("/files"):
            given["files"] = {"file": ("fault.png", picture())}
    answer = await browser.client.request(method, path + QUERY, **given)
    return answer.status_code, answer.text


def bare(text: str, ids: dict[str, str]) -> str:
    """Without the ids of the address; a session's is too short to stand for itself."""
    for name in ("number", "file", "draft"):
        text = text.replace(ids[name], "")
    return text


async def state() -> list[int]:
    """How much there is of everything; nobody else's request may change that."""
    row = await fetch_one(
        "SELECT (SELECT count(*) FROM report), (SELECT count(*) FROM event), "
        "(SELECT count(*) FROM draft), (SELECT count(*) FROM attachment), "
        "(SELECT count(*) FROM notice), (SELECT count(*) FROM rating), "
        "(SELECT count(*) FROM action_draft), (SELECT sum(version) FROM report), "
        "(SELECT max(updated_at) FROM draft), (SELECT count(*) FROM canned_reply), "
        "(SELECT count(*) FROM session WHERE revoked_at IS NOT NULL)"
    )
    assert row is not None
    return list(row.values())
