"""A form of a page that was drawn, filled with what was sent before.

For what an ended session could not send (``people/unsent.py``): any form of ours comes back filled
without its page knowing of it. Like ``digits.py`` it reads the pages that we write, where no
attribute holds ``<`` or ``>``.
"""

import re
from html import escape, unescape
from urllib.parse import urlsplit

import msgspec

from balagh.people.unsent import Unsent

_ELEMENT = re.compile(
    r"<textarea\b(?P<area>[^<>]*)>[^<]*</textarea>"
    r"|<(?P<name>input|select|option|button)\b(?P<given>[^<>]*)>|</(?P<end>select)>"
)
_ATTRIBUTE = re.compile(r'(?:^|\s)(?P<name>[a-z][a-z-]*)(?:="(?P<value>[^"]*)")?')
# What nobody types into, or must not come back.
_KEPT_AS_IT_IS = frozenset({"hidden", "file", "password", "submit", "button", "image", "reset"})


class Refilled(msgspec.Struct, frozen=True):
    """``left``: what was sent and has no field on the page."""

    html: str
    left: list[str]


def refilled(html: str, unsent: Unsent) -> Refilled | None:
    """The page with its form for ``unsent.action`` filled; none when it has no such form."""
    form = _place(html, unsent.action) if unsent.action else None
    if form is None:
        return None
    start, end, id = form
    left = {name: list(unsent.values(name) or ()) for name in unsent.fields}
    select = ""

    def filled(found: re.Match[str]) -> str:
        nonlocal select
        name, given = found["name"], _attributes(found["area"] or found["given"] or "")
        own = given.get("form", id if start <= found.start() < end else None)
        field, kind = given.get("name", ""), given.get("type", "text")
        if found["end"] or name == "select":
            select = field if name and own == id else ""
        if name == "option":
            on = given.get("value") in (unsent.values(select) or ())
            return _switched(found[0], "selected", on=on) if select else found[0]
        if own != id or not field:
            return found[0]
        if name in ("select", "button") or kind in _KEPT_AS_IT_IS:
            left.pop(field, None)
            return found[0]
        if kind in ("checkbox", "radio"):
            left.pop(field, None)
            on = given.get("value", "on") in (unsent.values(field) or ())
            return _switched(found[0], "checked", on=on)
        if not left.get(field):
            return found[0]
        # Fields of one name take its values in their order.
        value = escape(left[field].pop(0))
        if found["area"] is not None:
            # A browser drops one line end after the tag.
            return f"<textarea{found['area']}>\n{value}</textarea>"
        bare = re.sub(r'\svalue="[^"]*"', "", found[0].removesuffix(">"))
        return f'{bare} value="{value}">'

    body = _ELEMENT.sub(filled, html)
    return Refilled(body, [value for values in left.values() for value in values])


def _place(html: str, action: str) -> tuple[int, int, str] | None:
    """From where to where the form goes that is sent to that address, and its id; the first of
    several. A button may send a form elsewhere than the form says."""
    for found in re.finditer(r"<form\b([^<>]*)>", html):
        given = _attributes(found[1])
        if given.get("method") != "post":
            continue
        end = html.find("</form>", found.end())
        addresses = [given.get("action", "")]
        addresses += re.findall(r'\sformaction="([^"]*)"', html[found.end() : end])
        if any(urlsplit(unescape(one)).path == action for one in addresses):
            return found.start(), end, given.get("id", "")
    return None


def _attributes(given: str) -> dict[str, str]:
    return {found["name"]: unescape(found["value"] or "") for found in _ATTRIBUTE.finditer(given)}


def _switched(tag: str, attribute: str, *, on: bool) -> str:
    bare = re.sub(rf"\s{attribute}(?=[\s/>])", "", tag)
    return f"{bare[:-1]} {attribute}>" if on else bare
