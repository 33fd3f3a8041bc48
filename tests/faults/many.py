"""Many reports whose time has come, each of a person of their own; made in the database."""

from datetime import timedelta

from tests.reports import filed

from balagh import clock
from balagh.database import fetch


async def due(count: int) -> None:
    """``count`` reports that came due in the last hours, of people who wish for e-mail alone."""
    person = await filed.person(phone=None, email="p0@example.sa")
    now = clock.now()
    await filed.report(
        person, "under_review", now=now, phone=None, email="p0@example.sa",
        due_at=now - timedelta(hours=5),
    )  # fmt: skip
    await fetch(
        "INSERT INTO person (name, email, created_at) SELECT 'نورة سعد القحطاني', "
        "'p' || n || '@example.sa', now() FROM generate_series(1, $1::int) n",
        count - 1,
    )
    columns = [row["column_name"] for row in await fetch(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'report' "
        "AND column_name NOT IN ('id', 'number', 'draft_id', 'person_id', 'email')"
    )]  # fmt: skip
    names = ", ".join(columns)
    whole = ", ".join(f"r.{name}" for name in columns)
    await fetch(
        f"INSERT INTO report (number, draft_id, person_id, email, {names}) "
        f"SELECT (2000000000 + p.id)::text, gen_random_uuid(), p.id, p.email, {whole} "
        "FROM (SELECT * FROM report LIMIT 1) r, person p WHERE p.id <> r.person_id ORDER BY p.id"
    )
