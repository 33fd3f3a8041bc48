"""What the messages about staff's actions say."""

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from tests.reports.filed import ITEMS

from balagh.notices.messages import Email, Sms, render, segments
from balagh.reports import moments
from balagh.reports.acting import Notice
from balagh.reports.lifecycle import Action
from balagh.reports.moments import MOMENTS, Addressee

URL = "https://balagh.example.sa"
DUE = datetime(2026, 11, 25, 8, 30, tzinfo=UTC)
NOURA = Addressee(
    name="نورة سعد القحطاني", phone="+966553184471", email="n@example.sa", notify_sms=True,
    notify_email=True, language="ar", number="7302641185", kind="complaint",
    title="لم تُجدَّد الرخصة", agency_ar="وزارة العدل", agency_en="Ministry of Justice",
    due_at=datetime(2026, 11, 30, 21, tzinfo=UTC), submitted_at=datetime(2026, 11, 23, tzinfo=UTC),
)  # fmt: skip


def written(action: Action, to: Addressee, **more: object) -> tuple[Notice, ...]:
    return moments.notices(
        MOMENTS[action], to, public_url=URL, sms=True, zone=ZoneInfo("Asia/Riyadh"), **more
    )


def said(notices: Sequence[Notice]) -> tuple[str, Email]:
    sms, email = (render(one.moment, one.channel, one.language, one.data) for one in notices)
    assert isinstance(sms, Sms)
    assert isinstance(email, Email)
    return sms.text, email


LONG = tuple(
    f"{n} صورة من المستند المطلوب لإثبات ما ورد في البلاغ كما صدر من الجهة" for n in range(10)
)


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("items", [ITEMS, ITEMS[:1], LONG, ("x" * 200,)])
def test_what_is_missing_and_until_which_hour(language: str, items: tuple[str, ...]) -> None:
    to = msgspec.structs.replace(NOURA, language=language)
    more = moments.missing(to, items, DUE, URL, sms=True)
    sms, email = said(written(Action.REQUEST_DATA, to, **more))
    hour = "الأربعاء 25 نوفمبر، 11:30 ص" if language == "ar" else "Wednesday 25 November, 11:30"
    assert hour in sms
    assert segments(sms) <= 3
    assert sms.splitlines()[-1] == f"{URL}/reports/7302641185/update"
    if items == ITEMS:
        assert all(item in sms for item in items)
    for text in (email.text, email.html):
        assert all(item in text for item in items)
        assert f"{URL}/reports/7302641185/update" in text
        assert "11:30" in text


def test_as_much_of_it_as_fits() -> None:
    sms, _ = said(
        written(Action.REQUEST_DATA, NOURA, **moments.missing(NOURA, LONG, DUE, URL, sms=True))
    )
    assert "0 صورة من المستند" in sms
    assert "…" in sms
    assert LONG[1] not in sms
    # Where nobody gets an SMS nothing is shortened.
    assert moments.missing(NOURA, ITEMS, DUE, URL, sms=False)["items_sms"] == ""


@pytest.mark.parametrize(
    ("language", "agency", "short"),
    [
        ("ar", "وزارة العدل", True),
        ("ar", "وزارة الموارد البشرية والتنمية الاجتماعية", False),
        ("en", "Ministry of Justice", True),
        ("en", "Ministry of Human Resources and Social Development", False),
    ],
)
def test_who_works_on_it_now(language: str, agency: str, short: bool) -> None:
    to = msgspec.structs.replace(NOURA, language=language, agency_ar=agency, agency_en=agency)
    sms, email = said(written(Action.REFER, to))
    assert (agency in sms) == short
    assert segments(sms) <= 2
    assert ("30 نوفمبر" if language == "ar" else "30 November") in sms
    assert agency in email.text
    assert agency in email.subject


def test_reopening_is_decided() -> None:
    sms, email = said(written(Action.ACCEPT_REOPENING, NOURA))
    assert "أُعيد فتح بلاغك" in sms
    assert "الاثنين 30 نوفمبر 2026" in email.text
    reasons = "تحققنا من الحل ووجدناه قائمًا."
    sms, email = said(written(Action.REFUSE_REOPENING, NOURA, reasons=reasons))
    assert "لم يُعَد فتح بلاغك" in sms
    assert reasons in email.text
    assert reasons in email.html
    # Reasons may be personal; an SMS is read by whoever holds the phone.
    assert reasons not in sms
