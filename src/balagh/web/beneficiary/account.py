"""«الإعدادات»: a person's own settings, each with the one question that changes it."""

from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, Router, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery
from markupsafe import Markup

from balagh.i18n import LANGUAGES, N_, Language, isolate, typed
from balagh.people import preferences
from balagh.people.preferences import Preferences
from balagh.reports import behalf, contact, erasure
from balagh.reports.behalf import INDIVIDUAL, behalf_of
from balagh.reports.fields import Choice, Option, Problem, Values, phone_text
from balagh.reports.wizard import Step, parse
from balagh.web import access, views
from balagh.web.beneficiary import addresses
from balagh.web.beneficiary.questions import question_page, situation
from balagh.web.beneficiary.visits import behalf_answers, go, person_id
from balagh.web.page import LANGUAGE_COOKIE, AnyRequest, language_of, render, settings_of

_LONGEST = 1000
_YEAR = 365 * 24 * 3600

QUESTIONS = {
    step.slug: step
    for step in (
        Step(
            slug="language",
            title=N_("Which language do you want?"),
            lead=N_("Pages and messages come in this language, also those about earlier reports."),
            section=N_("Language"),
            fields=(
                Choice(
                    name="language",
                    label=N_("Language"),
                    missing=N_("Choose a language"),
                    # Each in its own words: whoever cannot read the other finds theirs.
                    choices=(
                        Option(value="ar", label="العربية"),
                        Option(value="en", label="English"),
                    ),
                ),
            ),
        ),
        Step(
            slug="digits",
            title=N_("Which digits do you read?"),
            lead=N_(
                "For numbers, dates and times on Arabic pages. You may type either everywhere. "
                "Messages and files come with Latin digits."
            ),
            section=N_("Digits"),
            fields=(
                Choice(
                    name="digits",
                    label=N_("Digits"),
                    missing=N_("Choose the digits"),
                    choices=(
                        Option(value="latin", label=N_("Latin digits"), hint=typed("0123456789")),
                        Option(
                            value="arabic",
                            label=N_("Arabic-Indic digits"),
                            hint=typed("٠١٢٣٤٥٦٧٨٩"),
                        ),
                    ),
                ),
            ),
        ),
        Step(
            slug="channels",
            title=N_("How do we tell you?"),
            lead=N_("For every message about your reports. One way at least is needed."),
            section=N_("Messages"),
            fields=(
                Choice(
                    name="channels",
                    label=N_("Messages come by"),
                    missing=N_("Choose how messages come"),
                    choices=(
                        Option(value="both", label=N_("SMS and e-mail")),
                        Option(
                            value="sms",
                            label=N_("SMS only"),
                            hint=N_("When an SMS cannot be delivered, it is sent by e-mail"),
                        ),
                        Option(value="email", label=N_("E-mail only")),
                    ),
                ),
            ),
        ),
        Step(
            slug="organisation",
            title=N_("On whose behalf are you filing?"),
            lead=N_(
                "For the reports that you file from now on. You can change it in each of them."
            ),
            section=N_("On behalf of"),
            fields=behalf.FIELDS,
        ),
    )
}
SAVED = {
    **{slug: N_("Your choice is saved.") for slug in QUESTIONS},
    "phone": N_("Your new mobile number is confirmed and saved."),
    "email": N_("Your new e-mail address is confirmed and saved."),
}
NO_PHONE = Problem(N_("Add a mobile number to your settings first"))
NO_EMAIL = Problem(N_("Add an e-mail address to your settings first"))


@get("/account")
async def account(request: AnyRequest, saved: FromQuery[str] = "") -> Response[Any]:
    """What is known and chosen, with its way to change it. ``saved``: what was changed just now."""
    person = person_id(request)
    found = await preferences.of(person)
    language = language_of(request)
    asked = (await erasure.standing(person)).asked_at
    zone = ZoneInfo(settings_of(request).zone)
    return render(
        request,
        "account/account.html",
        saved=language.text(SAVED[saved]) if saved in SAVED else "",
        sections=_sections(found, language, sms=settings_of(request).sms_url is not None),
        erasure_asked_on=language.date(asked.astimezone(zone).date()) if asked else "",
    )


@get("/account/{slug:str}")
async def ask(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """The question, answered as it is now."""
    if slug in addresses.ADDRESSES:
        return await addresses.ask(request, slug)
    found = await preferences.of(person_id(request))
    return await question_page(request, _question(slug), _answers(request, slug, found))


@post("/account/{slug:str}")
async def answer(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """Saves the answer, or says what is wrong with it."""
    if slug in addresses.ADDRESSES:
        return await addresses.send(request, slug)
    step = _question(slug)
    form = await request.form()
    given = {
        field.name: str(form.getall(field.name)[-1])[:_LONGEST].replace("\x00", "")
        for field in step.fields
        if field.name in form
    }
    person = person_id(request)
    found = await preferences.of(person)
    answers = {**_answers(request, slug, found), **given}
    values, problems = parse(step, answers, {}, await situation(request))
    if slug == "channels" and not problems:
        problems = _unreachable(values["channels"], found)
    wrong = {name: problem for name, problem in problems.items() if name in given}
    refining = request.query_params.get("refine") == "1"
    if wrong and not refining:
        return await question_page(request, step, answers, wrong)
    if problems or refining:
        # An organisation was chosen: now its name and number are asked for.
        return await question_page(request, step, answers)
    await _save(person, slug, values)
    response: Response[Any] = go(f"/account?saved={slug}")
    if slug == "language":
        # What was chosen on the way, in the header of a page, gives way to the setting.
        response.set_cookie(
            access.cookie(
                LANGUAGE_COOKIE, values["language"], seconds=_YEAR, settings=settings_of(request)
            )
        )
    return response


def _question(slug: str) -> Step:
    if slug not in QUESTIONS:
        raise NotFoundException
    return QUESTIONS[slug]


def _answers(request: AnyRequest, slug: str, found: Preferences) -> dict[str, str]:
    if slug == "organisation":
        return behalf_answers(access.beneficiary_of(request))
    return {
        "language": {"language": language_of(request).code},
        "digits": {"digits": found.digits},
        "channels": {"channels": _channels(found)},
    }[slug]


def _channels(found: Preferences) -> str:
    if found.notify_sms and found.notify_email:
        return "both"
    return "sms" if found.notify_sms else "email"


def _unreachable(channels: str, found: Preferences) -> dict[str, Problem]:
    if channels == "sms" and not found.phone:
        return {"channels": NO_PHONE}
    if channels == "email" and not found.email:
        return {"channels": NO_EMAIL}
    return {}


async def _save(person: int, slug: str, values: Values) -> None:
    if slug == "language":
        assert values["language"] in LANGUAGES
        await contact.set_language(person, values["language"])
    elif slug == "digits":
        await preferences.set_digits(person, values["digits"])
    elif slug == "channels":
        chosen = values["channels"]
        await preferences.set_channels(person, sms=chosen != "email", email=chosen != "sms")
    else:
        whom = behalf_of(values, behalf.Behalf())
        await preferences.set_behalf(person, whom.account_type, whom.name, whom.number)


def _sections(found: Preferences, language: Language, *, sms: bool) -> list[views.SectionView]:
    text = language.text
    none = Markup('<span class="mute">{}</span>').format(text("Not given"))

    def row(slug: str, label: str, value: Markup, note: str = "") -> views.RowView:
        return views.RowView(label, value, note, f"/account/{slug}" if slug else "", label)

    phone_note = "" if sms else text("To change it, call 199099: no SMS is sent at present.")
    reached = [
        row("", text("Name"), typed(found.name), text("From National Single Sign-On")),
        row(
            "phone" if sms else "",
            text("Mobile number"),
            isolate(phone_text(found.phone)) if found.phone else none,
            phone_note,
        ),
        row("email", text("E-mail"), typed(found.email) if found.email else none),
    ]
    channels = QUESTIONS["channels"].fields[0].show(_channels(found), language)
    quiet = "" if sms else text("No SMS is sent at present: messages come by e-mail.")
    digits = QUESTIONS["digits"].fields[0].show(found.digits, language)
    own = QUESTIONS["language"].fields[0].show(found.language, language)
    whom = _files_for(found)
    # The link at the top of each page is for this browser only.
    switched = found.language != language.code
    elsewhere = text("This browser was switched to another language") if switched else ""
    filed_for = [
        msgspec.structs.replace(each, change_url="" if place else "/account/organisation")
        for place, each in enumerate(views.field_rows(behalf.FIELDS, whom, language, "-"))
    ]
    return [
        views.SectionView(text("Contact details"), reached),
        views.SectionView(
            text("Messages and pages"),
            [
                row("channels", text("Messages come by"), channels, quiet),
                row("language", text("Language"), own, elsewhere),
                row("digits", text("Digits"), digits, text("On Arabic pages")),
            ],
        ),
        views.SectionView(text("Reports that you file"), filed_for),
    ]


def _files_for(found: Preferences) -> Values:
    if found.account_type == INDIVIDUAL:
        return behalf.Behalf().values()
    return behalf.Behalf(
        account_type=found.account_type,
        name=found.organisation_name,
        number=found.organisation_number,
    ).values()


router = Router("/", route_handlers=[account, ask, answer])
