"""The inbox at a million reports beside the same at ten thousand, over HTTP.

Two databases of one server, each with its own web server of one process; clients that wait for each
answer, on as many desks. Both are measured in turn, so that what else the machine does meets both.
The reports are made in the database, from pools of words and names: 4 % are open, as after years.
"""

import asyncio
import base64
import os
import re
import secrets
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import asyncpg
import brotli
import msgspec
import uvloop

from balagh import clock, processes, running
from balagh.database import engine, fetch, fetch_one, pool
from balagh.directory import importing, sheets
from balagh.embedded import EmbeddedServer
from balagh.migrations import migrate
from balagh.people import sessions
from balagh.settings import Settings, load
from balagh.web import access

SMALL, LARGE = 10_000, 1_000_000
# Reviewers who have reports: few enough that each fills a page at the smaller size too.
_BUSY = 6
PLANS = Path(__file__).parent.parent / "docs" / "inbox-plans.md"

# Pools from which texts and names are put together.
_TITLES = ("تعذر", "تأخر", "رفض", "توقف", "خطأ في", "لم يصل", "لا تظهر", "لم تحدث")
_THINGS = (
    *("رخصة القيادة", "الموعد الطبي", "العقد الموحد", "الفاتورة", "شهادة الميلاد", "رمز التحقق"),
    *("الوكالة", "السجل التجاري", "تصريح العمرة", "الإجازة المرضية", "العنوان الوطني", "المخالفة"),
)
_RARE = "الزنجبيل"
_FIRST = ("نورة", "محمد", "سارة", "عبدالله", "فاطمة", "خالد", "هدى", "سعود", "ريم", "ماجد")
_FAMILY = (
    *("القحطاني", "العتيبي", "الشهري", "الزهراني", "الدوسري", "الحربي", "الغامدي", "المطيري"),
    *("العنزي", "الشمري", "البلوي", "الجهني", "السبيعي", "المالكي", "التميمي", "الرشيدي"),
)


class Side(msgspec.Struct):
    """``tokens``: of reviewers; ``agency_token``: of an officer; ``paths``: what is asked for."""

    name: str
    settings: Settings
    environ: dict[str, str]
    tokens: list[str]
    agency_token: str
    paths: dict[str, str]


class Measured(msgspec.Struct):
    rate: float
    p95: float


def run(*, seconds: int, clients: int, rounds: int, rows: int = LARGE) -> None:
    """Prints requests per second, p95 and bytes of both, and writes the plans into ``docs``."""
    with tempfile.TemporaryDirectory(prefix="balagh-bench-") as folder:
        server = EmbeddedServer(Path(folder), durable=False)
        server.start()
        try:
            uvloop.run(_measure(server, Path(folder), seconds, clients, rounds, rows))
        finally:
            server.stop()


async def _measure(
    server: EmbeddedServer, folder: Path, seconds: int, clients: int, rounds: int, rows: int
) -> None:
    began = time.monotonic()
    sides = []
    server.create_database("balagh")
    os.environ["BALAGH_DATABASE_URL"] = server.url()
    await migrate()
    async with pool(2):
        await importing.import_files(sheets.load(sheets.SAMPLE))
    for name, count in (("small", SMALL), ("large", rows)):
        server.create_database(name, "balagh")
        sides.append(await _side(server, folder, name, count, clients))
        print(f"{count:,} reports after {time.monotonic() - began:.0f} s", flush=True)
    webs = []
    try:
        for side in sides:
            web = running.web(side.settings, "app.py:create_from_environment", side.environ)
            webs.append(await asyncio.create_subprocess_exec(*web.argv, env=dict(web.env)))
        for side in sides:
            await running.answering(side.settings)
        await _compare(sides, seconds, clients, rounds)
    finally:
        for process in webs:
            process.terminate()
            await process.wait()
    print(f"done after {time.monotonic() - began:.0f} s")


async def _compare(sides: list[Side], seconds: int, clients: int, rounds: int) -> None:
    print(f"{'':28} {'10,000':>18} {'1,000,000':>20}")
    print(
        f"{'':28} {'/s':>8} {'p95 ms':>9} {'/s':>10} {'p95 ms':>9} {'ratio':>7} {'p95':>6} "
        "bytes rows"
    )
    for path in sides[0].paths:
        found: dict[str, list[Measured]] = {side.name: [] for side in sides}
        for side in sides:
            await _load(side, path, 0.5, clients)
        for _ in range(rounds):
            for side in sides:
                found[side.name].append(await _load(side, path, seconds, clients))
        small, large = (
            Measured(
                statistics.median(one.rate for one in found[side.name]),
                statistics.median(one.p95 for one in found[side.name]),
            )
            for side in sides
        )
        (_, few), (size, many) = [await _size(side, path) for side in sides]
        print(
            f"{path:28} {small.rate:8.0f} {small.p95 * 1000:9.1f} {large.rate:10.0f} "
            f"{large.p95 * 1000:9.1f} {large.rate / small.rate:7.2f} "
            f"{large.p95 / small.p95:6.2f} {size} {few}/{many}",
            flush=True,
        )


async def _load(side: Side, path: str, seconds: float, clients: int) -> Measured:
    stop = time.monotonic() + seconds
    began = time.monotonic()
    times = await asyncio.gather(*(_client(side, path, n, stop) for n in range(clients)))
    took = sorted(one for each in times for one in each)
    return Measured(len(took) / (time.monotonic() - began), took[int(0.95 * (len(took) - 1))])


async def _client(side: Side, path: str, number: int, stop: float) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", side.settings.port, limit=2**20)
    request = _request(side, path, number)
    took: list[float] = []
    while not took or time.monotonic() < stop:
        began = time.perf_counter()
        writer.write(request)
        status, body = await _answer(reader)
        if status != 200:
            raise RuntimeError(f"{side.name} {path}: {status} {body[:200]!r}")
        took.append(time.perf_counter() - began)
    writer.close()
    return took


async def _size(side: Side, path: str) -> tuple[int, int]:
    """Bytes on the wire, and how many reports the page has."""
    reader, writer = await asyncio.open_connection("127.0.0.1", side.settings.port, limit=2**20)
    writer.write(_request(side, path, 0))
    _, body = await _answer(reader)
    writer.close()
    return len(body), len(set(re.findall(rb"/cases/([0-9]{10})", brotli.decompress(body))))


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = next(
        int(line.split(":")[1]) for line in head.split("\r\n") if line.startswith("content-length")
    )
    return int(head.split(" ")[1]), await reader.readexactly(length)


def _request(side: Side, path: str, number: int) -> bytes:
    token = side.agency_token if path.startswith("agency") else side.tokens[number]
    headers = {
        "Host": f"localhost:{side.settings.port}",
        "Cookie": f"{access.cookie_name(side.settings)}={token}; lang=ar",
        "Accept-Encoding": "br",
        "HX-Request": "true" if "news" in path else "false",
    }
    lines = [f"GET {side.paths[path]} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _side(server: EmbeddedServer, folder: Path, name: str, count: int, clients: int) -> Side:
    environ = {
        **{key: value for key, value in os.environ.items() if not key.startswith("BALAGH_")},
        "BALAGH_DATABASE_URL": server.url(name),
        "BALAGH_DATA": str(folder),
        "BALAGH_SECRET_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "BALAGH_PORT": str(processes.free_port()),
        "BALAGH_OIDC_ISSUER": "https://id.example.sa",
        "BALAGH_OIDC_CLIENT_ID": "balagh",
        "BALAGH_LOG_LEVEL": "warning",
        "BALAGH_WEB_PROCESSES": "1",
    }
    os.environ["BALAGH_DATABASE_URL"] = environ["BALAGH_DATABASE_URL"]
    engine.cache_clear()
    async with pool(2):
        agency = await fill(environ["BALAGH_DATABASE_URL"], count)
        busy = await _staff("reviewer")
        tokens = [await _token(busy[n % _BUSY]) for n in range(clients)]
        return Side(
            name, load(environ), environ, tokens, await _token((await _staff("agency_officer"))[0]),
            await _paths(agency, name == "large"),
        )  # fmt: skip


async def _staff(role: str) -> list[int]:
    """Their ids; of the agency with most to do first."""
    rows = await fetch(
        "SELECT s.id FROM staff s LEFT JOIN (SELECT referred_agency_id, count(*) AS n FROM report "
        "WHERE state = 'in_progress' GROUP BY 1) r ON r.referred_agency_id = s.agency_id "
        "WHERE s.role = $1 ORDER BY r.n DESC NULLS LAST, s.id",
        role,
    )
    return [row["id"] for row in rows]


async def _token(staff: int) -> str:
    return await sessions.begin(staff_id=staff, now=clock.now(), lifetime=timedelta(hours=1))


async def fill(url: str, count: int) -> str:
    """The reports, their people, events and views; returns the code of the agency that filtered
    pages ask for. Indexes that a million rows fill slowly one by
    one are made afterwards."""
    connection = await asyncpg.connect(url)
    try:
        for sql in (
            "SET maintenance_work_mem = '512MB'", "SET synchronous_commit = off",
            "SELECT setseed(0.42)",
            "DROP INDEX report_searched", "DROP INDEX person_searched",
            # Folded once for each text of the pools.
            "ALTER TABLE report DISABLE TRIGGER report_searched",
        ):  # fmt: skip
            await connection.execute(sql)
        await connection.execute(_STAFF)
        await connection.execute(_PEOPLE, list(_FIRST), list(_FAMILY), count * 3 // 10)
        await connection.execute(_REPORTS, list(_TITLES), list(_THINGS), count, _RARE, _BUSY)
        agency = await connection.fetchrow(_AGENCY)
        for kind, channel, priority, ended in _FILTERED:
            await connection.execute(
                _MATCHING, kind, channel, priority, ended, _FILLED, agency["id"]
            )
        await connection.execute(_EVENTS)
        await connection.execute(_SEEN)
        for sql in (
            "ALTER TABLE report ENABLE TRIGGER report_searched",
            "CREATE INDEX report_searched ON report USING gin (searched gin_trgm_ops)",
            "CREATE INDEX person_searched ON person USING gin (searched gin_trgm_ops)",
            "VACUUM ANALYZE",
        ):  # fmt: skip
            await connection.execute(sql)
        return str(agency["code"])
    finally:
        await connection.close()


_STAFF = """
INSERT INTO staff (role, agency_id, name_ar, name_en, email, created_at)
SELECT 'reviewer', NULL, 'ريم ' || n, 'Reem ' || n, 'r' || n || '@example.sa', now()
FROM generate_series(1, 40) n
UNION ALL
SELECT 'agency_officer', a.id, 'فهد ' || a.id || n, 'Fahd ' || a.id || n,
  'f' || a.id || '-' || n || '@example.sa', now()
FROM agency a, generate_series(1, 4) n
"""
_PEOPLE = """
INSERT INTO person (name, phone, created_at)
SELECT ($1::text[])[1 + n % cardinality($1::text[])] || ' '
    || ($1::text[])[1 + (n / 10) % cardinality($1::text[])] || ' '
    || ($2::text[])[1 + (n / 100) % cardinality($2::text[])],
  '+9665' || lpad(n::text, 8, '0'), now() - interval '5 years'
FROM generate_series(1, $3::int) n
"""
# Filed over five years in their order; the last 4 % are open, some of them late.
_REPORTS = """
WITH texts AS MATERIALIZED (
  SELECT row_number() OVER () AS n, t || ' ' || o AS title,
    t || ' ' || o || ' منذ أسبوع ولم يرد علي أحد رغم تواصلي مع الدعم ' || (m * 37 % 100)
      || ' مرة، وأحتاج ' || o || ' قبل نهاية الشهر رقم ' || m AS description
  FROM unnest($1::text[]) t, unnest($2::text[]) o, generate_series(1, 20) m
), pool AS MATERIALIZED (
  SELECT n, title, description, folded(title || ' ' || description) AS searched FROM texts
), made AS (
  SELECT n, random() AS a, random() AS b, random() AS c, random() AS d,
    n > $3::int - $3::int * 4 / 100 AS open,
    now() - (interval '5 years' * ($3::int - n) / $3::int) AS at
  FROM generate_series(1, $3::int) n
), placed AS (
  SELECT m.*, s.id AS service, s.agency_id, s.platform_id,
    CASE WHEN NOT m.open THEN CASE WHEN a < 0.9 THEN 'closed' WHEN a < 0.95 THEN 'cancelled'
                              ELSE 'rejected' END
      WHEN a < 0.08 THEN 'received' WHEN a < 0.2 THEN 'under_review'
      WHEN a < 0.3 THEN 'missing_data' WHEN a < 0.85 THEN 'in_progress'
      WHEN a < 0.98 THEN 'answered' ELSE 'reopen_requested' END AS state
  FROM made m JOIN (SELECT row_number() OVER (ORDER BY id) AS place, count(*) OVER () AS all_of,
      id, agency_id, platform_id FROM service WHERE digital) s
    ON s.place = 1 + floor(m.b * m.b * s.all_of)::int
)
INSERT INTO report (number, draft_id, kind, state, person_id, channel, language, agency_id,
  platform_id, service_id, ground, title, description, searched, submitted_at, due_at,
  completeness_due_at, due_from, due_days, data_due_at, resume_state, ended_at, assignee_id,
  checked_at, referred_agency_id, referred_at, officer_id, priority)
SELECT (1000000000 + p.n)::text, gen_random_uuid(), CASE WHEN p.c < 0.85 THEN 'complaint'
    WHEN p.c < 0.93 THEN 'transformation' ELSE 'suggestion' END,
  p.state, 1 + (p.n::bigint * 7919) % ($3::int * 3 / 10),
  CASE WHEN d < 0.7 THEN 'portal' WHEN d < 0.9 THEN 'toll_free' WHEN d < 0.97 THEN 'gov_sa'
    ELSE 'other' END,
  'ar', p.agency_id, p.platform_id, p.service,
  CASE WHEN p.c < 0.85 THEN 'outage' END, t.title,
  t.description || CASE WHEN p.n % ($3::int / 20) = 7 THEN ' ' || $4::text ELSE '' END,
  t.searched || CASE WHEN p.n % ($3::int / 20) = 7 THEN ' ' || folded($4::text) ELSE '' END,
  p.at, due.at, date_trunc('day', p.at) + interval '2 days', p.at::date, 5,
  CASE WHEN p.state = 'missing_data' THEN now() + interval '1 day' * d END,
  CASE WHEN p.state = 'missing_data' THEN 'under_review' END,
  CASE WHEN NOT p.open THEN p.at + interval '4 days' END,
  CASE WHEN p.state <> 'received' THEN 1 + (p.n % $5::int) END,
  CASE WHEN p.state <> 'received' THEN p.at + interval '5 hours' END,
  CASE WHEN p.state IN ('in_progress','answered','closed','reopen_requested') THEN p.agency_id END,
  CASE WHEN p.state IN ('in_progress','answered','closed','reopen_requested') THEN p.at END,
  NULL, CASE WHEN d > 0.95 THEN 'high' ELSE 'normal' END
FROM placed p JOIN pool t ON t.n = 1 + (p.n * 31) % (SELECT count(*) FROM pool),
  -- What is open is due within the week around today; what has ended a week after it was filed.
  LATERAL (SELECT CASE WHEN p.open THEN date_trunc('day', now()) + interval '1 day'
      * floor(random() * 8 - 1 + p.a * 0) ELSE date_trunc('day', p.at) + interval '8 days' END AS at
  ) due
ORDER BY p.n
"""
# Kind, channel, priority, ended too: what the filtered pages ask for, beside an agency.
_FILTERED = (("complaint", "toll_free", None, False), ("suggestion", None, "high", True))
_FILLED = 60
# One of those with much to do, not the one with most.
_AGENCY = """
SELECT id, code FROM agency WHERE id =
  (SELECT agency_id FROM report GROUP BY agency_id ORDER BY count(*) DESC OFFSET 5 LIMIT 1)
"""
# Reports become such as a filter asks for, until there are as many as fill a page: at the smaller
# size too, or it would be compared with a shorter page. At a million there are more anyway.
_MATCHING = """
WITH a AS MATERIALIZED (SELECT r.agency_id, r.platform_id, r.service_id FROM report r
  WHERE r.agency_id = $6 LIMIT 1),
alike AS MATERIALIZED (
  SELECT r.id, r.agency_id = a.agency_id AND r.kind = $1 AND r.channel = coalesce($2, r.channel)
    AND r.priority = coalesce($3, r.priority) AS already
  FROM report r, a WHERE CASE WHEN $4 THEN r.ended_at IS NOT NULL ELSE r.ended_at IS NULL END
), chosen AS (
  SELECT id FROM alike WHERE NOT already ORDER BY hashint8(id)
  LIMIT greatest(0, $5::int - (SELECT count(*) FROM alike WHERE already))
)
UPDATE report r SET agency_id = a.agency_id, platform_id = a.platform_id, service_id = a.service_id,
  referred_agency_id = CASE WHEN referred_agency_id IS NOT NULL THEN a.agency_id END,
  kind = $1, ground = CASE WHEN $1 = 'complaint' THEN 'outage' END,
  channel = coalesce($2, channel), priority = coalesce($3, priority)
FROM a WHERE r.id IN (SELECT id FROM chosen)
"""
_EVENTS = """
INSERT INTO event (report_id, at, action, to_state, actor)
SELECT id, submitted_at, 'submit', 'received', 'beneficiary' FROM report ORDER BY id
"""
_SEEN = """
INSERT INTO case_view (report_id, staff_id, version, seen_at)
SELECT r.id, s.id, 1, now() FROM report r JOIN staff s ON s.role = 'reviewer'
  AND (s.id = r.assignee_id OR (r.id + s.id) % 3 = 0)
WHERE r.state IN ('under_review','missing_data','in_progress','answered','reopen_requested')
"""


async def _paths(agency: str, planned: bool) -> dict[str, str]:
    """The addresses, by what they are. ``agency``: the one that filters ask for; ``planned``: the
    plans go into the docs."""
    half = await fetch_one(
        "SELECT (extract(epoch FROM due_at) * 1000000)::bigint AS due, id FROM report "
        "WHERE state NOT IN ('closed','cancelled','rejected') ORDER BY due_at, id "
        "OFFSET (SELECT count(*) / 2 FROM report WHERE state NOT IN "
        "('closed','cancelled','rejected')) LIMIT 1"
    )
    deep = await fetch_one(
        "SELECT (extract(epoch FROM due_at) * 1000000)::bigint AS due, id FROM report "
        "ORDER BY due_at, id OFFSET (SELECT count(*) / 2 FROM report) LIMIT 1"
    )
    assert half is not None
    assert deep is not None
    since = int(clock.now().timestamp() * 1_000_000)
    paths = {
        "default view": "/inbox",
        "overdue": "/inbox?view=overdue",
        "mine": "/inbox?view=mine",
        "deep page of the open": f"/inbox?after={half['due']}-{half['id']}",
        "deep page of all": f"/inbox?state=any&after={deep['due']}-{deep['id']}",
        "filtered": f"/inbox?kind=complaint&agency={agency}&channel=toll_free",
        "filtered, ended too": f"/inbox?kind=suggestion&agency={agency}&state=any&priority=high",
        "agency: default view": "/inbox",
        "news (refresh)": f"/inbox/news?since={since}",
        "search: a number": "/inbox?q=100%20000%200005",
        "search: a rare word": "/inbox?q=" + _quoted(_RARE),
        "search: two words": "/inbox?q=" + _quoted("المخالفة الشهر"),
        "search: a common word": "/inbox?q=" + _quoted("الدعم"),
        "search: a name": "/inbox?q=" + _quoted("نوره القحطاني"),
    }
    if planned:
        await _write_plans(paths)
    return paths


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text)


async def _write_plans(paths: dict[str, str]) -> None:
    """Runs what the pages run, and writes how the database did it."""
    from urllib.parse import parse_qsl, urlsplit
    from zoneinfo import ZoneInfo

    from balagh.directory.lookup import catalogue
    from balagh.reports import inbox, inbox_filter, inbox_search
    from balagh.reports.cases import Desk
    from balagh.reports.inbox_views import views_of
    from balagh.reports.lifecycle import Role

    now, zone = clock.now(), ZoneInfo("Asia/Riyadh")
    known = await catalogue(now)
    officer = await fetch_one(
        "SELECT id, agency_id FROM staff WHERE id = $1", (await _staff("agency_officer"))[0]
    )
    assert officer is not None
    reviewer = Desk(1, Role.REVIEWER, None)
    fahd = Desk(officer["id"], Role.AGENCY_OFFICER, officer["agency_id"])
    seen: list[tuple[str, list[str]]] = []
    asked_for = ""

    async def explained(sql: str, *arguments: object) -> list[asyncpg.Record]:
        if sql.startswith("SELECT"):
            rows = await fetch(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {sql}", *arguments)
            seen.append((asked_for, [row[0] for row in rows]))
        return await fetch(sql, *arguments)

    async def explained_one(sql: str, *arguments: object) -> asyncpg.Record | None:
        return (await explained(sql, *arguments))[0]

    modules = (inbox, inbox_search)
    for module in modules:
        module.fetch = explained  # type: ignore[attr-defined]
    inbox.fetch_one = explained_one  # type: ignore[attr-defined]
    try:
        for name, path in paths.items():
            asked_for = name
            query = dict(parse_qsl(urlsplit(path).query))
            desk = fahd if name.startswith("agency") else reviewer
            given = inbox_filter.read(query, desk, known)
            ids = None
            if given.search:
                ids = (await inbox_search.matches(desk, given.search)).ids
            asked = inbox.Asked(
                desk=desk, filter=given, ids=ids, catalogue=known, now=now, zone=zone
            )
            if "news" in path:
                await inbox.news(asked, now)
            else:
                await inbox.page(asked, after=inbox.Place.parse(query.get("after", "")))
        asked_for = "counts of all views"
        await inbox.counts(reviewer, views_of(reviewer), now, zone)
    finally:
        for module in modules:
            module.fetch = fetch  # type: ignore[attr-defined]
        inbox.fetch_one = fetch_one  # type: ignore[attr-defined]
    PLANS.write_text(_as_markdown(seen), "utf-8")


def _as_markdown(seen: list[tuple[str, list[str]]]) -> str:
    parts = [
        "# How the database reads the inbox",
        "",
        "<!-- Made by `just bench inbox` (benchmarks/inbox.py), at 1,000,000 reports. -->",
    ]
    last = ""
    for name, plan in seen:
        if name != last:
            parts += ["", f"## {name[0].upper()}{name[1:]}"]
            last = name
        # The ids that a search found would fill pages.
        short = [line if len(line) <= 300 else line[:300] + " …" for line in plan]
        parts += ["", "```", *short, "```"]
    return "\n".join([*parts, ""])
