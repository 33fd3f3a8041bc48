"""Every address for everybody: who may not open it cannot tell what is there from what is not.

The addresses come from the application's own routes. ``rights.RULES`` says of each who may; a new
route fails here until it is said. A visitor who may not is answered as for a record that nobody
has, reads no text of anybody's (each text of the world holds a mark that knows its readers), and
changes nothing.
"""

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from html import escape
from io import BytesIO
from itertools import product
from typing import Any
from urllib.parse import quote
from uuid import uuid4
from zipfile import ZipFile

import httpx
import pytest
from litestar import Litestar
from tests.web import world as worlds
from tests.web.complaints import picture
from tests.web.conftest import Visiting
from tests.web.pages import Browser
from tests.web.rights import AGENCIES, BY_PHONE, RULES, Rule
from tests.web.routes import addresses, names
from tests.web.world import (
    BENEFICIARIES,
    EVERYBODY,
    KHALID,
    NOBODY,
    NOBODYS,
    NOURA,
    ROLES,
    Thing,
    World,
)

from balagh.assets import asset
from balagh.database import fetch, fetch_one

# What stands beside the records in a path, and the values it is tried with.
BESIDE: dict[str, dict[str, tuple[str, ...]]] = {
    "slug": {"/drafts": ("details", "documents", "check", "refusal", "nonsense"),
             "/account": ("language", "phone"), "/help": ("how-long",)},
    "which": {"/account": ("phone",)},
    "gateway": {"/sms": ("generic",)},
    "secret": {"/sms": (43 * "x",)},
    "moment": {"/messages": ("late",)},
    "language": {"/messages": ("ar",)},
    "kind": {"/new": ("complaint",)},
    "survey": {"/reports": ("agency", "balagh")},
    "part": {"/reports": ("0",)},
    "name": {"/static": (asset("app.css").removeprefix("/static/"),)},
}  # fmt: skip
# What handlers ask the query for.
QUERY = "as_of=1&item=0&format=csv&did=assign&draft={draft}"
# Their GETs lead to a provider, and their POSTs are tried where they belong (``test_sign_in.py``).
SIGNING_IN = re.compile(r"/sign-(in|out).*|/staff/sign-in.*")
# The place in the navigation, and the sheet of styles.
_BY_ADDRESS = re.compile(
    r' aria-current="true"|<link rel="stylesheet" href="/static/staff\.\w+\.css">\n'
)
_A_CASE = re.compile(r"/cases/\d{10}")
_MARK = re.compile(r"zq\d{3}v")
# What is between the digits of a number: marks, spaces, signs that nobody sees.
_BETWEEN = re.compile(r"<[^>]*>|[\s\u00a0\u2066-\u2069]|&nbsp;")


def test_every_route_has_its_rule(application: Litestar) -> None:
    """A new route fails here: say in ``RULES`` who may open it, and what it names."""
    unused = {*RULES}
    for method, path in addresses(application):
        found = [rule for rule in RULES if rule.covers(method, path)]
        assert len(found) == 1, (
            f"{method} {path}: RULES says {len(found)} times who may; say it once, and in world.py "
            "make one of what it names"
        )
        unused -= {*found}
        assert set(names(path)) <= {*NOBODYS, *BESIDE}, f"{path}: say what its parameters name"
    assert not unused, "RULES speaks of addresses that there are not"


@pytest.fixture
async def visitors(visiting: Visiting, at_desk: Visiting) -> AsyncIterator[dict[str, Browser]]:
    """The browsers of everybody, signed in."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        found = {
            NOURA: await enter(visiting("نورة سعد القحطاني")),
            KHALID: await enter(visiting("خالد عبدالله العتيبي")),
            NOBODY: await enter(visiting()),
        }
        for key in ROLES:
            found[key] = await enter(at_desk(key))
        yield found


@dataclass
class Tour:
    """``wrong``: what is not as it should be; ``read``: the marks that somebody saw."""

    world: World
    visitors: dict[str, Browser]
    wrong: list[str] = field(default_factory=list)
    read: set[str] = field(default_factory=set)
    csrf: dict[str, str] = field(default_factory=dict)
    asked: int = 0
    absent: dict[tuple[str, str, str], httpx.Response] = field(default_factory=dict)

    async def ask(self, key: str, method: str, path: str, query: str = "") -> httpx.Response:
        given: dict[str, Any] = {}
        if method == "POST":
            given["data"] = {**_FORM, "csrf": self.csrf.get(key, "")}
            if "/files" in path or path.endswith(("/delivery", "/update")):
                given["files"] = {"file": ("fault.png", picture(), "image/png")}
        query = (
            f"?{query.removeprefix('?')}&{QUERY.format(draft=uuid4())}"
            if query
            else (f"?{QUERY.format(draft=_DRAFT)}")
        )
        self.asked += 1
        return await self.visitors[key].client.request(method, path + query, **given)

    async def absent_as(self, key: str, method: str, pattern: str, beside: dict[str, str],
                        rule: Rule) -> httpx.Response:  # fmt: skip
        """The answer for what nobody has; where an address names nothing, for one that is not."""
        if rule.things:
            path = pattern.format(**NOBODYS, **beside)
        else:
            method, path = "GET", "/help/no-such-page"
        if (key, method, path) not in self.absent:
            self.absent[key, method, path] = await self.ask(key, method, path)
        return self.absent[key, method, path]

    def look(self, key: str, where: str, answer: httpx.Response, path: str) -> None:
        """Nothing in the answer is another's; ``path``: asked for, which the page may repeat."""
        text = _text(answer)
        marks = set(_MARK.findall(text))
        self.read |= {mark for mark in marks if key in self.world.marks[mark]}
        for mark in marks:
            if key not in self.world.marks[mark]:
                self.wrong.append(f"{where}: {mark} is for {sorted(self.world.marks[mark])}")
        if answer.status_code == 200 and not path.startswith("/audit"):
            digits = _BETWEEN.sub("", text.replace(path, ""))
            self.wrong += [
                f"{where}: {number} is for {sorted(readers)}"
                for number, readers in self.world.digits.items()
                if key not in readers and number in digits and number not in path
            ]


_DRAFT = uuid4()
# What the forms of all pages hold, filled in as well as one form can be for all of them.
_FORM = {
    "text": "x", "confirm": "yes", "note": "x", "name": "x", "shared": "yes", "title": "x",
    "body": "x", "language": "ar", "for_action": "", "for_kind": "", "about": "any", "kind": "any",
    "to": "nobody", "held": "", "act": "assign", "readers": "all", "reason": "x", "guidance": "x",
    "newest": "0", "channel": "toll_free", "link_name": "x", "link_email": "x@example.sa",
    "link_language": "ar", "score": "5", "do": "split", "version": "1", "agency_1": "momah",
    "text_1": "x", "text_0": "x", "item_0": "x", "delivery_text": "x", "solution": "x",
}  # fmt: skip


def _text(answer: httpx.Response) -> str:
    """All that can be read in it, in a spreadsheet's sheets too."""
    if "spreadsheetml" in answer.headers.get("content-type", ""):
        with ZipFile(BytesIO(answer.content)) as book:
            return "\n".join(book.read(name).decode() for name in book.namelist())
    if answer.headers.get("content-type", "").startswith(("image/", "application/pdf")):
        return str(answer.headers)
    return f"{answer.headers} {answer.text}"


def _bare(answer: httpx.Response, text: str) -> str:
    """Without the address that was asked for, which the page may name, and what it decides."""
    asked = answer.request.url.raw_path.decode()
    for written in (asked, quote(asked, safe=""), escape(asked)):
        text = text.replace(written, "")
    return _BY_ADDRESS.sub("", text)


def _besides(path: str) -> Iterator[dict[str, str]]:
    wanted = [name for name in names(path) if name in BESIDE]
    values = [BESIDE[name]["/" + path.split("/")[1]] for name in wanted]
    for chosen in product(*values):
        yield dict(zip(wanted, chosen, strict=True))


def _things(world: World, rule: Rule) -> Sequence[Thing]:
    """The records that the addresses of a rule are tried with. ``cases in answered``: Noura's in
    that state, one of Khalid's, and one that an agency has seen and has no more."""
    if not rule.things:
        return [Thing("", {}, EVERYBODY)]
    family, _, state = rule.things.partition(" in ")
    found = world.things[family]
    if not state:
        return found
    tried = {f"{NOURA}'s {state}", f"{NOURA}'s in_progress", f"{KHALID}'s {state}",
             f"{KHALID}'s in_progress"}  # fmt: skip
    return [one for one in found if one.name in tried or one is found[-1]]


async def test_every_route_for_everybody(portal: Litestar, visitors: dict[str, Browser]) -> None:
    tour = Tour(await worlds.made(portal), visitors)
    for key, browser in visitors.items():
        if key != NOBODY:
            tour.csrf[key] = (await browser.open("/")).form("/sign-out").fields["csrf"]
    routes = [
        (method, path, next(rule for rule in RULES if rule.covers(method, path)))
        for method, path in addresses(portal)
    ]
    # 1. Who may not: nothing changes meanwhile.
    before = await _state()
    for method, path, rule in routes:
        for beside, thing in product(_besides(path), _things(tour.world, rule)):
            for key in visitors:
                if key not in rule.to & thing.theirs:
                    await _refused(tour, key, method, path, beside, thing, rule)
        after = await _state()
        changed = [name for name in after if after[name] != before[name]]
        if changed:
            tour.wrong.append(f"{method} {path}: by who may not, changed {changed}")
            before = after
    # 2. Who may: it is there, and what nobody has is not.
    for method, path, rule in routes:
        if SIGNING_IN.fullmatch(path):
            continue
        for beside, thing in product(_besides(path), _things(tour.world, rule)):
            for key in sorted(rule.to & thing.theirs & visitors.keys()):
                await _open(tour, key, method, path, beside, thing, rule)
    assert not tour.wrong, f"{len(tour.wrong)} of {tour.asked}:\n" + "\n".join(tour.wrong)
    # Whatever is hidden from some is seen by others, so that this could have failed.
    seen_by_somebody = {mark for mark, readers in tour.world.marks.items() if readers}
    assert seen_by_somebody - tour.read == set()
    assert tour.asked > 5000


async def _refused(
    tour: Tour, key: str, method: str, pattern: str, beside: dict[str, str], thing: Thing,
    rule: Rule,
) -> None:  # fmt: skip
    path = pattern.format(**thing.ids, **beside)
    where = f"{method} {pattern} {beside or ''} ({thing.name}) for {key}"
    answer = await tour.ask(key, method, path)
    tour.look(key, where, answer, path)
    status = answer.status_code
    if key in rule.told & thing.theirs:
        if status not in (303, 403, 409, 422):
            tour.wrong.append(f"{where}: {status}, and not that it is not theirs to do")
        return
    if thing.apart and status < 500:
        return
    absent = await tour.absent_as(key, method, pattern, beside, rule)
    if key == NOBODY and rule.to != EVERYBODY:
        if status == 204 and not answer.content:
            # An open page asks (decision 087): it says nothing.
            return
        to = answer.headers.get("location", "")
        way = "/sign-in?next=" if rule.to & BENEFICIARIES else "/staff/sign-in?next="
        if status != 303 or not to.startswith(way):
            tour.wrong.append(f"{where}: {status} {to}, and not the way to sign in")
        elif rule.things and _bare(answer, to) != _bare(absent, absent.headers.get("location", "")):
            tour.wrong.append(f"{where}: sent to {to}, but {absent.headers} when it is not there")
        return
    gone = rule.gone if key in rule.to else 404
    if status != gone or absent.status_code != gone:
        tour.wrong.append(f"{where}: {status}, and {absent.status_code} when it is not there")
    elif _bare(answer, answer.text) != _bare(absent, absent.text):
        tour.wrong.append(f"{where}: not the page of what is not there")


async def _open(
    tour: Tour, key: str, method: str, pattern: str, beside: dict[str, str], thing: Thing,
    rule: Rule,
) -> None:  # fmt: skip
    where = f"{method} {pattern} {beside or ''} ({thing.name}) for {key}"
    if rule.things:
        absent = await tour.absent_as(key, method, pattern, beside, rule)
        if absent.status_code != rule.gone:
            tour.wrong.append(f"{where}: {absent.status_code} for what nobody has")
        tour.look(key, where, absent, "")
    if method != "GET":
        return
    path = pattern.format(**thing.ids, **beside)
    for query in ("", *rule.queries):
        answer = await tour.ask(key, "GET", path, query)
        status, to = answer.status_code, answer.headers.get("location", "")
        if beside.get("slug") == "nonsense":
            if status != 404:
                tour.wrong.append(f"{where}: {status} for a step that there is not")
        elif status not in (200, 204, 303, rule.later) or "/sign-in" in to:
            tour.wrong.append(f"{where}{query}: {status} {to}, although it is theirs")
        # By a link, whoever has it reads what is behind it.
        if rule.to != EVERYBODY:
            tour.look(key, where + query, answer, path + query)
        # Whose a telephone number is, is Amer's to know: it finds nobody's report (decision 086).
        if key in AGENCIES and query in BY_PHONE and _A_CASE.search(answer.text):
            tour.wrong.append(f"{where}{query}: finds reports")


async def _state() -> dict[str, str]:
    """A digest of each table: whoever may not changes nothing."""
    rows = await fetch(
        "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' "
        "AND tablename NOT LIKE 'saq%' AND tablename NOT IN ('agency', 'platform', 'service')"
    )
    digests = ", ".join(
        f"(SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM {row['name']} t) "
        f"AS {row['name']}"
        for row in rows
    )
    row = await fetch_one(f"SELECT {digests}")
    assert row is not None
    return dict(row)
