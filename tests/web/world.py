"""Two beneficiaries, two agencies and Amer at work: everything that one of them has and another
must not see. Each text that somebody wrote holds a mark, and each mark says who may read it.

Noura's reports concern the Ministry of Justice (Fahd, its manager Mona), Khalid's the Ministry of
Commerce (Salem). Suad has one report that both work on, each on their part, and one that went from
the first agency to the second. Huda is an intake officer like Hind.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from litestar import Litestar
from tests.reports import filed
from tests.web.complaints import picture
from tests.web.conftest import NOW, staff_id
from tests.web.staff.casework import agency

from balagh.database import fetch, fetch_one
from balagh.people import invitations, unsubscribing
from balagh.people.sessions import token_hash
from balagh.reports import evidence_links, notes, stop_links, survey_links
from balagh.reports.cases import Desk
from balagh.reports.lifecycle import Role
from balagh.reports.survey_links import SurveyLink

NOBODY = "nobody"
NOURA, KHALID = "noura", "khalid"
HIND, REEM, MAJED = "hind", "reem", "majed"
FAHD, MONA, SALEM = "fahd", "mona", "salem"
ABEER = "abeer"

BENEFICIARIES = frozenset({NOURA, KHALID})
REVIEWERS = frozenset({REEM, MAJED})
AMER = REVIEWERS | {HIND}
JUSTICE, COMMERCE = frozenset({FAHD, MONA}), frozenset({SALEM})
CASEWORK = AMER | JUSTICE | COMMERCE
STAFF = CASEWORK | {ABEER}
EVERYBODY = STAFF | BENEFICIARIES | {NOBODY}

ROLES = {
    HIND: Role.INTAKE_OFFICER, REEM: Role.REVIEWER, MAJED: Role.SUPERVISOR,
    FAHD: Role.AGENCY_OFFICER, MONA: Role.AGENCY_MANAGER, SALEM: Role.AGENCY_OFFICER,
    ABEER: Role.ADMINISTRATOR,
}  # fmt: skip
NAMES = {NOURA: "نورة", KHALID: "خالد", "suad": "سعاد"}
PHONES = {NOURA: "+966553184471", KHALID: "+966561102938", "suad": "+966509876123"}
_CODES = {"moj": JUSTICE, "mc": COMMERCE}
# A word that is in every title, for searches.
WORD = "الرخصة"

# Well-formed, and given to nobody.
NOBODYS: Mapping[str, str] = {
    "number": "1000000005",
    "token": 43 * "x",
    **dict.fromkeys(("draft", "file"), str(UUID(int=7))),
    **dict.fromkeys(
        (
            "session",
            "member",
            "view",
            "rule",
            "colleague",
            "reply",
            "caller",
            "link",
            "notice",
            "change",
        ),
        "2000000000",
    ),
}


@dataclass(frozen=True)
class Thing:
    """What an address names. ``theirs``: whose it is, or on whose desk it lies. ``apart``: two
    records that do not belong together, so that the address names nothing: whoever has one of them
    may be answered as the page pleases, and changes nothing."""

    name: str
    ids: Mapping[str, str]
    theirs: frozenset[str] = frozenset()
    apart: bool = False


@dataclass
class World:
    """``marks``: who may read each; ``digits``: who may read what is written in digits (a number, a
    telephone number); ``things``: by family."""

    portal: Litestar
    marks: dict[str, frozenset[str]] = field(default_factory=dict)
    digits: dict[str, frozenset[str]] = field(default_factory=dict)
    things: dict[str, list[Thing]] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    staff: dict[str, int] = field(default_factory=dict)

    def mark(self, readers: Iterable[str]) -> str:
        made = f"zq{len(self.marks):03}v"
        self.marks[made] = frozenset(readers)
        return made

    def add(self, family: str, name: str, theirs: Iterable[str] = (), *, apart: bool = False,
            **ids: object) -> None:  # fmt: skip
        named = {key: str(value) for key, value in ids.items()}
        self.things.setdefault(family, []).append(Thing(name, named, frozenset(theirs), apart))


@dataclass(frozen=True)
class Report:
    """``readers``: the beneficiary and everybody on whose desk it lies."""

    id: int
    number: str
    owner: str
    desks: frozenset[str]
    file: UUID

    @property
    def readers(self) -> frozenset[str]:
        return self.desks | {self.owner}


async def made(portal: Litestar) -> World:
    """Everything. The browsers of the visitors are open already, so that everybody is there."""
    world = World(portal)
    await _staff(world)
    await _people(world)
    hers = await _reports(world, NOURA, "moj", _ALL)
    his = await _reports(world, KHALID, "mc", _SOME)
    story = await _story(world)
    await _reading_and_writing(world, hers, his, story)
    await _links(world, hers["in_progress"], his["in_progress"])
    await _drafts(world)
    await _desks(world)
    await _looked_after(world, hers["in_progress"])
    await _sessions(world)
    return world


_ALL = (
    "received", "under_review", "missing_data", "missing_at_agency", "in_progress", "answered",
    "closed", "reopen_requested", "cancelled", "rejected", "promised",
)  # fmt: skip
_SOME = ("under_review", "missing_data", "in_progress", "closed", "promised")


async def _staff(world: World) -> None:
    readers = {
        **dict.fromkeys(AMER, STAFF),
        **dict.fromkeys(JUSTICE, AMER | JUSTICE | {ABEER}),
        SALEM: AMER | COMMERCE | {ABEER},
        ABEER: STAFF,
    }
    for key in (*ROLES, "lama"):
        world.staff[key] = await staff_id(key)
        await fetch(
            "UPDATE staff SET name_en = name_en || ' ' || $2, name_ar = name_ar || ' ' || $2 "
            "WHERE id = $1",
            world.staff[key], world.mark(readers.get(key, STAFF)),
        )  # fmt: skip
        # So that the pages of a local account are there.
        await filed.insert(
            "credential", returning="staff_id", staff_id=world.staff[key], password_hash="x",
            changed_at=NOW,
        )  # fmt: skip
        world.add("members", key, {ABEER}, member=world.staff[key])
    world.staff["huda"] = await filed.insert(
        "staff", role="intake_officer", name_ar="هدى", name_en="Huda", email="huda@example.sa",
        created_at=NOW,
    )  # fmt: skip
    for key, leaders in ((REEM, {MAJED}), (FAHD, {MONA}), (SALEM, ()), (ABEER, ())):
        world.add("colleagues", key, leaders, colleague=world.staff[key])


async def _people(world: World) -> None:
    """Who is at whose desk: how to reach them is Amer's alone (decision 086)."""
    desks = {NOURA: JUSTICE, KHALID: COMMERCE, "suad": JUSTICE | COMMERCE}
    for key, name in NAMES.items():
        row = await fetch_one("SELECT id FROM person WHERE name LIKE $1", f"{name}%")
        found = row["id"] if row else await filed.person(name, phone=PHONES[key])
        email = world.mark(AMER | {key}) + "@example.sa"
        await fetch(
            "UPDATE person SET name = $2, phone = $3, email = $4 WHERE id = $1",
            found, f"{name} {world.mark(AMER | desks[key] | {key})}", PHONES[key], email,
        )  # fmt: skip
        world.people[key] = int(found)
        world.digits[PHONES[key][-9:]] = AMER | {key}
        world.add("callers", name, {HIND}, caller=found)


async def _reports(world: World, owner: str, code: str, states: Iterable[str]) -> dict[str, Report]:
    return {state: await _report(world, owner, code, state) for state in states}


async def _report(world: World, owner: str, code: str, state: str, **columns: Any) -> Report:
    at = await agency(code)
    referred: dict[str, Any] = {
        "referred_agency_id": at, "referred_at": filed.FILED_AT, "checked_at": filed.FILED_AT,
    }  # fmt: skip
    given: dict[str, Any] = {"agency_id": at}
    real = state
    if state in ("in_progress", "answered", "closed", "reopen_requested"):
        given |= referred
    if state == "missing_at_agency":
        real = "missing_data"
        given |= referred | {"resume_state": "in_progress"}
    if state == "promised":
        real = "closed"
        given |= referred | {
            "kind": "suggestion", "outcome": "accepted", "reopen_until": None,
            "promised_on": NOW.date() + timedelta(days=7),
        }  # fmt: skip
    given |= columns
    desks = AMER | (_CODES[code] if "referred_agency_id" in given else frozenset())
    readers = desks | {owner}
    if real == "in_progress":
        given |= {"ground": "no_response_time", "filed_on": NOW.date() - timedelta(days=20),
                  "reference": (mark := world.mark(readers)), "reference_key": mark}  # fmt: skip
    if real in ("answered", "closed", "reopen_requested"):
        # What the agency answered is told by the one who closes it.
        told = desks if real == "answered" else readers
        given |= {"outcome": given.get("outcome", "solved"), "answer": f"حُل {world.mark(told)}"}
        if real == "answered":
            data = {"outcome": "solved", "answer": given["answer"]}
            given["event"] = {"action": "answer", "public": False, "data": data}
    made = await filed.report(
        world.people[owner], real, email=None, phone=None,
        title=f"{WORD} {world.mark(readers)}", description=f"لم تُجدَّد {world.mark(readers)}",
        service_name=f"تجديد {WORD} {world.mark(readers)}", **given,
    )  # fmt: skip
    if real == "missing_data":
        await fetch(
            "UPDATE event SET data = $2 WHERE report_id = $1",
            made["id"], json.dumps({"items": [f"صورة {world.mark(readers)}"]}),
        )  # fmt: skip
    report = Report(made["id"], made["number"], owner, desks,
                    await _file(world, owner, readers, report_id=made["id"]))  # fmt: skip
    world.digits[report.number] = readers
    name = f"{owner}'s {state}"
    world.add("cases", name, desks, number=report.number)
    world.add("case files", name, desks, file=report.file)
    world.add("reports", name, {owner}, number=report.number)
    world.add("files", name, {owner}, file=report.file)
    return report


async def _file(world: World, owner: str, readers: Iterable[str], **columns: Any) -> UUID:
    """A file with its bytes, whose name is marked."""
    id = uuid4()
    await world.portal.state.store.put(id, picture())
    await filed.insert(
        "attachment", id=id, person_id=world.people[owner], name=f"{world.mark(readers)}.png",
        media_type="image/png", size=len(picture()), sha256=bytes(32), added_at=NOW, **columns,
    )  # fmt: skip
    return id


async def _story(world: World) -> dict[str, Report]:
    """Suad's: a first report at Justice with a part at Commerce, and one that went from Justice to
    Commerce."""
    whole = await _report(world, "suad", "moj", "in_progress")
    part = await _report(world, "suad", "mc", "in_progress", part_of=whole.id)
    # Of the first report, to be seen by the part's agency too.
    shared = await _file(world, "suad", whole.readers | COMMERCE, report_id=whole.id)
    await filed.insert("shared_file", report_id=part.id, attachment_id=shared)
    world.add("case files", "shared with a part", whole.desks | COMMERCE, file=shared)
    return {
        "whole": whole, "part": part, "moved": await _report(world, "suad", "mc", "in_progress"),
    }  # fmt: skip


def _desk(world: World, key: str, agency_id: int | None) -> Desk:
    return Desk(world.staff[key], ROLES[key], agency_id)


async def _reading_and_writing(
    world: World, hers: Mapping[str, Report], his: Mapping[str, Report],
    story: Mapping[str, Report],
) -> None:  # fmt: skip
    """Notes of each side and for both, who is addressed in them, ratings, what is not sent yet."""
    moj, mc = await agency("moj"), await agency("mc")
    moved = story["moved"]
    # While it was at Justice: what they wrote among themselves stays with them, and is out of their
    # sight like the report.
    await fetch("UPDATE report SET referred_agency_id = $2 WHERE id = $1", moved.id, moj)
    await _note(world, _desk(world, FAHD, moj), moved, (), to=MONA)
    await fetch("UPDATE report SET referred_agency_id = $2 WHERE id = $1", moved.id, mc)
    for report, key, at in (
        (hers["in_progress"], FAHD, moj), (his["in_progress"], SALEM, mc), (moved, SALEM, mc),
    ):  # fmt: skip
        theirs = report.desks - AMER
        await _note(world, _desk(world, REEM, None), report, AMER, to=MAJED)
        await _note(world, _desk(world, key, at), report, theirs, to=MONA if at == moj else SALEM)
        await _note(world, _desk(world, REEM, None), report, report.desks, to=key, side=False)
    for report in (hers["closed"], his["closed"]):
        await filed.insert(
            "rating", report_id=report.id, survey="agency", score=2, at=NOW,
            comment=f"بطيء {world.mark({report.owner})}",
        )  # fmt: skip
    for report in (hers["missing_data"], his["missing_data"]):
        readers = {report.owner}
        asked = await fetch_one("SELECT id FROM event WHERE report_id = $1", report.id)
        assert asked is not None
        await filed.insert(
            "action_draft", report_id=report.id, action="update", updated_at=NOW,
            answers=json.dumps({f"{asked['id']}:text_0": f"رقم {world.mark(readers)}"}),
        )  # fmt: skip
        pending = await _file(
            world, report.owner, readers, report_id=report.id, pending_action="update", item=0
        )
        world.add("pending files", report.owner, readers, number=report.number, file=pending)
        world.add("files", f"{report.owner}'s pending", readers, file=pending)
        world.add("case files", f"{report.owner}'s pending", file=pending)
    mine, other = world.things["pending files"]
    world.add(
        "pending files", "a report with somebody else's file", {NOURA}, apart=True,
        number=mine.ids["number"], file=other.ids["file"],
    )  # fmt: skip


async def _note(
    world: World, desk: Desk, report: Report, readers: Iterable[str], *, to: str, side: bool = True
) -> None:
    note = notes.Note(
        text=f"ملاحظة {world.mark(readers)}", side=desk.side if side else None,
        mentions=[world.staff[to]], form=str(uuid4()),
    )  # fmt: skip
    assert await notes.write(desk, report.id, note, NOW)


async def _links(world: World, hers: Report, his: Report) -> None:
    """By which somebody without an account answers, adds evidence, rates, sets a password."""
    key = world.portal.state.settings.secret_key
    made_by = world.staff[REEM]
    later = NOW + timedelta(days=7)
    found: dict[str, dict[str, Any]] = {}
    for report in (hers, his):
        answering, evidence = 43 * report.owner[0], evidence_links.new_token()
        ids = found[report.owner] = {"number": report.number, "token": answering}
        ids["answer"] = await filed.insert(
            "answer_link", report_id=report.id, token_hash=token_hash(answering),
            agency_id=await agency("moj" if report is hers else "mc"),
            name=f"أحمد {world.mark(AMER)}", email=f"{world.mark(AMER)}@example.sa",
            made_by=made_by, created_at=NOW, expires_at=later,
        )  # fmt: skip
        ids["evidence"] = await filed.insert(
            "evidence_link", report_id=report.id, token_hash=sha256(evidence.encode()).digest(),
            made_by=made_by, created_at=NOW, expires_at=later,
        )  # fmt: skip
        for kind, makers in (("answer", REVIEWERS), ("evidence", AMER)):
            world.add(f"{kind} links", report.owner, report.desks & makers, number=report.number,
                      link=ids[kind])  # fmt: skip
        world.add("answer tokens", report.owner, EVERYBODY, token=answering)
        world.add("answer files", report.owner, EVERYBODY, token=answering, file=report.file)
        world.add("evidence tokens", report.owner, EVERYBODY, token=evidence)
    for kind, makers in (("answer", REVIEWERS), ("evidence", AMER)):
        world.add(f"{kind} links", "of another report", makers, apart=True,
                  number=hers.number, link=found[KHALID][kind])  # fmt: skip
    world.add("answer files", "of another report", token=found[NOURA]["token"], file=his.file)
    closed = next(one for one in world.things["reports"] if one.name == "noura's closed")
    survey = SurveyLink(closed.ids["number"], "agency", NOW + timedelta(days=30))
    world.add("surveys", NOURA, EVERYBODY, token=survey_links.token(survey, key))
    world.add("tokens that stop reminders", NOURA, EVERYBODY,
              token=stop_links.token(world.people[NOURA], later, key))  # fmt: skip
    world.add("tokens that stop notices", REEM, EVERYBODY,
              token=unsubscribing.token(made_by, later, key))  # fmt: skip
    world.add("invitations", HIND, EVERYBODY, token=await invitations.make(world.staff[HIND], NOW))


async def _drafts(world: World) -> None:
    """A person's own, one that an officer makes for them, one of another officer's."""
    for name, owner, officer, readers in (
        ("noura's own", NOURA, None, {NOURA}),
        ("khalid's own", KHALID, None, {KHALID}),
        ("hind's for noura", NOURA, HIND, {NOURA, HIND}),
        ("huda's for khalid", KHALID, "huda", {KHALID}),
    ):
        id = uuid4()
        answers = {"ground": "outage", "title": f"{WORD} {world.mark(readers)}"}
        await filed.insert(
            "draft", id=id, person_id=world.people[owner], kind="complaint", created_at=NOW,
            updated_at=NOW, answers=json.dumps(answers),
            filed_by=world.staff[officer] if officer else None,
            channel="toll_free" if officer else "portal",
        )  # fmt: skip
        world.add("drafts", name, readers, draft=id)
        file = await _file(world, owner, readers, draft_id=id)
        world.add("draft files", name, readers, draft=id, file=file)
        world.add("files", f"of the draft: {name}", readers & BENEFICIARIES, file=file)
        world.add("case files", f"of the draft: {name}", file=file)
    mine, other, *_ = world.things["draft files"]
    world.add("draft files", "a draft with somebody else's file", {NOURA}, apart=True,
              draft=mine.ids["draft"], file=other.ids["file"])  # fmt: skip


async def _desks(world: World) -> None:
    """Replies, views, rules: of a side, of a person."""
    for code, key, side, keepers in (
        (None, REEM, AMER, REVIEWERS), ("moj", FAHD, JUSTICE, JUSTICE),
        ("mc", SALEM, COMMERCE, COMMERCE),
    ):  # fmt: skip
        at = await agency(code) if code else None
        reply = await filed.insert(
            "canned_reply", agency_id=at, language="ar", title=f"شكر {world.mark(side)}",
            body=f"شكرًا {world.mark(side)}", changed_by=world.staff[key], changed_at=NOW,
        )  # fmt: skip
        world.add("replies", f"{key}'s side's", keepers, reply=reply)
        for shared in (False, True):
            view = await filed.insert(
                "saved_view", staff_id=world.staff[key], shared=shared, query="", created_at=NOW,
                name=f"عرض {world.mark(side if shared else {key})}",
            )  # fmt: skip
            world.add("views", f"{key}'s{' shared' if shared else ''}", {key}, view=view)
        rule = await filed.insert(
            "assignment_rule", owner_agency_id=at, staff_id=world.staff[key], created_at=NOW
        )
        leaders = keepers & {MAJED, MONA}
        world.add("rules", f"{key}'s side's", leaders, rule=rule)


async def _looked_after(world: World, report: Report) -> None:
    """A message that did not arrive, and a change of the calendar."""
    notice = await filed.insert(
        "notice", key=f"report:{report.id}:late:x:sms", moment="late", channel="sms",
        recipient="+966500000009", language="ar", state="failed", next_attempt_at=NOW,
        created_at=NOW, failed_at=NOW,
    )  # fmt: skip
    world.add("notices", report.owner, {MAJED}, notice=notice)
    change = await filed.insert(
        "calendar_change", at=NOW, staff_id=world.staff[ABEER], first_day=NOW.date(),
        last_day=NOW.date(), working=False, name_ar="عطلة", name_en="A day off",
    )  # fmt: skip
    world.add("changes", "a day off", {MAJED, ABEER}, change=change)


async def _sessions(world: World) -> None:
    """Of everybody, as their browsers have them."""
    rows = await fetch("SELECT id, person_id, staff_id FROM session")
    whose = {("person", id): key for key, id in world.people.items()}
    whose |= {("staff", id): key for key, id in world.staff.items()}
    for row in rows:
        kind = "person" if row["person_id"] else "staff"
        key = whose[kind, row["person_id"] or row["staff_id"]]
        world.add("sessions", key, {key}, session=row["id"])
