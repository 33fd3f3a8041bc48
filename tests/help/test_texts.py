"""The help's entries: complete in both languages, reachable, and what their markup makes."""

import re
from string import Formatter

import pytest
from markupsafe import Markup
from tests.test_i18n import _of_text

from balagh import help as texts
from balagh.help import Entry, Wording
from balagh.i18n import Language
from balagh.reports.kinds import KINDS
from balagh.settings import load
from balagh.web.beneficiary.refusals import help_of
from balagh.web.help import SUGGESTED, help_values

AR, EN = Language.of("ar"), Language.of("en")
ENTRIES = list(texts.entries().values())
# Asked for by the other parts of the portal.
PROMISED = (
    "transformation-conditions", "suggestion-conditions", "paper-services", "digital-alternative",
    "same-request", "same-suggestion", "reminder", "update", "cancel", "reopening", "surveys",
    "receipt", "personal-settings", "data-export", "erasure", "organisations", "contact-amer",
    "weak-link", "signed-out",
)  # fmt: skip
SETTINGS = load(
    {
        "BALAGH_SECRET_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "BALAGH_OIDC_ISSUER": "https://id.example.sa",
        "BALAGH_OIDC_CLIENT_ID": "balagh",
        "BALAGH_REOPEN_DAYS": "21",
        "BALAGH_MISSING_DATA_HOURS": "36",
        "BALAGH_RESOLUTION_DAYS": "7",
    }
)


def test_there_is_enough_and_each_once() -> None:
    assert len(ENTRIES) >= 30
    assert [len(group.entry) > 0 for group in texts.groups()] == [True] * 9


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.slug)
def test_an_entry_says_the_same_in_both_languages(entry: Entry) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", entry.slug)
    assert list(_of_text(entry.en.title, entry.ar.title)) == []
    # The marks of bold, links and values are the same; quotation marks and commas are Arabic.
    assert list(_of_text(plain(entry.en.body), plain(entry.ar.body))) == []
    assert blocks(entry.ar.body) == blocks(entry.en.body)
    assert sorted(LINK.findall(entry.ar.body)) == sorted(LINK.findall(entry.en.body))
    assert entry.ar.body.count("**") == entry.en.body.count("**")
    assert entry.ar.body.count("`") == entry.en.body.count("`")
    assert "<" not in entry.ar.body + entry.en.body


LINK = re.compile(r"\]\(([^)]*)\)")


def plain(body: str) -> str:
    return " ".join(body.split())


def blocks(body: str) -> list[tuple[str, int]]:
    """Each block's kind, and how many lines a list has."""
    found = []
    for block in body.strip().split("\n\n"):
        lines = block.split("\n")
        listed = re.match(r"-|\d+\.", lines[0])
        found.append((listed[0] if listed else block[:1] * (block[0] in "?!"),
                      len(lines) if listed else 1))  # fmt: skip
    return found


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.slug)
def test_links_lead_somewhere(entry: Entry) -> None:
    pages = {"/reports", "/privacy", "/accessibility"}
    for target in (*LINK.findall(entry.ar.body), *entry.see):
        assert target in texts.entries() or target in pages, target
        assert target != entry.slug


def test_every_step_and_every_refusal_has_its_entry() -> None:
    from balagh.reports.eligibility import Code

    for kind in KINDS.values():
        for step in kind.steps:
            assert step.help in texts.entries(), f"{kind.code}: {step.slug}"
    for code in Code:
        assert help_of(code).removeprefix("/help/") in texts.entries(), code
    for slug in (*PROMISED, *SUGGESTED):
        assert slug in texts.entries(), slug


@pytest.mark.parametrize("language", [AR, EN], ids=["ar", "en"])
def test_every_text_is_complete_with_the_settings_numbers(language: Language) -> None:
    values = help_values(SETTINGS, language)
    for entry in ENTRIES:
        html = texts.body(entry, language, values)
        assert not re.search(r"[{}`*\]\[]|^[?!]\w", html.striptags()), entry.slug
        named = {name for _, name, _, _ in Formatter().parse(entry.wording(language).body) if name}
        assert named <= values.keys(), entry.slug
        assert texts.summary(entry, language, values)
    reopening = texts.body(texts.entries()["reopening"], language, values)
    assert ("21 يومًا" if language is AR else "21 days") in reopening
    update = texts.body(texts.entries()["update"], language, values)
    assert ("36 ساعة" if language is AR else "36 hours") in update
    how_long = texts.body(texts.entries()["how-long"], language, values)
    assert ("7 أيام عمل" if language is AR else "7 working days") in how_long


def test_numbers_of_the_settings_are_nowhere_typed() -> None:
    """5 working days as an example of counting is spelled out; a duration is not."""
    typed = re.compile(r"\b(5|48|14|60|24)\s+(?:working|hours|days|minutes|أيام|يوم|ساعة|دقيقة)")
    for entry in ENTRIES:
        for body in (entry.ar.body, entry.en.body):
            assert not typed.search(body), entry.slug


def test_where_reports_are_not_reopened_it_says_so() -> None:
    values = {**help_values(SETTINGS, EN), "reopen": None}
    html = texts.body(texts.entries()["reopening"], EN, values)
    assert "A closed report is not reopened" in html
    assert "within" not in html


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("One\ntwo", "<p>One two</p>"),
        ("One\n\ntwo", "<p>One</p>\n<p>two</p>"),
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
        ("**a** and `B-1`", "<p><b>a</b> and <bdi>B-1</bdi></p>"),
        ("[a](late)", '<p><a href="/help/late">a</a></p>'),
        ("[a](/reports)", '<p><a href="/reports">a</a></p>'),
        ("[a](//evil.example)", "<p>[a](//evil.example)</p>"),
        ("[a](javascript:x)", "<p>[a](javascript:x)</p>"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("{n} files", "<p><bdi>10</bdi> files</p>"),
        ("{evil}", "<p>&lt;b&gt;</p>"),
        ("{link}", "<p><b>x</b></p>"),
        ("?n with\n\n!n without", "<p>with</p>"),
        ("?gone with\n\n!gone without", "<p>without</p>"),
    ],
)
def test_markup(body: str, html: str) -> None:
    wording = Wording("t", body)
    values = {"n": 10, "evil": "<b>", "link": Markup("<b>x</b>"), "gone": None}
    assert texts.body(Entry("t", wording, wording), EN, values) == html


def test_a_value_that_nobody_gave_is_a_fault() -> None:
    wording = Wording("t", "{nothing}")
    with pytest.raises(KeyError):
        texts.body(Entry("t", wording, wording), EN, {})


def test_a_summary_ends_with_a_word() -> None:
    wording = Wording("t", "One **two** [three](late) four five")
    entry = Entry("t", wording, wording)
    assert texts.summary(entry, EN, {}) == "One two three four five"
    assert texts.summary(entry, EN, {}, 15) == "One two three…"
