"""The demonstration's sign-in: choose who to be. It takes the place of the identity provider.

Nothing outside ``balagh.demo`` imports this, so no installation can be entered this way.
"""

from typing import Any

import msgspec
from litestar import Response, Router, get, post
from litestar.exceptions import NotFoundException

from balagh.demo import cast
from balagh.i18n import Language
from balagh.web import access
from balagh.web.page import AnyRequest, language_of, render, settings_of
from balagh.web.sign_in import sign_out, welcome


class CastView(msgspec.Struct, frozen=True):
    """``initial`` stands in the circle; ``about`` says what this person may see."""

    key: str
    name: str
    initial: str
    about: str


class CastGroup(msgspec.Struct, frozen=True):
    title: str
    people: list[CastView]


@get(access.SIGN_IN)
async def choose(request: AnyRequest) -> Response[Any]:
    """The cast by side; somebody signed in already may become another."""
    return render(
        request,
        "demo/sign_in.html",
        groups=_groups(language_of(request)),
        next=access.local_path(request.query_params.get("next")),
    )


@post("/demo/sign-in")
async def become(request: AnyRequest) -> Response[Any]:
    """Signs in as that member of the cast and goes on to where the person was going."""
    form = await request.form()
    found = cast.member(str(form.get("key", "")))
    if found is None:
        raise NotFoundException
    identifier = await cast.id_of(found, settings_of(request).secret_key)
    if identifier is None:
        raise NotFoundException
    return await welcome(
        request,
        access.local_path(str(form.get("next", "/"))),
        person_id=identifier if found.national_id else None,
        staff_id=None if found.national_id else identifier,
    )


def _groups(language: Language) -> list[CastGroup]:
    return [
        CastGroup(
            title=language.text(title),
            people=[
                CastView(
                    key=one.key,
                    name=language.name(one),
                    initial=language.name(one)[0],
                    about=language.text(one.about),
                )
                for one in cast.CAST
                if one.side == side
            ],
        )
        for side, title in cast.SIDES.items()
    ]


router = Router("/", route_handlers=[choose, become, sign_out])
