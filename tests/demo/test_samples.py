"""The sample reports: believable on any day, allowed by every rule, put there once."""

import json
from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.people.portal import SECRET

from balagh.database import fetch
from balagh.demo import cast, samples
from balagh.demo.replay import Happened, Life, replay
from balagh.demo.stories import (
    CLOSES,
    OPENS,
    Almanac,
    SampleDraft,
    SampleReport,
    folk,
    stories,
)
from balagh.directory import holidays
from balagh.directory.lookup import Catalogue, catalogue
from balagh.files.inspection import Accepted, inspect
from balagh.files.store import Store
from balagh.notices.messages import Email, render
from balagh.people import national_ids
from balagh.reports import deadlines, inboxes, numbers, surveys, timeline
from balagh.reports.choices import Choices
from balagh.reports.fields import Situation
from balagh.reports.kinds import KINDS
from balagh.reports.lifecycle import TRANSITIONS, Action, Role, State, transition
from balagh.reports.wizard import CHECK, journey
from balagh.settings import Settings, load
from balagh.workdays import Calendar

ZONE = ZoneInfo("Asia/Riyadh")
SETTINGS = load({"BALAGH_SECRET_KEY": SECRET}, demo=True)
COMPLAINT = KINDS["complaint"]


def at(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=ZONE)


MONDAY = at(2026, 11, 23, 11, 30)
MOMENTS = {
    "in the morning": MONDAY,
    "just after midnight": at(2026, 11, 23, 0, 1),
    "before the office opens": at(2026, 11, 23, 7, 59),
    "as it opens": at(2026, 11, 23, 8, 0),
    "late at night": at(2026, 11, 23, 23, 59),
    "on Sunday": at(2026, 11, 22, 8, 20),
    "on Tuesday at dawn": at(2026, 11, 24, 4, 30),
    "on Thursday evening": at(2026, 11, 26, 19, 0),
    "on Friday": at(2026, 11, 27, 13, 0),
    "on Saturday": at(2026, 11, 28, 10, 0),
    "within Eid al-Adha": at(2027, 5, 17, 12, 0),
    "after Eid al-Adha": at(2027, 5, 23, 9, 5),
    "on National Day": at(2027, 9, 23, 12, 0),
    "on New Year": at(2028, 1, 2, 10, 0),
}


def calendar() -> Calendar:
    days = {
        day: name for year in range(2024, 2030) for day, name in holidays.official(year).items()
    }
    return Calendar(weekend=frozenset(SETTINGS.weekend), holidays=days)


def almanac(now: datetime) -> Almanac:
    return Almanac(now, calendar(), ZONE)


Told = tuple[SampleReport, Life, tuple[Happened, ...]]


def told(now: datetime) -> list[Told]:
    """Every sample as it is at that moment."""
    return [(one, *replay(one, almanac(now), SETTINGS, 1)) for one in stories().reports]


def one(key: str, now: datetime = MONDAY) -> Told:
    return next(found for found in told(now) if found[0].key == key)


@pytest.fixture(params=MOMENTS.values(), ids=list(MOMENTS))
def now(request: pytest.FixtureRequest) -> datetime:
    moment: datetime = request.param
    return moment


def test_there_is_something_of_everything(now: datetime) -> None:
    lives = told(now)
    assert 30 <= len(lives) <= 42
    assert {life.state for _, life, _ in lives} == set(State)
    assert {sample.kind for sample, _, _ in lives} == set(KINDS)
    assert {life.outcome for _, life, _ in lives} == {None, "solved", "accepted", "refused"}
    assert {sample.ground for sample, _, _ in lives if sample.kind == "complaint"} == {
        option.value
        for option in COMPLAINT.steps[1].fields[0].choices  # type: ignore[attr-defined]
    }
    assert {event.action for _, _, story in lives for event in story} == set(Action)
    assert len({sample.person for sample, _, _ in lives}) >= 14
    assert {sample.language for sample, _, _ in lives} == {"ar", "en"}


def test_late_due_today_and_in_time(now: datetime) -> None:
    held = [life for _, life, _ in told(now) if life.state is State.IN_PROGRESS]
    today = almanac(now).today
    last_days = [deadlines.due_day(life.due_at, ZONE) for life in held]
    assert any(day < today for day in last_days)
    assert any(day == today for day in last_days)
    assert any(day > today for day in last_days)
    late = {sample.key for sample, life, _ in told(now) if life.late_told_due}
    assert "shop-licence" in late
    assert not late & {"enforcement", "sick-leave", "tenancy-end"}


def test_each_story_is_in_order_and_over_by_now(now: datetime) -> None:
    for sample, _, story in told(now):
        instants = [event.at for event in story]
        assert instants == sorted(set(instants)), sample.key
        assert instants[-1] < now, sample.key


def test_staff_works_in_office_hours(now: datetime) -> None:
    for sample, life, story in told(now):
        for event in story:
            if event.role in (Role.BENEFICIARY, Role.CLOCK):
                continue
            assert OPENS <= event.at.astimezone(ZONE).time() <= CLOSES, sample.key
            # What is missing was asked for on whatever day is not yet 48 hours ago.
            if event is not story[-1] or life.state is not State.MISSING_DATA:
                assert calendar().is_working(event.at.date()), sample.key


def test_the_life_cycle_allows_every_story(now: datetime) -> None:
    for sample, life, story in told(now):
        state, came_from = None, None
        for event in story:
            assert event.from_state == state, sample.key
            row = transition(state, event.action, event.role)
            assert row is not None, (sample.key, event.action)
            assert event.to_state == (row.target or came_from), sample.key
            if row.condition == "complaint_in_window":
                closed = next(e for e in reversed(story) if e.action is Action.CLOSE)
                assert event.at < closed.at + timedelta(days=SETTINGS.reopen_days), sample.key
            came_from, state = state, event.to_state
        assert state == life.state, sample.key


def test_a_forbidden_story_is_refused() -> None:
    sample, _, _ = one("sick-leave")
    story = (sample.story[0], sample.story[2])
    changed = SampleReport(**{**as_dict(sample), "story": story})
    with pytest.raises(LookupError, match="request_data is forbidden while received"):
        replay(changed, almanac(MONDAY), SETTINGS, 1)


def as_dict(sample: SampleReport) -> dict[str, Any]:
    return {name: getattr(sample, name) for name in sample.__struct_fields__}


def test_dates_follow_the_clocks(now: datetime) -> None:
    days = calendar()
    for sample, life, story in told(now):
        filed = story[0].at
        assert life.submitted_at == filed
        assert life.completeness_due_at == deadlines.completeness(filed, days, ZONE)
        actions = [event.action for event in story]
        restarted = {Action.UPDATE, Action.ACCEPT_REOPENING} & set(actions)
        if not restarted:
            assert life.due_at == deadlines.resolution(filed, days, ZONE, 5), sample.key
        assert life.due_at >= deadlines.resolution(filed, days, ZONE, 5), sample.key
        missing = life.state is State.MISSING_DATA
        assert missing == (life.data_due_at is not None) == (life.resume_state is not None)
        assert missing == (life.paused_working_days is not None)
        ended = life.state in timeline.ENDED
        assert ended == (life.ended_at is not None), sample.key
        if ended:
            assert life.ended_at == story[-1].at, sample.key
        with_answer = {State.ANSWERED, State.CLOSED, State.REOPEN_REQUESTED}
        assert (life.state in with_answer) == bool(life.answer and life.outcome), sample.key


def test_a_reopened_report_has_a_new_deadline_and_an_interrupted_one_what_was_left() -> None:
    _, life, story = one("electricity-bill")
    assert story[-1].action is Action.ACCEPT_REOPENING
    assert deadlines.due_day(life.due_at, ZONE) == date(2026, 11, 26)
    # Filed on Thursday, asked and answered on Sunday: nothing was lost.
    _, life, _ = one("labour-contract")
    assert deadlines.due_day(life.due_at, ZONE) == date(2026, 11, 26)
    # Asked on Sunday with three days left.
    _, life, _ = one("etimad-claim")
    assert life.paused_working_days == 3


def test_hours_are_left_for_the_missing_data(now: datetime) -> None:
    waiting = {s.key: life.data_due_at for s, life, _ in told(now) if life.data_due_at}
    assert waiting.keys() == {"sick-leave", "heirs", "etimad-claim"}
    for due in waiting.values():
        assert timedelta(hours=4) < due - now < timedelta(hours=48)


def test_an_expired_report_had_its_48_hours() -> None:
    _, life, story = one("housing-support")
    asked, expired = story[-2:]
    assert expired.role is Role.CLOCK
    assert expired.at - asked.at == timedelta(hours=48)
    assert life.data_due_at is None


def test_reopening_is_possible_for_some_and_over_for_others() -> None:
    windows = [life.reopen_until for _, life, _ in told(MONDAY) if life.state is State.CLOSED]
    assert {window is not None and window > MONDAY for window in windows} == {True, False}


async def test_every_sample_could_be_filed_on_its_day(sample_catalogue: Catalogue) -> None:
    for moment in MOMENTS.values():
        for sample, life, _ in told(moment):
            today = life.submitted_at.astimezone(ZONE).date()
            values = {
                **samples.values_of(sample, sample_catalogue),
                "filed_on": life.filed_on,
                "closed_on": life.closed_on,
            }
            situation = Situation(today=today, directory=Choices(sample_catalogue, "ar"))
            failing = KINDS[sample.kind].failing
            assert failing(values, situation, calendar(), "") == (), sample.key
            assert life.filed_on is None or life.filed_on <= (life.closed_on or today)


async def test_every_sample_answers_what_the_wizard_asks(sample_catalogue: Catalogue) -> None:
    directory = Choices(sample_catalogue, "ar")
    for sample, life, _ in told(MONDAY):
        typed = answers(sample, life, sample_catalogue)
        images = sum(not file.name.endswith(".pdf") for file in sample.files if not file.came_with)
        today = life.submitted_at.date()
        situation = Situation(today=today, directory=directory, images=images)
        path = journey(KINDS[sample.kind], typed, situation)
        assert path.at == CHECK, sample.key


def answers(sample: SampleReport, life: Life, known: Catalogue) -> dict[str, str]:
    """What was typed to file this sample."""
    values = samples.values_of(sample, known)
    typed = {
        "ground": sample.ground or "",
        "agency": values["agency"].code,
        "platform": values["platform"].code if values["platform"] else "",
        "service": values["service"].code,
        "service_name": sample.service_name,
        "delivery_channel": sample.delivery_channel,
        "reference": sample.reference or "",
        "title": sample.title,
        "description": sample.description,
        "documents": "done",
    }
    if sample.closed:
        typed |= {"matter": sample.matter or "", "still_happening": "yes"}
    for name in ("filed_on", "closed_on"):
        day = getattr(life, name)
        if day:
            parts = {"day": day.day, "month": day.month, "year": day.year}
            typed |= {f"{name}_{part}": str(number) for part, number in parts.items()}
    return typed


async def test_drafts_lead_to_the_step_they_stopped_at(sample_catalogue: Catalogue) -> None:
    stops = {}
    for sample in stories().drafts:
        typed = draft_answers(sample, sample_catalogue)
        situation = Situation(today=MONDAY.date(), directory=Choices(sample_catalogue, "ar"))
        path = journey(COMPLAINT, typed, situation)
        stops[sample.key] = (path.at, path.number(path.at), path.count)
    assert stops == {
        "school-certificate": ("reference", 3, 6),
        "prayer-slot": ("documents", 4, 5),
    }


def draft_answers(sample: SampleDraft, known: Catalogue) -> dict[str, str]:
    people = samples.People({sample.person: {"id": 1}}, {}, {})
    typed: dict[str, str] = samples.draft_row(sample, people, known, almanac(MONDAY))["answers"]
    return typed


def test_numbers_can_be_told_on_the_telephone() -> None:
    given = [samples.number_of(sample) for sample in stories().reports]
    assert len(set(given)) == len(given)
    assert all(numbers.parse(number) == number for number in given)


def test_the_people_could_not_be_real() -> None:
    others = folk()
    ids = [person.national_id for person in others.people]
    ids += [member.national_id for member in cast.CAST if member.national_id]
    assert len(set(ids)) == len(ids) >= 14
    for id in ids:
        assert national_ids.normalised(id) == id
        assert id[1:7] == "0" * 6
    assert all(person.phone.startswith("+9665500000") for person in others.people)
    emails = [person.email for person in others.people]
    emails += [officer.email for officer in others.officers]
    emails += [member.email for member in cast.CAST]
    assert len(set(emails)) == len(emails)
    assert all(email.endswith("@example.sa") for email in emails)


def test_texts_are_whole() -> None:
    for sample in stories().reports:
        for deed in sample.story:
            assert bool(deed.items) == (deed.action is Action.REQUEST_DATA), sample.key
            assert bool(deed.answer) == (deed.action is Action.ANSWER), sample.key
            assert bool(deed.promised) == (deed.outcome == "accepted"), sample.key
            # A complaint is solved; the others are decided (specification 4).
            if deed.action is Action.ANSWER:
                assert (deed.outcome == "solved") == (sample.kind == "complaint"), sample.key
            reasoned = {"reject", "return_to_amer", "send_back", "request_reopening"}
            assert bool(deed.reason) == (deed.action in reasoned | {"refuse_reopening"}), sample.key
    assert {row.action for row in TRANSITIONS} == set(Action)


# In the database


@pytest.fixture
async def sample_catalogue(sample: None) -> Catalogue:
    return await catalogue(MONDAY)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load({"BALAGH_SECRET_KEY": SECRET, "BALAGH_DATA": str(tmp_path)}, demo=True)


@pytest.fixture
async def seeded(sample_catalogue: Catalogue, settings: Settings) -> dict[str, int]:
    """The cast's ids."""
    ids = await cast.seed_cast(settings.secret_key, MONDAY)
    await samples.seed(settings, MONDAY)
    return ids


async def everything() -> list[Any]:
    found = []
    for table in ("person", "staff", "report", "event", "attachment", "draft", "rating", "notice"):
        found += [table, *await fetch(f"SELECT * FROM {table} ORDER BY id")]
    return found


async def test_what_is_there_is_not_added_twice_or_moved(
    seeded: dict[str, int], settings: Settings
) -> None:
    await fetch("DELETE FROM draft WHERE answers->>'ground' = 'outage'")
    before = await everything()
    later = MONDAY + timedelta(days=3)
    assert await cast.seed_cast(settings.secret_key, later) == seeded
    await samples.seed(settings, later)
    assert await everything() == before


async def test_all_or_nothing(sample_catalogue: Catalogue, settings: Settings) -> None:
    # Without the cast there is nobody to file Noura's reports.
    with pytest.raises(LookupError, match="noura"):
        await samples.seed(settings, MONDAY)
    assert await fetch("SELECT 1 FROM person UNION ALL SELECT 1 FROM report") == []


async def test_only_the_cast_is_written_to_of_what_was_closed_last(
    seeded: dict[str, int], settings: Settings
) -> None:
    found = {sample.key: samples.number_of(sample) for sample, _, _ in told(MONDAY)}
    rows = await fetch("SELECT * FROM notice ORDER BY id")
    assert [
        (row["moment"], row["channel"], row["recipient"], json.loads(row["data"])["number"])
        for row in rows
    ] == [
        ("closed", "email", "noura@example.sa", found["power-of-attorney"]),
        ("closed", "email", "khalid@example.sa", found["driving-licence"]),
    ]
    assert {(row["state"], row["next_attempt_at"]) for row in rows} == {("waiting", MONDAY)}
    for row in rows:
        made = render(row["moment"], "email", row["language"], json.loads(row["data"]))
        assert isinstance(made, Email)
        assert f"{settings.public_url}/r/" in made.text
    # Nobody rated what they are asked to rate.
    assert not await fetch(
        "SELECT 1 FROM rating JOIN report r ON r.id = report_id WHERE r.number = ANY($1::text[])",
        [json.loads(row["data"])["number"] for row in rows],
    )


async def test_ratings_were_given_in_time_and_say_what_could_be_said(
    seeded: dict[str, int],
) -> None:
    rows = await fetch(
        "SELECT g.*, r.state, r.ended_at FROM rating g JOIN report r ON r.id = g.report_id"
    )
    assert len(rows) == sum(len(sample.ratings) for sample in stories().reports) >= 10
    for row in rows:
        state = State(row["state"])
        assert surveys.may_rate(row["survey"], state, row["ended_at"], row["at"], ZONE)
        assert row["ended_at"] < row["at"] < MONDAY
        kept = surveys.opinion(
            surveys.SURVEYS[row["survey"]], row["score"], row["reasons"], row["comment"] or ""
        )
        assert set(kept.reasons) == set(row["reasons"])
        assert kept.comment == row["comment"]
    assert {row["score"] for row in rows} >= {2, 3, 4, 5}


HANDS = ("officer_id", "acknowledged_at")


async def test_the_rows_say_what_the_stories_say(seeded: dict[str, int]) -> None:
    rows = {row["draft_id"]: row for row in await fetch("SELECT * FROM report")}
    for sample, life, story in told(MONDAY):
        row = rows[samples.draft_id(sample.key)]
        # Whom it was referred to is in the rows alone (below), with who took it up.
        for name in {*Life.__struct_fields__} - {"referred_agency_id", *HANDS}:
            found = tuple(row[name]) if name == "pauses" else row[name]
            assert found == getattr(life, name), (sample.key, name)
        referred = life.referred_agency_id is not None
        assert row["referred_agency_id"] == (row["agency_id"] if referred else None)
        begun = any(event.action is Action.START_REVIEW for event in story)
        assert (row["assignee_id"] is not None) == begun
        taken = referred and life.outcome is not None
        assert (row["officer_id"] is not None) == taken
        assert row["acknowledged_at"] == (life.referred_at if taken else None)
        assert row["version"] == len(story)
        happened = await fetch("SELECT * FROM event WHERE report_id = $1 ORDER BY id", row["id"])
        assert [event["action"] for event in happened] == [event.action for event in story]
        assert [event["at"] for event in happened] == [event.at for event in story]


async def test_each_acts_for_their_own(seeded: dict[str, int]) -> None:
    rows = await fetch(
        "SELECT e.action, e.actor, s.role, s.agency_id, r.agency_id AS of, r.filed_by, r.channel "
        "FROM event e JOIN report r ON r.id = e.report_id LEFT JOIN staff s ON s.id = e.staff_id"
    )
    for row in rows:
        if row["role"] == "agency_officer":
            assert row["agency_id"] == row["of"]
        else:
            assert row["role"] in (None, "reviewer", "intake_officer")
        assert (row["role"] is not None) == (row["actor"] == "staff")
        if row["role"] == "intake_officer":
            assert (row["action"], row["channel"]) == ("submit", "toll_free")
            assert row["filed_by"] == seeded["hind"]
    assert {row["role"] for row in rows} == {
        None, "reviewer", "intake_officer", "agency_officer",
    }  # fmt: skip


async def test_many_agencies_have_work(seeded: dict[str, int]) -> None:
    (row,) = await fetch("SELECT count(DISTINCT agency_id) AS agencies FROM report")
    assert row["agencies"] >= 15
    held = await fetch(
        "SELECT a.code, count(*) AS n FROM report r JOIN agency a ON a.id = r.agency_id "
        "WHERE r.state = 'in_progress' GROUP BY a.code"
    )
    assert {"moj", "mc"} <= {row["code"] for row in held if row["n"] >= 2}


async def test_her_page_is_the_one_that_was_drawn(seeded: dict[str, int]) -> None:
    noura = seeded["noura"]
    (waiting,) = (await inboxes.mine(noura, "waiting")).lines
    assert (waiting.state, waiting.platform_ar) == (State.MISSING_DATA, "صحتي")
    assert waiting.missing == ("صورة من تقرير الإجازة",)
    (working,) = (await inboxes.mine(noura, "working")).lines
    assert (working.state, working.platform_ar) == (State.IN_PROGRESS, "قوى")
    assert waiting.data_due_at is not None
    assert waiting.data_due_at - MONDAY == timedelta(hours=27)
    over = await inboxes.mine(noura, "ended")
    assert [line.state for line in over.lines] == ["closed", "rejected", "closed", "cancelled"]
    assert over.lines[0].ended_at is not None
    assert over.lines[0].ended_at.astimezone(ZONE).date() == date(2026, 11, 12)
    assert [draft.kind for draft in await inboxes.drafts(noura)] == ["complaint"]
    # And what Khalid has is his.
    (draft,) = await inboxes.drafts(seeded["khalid"])
    assert '"nusuk-rawdah"' in draft.answers
    counts = await inboxes.counts(seeded["khalid"])
    assert (sum(one.open for one in counts), sum(one.ended for one in counts)) == (4, 3)


async def test_the_files_are_there(seeded: dict[str, int], settings: Settings) -> None:
    rows = await fetch(
        "SELECT a.*, r.ground, r.submitted_at FROM attachment a JOIN report r ON r.id = a.report_id"
    )
    assert {row["media_type"] for row in rows} == {"image/png", "application/pdf"}
    store = Store(settings.data / "files")
    for row in rows:
        kept = await store.read(row["id"])
        assert len(kept) == row["size"]
        file = await inboxes.file_for(row["person_id"], row["id"])
        assert file is not None
        assert isinstance(await inspect(BytesIO(kept), row["name"]), Accepted)
    owing = [sample for sample in stories().reports if sample.ground == "outage"]
    for sample in owing:
        id = samples.draft_id(sample.key)
        images = [row for row in rows if row["draft_id"] == id and "image" in row["media_type"]]
        assert any(row["added_at"] < row["submitted_at"] for row in images), sample.key
    # What came with a later deed stands with it; what was filed, with the report.
    came = {
        samples.draft_id(f"{sample.key}/{file.name}"): sample.story[file.came_with].action
        for sample in stories().reports
        for file in sample.files
        if file.came_with
    }
    with_event = await fetch(
        "SELECT a.id, e.action FROM attachment a JOIN event e ON e.id = a.event_id"
    )
    assert {row["id"]: row["action"] for row in with_event} == came
    assert came


def test_times_are_told_from_now() -> None:
    told_at = almanac(MONDAY)
    assert told_at.instant("2 09:14") == at(2026, 11, 19, 9, 14)
    assert told_at.instant("95m") == at(2026, 11, 23, 9, 55)
    # Half past three hours and a half of today, the rest of Sunday.
    assert told_at.instant("240m") == at(2026, 11, 22, 15, 30)
    assert told_at.instant("21h") == at(2026, 11, 22, 14, 30)
    assert told_at.instant("34h") == at(2026, 11, 22, 8, 0)
    assert told_at.instant("+4 22:14", before=at(2026, 11, 1, 9)) == at(2026, 11, 5, 22, 14)
    assert told_at.instant("expiry", expiry=MONDAY) == MONDAY
    for wrong in ("yesterday", "3", "+3 10:00", "expiry"):
        with pytest.raises(ValueError, match=r"says no time|does not fit here"):
            told_at.instant(wrong)
