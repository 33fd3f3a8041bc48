"""Connecting an app as second factor, and the recovery codes that come with it: the first time on
the way in, later from the profile."""

from typing import Any
from urllib.parse import quote

import segno
from litestar import Response

from balagh.people import second_factor
from balagh.people.credentials import Local
from balagh.web.page import AnyRequest, language_of, render, settings_of
from balagh.web.staff import fields
from balagh.web.views import FieldView, error_views


def proposed(request: AnyRequest, found: Local, occasion: str) -> str:
    """The secret that this page offers; the same when it is loaded again."""
    return second_factor.proposed(settings_of(request).secret_key, found.staff_id, occasion)


def page(
    request: AnyRequest,
    found: Local,
    secret: str,
    *,
    action: str,
    wrong: bool = False,
    before: tuple[FieldView, ...] = (),
    back_url: str = "",
) -> Response[Any]:
    """The picture, the secret in words, and the question for the first code. ``before``: what is
    asked besides, such as the password."""
    text = language_of(request).text
    asked = [
        *before,
        fields.line(
            "code",
            text("Code"),
            error=text(
                "This code is not right. Check that the phone sets its time by itself, then type "
                "the code that the app shows now."
            )
            if wrong
            else "",
            hint=text("The six digits that your app shows for Balagh"),
            autocomplete="one-time-code",
            inputmode="numeric",
            ltr=True,
        ),
    ]
    picture = segno.make(second_factor.address(secret, found.email), error="m")
    errors = error_views(asked)
    return render(
        request,
        "staff/factor.html",
        status=422 if errors else 200,
        picture=picture.svg_data_uri(scale=5, border=4, dark="#000", light="#fff"),
        # In groups of four, to be typed.
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        email=found.email,
        fields=asked,
        errors=errors,
        action=action,
        back_url=back_url,
    )


def codes_page(request: AnyRequest, codes: list[str], go_on: str) -> Response[Any]:
    """Shown once: they are kept as hashes only. The file is made of the page itself."""
    text = language_of(request).text
    lines = [text("Recovery codes for Balagh. Each works once."), "", *codes, ""]
    return render(
        request,
        "staff/recovery_codes.html",
        codes=codes,
        file="data:text/plain;charset=utf-8," + quote("\r\n".join(lines)),
        go_on=go_on,
    )
