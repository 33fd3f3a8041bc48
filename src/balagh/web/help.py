"""The help pages: all questions by group, one page for each, and a search that needs no script."""

from typing import Any

import msgspec
from litestar import Response, Router, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from markupsafe import Markup

from balagh import help as texts
from balagh.files.formats import MAX_BYTES
from balagh.help import Entry, search
from balagh.i18n import Language
from balagh.reports.eligibility import NO_RESPONSE_DAYS
from balagh.settings import Settings
from balagh.web.beneficiary.steps import FILE_LIMIT
from balagh.web.page import AnyRequest, language_of, render, settings_of

# What people ask most, offered where nothing was found.
SUGGESTED = ("which-kind", "complaint-conditions", "how-long", "follow", "contact-amer")
_PHONE = Markup('<a href="tel:199099"><bdi>199099</bdi></a>')


class LinkView(msgspec.Struct, frozen=True):
    """``about``: how the answer begins, where that is shown."""

    url: str
    title: str
    about: str = ""


class GroupView(msgspec.Struct, frozen=True):
    title: str
    links: list[LinkView]


@get("/help")
async def index(request: AnyRequest) -> Response[Any]:
    """Every question by group; with ``?q=`` those that fit, best first."""
    language = language_of(request)
    asked = " ".join(request.query_params.get("q", "").split())[: search.LONGEST]
    values = help_values(settings_of(request), language)
    found = search.find(asked, language) if asked else []
    return render(
        request,
        "public/help.html",
        asked=asked,
        found=[_link(entry, language, values) for entry in found],
        suggested=[_link(texts.entries()[slug], language) for slug in SUGGESTED],
        groups=[
            GroupView(group.title(language), [_link(entry, language) for entry in group.entry])
            for group in texts.groups()
        ],
    )


@get("/help/{slug:str}")
async def entry(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    """One question and its answer."""
    found = texts.entries().get(slug)
    if found is None:
        raise NotFoundException
    language = language_of(request)
    return render(
        request,
        "public/help_entry.html",
        heading=found.wording(language).title,
        body=texts.body(found, language, help_values(settings_of(request), language)),
        see=[_link(texts.entries()[each], language) for each in found.see],
    )


def help_values(settings: Settings, language: Language) -> dict[str, Any]:
    """What the texts name in braces, as this installation has it."""
    plural = language.plural
    return {
        "resolution": plural("{n} working day", "{n} working days", settings.resolution_days),
        "no_response": plural("{n} working day", "{n} working days", NO_RESPONSE_DAYS),
        "missing": plural("{n} hour", "{n} hours", settings.missing_data_hours),
        "reopen": (
            plural("{n} day", "{n} days", settings.reopen_days) if settings.reopen_days else None
        ),
        "idle": plural("{n} minute", "{n} minutes", settings.session_idle_minutes),
        "files": FILE_LIMIT,
        "size": MAX_BYTES // 1024**2,
        "phone": _PHONE,
    }


def _link(entry: Entry, language: Language, values: dict[str, Any] | None = None) -> LinkView:
    about = texts.summary(entry, language, values) if values else ""
    return LinkView(f"/help/{entry.slug}", entry.wording(language).title, about)


router = Router("/", route_handlers=[index, entry])
