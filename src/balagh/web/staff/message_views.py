"""What the pages with the texts of messages show: texts, previews, placeholders, changes."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from balagh.i18n import LANGUAGES, N_, Language
from balagh.notices import texts
from balagh.notices.facts import Part, examples
from balagh.notices.messages import Email, length, render, room, segments
from balagh.notices.moments import Moment
from balagh.notices.texts import Change, Place, Words
from balagh.notices.wording import Fault
from balagh.web.telling import Teller

NAMES: Mapping[Part, str] = {"sms": N_("SMS"), "subject": N_("Subject line"), "email": N_("E-mail")}
LANGUAGE_NAMES = {"ar": N_("Arabic"), "en": N_("English")}
Cost = tuple[Decimal, str]


class LineView(msgspec.Struct, frozen=True):
    """A moment in the list. ``changed``: by whom and when; empty: Balagh's own words."""

    url: str
    title: str
    rule: str
    audience: str
    channels: str
    urgent: bool
    changed: str


class PartView(msgspec.Struct, frozen=True, kw_only=True):
    """A text in the form. ``rows``: of its field, 1 for a line; ``ours``: it is not changed."""

    id: str
    label: str
    text: str
    rows: int
    errors: list[str]
    ours: bool


class PreviewView(msgspec.Struct, frozen=True, kw_only=True):
    """``sms``, ``subject``, ``email``: as they go out, empty where the text has a fault; ``size``:
    the SMS in places, segments and money; ``html_url``: where the e-mail is shown as HTML."""

    sms: str
    size: str
    long: bool
    subject: str
    email: str
    html_url: str


class LanguageView(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    direction: str
    name: str
    parts: list[PartView]
    preview: PreviewView


class FactView(msgspec.Struct, frozen=True):
    """A placeholder, what is filled in there, and an example."""

    code: str
    about: str
    example: str
    must: bool


class ChangeView(msgspec.Struct, frozen=True):
    what: str
    who: str
    old: str
    new: str
    code: str


def places_of(moment: Moment) -> list[Place]:
    return [(language, part) for language in LANGUAGES for part in moment.parts]


def field_id(place: Place) -> str:
    return "_".join(place)


def sentence(text: str) -> str:
    """With a capital letter, where the language has them."""
    return text[:1].upper() + text[1:]


def who_when(change: Change, teller: Teller) -> str:
    return teller.language.text(
        "{who}, {when}",
        who=teller.language.name(change, "changed"),
        when=teller.when(change.changed_at),
    )


def label(place: Place, teller: Teller) -> str:
    text = teller.language.text
    return f"{text(NAMES[place[1]])} ({text(LANGUAGE_NAMES[place[0]])})"


def fault_text(fault: Fault, teller: Teller) -> str:
    """What it names is set apart: placeholders are Latin, whatever the page's language."""
    values = {name: f"\u2068{value}\u2069" for name, value in fault.values.items()}
    return teller.language.text(fault.text, **values)


def part_view(
    place: Place,
    typed: Mapping[Place, str],
    wrong: Mapping[Place, list[Fault]],
    ours: Mapping[Place, str],
    teller: Teller,
) -> PartView:
    text = teller.language.text
    return PartView(
        id=field_id(place),
        label=text(NAMES[place[1]]),
        text=typed[place],
        rows={"sms": 4, "subject": 1, "email": 18}[place[1]],
        errors=[fault_text(one, teller) for one in wrong.get(place, ())],
        ours=typed[place] == ours[place],
    )


def preview_of(
    moment: Moment,
    code: str,
    typed: Mapping[Place, str],
    wrong: Mapping[Place, list[Fault]],
    cost: Cost | None,
    teller: Teller,
) -> PreviewView:
    right = {place: text for place, text in typed.items() if place not in wrong}
    sms, size, long = "", "", False
    if (code, "sms") in right:
        sms = made(moment, "sms", code, right, teller).text
        size, long = _size(sms, cost, teller.language), segments(sms) > _most(moment)
    mail = made(moment, "email", code, right, teller)
    assert isinstance(mail, Email)
    return PreviewView(
        sms=sms,
        size=size,
        long=long,
        subject=mail.subject if (code, "subject") in right else "",
        email=mail.text if (code, "email") in right else "",
        html_url=f"/messages/{moment.name}/email/{code}",
    )


def made(
    moment: Moment, channel: str, code: str, right: Mapping[Place, str], teller: Teller
) -> Any:
    changed = {(moment.name, *place): text for place, text in right.items()}
    data = examples(moment.facts, Language.of(code))
    return render(moment.name, channel, code, data, Words(teller.zone, changed))


def fact_views(moment: Moment, teller: Teller) -> list[FactView]:
    language = teller.language
    data = examples(moment.facts, language)
    found = []
    for fact in moment.facts:
        value = fact.of(data, language)
        for name, form in fact.names().items():
            about = language.text(fact.about)
            found.append(
                FactView(
                    f"{{{name}}}",
                    language.text(", ").join((about, language.text(form)))
                    if form and name != fact.name
                    else about,
                    "" if value is None else fact.said(value, name, language, teller.zone),
                    bool(fact.must) and name == fact.name,
                )
            )
    return found


def change_view(one: Change, teller: Teller) -> ChangeView:
    ours = texts.ours(one.moment)[one.language, one.part]
    return ChangeView(
        label((one.language, one.part), teller),
        who_when(one, teller),
        ours if one.old is None else one.old,
        ours if one.new is None else one.new,
        one.language,
    )


def _most(moment: Moment) -> int:
    """Segments from which on an SMS is worth shortening; what is missing must be said."""
    return 3 if moment.name == "missing_data" else 2


def _size(sms: str, cost: Cost | None, language: Language) -> str:
    count = segments(sms)
    alone, joined = room(sms)
    said = language.plural(
        "{length} of {room} places, {n} SMS", "{length} of {room} places, {n} SMS", count,
        length=length(sms), room=alone if count == 1 else joined * count,
    )  # fmt: skip
    if cost is None:
        return said
    amount, currency = cost
    return f"{said} · " + language.text(
        "about {amount} {currency}", amount=f"{amount * count:f}", currency=currency
    )
