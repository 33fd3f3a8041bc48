"""An administrator changes what messages say: previewed, checked, kept with its history."""

import json
import re
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from tests.notices.outbox import NOURA, put
from tests.web.conftest import NOW, Visiting, staff_id
from tests.web.pages import Browser, Page
from tests.web.staff.cases import a_case
from tests.web.staff.test_actions import opened

from balagh.database import fetch
from balagh.i18n import LANGUAGES
from balagh.notices import texts
from balagh.notices.delivery import deliver_due
from balagh.notices.messages import Email, Sms
from balagh.notices.moments import MOMENTS
from balagh.notices.texts import RIYADH, words_now
from balagh.notices.transports import Outgoing, Ready, at_once
from balagh.reports.lifecycle import Action

SMS = "Balagh: {received}, {number}, until {due_on}.\n{link}"
FORM = "/messages/opened"


class Kept:
    """Hands messages to nobody; what they said is looked at."""

    def __init__(self) -> None:
        self.sent: list[Email | Sms] = []

    async def send(self, notice: Outgoing, ready: Ready = at_once) -> str | None:
        self.sent.append(notice.content)
        return None

    async def rest(self) -> None:
        pass

    async def close(self) -> None:
        pass


async def save(browser: Browser, moment: str = "opened", **typed: str) -> Page:
    await browser.open(f"/messages/{moment}")
    return await browser.send(f"/messages/{moment}?", **typed)


async def preview(browser: Browser, how: int = 1, **typed: str) -> Page:
    form = (await browser.open(FORM)).form(FORM + "?")
    data = {**form.fields, **typed}
    return Page(await browser.client.post(f"{form.action}&preview={how}", data=data))


async def changes() -> list[dict[str, Any]]:
    return [dict(row) for row in await fetch("SELECT * FROM message_text_change ORDER BY id")]


async def audited() -> list[tuple[str, str, dict[str, Any]]]:
    rows = await fetch("SELECT action, subject, data FROM audit ORDER BY id")
    return [
        (row["action"], row["subject"], json.loads(row["data"]))
        for row in rows
        if row["action"].endswith("_message")
    ]


async def delivered(**more: Any) -> str:
    """What a message says that is sent now."""
    kept = Kept()
    await put("+966553184471", language="en", **more)
    await deliver_due({"sms": kept}, NOW, channels=["sms"])
    (made,) = kept.sent
    return made.text


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_moment_is_listed_and_has_its_page(at_desk: Visiting, language: str) -> None:
    async with at_desk("abeer", language=language) as abeer:
        page = await abeer.open("/messages")
        listed = {path for path in page.links.values() if path.startswith("/messages/")}
        assert listed == {f"/messages/{name}" for name in MOMENTS}
        for path in sorted(listed):
            page = await abeer.open(path)
            assert page.status == 200
            form = page.form(path + "?")
            moment = MOMENTS[path.rpartition("/")[2]]
            for place in texts.ours(moment.name):
                shown = form.fields["_".join(place)]
                assert shown.strip() == texts.ours(moment.name)[place]
            assert "{" not in page.text.partition("Preview")[2].partition("{")[0]


@pytest.mark.parametrize("key", ["reem", "majed", "hind", "fahd"])
async def test_only_an_administrator(at_desk: Visiting, key: str) -> None:
    async with at_desk(key) as browser:
        for path in ("", "/opened", "/opened/email/ar", "/opened/restoration"):
            assert (await browser.open(f"/messages{path}")).status == 404
        page = await browser.open("/profile")
        csrf = page.form("/sign-out").fields["csrf"]
        for path in ("?as_of=0", "/test/ar", "/restoration?as_of=0", "/email/ar"):
            sent = await browser.client.post(f"/messages/opened{path}", data={"csrf": csrf})
            assert sent.status_code == 404
        assert await changes() == []


async def test_changed_sent_restored(at_desk: Visiting) -> None:
    waiting = await put("+966500000001", language="en", data=NOURA)
    async with at_desk("abeer") as abeer:
        page = await save(abeer, en_sms=SMS)
        assert "Messages that wait are sent with them." in page.text
        mine = await staff_id("abeer")
        (change,) = await changes()
        assert (change["language"], change["part"], change["old"], change["new"]) == (
            "en", "sms", None, SMS,
        )  # fmt: skip
        assert (change["changed_by"], change["changed_at"]) == (mine, NOW)
        # What waited since before says it as it is now.
        kept = Kept()
        await deliver_due({"sms": kept}, NOW, channels=["sms"])
        assert kept.sent[0].text.startswith("Balagh: Your complaint has been received, 730 264")
        assert (await fetch("SELECT state FROM notice WHERE id = $1", waiting))[0][0] == "sent"
        page = await abeer.open("/messages")
        assert "Changed" in page.text
        # Again, then as it was: no change is left.
        await save(abeer, en_sms=SMS + " ")
        assert len(await changes()) == 1
        page = await save(abeer, en_sms=SMS.replace("until", "by"), ar_subject="{number}")
        assert [one["old"] for one in await changes()] == [None, None, SMS]
        page = await abeer.open("/messages/opened/restoration")
        assert "Then:" in page.text
        form = page.form("/restoration")
        page = await abeer.send("/restoration", part=form.fields["part"])
        assert "Balagh's own texts are back." in page.text
        assert len((await words_now(RIYADH)).changed) == 1
        assert [action for action, _, _ in await audited()] == [
            "change_message", "change_message", "restore_message",
        ]  # fmt: skip
        assert all(subject == "message:opened" for _, subject, _ in await audited())
        assert (await audited())[0][2] == {"parts": ["en:sms"]}


async def test_what_says_the_same_as_ours_is_ours(at_desk: Visiting) -> None:
    async with at_desk("abeer") as abeer:
        page = await save(abeer)
        assert "Nothing was changed." in page.text
        await save(abeer, en_sms=SMS)
        page = await save(abeer, en_sms=texts.ours("opened")["en", "sms"].replace("\n", "\r\n"))
        assert (await words_now(RIYADH)).changed == {}
        assert [one["new"] for one in await changes()] == [SMS, None]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_fault_is_told_where_it_is_and_what_was_typed_is_kept(
    at_desk: Visiting, language: str
) -> None:
    async with at_desk("abeer", language=language) as abeer:
        typed = "{nubmer} <b>bold</b> {link"
        for send in (save, preview):
            page = await send(abeer, en_sms=typed, ar_subject="")
            assert page.status == 422
            assert page.title.startswith("Error:" if language == "en" else "خطأ:")
            assert page.form(FORM + "?").fields["en_sms"].strip() == typed
            told = "{nubmer}. Did you mean {number}?" if language == "en" else "هل تقصد {number}؟"
            assert told in re.sub("[\u2068\u2069]", "", page.text)
            pointed = {link.partition("#")[2] for link in page.links.values()}
            assert {"en_sms", "ar_subject"} <= pointed <= {*page.ids, ""}
        assert await changes() == []
        assert await audited() == []


async def test_previewed_before_it_is_saved(at_desk: Visiting) -> None:
    async with at_desk("abeer") as abeer:
        page = await preview(abeer, en_sms=SMS, en_subject="Received: {title}")
        assert page.status == 200
        assert "Balagh: Your complaint has been received, 730 264 1185, until Monday" in page.text
        assert "of 160 places, 1 SMS" in page.text
        assert "1 SMS · about" not in page.text
        assert "Received: \u2068The licence was not renewed\u2069" in page.text
        assert await changes() == []
        # What is half typed is no error yet.
        page = await preview(abeer, 2, en_sms="{numb", en_subject="x")
        assert page.status == 200
        assert "The SMS is shown here once its text is complete." in page.text
        assert 'class="errs"' not in page.html


async def test_an_sms_is_counted_and_costs(at_desk: Visiting, portal: Any) -> None:
    settings = portal.state.settings
    cost = (Decimal("0.055"), "SAR")
    portal.state.settings = msgspec.structs.replace(settings, sms_segment_cost=cost)
    async with at_desk("abeer") as abeer:
        page = await preview(abeer, en_sms="{due_on} {number} {link} " + "a" * 200)
        assert "of 306 places, 2 SMS · about 0.110 SAR" in page.text
        page = await preview(abeer, en_sms="{due_on} {number} {link} " + "ب" * 200)
        assert "5 SMS · about 0.275 SAR" in page.text
        assert 'class="due warn"' in page.html


async def test_the_email_is_a_page_in_which_nothing_runs(at_desk: Visiting) -> None:
    async with at_desk("abeer") as abeer:
        page = await abeer.open(FORM)
        fields = page.form(FORM + "?").fields
        typed = {
            **fields,
            "en_email": "# Changed {number}\n\n<script>alert(1)</script> {link}\n{due_on}",
        }
        shown = await abeer.client.post(FORM + "/email/en", data=typed)
        policy = shown.headers["content-security-policy"]
        assert "sandbox" in policy
        assert "script-src" not in policy
        assert "default-src 'none'" in policy
        assert "Changed <bdi" in shown.text
        assert "<script" not in shown.text
        stands = await abeer.client.get(FORM + "/email/ar")
        assert 'dir="rtl"' in stands.text
        assert (await abeer.client.get(FORM + "/email/fr")).status_code == 404
        assert (await abeer.client.get("/messages/unheard_of")).status_code == 404


async def test_the_second_is_told_and_loses_nothing(at_desk: Visiting) -> None:
    async with at_desk("abeer") as first, at_desk("abeer") as second:
        await second.open(FORM)
        await save(first, en_sms=SMS)
        page = await second.send(FORM + "?", en_sms="Mine {number} {due_on} {link}")
        assert page.status == 409
        assert "These texts changed meanwhile" in page.text
        assert page.form(FORM + "?").fields["en_sms"].strip() == "Mine {number} {due_on} {link}"
        assert SMS.partition("\n")[0] in page.text
        assert len(await changes()) == 1
        # Now that they know, it is theirs to decide.
        page = await second.send(FORM + "?")
        assert len(await changes()) == 2
        # Restoring, too, is of what was seen.
        await first.open(FORM + "/restoration")
        await save(second, en_sms=SMS)
        page = await first.send("/restoration", part="en_sms")
        assert page.status == 409
        assert len(await changes()) == 3


async def test_a_text_that_cannot_be_filled_gives_way_to_ours(
    at_desk: Visiting, capsys: pytest.CaptureFixture[str]
) -> None:
    await fetch(
        "INSERT INTO message_text (moment, language, part, text, changed_by, changed_at) "
        "VALUES ('opened', 'en', 'sms', '{of_another_version}', $1, $2)",
        await staff_id("abeer"), NOW,
    )  # fmt: skip
    assert (await delivered()).startswith("Your complaint has been received: 730 264 1185.")
    assert "a changed text cannot be filled" in capsys.readouterr().out
    async with at_desk("abeer") as abeer:
        page = await abeer.open(FORM)
        assert page.status == 200
        assert "{of_another_version}" in page.form(FORM + "?").fields["en_sms"]


async def test_a_test_goes_to_oneself(at_desk: Visiting) -> None:
    async with at_desk("abeer") as abeer:
        await save(abeer, "late", en_subject="A test of {number}")
        await abeer.open("/messages/late")
        page = await abeer.send("/messages/late/test/en")
        assert "on its way to your e-mail address" in page.text
        (notice,) = await fetch("SELECT * FROM notice")
        mine = await fetch("SELECT email FROM staff WHERE id = $1", await staff_id("abeer"))
        assert (notice["moment"], notice["channel"], notice["recipient"]) == (
            "late", "email", mine[0]["email"],
        )  # fmt: skip
        kept = Kept()
        await deliver_due({"email": kept}, NOW, channels=["email"])
        (made,) = kept.sent
        assert isinstance(made, Email)
        assert made.subject == "A test of \u2068730 264 1185\u2069"
        assert (await audited())[-1][0] == "test_message"


async def test_staff_see_the_changed_text_before_they_act(at_desk: Visiting) -> None:
    """And what fits into three SMS is measured with it."""
    case = await a_case("under_review")
    words = "مقدمة طويلة لا تترك مكانًا لغيرها. "
    items = "صورة من المستند المطلوب لإثبات ما ورد في البلاغ كما صدر من الجهة"
    kept = []
    for text in ("", words):
        async with at_desk("abeer") as abeer:
            ours = texts.ours("missing_data")["ar", "sms"]
            await save(
                abeer,
                "missing_data",
                ar_sms=ours.replace(": {items_sms}", f": {text}{{items_sms}}"),
            )
        async with at_desk("reem") as reem:
            await opened(reem, case, Action.REQUEST_DATA)
            form = reem.page.form("/data-request")
            data = {**form.fields, "item_0": items}
            page = Page(await reem.client.post(f"{form.action}&preview=1", data=data))
            assert (words.strip() in page.text) == bool(text)
            kept.append(items in page.text.partition("أكمله حتى")[0])
    assert kept == [True, False]
