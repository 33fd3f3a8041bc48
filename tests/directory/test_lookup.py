"""The catalogue as the wizard reads it, and how long a process keeps it."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from tests.directory import small

from balagh.database import fetch, transaction
from balagh.directory import lookup
from balagh.directory.importing import import_files
from balagh.directory.lookup import CHANNELS, Catalogue, catalogue
from balagh.directory.sheets import SAMPLE, load
from balagh.i18n import Language

pytestmark = pytest.mark.usefixtures("db", "fresh")

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def _codes(
    rows: "tuple[lookup.AgencyRow | lookup.PlatformRow | lookup.ServiceRow, ...]",
) -> list[str]:
    return [row.code for row in rows]


async def _small() -> Catalogue:
    await import_files(small.files())
    return await catalogue(NOW)


async def test_agency_platform_service() -> None:
    c = await _small()
    moh, moe = c.agency_codes["moh"], c.agency_codes["moe"]
    sehhaty = c.platform_codes["sehhaty"]
    assert _codes(c.agency_list()) == ["moe", "moh"]
    assert _codes(c.agency_list("en")) == ["moe", "moh"]
    assert _codes(c.platforms_of(moh.id)) == ["sehhaty"]
    assert _codes(c.services_of(sehhaty.id)) == ["sick-leave", "bookings"]
    assert _codes(c.services_of(sehhaty.id, "en")) == ["bookings", "sick-leave"]
    assert _codes(c.paper_services_of(moh.id)) == ["sick-paper"]
    assert _codes(c.paper_services_of(moe.id)) == ["old-papers"]
    assert c.services_of(c.platform_codes["noor"].id) == ()
    assert c.platforms_of(10**9) == ()
    assert c.services_of(10**9) == ()
    assert c.paper_services_of(10**9) == ()


async def test_rows_hold_what_the_files_say() -> None:
    c = await _small()
    service = c.service_codes["sick-leave"]
    assert c.services[service.id] is service
    assert (service.digital, service.sla_days, service.channels) == (True, 3, ("web", "app"))
    assert Language.of("ar").name(service) == "الإجازات المرضية"
    assert Language.of("en").name(c.agency_codes["moh"], "short") == "MoH"
    paper = c.service_codes["sick-paper"]
    assert c.alternative(paper) is service
    assert c.alternative(c.service_codes["old-papers"]) is None


async def test_what_is_not_active_is_known_but_not_listed() -> None:
    await import_files(small.changed("MoH,yes", "MoH,no"))
    c = await catalogue(NOW)
    moh, sehhaty = c.agency_codes["moh"], c.platform_codes["sehhaty"]
    assert _codes(c.agency_list()) == ["moe"]
    assert _codes(c.platform_list()) == ["noor"]
    assert c.platforms_of(moh.id) == ()
    assert c.services_of(sehhaty.id) == ()
    assert c.paper_services_of(moh.id) == ()
    assert not sehhaty.active
    assert not c.service_codes["sick-leave"].active
    assert c.alternative(c.service_codes["sick-paper"]) is None


async def test_the_whole_sample_is_listed_once() -> None:
    await import_files(load(SAMPLE))
    c = await catalogue(NOW)
    for language in ("ar", "en"):
        platforms = [
            p for agency in c.agency_list(language) for p in c.platforms_of(agency.id, language)
        ]
        services = [s for p in platforms for s in c.services_of(p.id, language)]
        paper = [s for a in c.agency_list(language) for s in c.paper_services_of(a.id, language)]
        assert sorted(p.id for p in platforms) == sorted(c.platforms)
        assert sorted(s.id for s in services + paper) == sorted(c.services)
    assert list(c.agency_list("en")) == sorted(c.agency_list("en"), key=lambda a: a.name_en.lower())


async def test_a_change_is_seen_within_thirty_seconds() -> None:
    before = await _small()
    await fetch("UPDATE agency SET name_en = 'Renamed' WHERE code = 'moe'")
    assert await catalogue(NOW + timedelta(seconds=29.9)) is before
    after = await catalogue(NOW + timedelta(seconds=30))
    assert after.agency_codes["moe"].name_en == "Renamed"
    assert before.agency_codes["moe"].name_en == "Ministry of Education"


async def test_a_clock_that_went_back_reads_again() -> None:
    before = await _small()
    assert await catalogue(NOW - timedelta(hours=1)) is not before


async def test_callers_that_come_together_share_one_read() -> None:
    await import_files(load(SAMPLE))
    found = await asyncio.gather(*(catalogue(NOW) for _ in range(50)))
    assert len({id(c) for c in found}) == 1


async def test_a_caller_that_hangs_up_does_not_take_it_from_the_others() -> None:
    await import_files(small.files())
    first = asyncio.create_task(catalogue(NOW))
    second = asyncio.create_task(catalogue(NOW))
    await asyncio.sleep(0)
    first.cancel()
    assert "moh" in (await second).agency_codes
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_rows_of_an_open_transaction_are_not_kept_for_everybody() -> None:
    await import_files(small.files())
    async with transaction() as running:
        await fetch("UPDATE agency SET name_en = 'Never said' WHERE code = 'moe'")
        inside = await catalogue(NOW)
        await running.rollback()
    assert inside.agency_codes["moe"].name_en == "Ministry of Education"


async def test_a_read_begun_before_forgetting_is_not_kept() -> None:
    await import_files(small.files())
    reading = asyncio.create_task(catalogue(NOW))
    await asyncio.sleep(0)
    lookup.forget()
    old = await reading
    assert await catalogue(NOW) is not old


def test_every_channel_has_its_words() -> None:
    arabic = Language.of("ar")
    assert list(CHANNELS) == ["web", "app", "call_centre", "branch", "kiosk", "email", "social"]
    assert arabic.text(CHANNELS["web"]) == "الموقع الإلكتروني"
    assert all(arabic.text(name) != name for name in CHANNELS.values())
