"""The words of every message: ours, and what the administrator changed of them.

Ours are the files beside this one, a moment each, both languages next to each other. A changed
part is a row of ``message_text`` and counts instead of ours until it is restored; every change is
kept in ``message_text_change``, with what stood there before.
"""

import json
import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from balagh.database import fetch, fetch_one, transaction
from balagh.i18n import LANGUAGES
from balagh.notices.facts import Part
from balagh.notices.moments import MOMENTS
from balagh.notices.wording import clean

FOLDER = Path(__file__).parent

# Of a moment: language and part.
Place = tuple[str, Part]


RIYADH = ZoneInfo("Asia/Riyadh")


class Words(msgspec.Struct, frozen=True):
    """What messages are written with at one moment: the zone of their times, and the texts that the
    administrator changed, by moment, language and part."""

    zone: ZoneInfo = RIYADH
    changed: Mapping[tuple[str, str, Part], str] = {}


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A part's text was changed from ``old`` to ``new``; ``None``: our own. ``id`` counts upwards
    over all of them."""

    id: int
    moment: str
    language: str
    part: Part
    old: str | None
    new: str | None
    changed_at: datetime
    changed_ar: str
    changed_en: str


@cache
def ours(moment: str) -> Mapping[Place, str]:
    """The words that Balagh comes with. Raises ``KeyError`` for a moment that is not in the table,
    ``OSError`` where its file is missing."""
    path = FOLDER / f"{MOMENTS[moment].name}.toml"
    found = tomllib.loads(path.read_text("utf-8"))
    return {
        (language, part): clean(found[language][part])
        for language in LANGUAGES
        for part in MOMENTS[moment].parts
    }


async def words_now(zone: ZoneInfo) -> Words:
    """The texts as they are now: once for a batch of messages, or for a page."""
    rows = await fetch("SELECT moment, language, part, text FROM message_text")
    changed = {(row["moment"], row["language"], row["part"]): row["text"] for row in rows}
    return Words(zone, changed)


_CHANGES = """
SELECT c.id, c.moment, c.language, c.part, c.old, c.new, c.changed_at,
  s.name_ar AS changed_ar, s.name_en AS changed_en
FROM message_text_change c JOIN staff s ON s.id = c.changed_by
"""


async def changes(moment: str, limit: int = 20) -> list[Change]:
    """What was changed of that moment's texts, the newest first."""
    rows = await fetch(_CHANGES + "WHERE c.moment = $1 ORDER BY c.id DESC LIMIT $2", moment, limit)
    return [Change(**row) for row in rows]


async def latest() -> dict[str, Change]:
    """By moment the last change of its texts, of those that are changed now."""
    rows = await fetch(
        _CHANGES  # noqa: S608 - a constant
        + "WHERE c.id IN (SELECT max(id) FROM message_text_change GROUP BY moment) "
        "AND EXISTS (SELECT FROM message_text t WHERE t.moment = c.moment)"
    )
    return {row["moment"]: Change(**row) for row in rows}


# A text that says what ours says is no change; what says the same as before is left alone.
_CHANGE = """
WITH given AS (
  SELECT * FROM unnest($2::text[], $3::text[], $4::text[]) AS g (language, part, text)
), differing AS (
  SELECT g.language, g.part, t.text AS old, g.text AS new
  FROM given g LEFT JOIN message_text t
    ON t.moment = $1 AND t.language = g.language AND t.part = g.part
  WHERE t.text IS DISTINCT FROM g.text
), gone AS (
  DELETE FROM message_text t USING differing d
  WHERE t.moment = $1 AND t.language = d.language AND t.part = d.part AND d.new IS NULL
), written AS (
  INSERT INTO message_text (moment, language, part, text, changed_by, changed_at)
  SELECT $1, language, part, new, $5, $6 FROM differing WHERE new IS NOT NULL
  ON CONFLICT (moment, language, part)
    DO UPDATE SET text = excluded.text, changed_by = $5, changed_at = $6
), kept AS (
  INSERT INTO message_text_change (moment, language, part, old, new, changed_by, changed_at)
  SELECT $1, language, part, old, new, $5, $6 FROM differing ORDER BY language, part
  RETURNING 1
), audited AS (
  INSERT INTO audit (at, staff_id, action, subject, data)
  SELECT $6, $5, $7, 'message:' || $1::text,
    jsonb_build_object('parts', (SELECT jsonb_agg(language || ':' || part) FROM differing))
  WHERE EXISTS (SELECT FROM differing)
)
SELECT count(*) AS n FROM kept
"""


async def change(
    moment: str, given: Mapping[Place, str], *, seen: int, staff: int, now: datetime
) -> int | None:
    """Takes the texts (``clean`` and without faults); how many parts that changed. ``None`` when
    somebody changed them after ``seen``, the last change that was known."""
    standing = ours(moment)
    texts = {place: None if text == standing[place] else text for place, text in given.items()}
    return await _write(moment, texts, "change_message", seen, staff, now)


async def restore(
    moment: str, places: Sequence[Place], *, seen: int, staff: int, now: datetime
) -> int | None:
    """Our own words again, for these parts; as ``change``."""
    return await _write(moment, dict.fromkeys(places, None), "restore_message", seen, staff, now)


async def _write(
    moment: str, texts: Mapping[Place, str | None], action: str, seen: int, staff: int,
    now: datetime,
) -> int | None:  # fmt: skip
    async with transaction():
        # 1. One after the other, so that the second sees what the first one changed.
        await fetch(
            "SELECT pg_advisory_xact_lock(hashtextextended('message_text:' || $1::text, 0))", moment
        )
        last = await fetch_one(
            "SELECT coalesce(max(id), 0) AS id FROM message_text_change WHERE moment = $1", moment
        )
        assert last is not None
        if last["id"] != seen:
            return None
        # 2. The entry in the log comes with it, last of all.
        row = await fetch_one(
            _CHANGE,
            moment, [language for language, _ in texts], [part for _, part in texts],
            list(texts.values()), staff, now, action,
        )  # fmt: skip
        assert row is not None
        return int(row["n"])


async def send_test(
    moment: str, language: str, data: Mapping[str, Any], *, staff: int, now: datetime
) -> None:
    """Writes the moment's e-mail, with that data, to the member of staff who asks for it. Wake the
    worker afterwards."""
    await fetch(
        """
        WITH told AS (
          INSERT INTO notice
            (key, moment, channel, recipient, language, data, next_attempt_at, created_at)
          SELECT 'test:' || id || ':' || $2::text || ':' || $3::text || ':' || $5::timestamptz,
            $2, 'email', email, $3, $4::jsonb, $5, $5 FROM staff WHERE id = $1
          ON CONFLICT (key) DO NOTHING RETURNING 1
        )
        INSERT INTO audit (at, staff_id, action, subject, data)
        SELECT $5, $1, 'test_message', 'message:' || $2::text, jsonb_build_object('language', $3)
        FROM told
        """,
        staff, moment, language, json.dumps(data), now,
    )  # fmt: skip
