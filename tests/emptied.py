"""The database between two tests: empty, or with the sample catalogue and nothing else."""

from balagh.database import fetch
from balagh.directory import holidays, importing, lookup, sheets

_TABLES = """
SELECT quote_ident(tablename) AS name FROM pg_tables
WHERE schemaname = 'public' AND tablename <> 'migration' AND tablename NOT LIKE 'saq%'
ORDER BY 1
"""
_DIRECTORY = ("agency", "platform", "service")
# Every row and what the next will be numbered.
_DIRECTORY_NOW = """
SELECT md5(concat(
  (SELECT string_agg(t::text, ' ' ORDER BY id) FROM agency t),
  (SELECT string_agg(t::text, ' ' ORDER BY id) FROM platform t),
  (SELECT string_agg(t::text, ' ' ORDER BY id) FROM service t),
  (SELECT string_agg(s::text, ' ' ORDER BY sequencename) FROM pg_sequences s
   WHERE sequencename ~ '^(agency|platform|service)_')
)) AS now
"""

# The directory as the import left it, once there was one in this process.
_sample: list[str] = []


async def all_tables() -> None:
    await _empty()


async def all_but_the_sample() -> None:
    """The import costs more than most tests: where the last test left the sample as it was, it
    stays."""
    if _sample and await _directory_now() == _sample[0]:
        await _empty(keep=_DIRECTORY)
    else:
        await _empty()
        outcome = await importing.import_files(sheets.load(sheets.SAMPLE))
        assert not outcome.problems
        _sample[:] = [await _directory_now()]
    lookup.forget()
    holidays.forget()


async def _directory_now() -> str:
    (row,) = await fetch(_DIRECTORY_NOW)
    return str(row["now"])


async def _empty(keep: tuple[str, ...] = ()) -> None:
    """By DELETE and not TRUNCATE, which makes the files of every table and index anew. All that is
    numbered begins at 1 again."""
    names = [row["name"] for row in await fetch(_TABLES) if row["name"] not in keep]
    deletions = " ".join(f"DELETE FROM {name};" for name in names)
    # The lock waits, as TRUNCATE does, for whoever still writes. As a replica, for then no foreign
    # key is looked up and no trigger objects.
    await fetch(f"""
    DO $$ BEGIN
      LOCK TABLE {", ".join(names)} IN ACCESS EXCLUSIVE MODE;
      SET LOCAL session_replication_role = replica;
      {deletions}
      PERFORM setval(seqrelid, seqstart, false) FROM pg_sequence
        JOIN pg_depend ON objid = seqrelid AND classid = 'pg_class'::regclass
        WHERE deptype IN ('a', 'i') AND refobjid = ANY ('{{{", ".join(names)}}}'::regclass[]);
    END $$
    """)
