"""The table of all moments, their words as Balagh comes with them, and the texts' language."""

import ast
import re
import tomllib
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from lxml import html as lxml_html  # type: ignore[import-untyped]

import balagh
from balagh.i18n import LANGUAGES, Language
from balagh.notices import moments, texts
from balagh.notices.facts import Part, examples
from balagh.notices.messages import Email, Sms, render, segments
from balagh.notices.moments import MOMENTS
from balagh.notices.texts import Words
from balagh.notices.wording import LONGEST, WordingError, clean, faults
from balagh.reports import closing
from balagh.reports.lifecycle import State
from balagh.reports.standing import Standing

SOURCE = Path(balagh.__file__).parent
# Specification 6, as it names them.
SPECIFIED = {
    "opened", "in_progress", "missing_data", "missing_data_reminder", "late", "closed", "accepted",
    "refused", "rejected", "cancelled", "expired", "reopened", "reopening_refused", "delivered",
    "may_file_now",
}  # fmt: skip
EVERY = [(name, language) for name in MOMENTS for language in LANGUAGES]


def data(moment: str, language: str) -> dict[str, Any]:
    return examples(MOMENTS[moment].facts, Language.of(language))


def written(moment: str, channel: str, language: str, text: str, part: Part) -> Sms | Email:
    changed = Words(changed={(moment, language, part): text})
    return render(moment, channel, language, data(moment, language), changed)


# The table.


# What stands before the channel, in a statement that fills the outbox.
_Q = r"\\?'"
_AT_CHANNEL = rf"{_Q}([a-z_]+){_Q}, (?:{_Q}(?:email|sms|\{{channel\}}){_Q}|n\.channel|\$2), [a-z$]"
_EITHER = r"THEN \\?'([a-z_]+)\\?' ELSE \\?'([a-z_]+)\\?' END"


def moments_in(source: str) -> set[str]:
    """Every moment that a module makes: ``Moment("…")``, or named where it fills the outbox."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Moment":
            found |= {str(one.value) for one in node.args[:1] if isinstance(one, ast.Constant)}
        elif isinstance(node, ast.JoinedStr | ast.Constant):
            text = re.sub(r"(?:\\n|\s)+", " ", ast.unparse(node))
            for statement in text.split("INSERT INTO notice")[1:]:
                found |= set(re.findall(_AT_CHANNEL, statement[:500]))
                found |= {name for pair in re.findall(_EITHER, statement[:500]) for name in pair}
    return found


def test_every_moment_that_is_written_is_in_the_table() -> None:
    written = {
        moment
        for path in SOURCE.rglob("*.py")
        if "notices" not in path.parts
        for moment in moments_in(path.read_text("utf-8"))
    }
    ends = [Standing(state=State.REJECTED, due_at=None, due_from=None, due_days=5)]  # type: ignore[arg-type]
    ends += [
        Standing(state=State.CLOSED, outcome=outcome, due_at=None, due_from=None, due_days=5)  # type: ignore[arg-type]
        for outcome in ("solved", "accepted", "refused")
    ]
    written |= {closing.moment(one) for one in ends}
    assert written == set(MOMENTS)
    assert set(MOMENTS) >= SPECIFIED
    assert {name for name, one in MOMENTS.items() if one.audience == "beneficiary"} == {
        *SPECIFIED,
        "evidence_link",
    }


def test_the_document_is_what_the_table_says() -> None:
    document = SOURCE.parents[1] / "docs" / "moments.md"
    assert document.read_text("utf-8") == moments.as_markdown() + "\n", "run `just docs`"


def test_every_message_is_written_with_the_texts_as_they_are() -> None:
    """``render`` has a default for tests; the product passes what the administrator changed."""
    for path in SOURCE.rglob("*.py"):
        if "notices.messages import" not in (source := path.read_text("utf-8")):
            continue
        for node in ast.walk(ast.parse(source)):
            name = getattr(getattr(node, "func", None), "id", "")
            if name == "message" or (name == "render" and "web" not in path.parts):
                assert isinstance(node, ast.Call)
                assert len(node.args) == 5, f"{path}:{node.lineno}"


# Our words.


def test_a_file_for_each_moment_and_no_other() -> None:
    assert {path.stem for path in texts.FOLDER.glob("*.toml")} == set(MOMENTS)
    for name, moment in MOMENTS.items():
        found = tomllib.loads((texts.FOLDER / f"{name}.toml").read_text("utf-8"))
        assert {language: set(parts) for language, parts in found.items()} == {
            language: set(moment.parts) for language in LANGUAGES
        }


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_our_words_are_without_fault(name: str, language: str) -> None:
    for part in MOMENTS[name].parts:
        text = texts.ours(name)[language, part]
        assert faults(MOMENTS[name], part, text) == []
        assert len(text) <= LONGEST[part] / 2, "an administrator needs room"


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_every_message_says_it_all(name: str, language: str) -> None:
    given = data(name, language)
    for channel in MOMENTS[name].channels:
        made = render(name, channel, language, given)
        if isinstance(made, Sms):
            assert segments(made.text) <= (3 if name == "missing_data" else 2)
            assert not re.search(r"[{}\u2068]|\*\*|None|\n\n", made.text)
            if "http" in made.text:
                # On a line of its own, so that the phone makes all of it a link and nothing else.
                assert made.text.splitlines()[-1].startswith("https://")
            continue
        assert isinstance(made, Email)
        page = lxml_html.fromstring(made.html)
        assert "\n" not in made.subject
        for text in (made.subject, made.text, page.body.text_content()):
            assert not re.search(r"[{}]|\*\*|None", text)
            assert "undefined" not in text
        assert made.text.count("\u2068") == made.text.count("\u2069")
        assert not re.search(r"\n{3,}", made.text)
        assert len(page.xpath("//h1")) == 1
        assert page.xpath("string(//title)").strip() == page.xpath("string(//h1)").strip()
        assert given["name"] in made.text
        assert f"<bdi>{given['name']}</bdi>" in made.html
        # Its links are those of its facts, in both parts.
        hrefs = {link.partition("s=")[0].rstrip("?&") for link in page.xpath("//a/@href")}
        assert hrefs - {"tel:199099"} == set(re.findall(r"https://\S+", made.text))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "name", [n for n, m in MOMENTS.items() if any(f.optional for f in m.facts)]
)
def test_what_is_optional_may_be_absent(name: str, language: str) -> None:
    given = data(name, language)
    for fact in MOMENTS[name].facts:
        if fact.optional:
            given.pop(fact.name, None)
            given.get("survey_links", {}).pop(fact.name.removeprefix("rating_"), None)
    for channel in MOMENTS[name].channels:
        made = render(name, channel, language, given)
        text = made.text
        assert "None" not in text
        assert not re.search(r"\n{3,}", text)


# The language.

FAULTS: list[tuple[str, Part, str, str]] = [
    ("missing_data", "sms", "", "Write the text"),
    ("missing_data", "sms", "  \n ", "Write the text"),
    ("missing_data", "sms", "{number} {data_due_at}", "{update_link} is missing"),
    ("missing_data", "sms", "{number} {data_due_at_day}", "{update_link} is missing"),
    ("missing_data", "sms", "{number} {update_link}", "{data_due_at} is missing"),
    # Only where there are things to list: not always.
    ("missing_data", "sms", "{number} {data_due_at}\n?items_sms {update_link}", "{update_link} is"),
    ("missing_data", "sms", "{number} {data_due_at} {update_link", "A brace is not closed"),
    ("missing_data", "sms", "{number} {data_due_at} {update_link} }", "A brace is not closed"),
    (
        "missing_data",
        "sms",
        "{nubmer} {data_due_at} {update_link}",
        "{nubmer}. Did you mean {number}",
    ),
    ("missing_data", "sms", "{x.__class__} {number}", "Nothing is filled in for {x.__class__}"),
    ("missing_data", "sms", "{number!r} {number}", "Nothing is filled in for {number!r}"),
    ("missing_data", "sms", "?whatever {number}", "Nothing is filled in for ?whatever"),
    ("missing_data", "sms", "x" * 601, "Shorten it to 600"),
    ("missing_data", "subject", "x" * 151, "Shorten it to 150"),
    ("missing_data", "subject", "one\ntwo {number}", "A subject has one line"),
    ("missing_data", "subject", "{update_link}", "{update_link} cannot stand here"),
    ("missing_data", "subject", "{items_sms}", "{items_sms} cannot stand here"),
    ("missing_data", "email", "no heading", "An e-mail has one heading"),
    ("missing_data", "email", "# a\n\n# b", "An e-mail has one heading"),
    ("missing_data", "email", "# a\n\n[Go](https://x.example)", "A button stands alone"),
    ("missing_data", "email", "# a\n\nsee [Go]({update_link})", "A button stands alone"),
    ("missing_data", "sms", "[Go]({update_link})", "A button stands alone"),
    ("missing_data", "email", "# a\n\n[Go]({number})", "{number} is no link"),
    ("missing_data", "sms", "a\x00b", "It has a sign that is no letter"),
    ("opened", "sms", "{number} {organisation}", "no {organisation}: begin its line with ?organ"),
    ("opened", "sms", "!organisation {organisation}", "Some messages have no {organisation}"),
    ("in_progress", "sms", "?agency_sms a\n{agency_sms}", "Some messages have no {agency_sms}"),
    ("verification_code", "sms", "Your code.", "{code} is missing"),
    ("verification_code", "subject", "{code}", "{code} cannot stand here"),
    ("closed", "email", "# a {number} {link}\n{rating_agency}", "{rating_balagh} is missing"),
]


@pytest.mark.parametrize(("moment", "part", "text", "said"), FAULTS)
def test_what_cannot_be_a_text_is_said(moment: str, part: Part, text: str, said: str) -> None:
    found = [one.text.format(**one.values) for one in faults(MOMENTS[moment], part, text)]
    assert any(said in one for one in found), found
    for one in faults(MOMENTS[moment], part, text):
        # Told in Arabic too, with what it names.
        told = Language.of("ar").text(one.text, **one.values)
        assert all(value in told for value in one.values.values())


def test_each_fault_once_and_all_of_them() -> None:
    found = faults(MOMENTS["opened"], "sms", "{x} {x} {y")
    told = [one.text.format(**one.values) for one in found]
    assert len(told) == len(set(told)) == 5


@pytest.mark.parametrize(
    ("text", "sms"),
    [
        ("{number}\n\n\n{link}", "730 264 1185\nhttps://balagh.example.sa/reports/7302641185"),
        ("?organisation for {organisation}\n{link}", "for Oasis Establishment\nhttps://balagh"),
        ("!organisation alone\n{link}", "https://balagh"),
        ("{due_on_short} · {due_on_date}", "30 November · 30 November 2026"),
        ("{due_on_soon} · {due_on_hijri}", "Monday 30 November · 20 Jumada al-Akhirah 1448 AH"),
        (
            "{submitted_at} · {submitted_at_day}",
            "Monday 23 November 2026, 11:00 am · Monday 23 Nov",
        ),
        # Marks mean nothing in an SMS.
        ("# x\n- y", "# x\n- y"),
    ],
)
def test_what_an_sms_says(text: str, sms: str) -> None:
    made = written("opened", "sms", "en", text, "sms")
    assert made.text.startswith(sms)


EMAILS = [
    ("# Head\n| No: {number}\nmore", '<div class="hero"', "<h1>Head</h1>"),
    ("# Head\n| No: {number}", '<p class="number"', '<bdi dir="ltr">730 264 1185</bdi>'),
    ("one\ntwo", "<p>one<br>two</p>", ""),
    ("**bold {title}**", "<p><b>bold <bdi>The licence", ""),
    ("| Label: {due_on}\n| Other: x", "<dl", "Label</dt>"),
    ("> {title}\n> more", '<div class="card"', "</bdi><br>more</p>"),
    ("1. a\n2. b", "<ol", "a</li>"),
    ("- a", "<ul", "a</li>"),
    ("[Go & look]({link})", '<a class="button"', "Go &amp; look</a>"),
    ("here: {link}", '<a class="link"', f'href="{"https://balagh.example.sa/reports/7302641185"}"'),
    # Markup is text.
    ("<script>x</script> & {due_on}", "&lt;script&gt;x&lt;/script&gt; &amp; Monday", ""),
    ('<a href="https://x.example">', '&lt;a href="https://x.example"&gt;', ""),
]


@pytest.mark.parametrize(("text", "begins", "holds"), EMAILS)
def test_what_an_email_says(text: str, begins: str, holds: str) -> None:
    made = written("opened", "email", "en", text if "# " in text else f"# H\n\n{text}", "email")
    assert isinstance(made, Email)
    # Without the styles, which are moved into the elements.
    html = re.sub(r' style="[^"]*"', "", made.html).replace("&#34;", '"')
    assert begins.removesuffix(">") in html
    assert holds in html


def test_a_value_is_never_markup() -> None:
    """Neither HTML nor the language's own: a text is understood before it is filled."""
    given = {**data("opened", "en"), "title": "# x\n[y]({link}) **z** {number} <b>&"}
    text = "# H\n{title}\n\n{title}\n\n> {title}"
    changed = Words(changed={("opened", "en", "email"): text})
    made = render("opened", "email", "en", given, changed)
    assert isinstance(made, Email)
    page = lxml_html.fromstring(made.html)
    assert len(page.xpath("//h1")) == 1
    assert not page.xpath("//b")
    assert not page.xpath("//a[@class='button']")
    assert page.body.text_content().count("[y]({link}) **z** {number} <b>&") == 3


def test_a_subject_is_one_line_whatever_is_in_it() -> None:
    given = {**data("refused", "en"), "reasons": "One.\r\nBcc: all@example.sa"}
    changed = Words(changed={("refused", "en", "subject"): "No: {reasons}"})
    made = render("refused", "email", "en", given, changed)
    assert isinstance(made, Email)
    assert made.subject == "No: \u2068One. Bcc: all@example.sa\u2069"


def test_times_are_those_of_the_zone() -> None:
    given = data("missing_data", "en")
    for zone, hour in (("Asia/Riyadh", "11:30"), ("Asia/Dubai", "12:30"), ("UTC", "8:30")):
        for channel in ("sms", "email"):
            made = render("missing_data", channel, "en", given, Words(ZoneInfo(zone)))
            assert hour in made.text


def test_a_changed_text_that_cannot_be_filled_gives_way(capsys: pytest.CaptureFixture[str]) -> None:
    given = data("opened", "ar")
    ours = render("opened", "sms", "ar", given)
    # Of a version that knew more.
    for text in ("{forgotten}", "?forgotten x", "{organisation}"):
        del given["organisation"]
        changed = Words(changed={("opened", "ar", "sms"): text})
        assert render("opened", "sms", "ar", given, changed) == ours
        given = data("opened", "ar")
    with pytest.raises(WordingError):
        render("opened", "sms", "ar", {"name": "x"})


def test_a_text_is_kept_clean() -> None:
    assert clean("\r\n a \r\nb\t\r\n\r\n") == " a\nb"
