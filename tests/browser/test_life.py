"""The whole life of each kind by keyboard alone, by four people, scripts off and on: every row of
the life cycle's table but the clock's is done through the pages, and the officer of another agency
never sees any of it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from PIL import Image
from playwright.async_api import Page, expect
from tests.browser import filing, test_kinds
from tests.browser.conftest import Visiting
from tests.browser.filing import Keyboard
from tests.browser.test_case_actions import act, noura_s

from balagh import clock
from balagh.database import fetch
from balagh.i18n import Language
from balagh.reports import numbers
from balagh.reports.lifecycle import TRANSITIONS, Action, State
from balagh.web.staff.actions import ACTIONS, TEXTS

pytestmark = pytest.mark.usefixtures("database")

# What Fahd's ministry answers for.
SERVICE = {"agency": "moj", "platform": "najiz", "service": "najiz-poa-issue"}
WORDS = "راجعنا الطلب مع الفريق المختص وسجلنا ما تقرر فيه."
Row = tuple[State | None, Action]


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "fault.png"
    Image.new("RGB", (60, 40), "#1B8354").save(path)
    return path


class Stage(msgspec.Struct):
    """Four browsers. ``nothing``: what Salem is shown for a number that nobody has."""

    noura: Page
    reem: Page
    fahd: Page
    salem: Page
    picture: Path
    language: Language
    nothing: str = ""

    async def filed(self, kind: str) -> str:
        """Noura's new report about a service of Fahd's ministry."""
        if kind == "complaint":
            number = await filing.file_complaint(self.noura, "outage", self.picture, SERVICE)
        else:
            number = await test_kinds.file(self.noura, kind, self.picture, SERVICE)
        await self.unseen(number)
        return number

    async def finds(self, page: Page, number: str) -> None:
        """From the inbox to the report, as whoever has its number does."""
        hands = Keyboard(page)
        await page.goto("/inbox")
        await hands.type("q", number)
        await page.keyboard.press("Enter")
        await hands.press(page.locator(f'.grid th a[href^="/cases/{number}"]'))
        await page.wait_for_url(f"**/cases/{number}*")

    async def does(self, page: Page, number: str, noun: str, **typed: str) -> None:
        """One action of a member of staff, from the report's page to what it says afterwards."""
        hands = Keyboard(page)
        # Where "Actions" begins, as from a tab of theirs.
        if await page.goto(f"/cases/{number}#actions") is None:
            await page.reload()
        tab = page.locator(f'.acting-tabs a[href*="?do={noun}#"]')
        if await tab.get_attribute("aria-current") is None:
            await hands.press(tab)
        form = page.locator(f'#acting[action*="/{noun}?"]')
        await form.wait_for()
        for name, value in typed.items():
            field = form.locator(f"[name={name}]:not([type=hidden])").first
            kind = await field.evaluate("one => one.type")
            if kind == "radio":
                await hands.mark(name, value)
            elif kind == "select-one":
                await hands.pick(name, value)
            else:
                await hands.type(name, value)
        text = self.language.text
        await act(page)
        await expect(page.locator("#actions [role=status]")).to_have_text(
            text("Done: {action}", action=text(TEXTS[ACTIONS[noun]]))
        )
        await self.unseen(number)

    async def returns(self, number: str) -> None:
        """Fahd gives it back to Amer, and has it no longer."""
        hands = Keyboard(self.fahd)
        await self.fahd.goto(f"/cases/{number}?do=return#actions")
        await hands.pick("code", "other_agency")
        await hands.type("reason", WORDS)
        await hands.press(self.fahd.locator("#act"))
        await self.fahd.wait_for_url(lambda url: url.endswith(f"/inbox?returned={number}"))
        await expect(self.fahd.locator("main .note.ok")).to_be_focused()
        answer = await self.fahd.goto(f"/cases/{number}")
        assert answer is not None
        assert answer.status == 404
        await self.unseen(number)

    async def updates(self, number: str) -> None:
        hands = Keyboard(self.noura)
        await self.noura.goto(f"/reports/{number}")
        await hands.press(self.noura.locator(f'main a[href="/reports/{number}/update"]').first)
        await self._written(number, "update")

    async def asks_to_reopen(self, number: str) -> None:
        hands = Keyboard(self.noura)
        await self.noura.goto(f"/reports/{number}")
        await hands.press(self.noura.locator(f'main a[href="/reports/{number}/reopening"]').first)
        await self._written(number, "reopening")

    async def _written(self, number: str, noun: str) -> None:
        page, hands = self.noura, Keyboard(self.noura)
        await page.wait_for_url(f"**/reports/{number}/{noun}")
        await hands.type("text_0", WORDS)
        await hands.sent(page.locator("#filling .acts .btn"))
        await page.wait_for_url(f"**/reports/{number}/{noun}/check")
        await hands.sent(page.locator("main form .btn"))
        await page.wait_for_url(f"**/reports/{number}")
        await self.unseen(number)

    async def cancels(self, number: str) -> None:
        page, hands = self.noura, Keyboard(self.noura)
        await page.goto(f"/reports/{number}")
        await hands.press(page.locator(f'main a[href="/reports/{number}/cancellation"]'))
        await page.wait_for_url(f"**/reports/{number}/cancellation")
        await hands.sent(page.locator("main .danger"))
        await page.wait_for_url(f"**/reports/{number}")
        await self.unseen(number)

    async def stands(self, number: str, state: str) -> None:
        """``state``: as Noura reads it."""
        await self.noura.goto(f"/reports/{number}")
        await expect(self.noura.locator("header .tag")).to_have_text(self.language.text(state))

    async def unseen(self, number: str) -> None:
        """Salem has the number, and gets what he gets for one that does not exist."""
        assert await self._not_found(number) == self.nothing
        await self.salem.goto(f"/inbox?q={number}")
        await expect(self.salem.locator("#find")).to_have_value(number)
        assert await self.salem.locator('a[href^="/cases/"]').count() == 0

    async def _not_found(self, number: str) -> str:
        """The whole page but the number."""
        answer = await self.salem.goto(f"/cases/{number}")
        assert answer is not None
        assert answer.status == 404
        return (await self.salem.locator("body").inner_text()).replace(number, "")

    async def learns_nothing(self) -> None:
        self.nothing = await self._not_found(numbers.new(lambda _: 0))
        assert self.nothing


async def of_a_complaint(stage: Stage) -> list[str]:
    number = await stage.filed("complaint")
    reem, fahd = stage.reem, stage.fahd
    await stage.finds(reem, number)
    await stage.does(reem, number, "review")
    await stage.does(reem, number, "data-request", item_0=WORDS)
    await stage.updates(number)
    await stage.does(reem, number, "referral", guidance=WORDS)
    await stage.finds(fahd, number)
    await stage.does(fahd, number, "data-request", item_0=WORDS)
    await stage.updates(number)
    await stage.returns(number)
    await stage.does(reem, number, "referral")
    await stage.does(fahd, number, "answer", text=WORDS)
    await stage.does(reem, number, "sending-back", reason=WORDS)
    await stage.does(fahd, number, "answer", text=WORDS)
    await stage.does(reem, number, "closing", comment=WORDS)
    await stage.asks_to_reopen(number)
    await stage.does(reem, number, "reopening-refusal", reason=WORDS)
    await stage.stands(number, "Closed")
    await stage.asks_to_reopen(number)
    await stage.does(reem, number, "reopening-acceptance")
    await stage.does(fahd, number, "answer", text=WORDS)
    await stage.does(reem, number, "closing")
    await stage.stands(number, "Closed")
    return [number]


async def of_a_request(stage: Stage) -> list[str]:
    day = (clock.now() + timedelta(days=90)).date()
    accepted = {
        "outcome": "accepted", "promised_on_day": str(day.day), "promised_on_month": str(day.month),
        "promised_on_year": str(day.year), "plan": WORDS,
    }  # fmt: skip
    done = []
    for answer in (accepted, {"outcome": "refused", "reasons": WORDS}):
        number = await stage.filed("transformation")
        await stage.does(stage.reem, number, "review")
        await stage.does(stage.reem, number, "referral")
        await stage.does(stage.fahd, number, "answer", **answer)
        await stage.does(stage.reem, number, "closing")
        await stage.stands(number, "Closed")
        await expect(stage.noura.locator("main")).to_contain_text(WORDS)
        # Only a complaint is opened again.
        assert await stage.noura.locator('a[href$="/reopening"]').count() == 0
        done.append(number)
    return done


async def of_a_suggestion(stage: Stage) -> list[str]:
    rejected = await stage.filed("suggestion")
    await stage.does(stage.reem, rejected, "review")
    await stage.does(stage.reem, rejected, "rejection", code="exists_already", reason=WORDS)
    await stage.stands(rejected, "Rejected")
    await expect(stage.noura.locator("main")).to_contain_text(WORDS)
    cancelled = await stage.filed("suggestion")
    await stage.cancels(cancelled)
    await stage.stands(cancelled, "Cancelled")
    return [rejected, cancelled]


async def of_the_others(stage: Stage) -> list[str]:
    """An update by staff for the beneficiary, and cancelling from wherever it may be: reports that
    stand just so when they begin."""
    updated, missing = await noura_s("missing_data"), await noura_s("missing_data")
    working = await noura_s("in_progress")
    await stage.does(stage.reem, updated, "update", text_0=WORDS, text_1=WORDS)
    await stage.stands(updated, "Under review")
    for number in (updated, missing, working):
        await stage.cancels(number)
        await stage.stands(number, "Cancelled")
    return [updated, missing, working]


# What each of them does, and no other way counts.
JOURNEYS: dict[Callable[[Stage], Awaitable[list[str]]], set[Row]] = {
    of_a_complaint: {
        (None, Action.SUBMIT),
        (State.RECEIVED, Action.START_REVIEW),
        (State.UNDER_REVIEW, Action.REQUEST_DATA),
        (State.MISSING_DATA, Action.UPDATE),
        (State.UNDER_REVIEW, Action.REFER),
        (State.IN_PROGRESS, Action.REQUEST_DATA),
        (State.IN_PROGRESS, Action.RETURN_TO_AMER),
        (State.IN_PROGRESS, Action.ANSWER),
        (State.ANSWERED, Action.SEND_BACK),
        (State.ANSWERED, Action.CLOSE),
        (State.CLOSED, Action.REQUEST_REOPENING),
        (State.REOPEN_REQUESTED, Action.REFUSE_REOPENING),
        (State.REOPEN_REQUESTED, Action.ACCEPT_REOPENING),
    },
    of_a_request: {
        (None, Action.SUBMIT),
        (State.RECEIVED, Action.START_REVIEW),
        (State.UNDER_REVIEW, Action.REFER),
        (State.IN_PROGRESS, Action.ANSWER),
        (State.ANSWERED, Action.CLOSE),
    },
    of_a_suggestion: {
        (None, Action.SUBMIT),
        (State.RECEIVED, Action.START_REVIEW),
        (State.UNDER_REVIEW, Action.REJECT),
        (State.RECEIVED, Action.CANCEL),
    },
    of_the_others: {
        (State.MISSING_DATA, Action.UPDATE),
        (State.UNDER_REVIEW, Action.CANCEL),
        (State.MISSING_DATA, Action.CANCEL),
        (State.IN_PROGRESS, Action.CANCEL),
    },
}

# Without scripts all of it, in Arabic. With them whatever has a row of its own; the forms of an
# answer to a request have a test of theirs.
WAYS = [
    *(pytest.param(one, False, "ar", id=f"{one.__name__}-ar-no-scripts") for one in JOURNEYS),
    *(
        pytest.param(one, True, "en", id=f"{one.__name__}-en")
        for one in JOURNEYS
        if one is not of_a_request
    ),
]


@pytest.mark.parametrize(("journey", "scripts", "language"), WAYS)
async def test_by_four_people(
    visiting: Visiting,
    picture: Path,
    journey: Callable[[Stage], Awaitable[list[str]]],
    scripts: bool,
    language: str,
) -> None:
    options: dict[str, object] = {"language": language, "scripts": scripts, "width": 1280}
    problems: list[str] = []
    async with (
        visiting("noura", **options) as noura,
        visiting("reem", **options) as reem,
        visiting("fahd", **options) as fahd,
        visiting("salem", **options) as salem,
    ):
        for page in (noura, reem, fahd, salem):
            page.on("pageerror", lambda error: problems.append(str(error)))
        stage = Stage(noura, reem, fahd, salem, picture, Language.of(language))
        await stage.learns_nothing()
        numbers = await journey(stage)
    assert not problems
    from_the_start = (None, Action.SUBMIT) in JOURNEYS[journey]
    done = [await rows_of(number, from_the_start=from_the_start) for number in numbers]
    assert set().union(*done) == JOURNEYS[journey]


def test_no_row_of_the_table_is_left_out() -> None:
    """But the clock's, which nobody presses."""
    every = {(row.source, row.action) for row in TRANSITIONS if row.action is not Action.EXPIRE}
    assert set().union(*JOURNEYS.values()) == every


async def rows_of(number: str, *, from_the_start: bool) -> set[Row]:
    """What moved that report. ``from_the_start``: it was filed by the pages, too; otherwise its
    first event was there."""
    entries = await fetch(
        "SELECT event.action, event.to_state FROM event JOIN report ON report.id = event.report_id"
        " WHERE report.number = $1 AND event.to_state IS NOT NULL ORDER BY event.id",
        number,
    )
    states = [State(one["to_state"]) for one in entries]
    rows = list(zip([None, *states], [Action(one["action"]) for one in entries], strict=False))
    return set(rows if from_the_start else rows[1:])
