"""Canned replies: texts that staff use again, of their own side, by kind of report and action.

Amer's are Amer's, an agency's are that agency's. What stands in braces is filled in from the report
({number}, {name}, {agency}); anything else in braces is refused when the reply is written.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from balagh.database import fetch, fetch_one, transaction
from balagh.i18n import N_
from balagh.people import audit
from balagh.reports.cases import Desk
from balagh.reports.fields import Field, Line, OneOf, Option, Paragraphs, Problem, Situation, Values
from balagh.reports.giving import BY_STAFF
from balagh.reports.lifecycle import Action, Role
from balagh.text import fold

# Who keeps them. An agency's people keep their own agency's.
KEEPERS = (Role.REVIEWER, Role.SUPERVISOR, Role.AGENCY_OFFICER, Role.AGENCY_MANAGER)
PLACEHOLDERS = ("number", "name", "agency")
_BRACED = re.compile(r"\{([^{}]*)\}")
# As many as a page shows; the search finds the rest.
_MANAGED = 200


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """``kind``, ``action``: what it is for, none: any. ``changed_ar``, ``changed_en``: who changed
    it last."""

    id: int
    kind: str | None
    action: str | None
    language: str
    title: str
    body: str
    changed_at: datetime
    changed_ar: str
    changed_en: str


_READ = """
SELECT c.id, c.kind, c.action, c.language, c.title, c.body, c.changed_at,
  s.name_ar AS changed_ar, s.name_en AS changed_en
FROM canned_reply c JOIN staff s ON s.id = c.changed_by
WHERE c.agency_id IS NOT DISTINCT FROM $1
"""


async def fitting(desk: Desk, kind: str, action: Action, language: str) -> list[Reply]:
    """Those of the desk's side for that kind and action, in that language; the closest first."""
    rows = await fetch(
        _READ + "AND c.language = $2 AND (c.kind IS NULL OR c.kind = $3) "
        "AND (c.action IS NULL OR c.action = $4) "
        "ORDER BY (c.action IS NULL), (c.kind IS NULL), c.title, c.id",
        desk.agency_id, language, kind, action.value,
    )  # fmt: skip
    return [Reply(**row) for row in rows]


async def managed(desk: Desk, search: str = "") -> list[Reply]:
    """All of the desk's side whose title or text holds the words of ``search``."""
    rows = await fetch(_READ + "ORDER BY c.action NULLS FIRST, c.title, c.id", desk.agency_id)
    return matching([Reply(**row) for row in rows], search)[:_MANAGED]


def matching(replies: list[Reply], search: str) -> list[Reply]:
    """Those that hold every word of ``search``, however they are spelled (``text.fold``)."""
    words = fold(search).split()
    return [
        one for one in replies if all(word in fold(f"{one.title} {one.body}") for word in words)
    ]


async def reply_of(desk: Desk, id: int) -> Reply | None:
    """The reply when it is of the desk's side."""
    row = await fetch_one(_READ + "AND c.id = $2", desk.agency_id, id)
    return None if row is None else Reply(**row)


async def add(desk: Desk, values: Values, now: datetime) -> int:
    async with transaction():
        row = await fetch_one(
            "INSERT INTO canned_reply (agency_id, kind, action, language, title, body, changed_by, "
            "changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
            desk.agency_id, *_columns(values), desk.staff_id, now,
        )  # fmt: skip
        assert row is not None
        await audit.record(desk.staff_id, "add_reply", f"reply:{row['id']}", now)
    return int(row["id"])


async def change(desk: Desk, id: int, seen: datetime, values: Values, now: datetime) -> bool:
    """False when somebody else was first, and it is no longer what it was at ``seen``."""
    async with transaction():
        row = await fetch_one(
            "UPDATE canned_reply SET kind = $4, action = $5, language = $6, title = $7, body = $8, "
            "changed_by = $9, changed_at = greatest($10, changed_at + interval '1 microsecond') "
            "WHERE id = $1 AND agency_id IS NOT DISTINCT FROM $2 AND changed_at = $3 RETURNING id",
            id, desk.agency_id, seen, *_columns(values), desk.staff_id, now,
        )  # fmt: skip
        if row is not None:
            await audit.record(desk.staff_id, "change_reply", f"reply:{id}", now)
    return row is not None


async def delete(desk: Desk, id: int, now: datetime) -> bool:
    """False when it is gone already."""
    async with transaction():
        row = await fetch_one(
            "DELETE FROM canned_reply WHERE id = $1 AND agency_id IS NOT DISTINCT FROM $2 "
            "RETURNING id",
            id, desk.agency_id,
        )  # fmt: skip
        if row is not None:
            await audit.record(desk.staff_id, "delete_reply", f"reply:{id}", now)
    return row is not None


def filled(body: str, values: Mapping[str, str]) -> str:
    """The text for one report; braces that name nothing stay as they are."""
    return _BRACED.sub(lambda found: values.get(found[1], found[0]), body)


class Body(Paragraphs, frozen=True, kw_only=True):
    """Text with placeholders."""

    def understand(
        self, typed: str, answers: Mapping[str, str], values: Values, situation: Situation
    ) -> str | Problem:
        text = self.read(typed)
        if isinstance(text, Problem):
            return text
        unknown = [name for name in _BRACED.findall(text) if name not in PLACEHOLDERS]
        if unknown:
            return Problem(N_("Nothing is filled in for {braced}"), {"braced": f"{{{unknown[0]}}}"})
        return text


def fields(actions: Mapping[Action, str], kinds: Mapping[str, str]) -> tuple[Field, ...]:
    """The form of a reply. ``actions``, ``kinds``: their names (msgids)."""
    return (
        Line(
            name="title",
            label=N_("Title of the reply"),
            missing=N_("Write a title"),
            hint=N_("By which colleagues find it. Up to 120 characters."),
            maxlength=120,
        ),
        OneOf(
            # Not "action": a form's own property of that name would be hidden by it.
            name="for_action",
            label=N_("For the action"),
            missing=N_("Choose the action"),
            optional=True,
            choices=tuple(Option(one.value, text) for one, text in actions.items()),
        ),
        OneOf(
            name="for_kind",
            label=N_("For the kind of report"),
            missing=N_("Choose the kind of report"),
            optional=True,
            choices=tuple(Option(code, text) for code, text in kinds.items()),
        ),
        OneOf(
            name="language",
            label=N_("Language of the reply"),
            missing=N_("Choose the language of the reply"),
            choices=(Option("ar", N_("Arabic")), Option("en", N_("English"))),
        ),
        Body(
            name="body",
            label=N_("Text of the reply"),
            missing=N_("Write the text"),
            hint=N_(
                "For a request for data each line is one thing. Put where it belongs: the report's "
                "number, the beneficiary's name, the agency. Up to 4,000 characters."
            ),
            maxlength=4000,
        ),
    )


def may_be_for(action: Action) -> bool:
    """Whether there is anything to write in that action."""
    return action in BY_STAFF and action not in (Action.START_REVIEW, Action.UPDATE)


def _columns(values: Values) -> tuple[Any, ...]:
    return tuple(values[name] for name in ("for_kind", "for_action", "language", "title", "body"))
