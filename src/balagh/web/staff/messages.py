"""The texts of the messages that Balagh sends, changed by an administrator.

A form shows both languages of a moment. It is previewed before it is kept, with examples in place
of what is filled in; the HTML of an e-mail is a page of its own, in which nothing runs.
"""

from collections.abc import Mapping
from typing import Any

from litestar import Response, Router, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery

from balagh.i18n import LANGUAGES, N_, Language
from balagh.notices import texts
from balagh.notices.facts import examples
from balagh.notices.moments import AUDIENCES, MOMENTS, Moment
from balagh.notices.texts import Place, words_now
from balagh.notices.wording import Fault, clean, faults
from balagh.reports.lifecycle import Role
from balagh.web import access
from balagh.web import page as pages
from balagh.web.beneficiary.visits import go
from balagh.web.page import AnyRequest, settings_of
from balagh.web.staff.desk import desk_of
from balagh.web.staff.message_views import (
    LANGUAGE_NAMES,
    LanguageView,
    LineView,
    change_view,
    fact_views,
    fault_text,
    field_id,
    label,
    made,
    part_view,
    places_of,
    preview_of,
    sentence,
    who_when,
)
from balagh.web.telling import Teller, teller_of
from balagh.web.views import ErrorView

_CHANNELS = {"sms": N_("SMS"), "email": N_("E-mail")}
_DONE = {
    "saved": N_("The texts were changed. Messages that wait are sent with them."),
    "same": N_("Nothing was changed."),
    "restored": N_("Balagh's own texts are back."),
    "sent": N_("The message is on its way to your e-mail address."),
}
# Nothing runs in an e-mail, and it loads nothing; its styles are in its elements.
_EMAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"


@get("/messages")
async def overview(request: AnyRequest) -> Response[Any]:
    """Every moment at which somebody is told something."""
    teller, latest = await teller_of(request), await texts.latest()
    text = teller.language.text
    lines = [
        LineView(
            f"/messages/{one.name}",
            sentence(text(one.title)),
            text(one.rule),
            text(AUDIENCES[one.audience]),
            text(", ").join(text(_CHANNELS[channel]) for channel in one.channels),
            one.urgent,
            who_when(latest[one.name], teller) if one.name in latest else "",
        )
        for one in MOMENTS.values()
    ]
    return pages.render(request, "staff/messages.html", lines=lines)


@get("/messages/{moment:str}")
async def show(request: AnyRequest, moment: FromPath[str]) -> Response[Any]:
    found, teller = moment_of(moment), await teller_of(request)
    return await _form(request, found, teller, await standing_texts(found, teller))


@post("/messages/{moment:str}")
async def change(
    request: AnyRequest, moment: FromPath[str], as_of: FromQuery[int], preview: FromQuery[int] = 0
) -> Response[Any]:
    """Keeps what was typed. ``preview``: only shows it as messages; 2: beside what is still being
    typed. ``as_of``: the last change that was known."""
    found, teller = moment_of(moment), await teller_of(request)
    typed = await _typed(request, found)
    wrong = _wrong(found, typed)
    if preview == 2:
        # It may be half a word: nothing is wrong yet.
        return await _form(request, found, teller, typed, wrong=wrong, quiet=True)
    if wrong or preview:
        return await _form(request, found, teller, typed, wrong=wrong, previewing=True)
    staff = desk_of(request).staff_id
    changed = await texts.change(found.name, typed, seen=as_of, staff=staff, now=teller.now)
    if changed is None:
        return await _form(request, found, teller, typed, overtaken=True)
    return go(f"/messages/{found.name}?done={'saved' if changed else 'same'}")


@post("/messages/{moment:str}/email/{language:str}")
async def show_typed_email(
    request: AnyRequest, moment: FromPath[str], language: FromPath[str]
) -> Response[Any]:
    """The e-mail in HTML as it would be with what was typed; what has a fault is as it stands."""
    found, teller = moment_of(moment), await teller_of(request)
    typed = await _typed(request, found)
    wrong = _wrong(found, typed)
    right = {place: text for place, text in typed.items() if place not in wrong}
    standing = await standing_texts(found, teller)
    return _email_page(found, language, {**standing, **right}, teller)


@get("/messages/{moment:str}/email/{language:str}")
async def show_email(
    request: AnyRequest, moment: FromPath[str], language: FromPath[str]
) -> Response[Any]:
    """The e-mail in HTML as it stands."""
    found, teller = moment_of(moment), await teller_of(request)
    return _email_page(found, language, await standing_texts(found, teller), teller)


@post("/messages/{moment:str}/test/{language:str}")
async def send_test(
    request: AnyRequest, moment: FromPath[str], language: FromPath[str]
) -> Response[Any]:
    """The e-mail as it stands, with the examples, to whoever asks."""
    found, now = moment_of(moment), (await teller_of(request)).now
    if language not in LANGUAGES:
        raise NotFoundException
    data = examples(found.facts, Language.of(language))
    await texts.send_test(found.name, language, data, staff=desk_of(request).staff_id, now=now)
    request.app.state.waker.wake()
    return go(f"/messages/{found.name}?done=sent")


@get("/messages/{moment:str}/restoration")
async def ask(request: AnyRequest, moment: FromPath[str]) -> Response[Any]:
    """What would be given up, beside what would stand in its place."""
    return await _restoration(request, moment_of(moment), await teller_of(request))


@post("/messages/{moment:str}/restoration")
async def restore(
    request: AnyRequest, moment: FromPath[str], as_of: FromQuery[int]
) -> Response[Any]:
    """Balagh's own words again for the parts that were chosen."""
    found, teller = moment_of(moment), await teller_of(request)
    chosen = {str(value) for value in (await request.form()).getall("part", [])}
    places = [place for place in places_of(found) if field_id(place) in chosen]
    if not places:
        return await _restoration(request, found, teller, none_chosen=True)
    staff = desk_of(request).staff_id
    restored = await texts.restore(found.name, places, seen=as_of, staff=staff, now=teller.now)
    if restored is None:
        return await _restoration(request, found, teller, overtaken=True)
    return go(f"/messages/{found.name}?done={'restored' if restored else 'same'}")


def moment_of(name: str) -> Moment:
    if name not in MOMENTS:
        raise NotFoundException
    return MOMENTS[name]


async def standing_texts(moment: Moment, teller: Teller) -> dict[Place, str]:
    """As messages are written with now."""
    changed = (await words_now(teller.zone)).changed
    ours = texts.ours(moment.name)
    return {place: changed.get((moment.name, *place), ours[place]) for place in places_of(moment)}


async def _typed(request: AnyRequest, moment: Moment) -> dict[Place, str]:
    """The texts of the form."""
    form = await request.form()

    def field(name: str) -> str:
        value = form.get(name)
        return value[:20_000] if isinstance(value, str) else ""

    return {place: clean(field(field_id(place))) for place in places_of(moment)}


def _wrong(moment: Moment, typed: Mapping[Place, str]) -> dict[Place, list[Fault]]:
    found = {place: faults(moment, place[1], text) for place, text in typed.items()}
    return {place: said for place, said in found.items() if said}


async def _form(
    request: AnyRequest,
    moment: Moment,
    teller: Teller,
    typed: Mapping[Place, str],
    *,
    wrong: Mapping[Place, list[Fault]] | None = None,
    overtaken: bool = False,
    previewing: bool = False,
    quiet: bool = False,
) -> Response[Any]:
    """``quiet``: what is wrong is told in the preview alone."""
    wrong, text = wrong or {}, teller.language.text
    changes = await texts.changes(moment.name)
    ours = texts.ours(moment.name)
    cost = settings_of(request).sms_segment_cost
    told = {} if quiet else wrong
    errors = [
        ErrorView(f"#{field_id(place)}", f"{label(place, teller)}: {fault_text(one, teller)}")
        for place in places_of(moment)
        for one in told.get(place, ())
    ]
    views = []
    for code in LANGUAGES:
        language = Language.of(code)
        views.append(
            LanguageView(
                code=code,
                direction=language.direction,
                name=text(LANGUAGE_NAMES[code]),
                parts=[part_view((code, part), typed, told, ours, teller) for part in moment.parts],
                preview=preview_of(moment, code, typed, wrong, cost, teller),
            )
        )
    done = _DONE.get(request.query_params.get("done", ""), "")
    return pages.render(
        request,
        "staff/message.html",
        status=422 if errors else 409 if overtaken else 200,
        title=sentence(text(moment.title)),
        rule=text(moment.rule),
        audience=text(AUDIENCES[moment.audience]),
        url=f"/messages/{moment.name}",
        as_of=changes[0].id if changes else 0,
        languages=views,
        errors=errors,
        overtaken=who_when(changes[0], teller) if overtaken else "",
        previewing=previewing and not errors,
        facts=fact_views(moment, teller),
        changes=[change_view(one, teller) for one in changes],
        changed=any(not part.ours for view in views for part in view.parts),
        done=text(done) if done and request.method == "GET" else "",
    )


def _email_page(
    moment: Moment, code: str, given: Mapping[Place, str], teller: Teller
) -> Response[Any]:
    if code not in LANGUAGES:
        raise NotFoundException
    mail = made(moment, "email", code, given, teller)
    return Response(
        mail.html.encode(),
        media_type="text/html",
        headers={
            "Content-Security-Policy": _EMAIL_POLICY,
            "Content-Language": code,
            "Cache-Control": "no-store",
        },
    )


async def _restoration(
    request: AnyRequest,
    moment: Moment,
    teller: Teller,
    *,
    none_chosen: bool = False,
    overtaken: bool = False,
) -> Response[Any]:
    changes = await texts.changes(moment.name, 1)
    standing, ours = await standing_texts(moment, teller), texts.ours(moment.name)
    error = teller.language.text("Choose at least one text")
    rows = [
        (field_id(place), label(place, teller), standing[place], ours[place], place[0])
        for place in places_of(moment)
        if standing[place] != ours[place]
    ]
    if not rows and not overtaken:
        return go(f"/messages/{moment.name}?done=same")
    return pages.render(
        request,
        "staff/message_restoration.html",
        status=422 if none_chosen else 409 if overtaken else 200,
        title=sentence(teller.language.text(moment.title)),
        url=f"/messages/{moment.name}",
        as_of=changes[0].id if changes else 0,
        rows=rows,
        errors=[ErrorView(f"#{rows[0][0]}", error)] if none_chosen and rows else [],
        overtaken=who_when(changes[0], teller) if overtaken and changes else "",
    )


router = Router(
    "/",
    guards=[access.staff(Role.ADMINISTRATOR)],
    route_handlers=[
        overview, show, change, show_typed_email, show_email, send_test, ask, restore,
    ],
)  # fmt: skip
