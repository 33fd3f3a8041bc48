"""A page as a browser without scripts has it: forms to fill in and send, links, what is said."""

from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import httpx

_VOID = {"input", "meta", "link", "br", "hr", "img", "wbr", "path", "circle", "rect", "use"}


class Form:
    """``fields``: what would be sent, by name, as the page shows it."""

    def __init__(self, action: str, method: str) -> None:
        self.action = action
        self.method = method
        self.fields: dict[str, str] = {}
        self.choices: dict[str, list[str]] = {}
        self.buttons: list[dict[str, str]] = []


class Page(HTMLParser):
    """``text``: what is read, with single spaces; ``texts``: the same by the element's name.

    ``facts``: label and answer of each row of a list of facts.
    """

    def __init__(self, response: httpx.Response) -> None:
        super().__init__()
        self.status = response.status_code
        self.path = response.url.raw_path.decode()
        self.forms: list[Form] = []
        self.links: dict[str, str] = {}
        self.texts: dict[str, list[str]] = {}
        self.ids: set[str] = set()
        self.facts: dict[str, str] = {}
        self.html = response.text
        self._label = ""
        self._open: list[tuple[str, dict[str, str], list[str]]] = []
        self._words: list[str] = []
        self._select: str | None = None
        self._in_form = False
        self.feed(response.text)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self._words).split())

    @property
    def title(self) -> str:
        return self.texts["title"][0]

    @property
    def h1(self) -> str:
        return self.texts["h1"][0]

    def form(self, action: str = "") -> Form:
        """The form whose address ends with ``action``, or contains it; else the page's own."""
        posts = [form for form in self.forms if form.method == "post" and action in form.action]
        exact = [form for form in posts if form.action.partition("?")[0].endswith(action)]
        found = [form for form in exact or posts if action or "/sign-out" not in form.action]
        assert found, f"no form for {action!r} on {self.path}: {self.text[:300]}"
        return found[0]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            assert given["id"] not in self.ids, f"the id {given['id']} stands twice"
            self.ids.add(given["id"])
        if tag == "form":
            self.forms.append(Form(given.get("action", self.path), given.get("method", "get")))
            self._in_form = True
        elif self._in_form:
            self._control(tag, given)
        if tag not in _VOID:
            self._open.append((tag, given, []))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # `<path …/>` closes itself and nothing else.
        self.handle_starttag(tag, attrs)

    def _control(self, tag: str, given: dict[str, str]) -> None:
        form, name = self.forms[-1], given.get("name", "")
        kind = given.get("type", "text")
        if tag == "input" and name and kind not in ("file", "submit"):
            if kind in ("radio", "checkbox"):
                form.choices.setdefault(name, []).append(given.get("value", "on"))
                if "checked" in given:
                    form.fields[name] = given.get("value", "on")
            else:
                form.fields[name] = given.get("value", "")
        elif tag == "select":
            self._select = name
            form.choices[name] = []
        elif tag == "option" and self._select is not None:
            form.choices[self._select].append(given.get("value", ""))
            if "selected" in given or self._select not in form.fields:
                form.fields[self._select] = given.get("value", "")
        elif tag == "button":
            form.buttons.append(given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._in_form = False
        elif tag == "select":
            self._select = None
        while self._open:
            name, given, words = self._open.pop()
            text = " ".join("".join(words).split())
            self.texts.setdefault(name, []).append(text)
            if name == "dt":
                self._label = text
            if name == "dd":
                self.facts.setdefault(self._label, text)
            if name == "a" and "href" in given:
                self.links[text] = urljoin(self.path, given["href"])
            if name == "textarea" and self.forms:
                self.forms[-1].fields[given["name"]] = "".join(words).removeprefix("\n")
            if self._open:
                self._open[-1][2].append("".join(words))
            if name == tag:
                break

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open[-1][2].append(data)
        self._words.append(data)


class Browser:
    """Follows redirections, sends forms with everything on them, like a browser without scripts."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.page: Page

    async def open(self, path: str) -> Page:
        return await self._show(await self.client.get(path))

    async def send(self, action: str = "", files: Any = None, **typed: str) -> Page:
        """Fills in the form and sends it. What the form does not have is a fault of the test."""
        form = self.page.form(action)
        for name, value in typed.items():
            known = form.choices.get(name)
            assert name in form.fields or known is not None, f"{name} is not on {self.page.path}"
            assert known is None or value in known, f"{value} cannot be chosen: {known}"
        data = {**form.fields, **typed}
        answer = await self.client.post(
            urljoin(self.page.path, form.action), data=data, files=files
        )
        return await self._show(answer)

    async def _show(self, answer: httpx.Response) -> Page:
        while answer.is_redirect:
            answer = await self.client.get(urljoin(str(answer.url), answer.headers["location"]))
        self.page = Page(answer)
        return self.page
