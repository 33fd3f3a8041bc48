"""Correcting what a report says (specification 4: "The beneficiary does not edit a filed report:
they … ask Amer, whose staff corrects it (old and new values kept in the history)").

The kind's own fields ask and check it, as when it was filed. Conditions of filing are not judged
again: a correction tells the truth about a report that is there. What may be filed once only stays
the database's word.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import asyncpg
import msgspec

from balagh.database import fetch_one
from balagh.i18n import N_, Language
from balagh.reports import behalf, steps
from balagh.reports.behalf import Behalf
from balagh.reports.cases import Case
from balagh.reports.casework import KIND_COLUMNS
from balagh.reports.fields import NOT_LISTED, Answers, Field, Problem, Situation, Values
from balagh.reports.filed import plain, words
from balagh.reports.lifecycle import Entry, Role, State
from balagh.reports.wizard import Kind, Step, parse

# Specification 1: the reviewer "corrects data", a supervisor does everything that a reviewer does.
CORRECTORS = frozenset({Role.REVIEWER, Role.SUPERVISOR})
# What ended stays as it was when it ended.
ENDED = frozenset({State.CLOSED, State.CANCELLED, State.REJECTED})

# Of the person and not of the report: the agency does not learn them, from a correction either.
CONTACT = ("phone", "email")


def may_correct(role: Role, state: State) -> bool:
    return role in CORRECTORS and state not in ENDED


def steps_of(kind: Kind, case: Case) -> tuple[Step, ...]:
    """As ``every_step``; contact details that the report never had may stay empty, and the place of
    a part whose service nobody named stays as it was divided."""
    contact, *others = every_step(kind)
    if place_settled(kind, case):
        others = [step for step in others if step.slug != _PLACE]
    phone, email, *whom = contact.fields
    phone = msgspec.structs.replace(phone, optional=case.phone is None)
    email = msgspec.structs.replace(email, optional=case.email is None)
    return (msgspec.structs.replace(contact, fields=(phone, email, *whom)), *others)


def place_settled(kind: Kind, case: Case) -> bool:
    """A part of a report, about a service that the catalogue does not know: nothing to choose."""
    return kind.takes == "digital" and case.service_id is None


# The step that asks for agency, platform, service and channel, and the columns that it fills.
_PLACE = "service"
_PLACE_COLUMNS = (
    "agency_id", "platform_id", "service_id", "service_name", "service_key", "delivery_channel",
)  # fmt: skip


def every_step(kind: Kind) -> tuple[Step, ...]:
    """What can be corrected: contact and organisation first, then what the kind asks."""
    contact = Step(
        slug="contact",
        title=N_("Contact details"),
        section=N_("Contact details"),
        fields=(steps.PHONE, steps.EMAIL, *behalf.FIELDS),
    )
    return (contact, *(s for s in kind.steps if not s.files and s is not steps.CONTACT))


def understood(
    asked: Sequence[Step], answers: Answers, situation: Situation, known: Values
) -> tuple[dict[str, Any], dict[str, Problem]]:
    """What all answers mean, and what is wrong with the others, by field name. ``known``: what is
    settled and not asked."""
    values: dict[str, Any] = dict(known)
    problems: dict[str, Problem] = {}
    for step in asked:
        if step.shown(answers, situation):
            found, wrong = parse(step, answers, values, situation)
            values |= found
            problems |= wrong
    return values, problems


def with_contact(values: Values, case: Case) -> dict[str, Any]:
    """The values of what was filed, with contact and organisation as the case has them."""
    whom = Behalf(
        account_type=case.account_type,
        name=case.organisation_name,
        number=case.organisation_number,
    )
    known = {"phone": case.phone, "email": case.email, **whom.values()}
    return {**{name: value for name, value in known.items() if value is not None}, **values}


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A field's old and new value as the event keeps them: ``old``, ``new`` as they are compared,
    and their words in both languages where those differ from it."""

    field: str
    old: Any = None
    new: Any = None
    old_ar: str = ""
    old_en: str = ""
    new_ar: str = ""
    new_en: str = ""

    def told(self, which: Literal["old", "new"], language: str) -> str:
        """In the words of that language; empty where there was nothing."""
        found = getattr(self, f"{which}_{language}") or getattr(self, which)
        return "" if found is None else str(found)


def changes(asked: Sequence[Step], before: Values, after: Values) -> list[Change]:
    """Which fields mean something else now, in the order in which they are asked."""
    found = []
    for field in (field for step in asked for field in step.fields):
        old, new = (plain(values.get(field.name)) for values in (before, after))
        if old != new:
            told = {
                f"{which}_{code}": said
                for which, values in (("old", before), ("new", after))
                for code in ("ar", "en")
                if (said := words(field, values.get(field.name), Language.of(code)))
                and said != plain(values.get(field.name))
            }
            found.append(Change(field=field.name, old=old, new=new, **told))
    return found


def field_of(asked: Sequence[Step], name: str) -> Field | None:
    return next((field for step in asked for field in step.fields if field.name == name), None)


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """What is corrected in a report that was seen as ``version`` of it. ``values``: all of them,
    ``changes``: which of them are new; ``settled``: the place was not asked."""

    report: int
    version: int
    kind: Kind
    values: Mapping[str, Any]
    changes: Sequence[Change]
    staff: int
    settled: bool = False


Outcome = Literal["corrected", "overtaken", "same_as_another"]


async def correct(given: Correction, now: datetime) -> Outcome:
    """Changes the report with its event and its audit entry, or nothing: ``overtaken`` when it is
    no longer what the corrector saw, ``same_as_another`` when it would be the same as a report that
    is there (``kind.once``)."""
    columns = _columns(given)
    first = 8
    sets = ", ".join(
        f"{name} = ${place}::{_TYPES[name]}" for place, name in enumerate(columns, first)
    )
    try:
        row = await fetch_one(
            f"""
WITH corrected AS (
  -- Only if it is still what the corrector saw: whoever waits here for another finds nothing.
  UPDATE report SET version = version + 1, {sets}
  WHERE id = $1 AND version = $2 AND NOT state = ANY($7::text[]) RETURNING id, version
), logged AS (
  INSERT INTO event (report_id, at, action, actor, staff_id, public, data)
  SELECT id, $3, '{Entry.CORRECT}', 'staff', $4, true, $5::jsonb FROM corrected
), audited AS (
  INSERT INTO audit (at, staff_id, action, subject, data)
  SELECT $3, $4, '{Entry.CORRECT}', 'report:' || id,
    jsonb_build_object('version', version, 'fields', $6::jsonb) FROM corrected
)
SELECT id FROM corrected
""",  # noqa: S608
            given.report, given.version, now, given.staff,
            msgspec.json.encode({"changes": given.changes}).decode(),
            json.dumps([change.field for change in given.changes]),
            sorted(state.value for state in ENDED),
            *columns.values(),
        )  # fmt: skip
    except asyncpg.UniqueViolationError as clash:
        if clash.constraint_name == given.kind.once.index:
            return "same_as_another"
        raise
    return "overtaken" if row is None else "corrected"


_WHOM = ("account_type", "organisation_name", "organisation_number")
_TYPES = {**KIND_COLUMNS, **dict.fromkeys((*CONTACT, *_WHOM), "text")}


def _columns(given: Correction) -> dict[str, Any]:
    """The report's columns as they become; contact and organisation only where they change."""
    values = dict(given.values)
    if given.settled:
        values = {
            **dict.fromkeys(("platform", "service", "delivery_channel"), NOT_LISTED),
            **values,
        }
    filled = given.kind.columns(values)
    kept = _PLACE_COLUMNS if given.settled else ()
    found = {name: filled.get(name) for name in KIND_COLUMNS if name not in kept}
    changed = {change.field for change in given.changes}
    found |= {name: given.values.get(name) for name in CONTACT if name in changed}
    if changed & {*_WHOM}:
        found |= {name: given.values.get(name) for name in _WHOM}
    return found
