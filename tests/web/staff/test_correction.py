"""Correcting what a report says, on its page: each kind by its own questions."""

from datetime import date
from typing import Any

import pytest
from tests.reports import filed
from tests.web.conftest import Visiting
from tests.web.pages import Browser, Page
from tests.web.staff.cases import a_case
from tests.web.staff.casework import audited, row

from balagh.database import fetch, fetch_one
from balagh.directory import lookup

FILED_ON = date(2026, 11, 9)


async def place(service: str) -> dict[str, Any]:
    """The columns of a report about that service of the sample catalogue."""
    found = await fetch_one(
        "SELECT agency_id, platform_id, id AS service_id FROM service WHERE code = $1", service
    )
    assert found is not None
    return dict(found)


async def noura() -> int:
    known = await fetch("SELECT id FROM person WHERE name = 'نورة سعد القحطاني'")
    return int(known[0]["id"]) if known else await filed.person()


async def complaint(state: str = "under_review", **columns: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        **await place("balady-licence-renew"), "service_name": None, "delivery_channel": "web",
        "ground": "no_response_time", "reference": "BLD-1", "reference_key": "bld1",
        "filed_on": FILED_ON, "title": "سددت ولم تُجدَّد الرخصة",
        "description": "سددت الرسوم قبل أسبوعين ولم تُجدَّد الرخصة.",
    }  # fmt: skip
    return await filed.report(await noura(), state, **{**values, **columns})


async def transformation(**columns: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        **await place("momah-survey-report"), "kind": "transformation", "service_name": None,
        "service_key": "code:momah-survey-report", "title": "تحويل التقرير المساحي",
        "description": "أراجع البلدية ثلاث مرات لكل تقرير مساحي.",
    }  # fmt: skip
    return await filed.report(await noura(), **{**values, **columns})


async def suggestion(**columns: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        **await place("balady-licence-renew"), "kind": "suggestion", "service_name": None,
        "delivery_channel": "web", "title": "الدفع بأبل باي عند التجديد",
        "description": "أقترح إضافة خيار الدفع عبر أبل باي عند تجديد الرخصة.",
    }  # fmt: skip
    return await filed.report(await noura(), **{**values, **columns})


MADE = {"complaint": complaint, "transformation": transformation, "suggestion": suggestion}


async def opened(browser: Browser, made: dict[str, Any]) -> Page:
    page = await browser.open(f"/cases/{made['number']}/correction")
    assert page.status == 200
    return page


# Kind, what is typed, and the columns as they become. A service in two steps is tried below.
FIELDS = [
    ("complaint", {"title": "عنوان صُحّح"}, {"title": "عنوان صُحّح"}),
    ("complaint", {"reference": "BLD-٢"}, {"reference": "BLD-2", "reference_key": "bld2"}),
    ("complaint", {"filed_on_day": "8"}, {"filed_on": date(2026, 11, 8)}),
    ("complaint", {"delivery_channel": "app"}, {"delivery_channel": "app"}),
    ("complaint", {"ground": "outage"}, {"ground": "outage", "reference": None,
                                         "reference_key": None, "filed_on": None}),
    ("complaint", {"phone": "0561102938"}, {"phone": "+966561102938"}),
    ("complaint", {"email": "new@example.sa"}, {"email": "new@example.sa"}),
    ("transformation", {"description": "أراجع البلدية أربع مرات لكل تقرير."},
     {"description": "أراجع البلدية أربع مرات لكل تقرير."}),
    ("suggestion", {"title": "الدفع بالبطاقة عند التجديد"},
     {"title": "الدفع بالبطاقة عند التجديد"}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "typed", "columns"), FIELDS)
async def test_each_field(
    at_desk: Visiting, kind: str, typed: dict[str, str], columns: dict[str, Any]
) -> None:
    made = await MADE[kind]()
    before = await row(made["id"])
    async with at_desk("reem") as reem:
        await opened(reem, made)
        page = await reem.send("/correction", **typed)
        if page.status == 422:
            # A ground that fails by what is known: a warning and no bar.
            assert "could not have been filed" in page.text, page.text
            page = await reem.send("/correction")
        assert page.path == f"/cases/{made['number']}"
        assert "corrected the data" in page.text
    after = await row(made["id"])
    assert {name: after[name] for name in columns} == columns
    # Nothing else of what it says, and how it stands.
    derived = {"version", "searched", "text_hash", "folded_text", "service_key", "service_name"}
    assert {name for name in after if after[name] != before[name]} - derived == {*columns}
    assert after["version"] == before["version"] + 1
    assert await audited(made["id"], "correct") == 1


async def test_nothing_typed_changes_nothing(at_desk: Visiting) -> None:
    for make in MADE.values():
        made = await make()
        async with at_desk("reem") as reem:
            await opened(reem, made)
            page = await reem.send("/correction")
            assert page.path == f"/cases/{made['number']}"
        assert (await row(made["id"]))["version"] == 1
        assert await audited(made["id"], "correct") == 0


async def test_another_service_without_scripts(at_desk: Visiting, visiting: Visiting) -> None:
    async with visiting("نورة سعد القحطاني") as noura_browser:
        made = await complaint()
        services = await fetch(
            "SELECT s.code, s.id, s.channels[1] AS channel, p.code AS platform, a.code AS agency "
            "FROM service s JOIN platform p ON p.id = s.platform_id "
            "JOIN agency a ON a.id = s.agency_id WHERE a.code = 'moj' AND s.digital ORDER BY s.id"
        )
        wanted = services[0]
        async with at_desk("majed") as majed:
            await opened(majed, made)
            for name in ("agency", "platform", "service"):
                # The button that shows the questions for what is chosen.
                form = majed.page.form("/correction")
                form.action = next(
                    one["formaction"]
                    for one in form.buttons
                    if one.get("formaction", "").endswith("refine=1") and "name" not in one
                )
                key = "code" if name == "service" else name
                await majed.send("/correction", **{name: wanted[key]})
                assert majed.page.status == 200
                assert not majed.page.texts.get("err")
            page = await majed.send("/correction", delivery_channel=wanted["channel"])
            assert page.path == f"/cases/{made['number']}"
        assert (await row(made["id"]))["service_id"] == wanted["id"]
        # The beneficiary reads it in plain words.
        page = await noura_browser.open(f"/reports/{made['number']}")
        assert "The data was corrected" in page.text
        assert "Amer centre corrected the data of the report." in page.text


async def test_wrong_answers_stay_typed(at_desk: Visiting) -> None:
    made = await complaint()
    async with at_desk("reem") as reem:
        await opened(reem, made)
        page = await reem.send("/correction", title="x", reference="؟", filed_on_year="1448")
        assert page.status == 422
        assert page.title.startswith("Error:")
        assert page.text.count("Write at least 5 characters") == 2
        assert "#filed_on_year" in page.html
        form = page.form("/correction")
        assert (form.fields["title"], form.fields["reference"]) == ("x", "؟")
    assert (await row(made["id"]))["version"] == 1


async def test_a_condition_that_fails_is_a_warning(at_desk: Visiting) -> None:
    made = await complaint()
    async with at_desk("reem") as reem:
        await opened(reem, made)
        # Two days before it was filed here: five working days had not passed.
        page = await reem.send("/correction", filed_on_day="20")
        assert page.status == 422
        assert "Fewer than 5 working days had passed when it was filed" in page.text
        assert (await row(made["id"]))["version"] == 1
        # Another answer that fails otherwise is warned of anew.
        page = await reem.send("/correction", ground="closed_unresolved")
        assert page.status == 422
        page = await reem.send(
            "/correction", matter="procedural", still_happening="yes",
            closed_on_day="21", closed_on_month="11", closed_on_year="2026",
        )  # fmt: skip
        assert page.status == 422
        assert "A matter of the provider's procedures" in page.text
        page = await reem.send("/correction")
        assert page.path == f"/cases/{made['number']}"
        assert "Not passed: A matter of the provider's procedures" in page.text
    assert (await row(made["id"]))["matter"] == "procedural"


async def test_what_is_escalated_once_is_a_bar(at_desk: Visiting) -> None:
    other = await complaint(reference="BLD-9", reference_key="bld9")
    made = await complaint()
    async with at_desk("reem") as reem:
        await opened(reem, made)
        page = await reem.send("/correction", reference="bld 9")
        assert page.status == 422
        assert "This cannot be saved" in page.text
        assert f"/cases/{other['number']}" in page.html
        assert page.form("/correction").fields["reference"] == "bld 9"
    assert (await row(made["id"]))["reference"] == "BLD-1"


async def test_the_second_sees_what_changed_and_keeps_the_text(at_desk: Visiting) -> None:
    made = await complaint()
    async with at_desk("reem") as reem, at_desk("majed") as majed:
        await opened(reem, made)
        await opened(majed, made)
        await majed.send("/correction", title="عنوان ماجد الجديد")
        page = await reem.send("/correction", description="وصف ريم الجديد بعد المكالمة.")
        assert page.status == 409
        assert "Majed Alharbi corrected the data" in page.text
        # What saving would now do: to her own field, and to his.
        assert "What saving would change now:" in page.text
        assert "عنوان ماجد الجديد" in page.text
        assert page.form("/correction").fields["description"] == "وصف ريم الجديد بعد المكالمة."
        page = await reem.send("/correction", title="عنوان ماجد الجديد")
        assert page.path == f"/cases/{made['number']}"
    after = await row(made["id"])
    assert after["version"] == 3
    assert after["title"] == "عنوان ماجد الجديد"
    assert after["description"] == "وصف ريم الجديد بعد المكالمة."


async def test_what_ended_meanwhile_gives_the_text_back(at_desk: Visiting) -> None:
    made = await complaint()
    async with at_desk("reem") as reem:
        await opened(reem, made)
        await fetch(
            "UPDATE report SET state = 'cancelled', ended_at = $2, version = 2 WHERE id = $1",
            made["id"], filed.NOW,
        )  # fmt: skip
        page = await reem.send("/correction", title="عنوان بعد الإلغاء")
        assert page.status == 409
        assert "عنوان بعد الإلغاء" in page.text
        page = await reem.open(f"/cases/{made['number']}/correction")
        assert page.status == 200
        assert "stays as it was when it ended" in page.text
    assert (await row(made["id"]))["version"] == 2


@pytest.mark.parametrize("key", ["hind", "fahd", "salem", "abeer"])
async def test_nobody_else_corrects(at_desk: Visiting, key: str) -> None:
    made = await a_case("in_progress")
    url = f"/cases/{made['number']}/correction"
    async with at_desk(key) as browser:
        csrf = (await browser.open("/help")).form("/sign-out").fields["csrf"]
        assert (await browser.open(url)).status == 404
        answer = await browser.client.post(f"{url}?as_of=1", data={"csrf": csrf, "title": "xxxxxx"})
        assert answer.status_code == 404
    assert (await row(made["id"]))["version"] == 1


async def test_a_part_is_corrected_though_nobody_named_its_service(at_desk: Visiting) -> None:
    made = await complaint(
        platform_id=None, service_id=None, service_name="خدمة", delivery_channel=None
    )
    async with at_desk("reem") as reem:
        page = await opened(reem, made)
        assert "service" not in page.form("/correction").fields
        page = await reem.send("/correction", title="عنوان الجزء الجديد")
        assert page.path == f"/cases/{made['number']}"
    after = await row(made["id"])
    assert after["title"] == "عنوان الجزء الجديد"
    assert (after["service_id"], after["service_name"]) == (None, "خدمة")


async def test_what_is_offered_no_more_stays_chosen(at_desk: Visiting) -> None:
    made = await complaint()
    await fetch("UPDATE service SET active = false WHERE code = 'balady-licence-renew'")
    await fetch("UPDATE platform SET active = false WHERE code = 'balady'")
    lookup.forget()
    async with at_desk("reem") as reem:
        await opened(reem, made)
        page = await reem.send("/correction", title="عنوان بعد التعطيل")
        assert page.path == f"/cases/{made['number']}"
    assert (await row(made["id"]))["title"] == "عنوان بعد التعطيل"


async def test_the_other_calendar(at_desk: Visiting) -> None:
    made = await complaint()
    async with at_desk("reem") as reem:
        await opened(reem, made)
        form = reem.page.form("/correction")
        toggle = next(one for one in form.buttons if one.get("name") == "toggle")
        form.action = toggle["formaction"]
        form.fields["toggle"] = toggle["value"]
        await reem.send("/correction")
        fields = reem.page.form("/correction").fields
        assert fields["filed_on_calendar"] == "hijri"
        assert fields["filed_on_year"] == "1448"
        page = await reem.send("/correction")
        assert page.path == f"/cases/{made['number']}"
    # The same day in another calendar is no change.
    assert (await row(made["id"]))["version"] == 1
