"""Import and export against the database: all or nothing, nothing deleted, both ways the same."""

import asyncio
import random
from contextvars import Context
from datetime import UTC, datetime

import pytest
from tests.directory import small

from balagh.database import fetch, transaction
from balagh.directory import lookup
from balagh.directory.exporting import export_files
from balagh.directory.importing import Counts, import_files
from balagh.directory.sheets import AGENCIES, PLATFORMS, SAMPLE, SERVICES, Files, load

pytestmark = pytest.mark.usefixtures("db", "fresh")

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


async def _rows() -> list[tuple[object, ...]]:
    rows = await fetch(
        "SELECT 'agency', code, to_jsonb(agency)::text FROM agency UNION ALL "
        "SELECT 'platform', code, to_jsonb(platform)::text FROM platform UNION ALL "
        "SELECT 'service', code, to_jsonb(service)::text FROM service ORDER BY 1, 2"
    )
    return [tuple(row) for row in rows]


async def test_counts_of_a_first_and_a_second_import() -> None:
    first = await import_files(small.files())
    assert first.applied
    assert first.counts == {
        AGENCIES: Counts(2, 0, 0, 0),
        PLATFORMS: Counts(2, 0, 0, 0),
        SERVICES: Counts(4, 0, 0, 0),
    }
    before = await _rows()
    second = await import_files(small.files())
    assert second.counts == {
        AGENCIES: Counts(0, 0, 0, 2),
        PLATFORMS: Counts(0, 0, 0, 2),
        SERVICES: Counts(0, 0, 0, 4),
    }
    assert await _rows() == before


@pytest.mark.parametrize(
    ("files", "file", "counts"),
    [
        (small.changed("Ministry of Health", "Health Ministry"), AGENCIES, Counts(0, 1, 0, 1)),
        (small.changed("MoE,yes", "MoE,no"), AGENCIES, Counts(0, 1, 0, 1)),
        (small.changed("نظام نور", "منصة نور"), PLATFORMS, Counts(0, 1, 0, 1)),
        (small.changed("noor,moe", "noor,moh"), PLATFORMS, Counts(0, 1, 0, 1)),
        (small.changed("yes,3,,", "yes,,,"), SERVICES, Counts(0, 1, 0, 3)),
        (small.changed("no,,sick-leave", "no,,bookings"), SERVICES, Counts(0, 1, 0, 3)),
        (small.changed("web|app", "web"), SERVICES, Counts(0, 1, 0, 3)),
        (small.changed("\nbookings,", "\nbooking,"), SERVICES, Counts(1, 0, 1, 3)),
        (small.without("old-papers"), SERVICES, Counts(0, 0, 1, 3)),
        (small.without("noor"), PLATFORMS, Counts(0, 0, 1, 1)),
    ],
)
async def test_what_changes_is_counted(files: Files, file: str, counts: Counts) -> None:
    await import_files(small.files())
    trial = await import_files(files, dry_run=True)
    assert not trial.applied
    assert (await import_files(files)).counts == trial.counts
    assert trial.counts[file] == counts


async def test_trial_run_writes_nothing() -> None:
    await import_files(small.files())
    before = await _rows()
    await import_files(load(SAMPLE), dry_run=True)
    assert await _rows() == before


async def test_a_row_that_left_is_deactivated_and_comes_back() -> None:
    await import_files(small.files())
    before = await _rows()
    await import_files(small.without("old-papers"))
    (row,) = await fetch("SELECT active FROM service WHERE code = 'old-papers'")
    assert not row["active"]
    back = await import_files(small.files())
    assert back.counts[SERVICES] == Counts(0, 1, 0, 3)
    assert await _rows() == before


async def test_one_problem_and_nothing_is_written() -> None:
    await import_files(small.files())
    before = await _rows()
    files = Files(
        small.AGENCIES.replace("Ministry of Health", "Health Ministry"),
        small.PLATFORMS,
        small.SERVICES.replace("branch,yes\nold", "branch,maybe\nold"),
    )
    outcome = await import_files(files)
    assert [(p.file, p.line, p.column) for p in outcome.problems] == [(SERVICES, 4, "active")]
    assert not outcome.applied
    assert outcome.counts == {}
    assert await _rows() == before


async def test_a_service_may_turn_digital_and_back() -> None:
    await import_files(small.files())
    before = await _rows()
    digital = small.changed(
        "sick-paper,moh,,إجازة مرضية ورقية,Paper sick leave,no,,sick-leave,branch",
        "sick-paper,moh,sehhaty,إجازة مرضية ورقية,Paper sick leave,yes,9,,web",
    )
    assert (await import_files(digital)).counts[SERVICES] == Counts(0, 1, 0, 3)
    await import_files(small.files())
    assert await _rows() == before


async def test_importing_what_was_exported_changes_nothing() -> None:
    await import_files(load(SAMPLE))
    before = await _rows()
    outcome = await import_files(await export_files())
    assert outcome.problems == ()
    assert {(c.added, c.changed, c.deactivated) for c in outcome.counts.values()} == {(0, 0, 0)}
    assert await _rows() == before


async def test_an_exported_catalogue_can_be_imported_elsewhere() -> None:
    await import_files(load(SAMPLE))
    exported = await export_files()
    await fetch("TRUNCATE agency, platform, service CASCADE")
    await import_files(exported)
    assert await export_files() == exported


async def test_export_of_a_catalogue_that_lost_and_moved_rows_can_be_imported() -> None:
    await import_files(load(SAMPLE))
    await import_files(small.files())
    # The platform moves to another agency while a service that left the files stays behind.
    moved = Files(
        small.AGENCIES,
        small.PLATFORMS.replace("sehhaty,moh,", "sehhaty,moe,"),
        "\n".join(line for line in small.SERVICES.splitlines() if ",moh," not in line),
    )
    assert (await import_files(moved)).problems == ()
    outcome = await import_files(await export_files())
    assert outcome.problems == ()
    assert {(c.added, c.changed, c.deactivated) for c in outcome.counts.values()} == {(0, 0, 0)}


async def test_empty_catalogue_goes_both_ways() -> None:
    outcome = await import_files(await export_files())
    assert outcome.problems == ()
    assert set(outcome.counts.values()) == {Counts(0, 0, 0, 0)}


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-1", "@x", "'=x", 'a,"b"', "'"])
async def test_awkward_names_go_both_ways(name: str) -> None:
    await import_files(small.files())
    await fetch("UPDATE agency SET name_en = $1 WHERE code = 'moe'", name)
    exported = await export_files()
    outcome = await import_files(exported)
    assert outcome.counts[AGENCIES] == Counts(0, 0, 0, 2)
    assert not any(
        cell.startswith(("=", "+", "-", "@"))
        for line in str(exported.agencies).splitlines()
        for cell in line.split(",")
    )


async def test_the_process_sees_its_own_import_at_once() -> None:
    assert (await lookup.catalogue(NOW)).service_codes == {}
    await import_files(small.files(), dry_run=True)
    assert (await lookup.catalogue(NOW)).service_codes == {}
    await import_files(small.files())
    assert "old-papers" in (await lookup.catalogue(NOW)).service_codes


async def test_imports_at_once_leave_one_of_them_whole() -> None:
    """Twenty imports of different catalogues: the result is exactly what one of them says."""
    await import_files(small.files())
    variants = [
        Files(
            small.AGENCIES.replace("Ministry", f"Ministry {n}"),
            small.PLATFORMS.replace(" Platform", f" Platform {n}"),
            small.SERVICES.replace("yes,3,,", f"yes,{n},,")
            + f"extra-{n},moe,noor,خدمة {n},Service {n},yes,{n},,web,yes\n",
        )
        for n in range(1, 21)
    ]
    random.Random(7).shuffle(variants)
    outcomes = await asyncio.gather(*(import_files(files) for files in variants))
    assert all(outcome.applied for outcome in outcomes)
    (agency,) = await fetch("SELECT name_en FROM agency WHERE code = 'moh'")
    n = int(agency["name_en"].split()[1])
    (platform,) = await fetch("SELECT name_en FROM platform WHERE code = 'sehhaty'")
    assert platform["name_en"] == f"Sehhaty Platform {n}"
    active = await fetch(
        "SELECT code, sla_days FROM service WHERE active AND digital ORDER BY code"
    )
    assert [tuple(row) for row in active] == [
        ("bookings", None),
        (f"extra-{n}", n),
        ("sick-leave", n),
    ]
    assert sum(outcome.counts[SERVICES].added for outcome in outcomes) == 20
    assert sum(outcome.counts[SERVICES].deactivated for outcome in outcomes) == 19


async def test_reports_are_filed_while_an_import_waits_to_end() -> None:
    """A row that refers to the catalogue can be written while the import holds its lock."""
    await import_files(small.files())
    async with transaction():
        await fetch("LOCK TABLE agency, platform, service IN SHARE ROW EXCLUSIVE MODE")
        await fetch("UPDATE agency SET name_en = 'Changing' WHERE code = 'moe'")
        # In a context of its own, so that it takes another connection.
        await asyncio.create_task(_staff_of("moe"), context=Context())


async def _staff_of(agency: str) -> None:
    await fetch(
        "INSERT INTO staff (role, agency_id, name_ar, name_en, email, created_at) "
        "SELECT 'agency_officer', id, 'فهد', 'Fahd', 'fahd@example.sa', now() FROM agency "
        "WHERE code = $1",
        agency,
    )
