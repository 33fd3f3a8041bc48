"""An agency confirms that it received what was referred to it."""

from datetime import timedelta
from itertools import product

import pytest
from tests.web.conftest import NOW, Clock, Visiting
from tests.web.staff.casework import audited, case, events, row

STATES = ("received", "under_review", "missing_data", "in_progress", "answered", "closed")
# Who may, and in which states; everybody else, and everywhere else, not.
MAY = set(product(("fahd", "mona"), ("in_progress",)))
PEOPLE = ("hind", "reem", "majed", "abeer", "fahd", "mona", "salem")


@pytest.mark.parametrize(("key", "state"), list(product(PEOPLE, STATES)))
async def test_who_acknowledges_when(at_desk: Visiting, key: str, state: str) -> None:
    made = await case(state)
    async with at_desk(key) as one:
        page = await one.open("/")
        csrf = page.form("/sign-out").fields["csrf"]
        answer = await one.client.post(f"{made['url']}/acknowledgement", data={"csrf": csrf})
    now = await row(made["id"])
    if (key, state) in MAY:
        assert answer.status_code == 303
        assert now["acknowledged_at"] == NOW
        assert now["version"] == 2
        (event,) = await events(made["id"], "acknowledge")
        assert (event["public"], event["side"], event["to_state"]) == (False, None, None)
        assert await audited(made["id"], "acknowledge") == 1
    else:
        assert answer.status_code in (303, 404)
        assert now["acknowledged_at"] is None
        assert now["version"] == 1
        assert await events(made["id"], "acknowledge") == []
        assert await audited(made["id"], "acknowledge") == 0


async def test_while_data_is_missing_the_agency_may_acknowledge_too(at_desk: Visiting) -> None:
    made = await case("in_progress")
    waiting = await case(
        "missing_data", resume_state="in_progress",
        referred_agency_id=(await row(made["id"]))["agency_id"], referred_at=NOW,
    )  # fmt: skip
    async with at_desk("fahd") as fahd:
        await fahd.open(waiting["url"])
        await fahd.send("/acknowledgement")
    assert (await row(waiting["id"]))["acknowledged_at"] == NOW


async def test_both_sides_see_it_and_pressing_again_changes_nothing(
    at_desk: Visiting, time: Clock
) -> None:
    made = await case()
    async with at_desk("reem") as reem, at_desk("fahd") as fahd:
        # Referred on Sunday the 22nd; by Monday one working day went by.
        page = await reem.open(made["url"])
        assert "Not acknowledged for 1 working day" in page.text
        assert not [form for form in page.forms if form.action.endswith("/acknowledgement")]
        await fahd.open(made["url"])
        form = fahd.page.form("/acknowledgement")
        page = await fahd.send("/acknowledgement")
        assert "Done: Acknowledge the receipt" in page.text
        assert "Acknowledged by Fahd Aldosari: Today, 11:30 am" in page.texts["p"]
        time.now = NOW + timedelta(minutes=20)
        await fahd.client.post(form.action, data=form.fields)
        assert (await row(made["id"]))["acknowledged_at"] == NOW
        assert len(await events(made["id"], "acknowledge")) == 1
        page = await reem.open(made["url"])
        assert "Acknowledged by Fahd Aldosari: Today, 11:30 am" in page.texts["p"]


@pytest.mark.parametrize(
    ("referred", "said"),
    [
        (timedelta(hours=1), "Not acknowledged yet"),
        (timedelta(days=1), "Not acknowledged for 1 working day"),
        # Friday and Saturday are not worked.
        (timedelta(days=4), "Not acknowledged for 2 working days"),
    ],
)
async def test_how_long_nobody_acknowledged(
    at_desk: Visiting, referred: timedelta, said: str
) -> None:
    made = await case(referred_at=NOW - referred)
    async with at_desk("majed") as majed:
        assert said in (await majed.open(made["url"])).text


async def test_a_new_referral_is_acknowledged_anew(at_desk: Visiting) -> None:
    made = await case(acknowledged_at=NOW - timedelta(days=9))
    async with at_desk("reem") as reem:
        # Samples and older reports have no entry that says who.
        assert "Acknowledged: " in (await reem.open(made["url"])).text
