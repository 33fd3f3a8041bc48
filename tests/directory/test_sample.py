"""The sample catalogue: large enough, every case in it, and no mistakes one can check for."""

import csv
import io
import re
from collections import Counter

from balagh.directory.checking import check
from balagh.directory.entries import AgencyEntry, Entries, PlatformEntry
from balagh.directory.sheets import COLUMNS, SAMPLE, load


def _sample() -> Entries:
    entries, problems = check(load(SAMPLE))
    assert problems == ()
    assert entries is not None
    return entries


def test_it_is_large_enough() -> None:
    sample = _sample()
    assert len(sample.agencies) >= 20
    assert len(sample.platforms) >= 25
    assert len(sample.services) >= 150


def test_every_kind_of_service_is_common() -> None:
    services = _sample().services
    digital = [service for service in services if service.digital]
    paper = [service for service in services if not service.digital]
    assert sum(service.sla_days is not None for service in digital) >= 50
    assert sum(service.sla_days is None for service in digital) >= 25
    assert sum(service.digital_alternative is not None for service in paper) >= 10
    assert sum(service.digital_alternative is None for service in paper) >= 20


def test_every_agency_has_digital_and_paper_services_and_every_platform_several() -> None:
    sample = _sample()
    agencies = {agency.code for agency in sample.agencies}
    assert {service.agency for service in sample.services if service.digital} == agencies
    assert {service.agency for service in sample.services if not service.digital} == agencies
    used = Counter(service.platform for service in sample.services if service.digital)
    assert all(used[platform.code] >= 1 for platform in sample.platforms)
    assert len([code for code, count in used.items() if count >= 2]) >= 25


def test_an_alternative_is_of_the_same_agency() -> None:
    by_code = {service.code: service for service in _sample().services}
    for service in by_code.values():
        if service.digital_alternative:
            assert by_code[service.digital_alternative].agency == service.agency, service.code


def test_digital_services_can_be_reached_online_and_paper_ones_cannot() -> None:
    for service in _sample().services:
        online = {"web", "app"} & set(service.channels)
        assert bool(online) == service.digital, service.code
        assert service.channels


def test_arabic_is_arabic_and_english_is_english() -> None:
    sample = _sample()
    named: list[AgencyEntry | PlatformEntry] = [*sample.agencies, *sample.platforms]
    names = [(row.code, row.name_ar, row.name_en) for row in named]
    names += [(row.code, row.short_ar, row.short_en) for row in named]
    names += [(row.code, row.name_ar, row.name_en) for row in sample.services]
    for code, arabic, english in names:
        assert re.fullmatch("[\u0621-\u063a\u0641-\u0652 ()]+", arabic), code
        assert re.fullmatch("[A-Za-z0-9 ,'()/-]+", english), code
    for row in named:
        assert len(row.short_ar) <= len(row.name_ar), row.code
        assert len(row.short_en) <= len(row.name_en), row.code


def test_names_that_the_pictures_show() -> None:
    sample = _sample()
    services = {(s.platform or s.agency, s.name_ar): s for s in sample.services}
    assert services["balady", "تجديد رخصة تجارية"].name_en == "Renew a commercial licence"
    assert services["balady", "تجديد رخصة تجارية"].sla_days is None
    assert ("qiwa", "توثيق العقود") in services
    assert ("sehhaty", "الإجازات المرضية") in services
    assert ("najiz", "إصدار وكالة إلكترونية") in services
    old = services["moe", "تصديق الوثائق الدراسية القديمة"]
    assert not old.digital
    assert old.digital_alternative is None
    shorts = {platform.short_ar for platform in sample.platforms}
    shown = {"حساب المواطن", "أبشر", "تأميناتي", "ناجز", "صحتي", "قوى", "بلدي", "اعتماد", "إيجار"}
    assert shown | {"نظام نور", "مساند", "سكني", "مدرستي", "نسك", "توكلنا", "جدارات"} <= shorts


def test_the_files_are_written_plainly() -> None:
    """UTF-8 without a mark, line feeds, documented order of columns: small differences in git."""
    for name, columns in COLUMNS.items():
        text = (SAMPLE / name).read_bytes().decode("utf-8")
        assert not text.startswith("\ufeff")
        assert "\r" not in text
        assert next(csv.reader(io.StringIO(text))) == list(columns)


def test_it_says_that_it_is_a_sample() -> None:
    assert "samples" in (SAMPLE / "README.md").read_text("utf-8")
