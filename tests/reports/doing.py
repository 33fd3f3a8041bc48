"""What happens in the life of a report, done as the product does it: it is filed by ``submit``,
staff act by the plans of their pages, the beneficiary as their pages do, days off are declared as
administrators declare them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from tests.reports import filed

from balagh.directory import holidays, lookup
from balagh.reports import (
    calendar_changes,
    cases,
    casework,
    deeds,
    moments,
    promises,
    splitting,
)
from balagh.reports.acting import Deed, Done, act
from balagh.reports.allowed import refusal
from balagh.reports.behalf import Behalf
from balagh.reports.calendar_changes import Change
from balagh.reports.cases import Case, Desk
from balagh.reports.casework import Filed, Filer, Submission
from balagh.reports.choices import Choices
from balagh.reports.eligibility import possible_on
from balagh.reports.fields import Situation
from balagh.reports.kinds import KINDS
from balagh.reports.lifecycle import TRANSITIONS, Action, Role, transition
from balagh.reports.moments import MOMENTS
from balagh.reports.promises import Delivery
from balagh.reports.splitting import NewPart
from balagh.reports.standing import Terms, after
from balagh.reports.telling_channels import Reach
from balagh.reports.wizard import parse
from balagh.workdays import Calendar

RIYADH = ZoneInfo("Asia/Riyadh")
WEEKEND = frozenset({4, 5})
PUBLIC, KEY = "https://balagh.example.sa", b"k" * 32
DAYS_OFF = calendar_changes.World(weekend=WEEKEND, zone=RIYADH)
PORTAL = deeds.Portal(public_url=PUBLIC, secret_key=KEY, sms=False, answer_closes=False)
ANSWERS = {
    "ground": "outage", "agency": "momah", "platform": "balady",
    "service": "balady-licence-renew", "delivery_channel": "web", "title": "لم تُجدَّد الرخصة",
    "description": "سددت الرسوم ولم تُجدَّد الرخصة إلى اليوم.",
}  # fmt: skip
# One that can be filed a week after it was filed there, and is kept until then.
EARLY = {
    "ground": "no_response_time", "filed_on_day": "18", "filed_on_month": "11",
    "filed_on_year": "2026", "filed_on_calendar": "gregorian", "reference": "BLD-4471882",
}  # fmt: skip
REASON = "سبب يكفي طوله لقراءته."
GIVEN: dict[Action, dict[str, Any]] = {
    Action.REQUEST_DATA: {"item": filed.ITEMS},
    Action.REJECT: {"code": "other", "reason": REASON},
    Action.RETURN_TO_AMER: {"reason": REASON},
    Action.SEND_BACK: {"reason": REASON},
    Action.REFUSE_REOPENING: {"reason": REASON},
}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=RIYADH)


class Doing:
    """Whoever acts on the reports of one person. ``numbers``: of the first report and its parts."""

    def __init__(self) -> None:
        self.now = at("2026-01-01 00:00")
        self.person = self.reviewer = 0
        self.officers: dict[int, int] = {}
        self.numbers: list[str] = []
        self.draft: UUID | None = None
        self._calendar: Calendar | None = None

    async def file(self, kind: str = "complaint") -> None:
        if self.draft is None:
            self.draft = uuid4()
            await casework.begin(self.draft, self.person, kind, ANSWERS, self.now)
        draft = await casework.open_draft(self.draft, Filer(person_id=self.person))
        assert draft is not None
        values, _ = await self.understood(kind, draft.answers)
        given = Submission(
            kind=KINDS[kind], values=values, draft=draft, filer=Filer(person_id=self.person),
            name="نورة", reach=Reach(phone=None, email="n@example.sa"), behalf=Behalf(),
            language="ar", public_url=PUBLIC, sms=False,
        )  # fmt: skip
        done = await casework.submit(given, self.now, await self.calendar(), RIYADH, 5)
        assert isinstance(done, Filed)
        self.numbers.append(done.number)

    async def keep(self, more: dict[str, str]) -> None:
        """A draft; one that comes too early with a reminder of the day on which it can be filed."""
        self.draft = self.draft or uuid4()
        await casework.begin(self.draft, self.person, "complaint", ANSWERS | more, self.now)
        values, situation = await self.understood("complaint", ANSWERS | more)
        failures = KINDS["complaint"].failing(values, situation, await self.calendar(), "")
        if day := possible_on(failures):
            await casework.remind(self.draft, self.person, day)

    async def act(self, action: Action, n: int, promised_on: date | None, *, refused: bool) -> None:
        case = await self.case(n)
        role = next(
            (role for line in TRANSITIONS if line.action is action and line.source is case.state
             for role in (Role.BENEFICIARY, Role.REVIEWER, Role.AGENCY_OFFICER)
             if role in line.roles), Role.BENEFICIARY,
        )  # fmt: skip
        assert (refusal(case, action, role, self.now) is not None) == refused
        if refused:
            return
        terms = Terms(
            calendar=await self.calendar(), zone=RIYADH, resolution_days=5, missing_data_hours=48,
            reopen_days=14,
        )  # fmt: skip
        if role is Role.BENEFICIARY:
            done = await act(await self.own(case, action, terms), self.now)
        else:
            given = deeds.Given(
                desk=await self.desk(case, role), action=action,
                values=await self.values(case, action, promised_on),
            )  # fmt: skip
            planned = await deeds.planned(case, given, self.now, terms, PORTAL)
            done = await deeds.do(planned, self.now)
        assert isinstance(done, Done)

    async def declare(self, what: str, day: date) -> None:
        newest = await calendar_changes.newest()
        change = Change(
            first=day, last=day, working={"off": False, "worked": True}.get(what),
            name_ar="إجازة", name_en="Holiday",
        )  # fmt: skip
        made = await calendar_changes.make(
            change, DAYS_OFF, self.now, as_of=newest.id if newest else 0, staff_id=self.reviewer
        )
        assert isinstance(made, int), made
        self._calendar = None

    async def split(self, *agencies: str) -> None:
        case, known = await self.case(1), await lookup.catalogue(self.now)
        parts = [
            NewPart(
                agency_id=known.agency_codes[code].id, platform_id=None, service_id=None,
                service_code=None, text="ما يخص هذه الجهة وحدها.", files=(),
            )
            for code in agencies
        ]  # fmt: skip
        whole = await splitting.whole_of(case.id)
        refused = await splitting.split(
            whole, case.version, parts, uuid4(), self.reviewer, self.now
        )
        assert refused is None, refused
        self.numbers = [one.number for one in await splitting.siblings(case.id)]

    async def deliver(self, n: int) -> None:
        case = await self.case(n)
        given = Delivery(
            report=case.id, version=case.version, staff=self.reviewer, agency_ar=case.agency_ar,
            agency_en=case.agency_en, text="الخدمة متاحة الآن.", file=None,
            notices=moments.notices(
                promises.MOMENT, await moments.addressee_of(case.id), public_url=PUBLIC, sms=False,
                zone=RIYADH, promised_on=str(case.promised_on),
            ),
        )  # fmt: skip
        assert await promises.deliver(given, self.now)

    async def calendar(self) -> Calendar:
        if self._calendar is None:
            self._calendar = await holidays.load_calendar(WEEKEND, self.now.date())
        return self._calendar

    async def case(self, n: int) -> Case:
        desk = Desk(self.reviewer, Role.REVIEWER, None)
        case = await cases.case_for(desk, self.numbers[n - 1])
        assert case is not None
        return case

    async def desk(self, case: Case, role: Role) -> Desk:
        """A reviewer's, or that of an officer of the agency that has it."""
        if role is Role.REVIEWER:
            return Desk(self.reviewer, role, None)
        agency = case.referred_agency_id
        assert agency is not None
        if agency not in self.officers:
            self.officers[agency] = await filed.new_id(
                "staff", role="agency_officer", agency_id=agency, name_ar="فهد", name_en="Fahd",
                email=f"fahd-{agency}@example.sa", created_at=self.now,
            )  # fmt: skip
        return Desk(self.officers[agency], role, agency)

    async def own(self, case: Case, action: Action, terms: Terms) -> Deed:
        """As the beneficiary's pages do it."""
        line = transition(case.state, action, Role.BENEFICIARY)
        assert line is not None
        notices: tuple[Any, ...] = ()
        if action is Action.CANCEL:
            notices = moments.notices(
                MOMENTS[action], await moments.addressee_of(case.id), public_url=PUBLIC, sms=False,
                zone=RIYADH, new_link=f"{PUBLIC}/new/complaint",
            )  # fmt: skip
        return Deed(
            report=case.id, version=case.version, action=action, before=case.standing(),
            after=after(case.standing(), line, self.now, terms), actor="beneficiary",
            notices=notices,
        )  # fmt: skip

    async def values(self, case: Case, action: Action, promised_on: date | None) -> dict[str, Any]:
        if action is Action.REFER:
            known = await lookup.catalogue(self.now)
            return {"agency": known.agencies[case.agency_id], "priority": "normal"}
        if action is Action.ANSWER and case.kind == "complaint":
            return {"text": "عولج العطل في الخدمة."}
        if action is Action.ANSWER:
            # Accepted with the date that the story gives, else refused.
            accepted = {
                "outcome": "accepted", "plan": "تتاح الخدمة رقميًا.", "promised_on": promised_on,
            }  # fmt: skip
            return accepted if promised_on else {"outcome": "refused", "reasons": REASON}
        return GIVEN.get(action, {})

    async def understood(
        self, kind: str, answers: dict[str, str]
    ) -> tuple[dict[str, Any], Situation]:
        directory = Choices(await lookup.catalogue(self.now), "ar")
        situation = Situation(today=self.now.astimezone(RIYADH).date(), directory=directory)
        values: dict[str, Any] = {}
        for step in KINDS[kind].steps:
            if step.shown(answers, situation):
                values |= parse(step, answers, values, situation)[0]
        return values, situation
