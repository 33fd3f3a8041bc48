"""What is told when a report ends (specification 6: closed, accepted, refused, rejected)."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from lxml import html as lxml_html  # type: ignore[import-untyped]

from balagh.notices.messages import Email, Sms, render, segments
from balagh.reports import closing, survey_links
from balagh.reports.acting import Notice
from balagh.reports.closing import Ending
from balagh.reports.lifecycle import State
from balagh.reports.standing import Standing
from balagh.reports.telling_channels import Reach

KEY = b"k" * 32
# As long as a portal's address is likely to be, and the longest date.
PUBLIC = "https://balagh.dga.gov.sa"
ENDED = datetime(2026, 11, 12, 7, 25, tzinfo=UTC)
# The midnight in Riyadh that ends 26 November.
REOPEN_UNTIL = datetime(2026, 11, 26, 21, tzinfo=UTC)
RATE_UNTIL = datetime(2026, 12, 12, 21, tzinfo=UTC)
NUMBER = "7302641185"
# Moment → how it ended, surveys.
ENDINGS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "closed": (
        {"outcome": "solved", "answer": "صدرت الوكالة <b>", "reopen_until": REOPEN_UNTIL},
        ("agency", "balagh"),
    ),
    "accepted": (
        {"outcome": "accepted", "answer": "نعم", "promised_on": date(2026, 12, 30)},
        ("agency", "balagh"),
    ),
    "refused": ({"outcome": "refused", "answer": "لا نص نظاميًا <b>"}, ("agency", "balagh")),
    "rejected": ({"state": State.REJECTED}, ("balagh",)),
}
MOMENTS = list(ENDINGS)
LANGUAGES = ("ar", "en")


def ending(moment: str, language: str, **changed: Any) -> Ending:
    counted = {"due_at": ENDED, "due_from": ENDED.date(), "due_days": 5}
    columns = {"state": State.CLOSED, **counted, "ended_at": ENDED, **ENDINGS[moment][0]}
    given: dict[str, Any] = {
        "number": NUMBER,
        "kind": "complaint" if moment in ("closed", "rejected") else "transformation",
        "title": "تأخر إصدار الوكالة & غيرها",
        "agency_ar": "وزارة العدل",
        "agency_en": "Ministry of Justice",
        "standing": Standing(**columns),
        "reason": "ليس خللًا في الخدمة <b>" if moment == "rejected" else "",
        "name": "نورة",
        "language": language,
        "reach": Reach(phone="+966553184471", email="noura@example.sa"),
    }
    return Ending(**{**given, **changed})


def notices(moment: str, language: str, **changed: Any) -> dict[str, Notice]:
    made = closing.notices(
        ending(moment, language, **changed),
        public_url=PUBLIC,
        secret_key=KEY,
        sms=True,
        zone=ZoneInfo("Asia/Riyadh"),
    )
    return {notice.channel: notice for notice in made}


def words(notice: Notice) -> Sms | Email:
    return render(notice.moment, notice.channel, notice.language, notice.data)


def email(moment: str, language: str) -> Email:
    made = words(notices(moment, language)["email"])
    assert isinstance(made, Email)
    return made


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("moment", MOMENTS)
def test_the_sms_is_two_segments_at_most(moment: str, language: str) -> None:
    notice = notices(moment, language)["sms"]
    assert notice.moment == moment
    made = words(notice)
    assert isinstance(made, Sms)
    number = "730 264 1185" if language == "en" else "\u200e730\u00a0264\u00a01185"
    assert number in made.text
    assert segments(made.text) == (2 if language == "ar" else 1)
    # The link is alone on the last line, and is the first survey's.
    assert made.text.splitlines()[-1] == notice.data["rate_link"]
    assert made.text.count("https://") == 1
    if moment == "accepted":
        assert "2026" in made.text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("moment", MOMENTS)
def test_the_links_are_the_surveys_of_this_report(moment: str, language: str) -> None:
    data = notices(moment, language)["email"].data
    _, surveys = ENDINGS[moment]
    assert tuple(data["survey_links"]) == surveys
    assert data["link"] == f"{PUBLIC}/reports/{NUMBER}"
    assert data["rate_link"] == data["survey_links"][surveys[0]]
    for survey, address in data["survey_links"].items():
        path, _, query = address.removeprefix(f"{PUBLIC}/r/").partition("?")
        link = survey_links.read(path, KEY)
        assert link is not None
        assert (link.number, link.survey) == (NUMBER, survey)
        assert link.expires == RATE_UNTIL
        assert query == ("" if language == "ar" else "lang=en")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("moment", MOMENTS)
def test_both_parts_of_the_email_say_it_all(moment: str, language: str) -> None:
    made = email(moment, language)
    data = notices(moment, language)["email"].data
    page = lxml_html.fromstring(made.html)
    texts = (made.text, " ".join(page.body.text_content().split()))
    agency = data[f"agency_{language}"]
    for text in texts:
        for fact in ("730 264 1185", data["title"], data["name"], agency, "199099"):
            assert fact in text
        assert "{" not in text
        assert "None" not in text
        if moment in ("refused", "rejected"):
            assert data["reasons"] in text
        else:
            # The answer may be personal: it is read after signing in.
            assert "صدرت الوكالة" not in text
        if moment == "accepted":
            assert ("30 ديسمبر 2026" if language == "ar" else "30 December 2026") in text
            assert ("1448هـ" if language == "ar" else "1448 AH") in text
        reopening = "26 نوفمبر 2026" if language == "ar" else "26 November 2026"
        assert (reopening in text) == (moment == "closed")
        assert ("12 ديسمبر 2026" if language == "ar" else "12 December 2026") in text
    assert "730 264 1185" in made.subject
    assert len(page.xpath("//h1")) == 1
    for address in (data["link"], *data["survey_links"].values()):
        assert address in made.text.splitlines()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("moment", MOMENTS)
def test_five_scores_are_one_tap_each(moment: str, language: str) -> None:
    data = notices(moment, language)["email"].data
    page = lxml_html.fromstring(email(moment, language).html)
    scores = page.xpath("//a[@class='score']")
    wanted = [
        (str(score), f"{address}{'&' if language == 'en' else '?'}s={score}")
        for address in data["survey_links"].values()
        for score in range(1, 6)
    ]
    assert [(link.text_content(), link.get("href")) for link in scores] == wanted
    # Large enough to be touched, wherever style sheets are dropped.
    assert all("line-height: 46px" in link.get("style") for link in scores)
    # Bold is only the promised date, which is ours.
    assert not page.xpath("//img | //link | //script | //*[not(self::dd)]/b")


def test_nobody_is_told_where_they_cannot_be_reached() -> None:
    phone, email = "+966553184471", "noura@example.sa"
    for reach, channels in (
        (Reach(phone=None, email=email), ["email"]),
        (Reach(phone=phone, email=None), ["sms"]),
        (Reach(phone=None, email=None), []),
        (Reach(phone=phone, email=email, notify_sms=False), ["email"]),
    ):
        assert list(notices("closed", "ar", reach=reach)) == channels
    alone = notices("closed", "ar", reach=Reach(phone=phone, email=email, notify_email=False))
    assert alone["sms"].data["fallback_email"] == email


@pytest.mark.parametrize(
    "state", [one for one in State if one not in (State.CLOSED, State.REJECTED)]
)
def test_nothing_is_told_before_the_end(state: State) -> None:
    with pytest.raises(AssertionError, match="nobody is told"):
        closing.moment(Standing(state=state, due_at=ENDED, due_from=ENDED.date(), due_days=5))
