"""A mould says what the message made by itself says, whatever the values are."""

from collections.abc import Iterator
from typing import Any

import pytest
from lxml import html as lxml_html  # type: ignore[import-untyped]

from balagh.i18n import LANGUAGES, Language
from balagh.notices import moulds, writing
from balagh.notices.facts import examples
from balagh.notices.messages import Email, render
from balagh.notices.moments import MOMENTS
from balagh.notices.moulds import Frame
from balagh.notices.wording import Filler, WordingError

_ODD = "a \"<b>&' {link} \u00a0x"


def by_itself(text: str, filler: Filler, unsubscribe: str, frame: Frame) -> tuple[str, str]:
    page = writing.email_html(text, filler)
    return frame(filler.language.code, writing.email_text(text, filler), page, unsubscribe)


def variants(name: str, language: str) -> Iterator[dict[str, Any]]:
    """What differs in shape, and values that would be markup."""
    facts = MOMENTS[name].facts
    whole = examples(facts, Language.of(language))
    yield whole
    yield {**whole, "unsubscribe": "https://balagh.example.sa/stop?a=1&b=2"}
    for fact in facts:
        own = f"{fact.name}_{language}"
        if fact.kind == "text":
            yield {**whole, fact.name: _ODD, own: _ODD}
        if fact.kind == "link":
            yield {**whole, fact.name: "https://balagh.example.sa/a?b=1&c=2"}
        if fact.kind == "items":
            yield {**whole, fact.name: ["<a>", "b", "c"]}
            yield {**whole, fact.name: ["&"]}
        if fact.optional:
            yield {key: value for key, value in whole.items() if key not in (fact.name, own)}


def said(name: str, language: str, data: dict[str, Any]) -> tuple[str, ...]:
    try:
        made = render(name, "email", language, data)
    except WordingError as error:
        return (str(error),)
    assert isinstance(made, Email)
    return made.subject, made.text, lxml_html.tostring(lxml_html.fromstring(made.html))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [n for n, m in MOMENTS.items() if "email" in m.channels])
def test_a_mould_says_the_same(name: str, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for data in variants(name, language):
        # The second is filled into a mould that is there already.
        found = [said(name, language, data) for _ in range(2)]
        with monkeypatch.context() as patched:
            patched.setattr(moulds, "email", by_itself)
            found.append(said(name, language, data))
        assert len({*found}) == 1
