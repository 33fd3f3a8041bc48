"""Every text has its Arabic, and the Arabic is well formed."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import PoFileError, read_po

import balagh
from balagh.i18n import ARABIC_PLURAL, LOCALES

SOURCE = Path(balagh.__file__).parent
# A text, or for a count its singular and plural.
Msgid = str | tuple[str, str]
TAG = r"</?[a-z][^>]*>"


def texts_of_python(source: str) -> Iterator[Msgid]:
    """The texts in ``N_("…")``, ``….text("…")``, ``….markup("…")``, ``….plural("…", "…", n)``.

    By the syntax tree: Babel's extractor takes the string of ``text(rows["x"].label)`` for a text.
    """
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        count = {"N_": 1, "text": 1, "markup": 1, "plural": 2}.get(name, 0)
        given = [
            argument.value
            for argument in node.args[:count]
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
        ]
        if count and len(given) == count:
            yield given[0] if count == 1 else (given[0], given[1])


def texts_of_template(path: Path) -> Iterator[Msgid]:
    """The texts in ``_("…")`` and ``ngettext("…", "…", n)``."""
    with path.open("rb") as file:
        for _line, msgid, _comments, _context in extract(
            "jinja2.ext:babel_extract",
            file,
            keywords={"_": None, "ngettext": (1, 2)},
            options={"silent": "false"},
        ):
            yield msgid if isinstance(msgid, str) else (msgid[0], msgid[1])


def texts_in_use() -> dict[Msgid, str]:
    """Every text of the program, and a file that uses it."""
    used: dict[Msgid, str] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        for msgid in texts_of_python(path.read_text(encoding="utf-8")):
            used.setdefault(msgid, str(path.relative_to(SOURCE)))
    for path in sorted((SOURCE / "templates").rglob("*")):
        if path.suffix in (".html", ".jinja"):
            for msgid in texts_of_template(path):
                used.setdefault(msgid, str(path.relative_to(SOURCE)))
    return used


def problems(folder: Path, used: dict[Msgid, str]) -> list[str]:
    """What is wrong with the Arabic catalogues in ``folder``, given the texts in use."""
    found: list[str] = []
    known: dict[Msgid, tuple[str, object]] = {}
    for path in sorted(folder.glob("*.po")):
        raw = path.read_text(encoding="utf-8")
        try:
            with path.open("rb") as file:
                catalog = read_po(file, locale="ar", abort_invalid=True)
        except PoFileError as error:
            found.append(f"{path.name}: {error}")
            continue
        found += [f"{path.name}: {text}" for text in _of_file(catalog, raw)]
        for message in catalog:
            if not message.id:
                continue
            msgid = message.id if isinstance(message.id, str) else (message.id[0], message.id[1])
            where = f"{path.name}: {msgid!r}"
            found += [f"{where}: {text}" for text in _of_message(message)]
            if msgid not in used:
                found.append(f"{where}: used nowhere")
            other, string = known.setdefault(msgid, (path.name, message.string))
            if string != message.string:
                found.append(f"{where}: translated otherwise in {other}")
    return found + [f"{used[msgid]}: {msgid!r}: missing" for msgid in used.keys() - known.keys()]


def _of_file(catalog: Catalog, raw: str) -> Iterator[str]:
    if catalog.plural_forms != ARABIC_PLURAL:
        yield f"plural header {catalog.plural_forms!r}"
    for message in catalog.obsolete.values():
        yield f"{message.id!r}: obsolete"
    lines = Counter(re.findall(r'^msgid "(?!"$).*', raw, re.MULTILINE))
    yield from (f"{line}: twice" for line, count in lines.items() if count > 1)


def _of_message(message: Message) -> Iterator[str]:
    if message.fuzzy:
        yield "fuzzy"
    if isinstance(message.id, str):
        yield from _of_text(message.id, str(message.string))
        return
    forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
    if len(forms) != 6:
        yield f"{len(forms)} plural forms"
    for place, form in enumerate(forms):
        # "No day", "one day" and "two days" are words, without the number.
        spare = frozenset({"n"}) if place <= 2 else frozenset[str]()
        for problem in _of_text(message.id[1], form, spare):
            yield f"[{place}] {problem}"


def _of_text(msgid: str, msgstr: str | None, spare: frozenset[str] = frozenset()) -> Iterator[str]:
    if not msgstr or not msgstr.strip():
        yield "empty"
        return
    wanted, given = _placeholders(msgid), _placeholders(msgstr)
    if given - wanted or wanted - given - spare:
        yield f"placeholders {sorted(given)} for {sorted(wanted)}"
    if _tags(msgid) != _tags(msgstr):
        yield "other markup"
    if re.search(r"[\u0621-\u0652\u0670-\u06d3][,;?]", msgstr):
        yield "Latin punctuation after an Arabic letter"
    if _margins(msgid) != _margins(msgstr):
        yield "other space at an end"
    if "  " in msgstr:
        yield "two spaces"
    if re.search('["“”]', re.sub(TAG, "", msgstr)):
        yield "quotation marks other than «»"


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def _tags(text: str) -> Counter[str]:
    return Counter(re.findall(TAG, text))


def _margins(text: str) -> tuple[str, str]:
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]


def test_every_text_has_its_arabic() -> None:
    assert problems(LOCALES / "ar", texts_in_use()) == []


HEADER = f"""msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: {ARABIC_PLURAL}\\n"
"""
TWO_FORMS = HEADER.replace("nplurals=6", "nplurals=2")
DAYS = ("{n} day", "{n} days")
HERE = '<a href="/a">Here</a>'


def entry(msgstr: str, msgid: str = "Name") -> str:
    return f'\nmsgid "{msgid}"\nmsgstr "{msgstr}"\n'


def plural_entry(*forms: str) -> str:
    texts = "".join(f'msgstr[{n}] "{form}"\n' for n, form in enumerate(forms))
    return f'\nmsgid "{DAYS[0]}"\nmsgid_plural "{DAYS[1]}"\n{texts}'


GOOD_DAYS = ("لا أيام", "يوم واحد", "يومان", "{n} أيام", "{n} يومًا", "{n} يوم")


@pytest.mark.parametrize(
    ("catalogue", "used", "wrong"),
    [
        (HEADER + entry("الاسم"), "Name", ""),
        (HEADER + plural_entry(*GOOD_DAYS), DAYS, ""),
        (HEADER, "Name", "here.py: 'Name': missing"),
        (HEADER + entry(""), "Name", "empty"),
        (HEADER + "\n#, fuzzy" + entry("الاسم"), "Name", "fuzzy"),
        (HEADER + entry("الاسم") + '\n#~ msgid "Gone"\n#~ msgstr "ذهب"\n', "Name", "obsolete"),
        (HEADER + entry("الاسم") + entry("ذهب", "Gone"), "Name", "'Gone': used nowhere"),
        (HEADER + entry("الاسم") + entry("اسم"), "Name", "twice"),
        (HEADER + entry("مرحبًا {nam}", "Hello {name}"), "Hello {name}", "placeholders ['nam']"),
        (HEADER + entry("مرحبًا", "Hello {name}"), "Hello {name}", "placeholders []"),
        (HEADER + entry("<i>هذا</i>", "<b>This</b>"), "<b>This</b>", "other markup"),
        (HEADER + entry("نعم, الاسم"), "Name", "Latin punctuation"),
        (HEADER + entry("الاسم; نعم"), "Name", "Latin punctuation"),
        (HEADER + entry("ما الاسم?"), "Name", "Latin punctuation"),
        (HEADER + entry("كمًّا?"), "Name", "Latin punctuation"),
        (HEADER + entry(" الاسم"), "Name", "other space"),
        (HEADER + entry("الاسم "), "Name", "other space"),
        (HEADER + entry("الاسم  الكامل"), "Name", "two spaces"),
        (HEADER + entry("اختر “الاسم”"), "Name", "quotation marks"),
        (HEADER + entry('اختر \\"الاسم\\"'), "Name", "quotation marks"),
        (HEADER + entry('<a href=\\"/a\\">هنا</a>', '<a href=\\"/a\\">Here</a>'), HERE, ""),
        (HEADER + plural_entry(*GOOD_DAYS[:2]), DAYS, "[5] empty"),
        (HEADER + plural_entry(*GOOD_DAYS, "{n} يوم"), DAYS, "more translations"),
        (
            HEADER + plural_entry(*GOOD_DAYS[:3], "أيام", *GOOD_DAYS[4:]),
            DAYS,
            "[3] placeholders []",
        ),
        (HEADER.replace("?", "? ", 1) + entry("الاسم"), "Name", "plural header"),
        (TWO_FORMS + entry("الاسم"), "Name", "plural header"),
        (TWO_FORMS + plural_entry(*GOOD_DAYS[3:5]), DAYS, "2 plural forms"),
    ],
)
def test_a_broken_catalogue_is_found(
    tmp_path: Path, catalogue: str, used: Msgid, wrong: str
) -> None:
    (tmp_path / "words.po").write_text(catalogue, encoding="utf-8")
    found = problems(tmp_path, {used: "here.py"})
    assert [text for text in found if wrong in text] if wrong else not found, found


def test_two_catalogues_must_agree(tmp_path: Path) -> None:
    (tmp_path / "a.po").write_text(HEADER + entry("الاسم"), encoding="utf-8")
    (tmp_path / "b.po").write_text(HEADER + entry("الاسم"), encoding="utf-8")
    assert problems(tmp_path, {"Name": "here.py"}) == []
    (tmp_path / "b.po").write_text(HEADER + entry("اسم"), encoding="utf-8")
    assert problems(tmp_path, {"Name": "here.py"}) == ["b.po: 'Name': translated otherwise in a.po"]


def test_texts_are_found_where_they_are_used(tmp_path: Path) -> None:
    source = """
label = N_("One " "two")
here.language.text("Three {n}", n=shown["not this"])
text(rows["nor this"].label)
language.plural("{n} day", "{n} days", count)
language.markup("<b>Four</b>")
"""
    assert set(texts_of_python(source)) == {
        "One two",
        "Three {n}",
        ("{n} day", "{n} days"),
        "<b>Four</b>",
    }
    page = tmp_path / "page.html"
    page.write_text(
        """<p title="{{ _('One') }}">{{ _("Two {n}", n=3) }} {{ _(label) }}"""
        """{% if x %}{{ ngettext("{n} day", "{n} days", n) }}{% endif %}""",
        encoding="utf-8",
    )
    assert list(texts_of_template(page)) == ["One", "Two {n}", ("{n} day", "{n} days")]
