"""What is wrong with a catalogue's files, where, and in whose words."""

import pytest
from tests.directory import small

from balagh.directory import checking, sheets
from balagh.directory.checking import check
from balagh.directory.sheets import AGENCIES, PLATFORMS, SERVICES, Files, Problem
from balagh.i18n import Language

A, P, S = AGENCIES, PLATFORMS, SERVICES

# What the small catalogue's text becomes: old, new → file, line, column, message.
ONE_PROBLEM = [
    # codes
    ("\nnoor,moe", "\nNoor,moe", P, 3, "code", checking.BAD_CODE),
    ("\nbookings,", "\nbook ings,", S, 3, "code", checking.BAD_CODE),
    ("\nbookings,", "\n-bookings,", S, 3, "code", checking.BAD_CODE),
    ("\nbookings,", "\nحجز,", S, 3, "code", checking.BAD_CODE),
    ("\nbookings,", f"\n{'b' * 61},", S, 3, "code", checking.BAD_CODE),
    ("\nbookings,", "\n,", S, 3, "code", checking.MISSING),
    ("\nbookings,", "\nsick-leave,", S, 3, "code", checking.CODE_TWICE),
    # names
    ("Ministry of Health", "", A, 2, "name_en", checking.MISSING),
    ("Ministry of Health", " \u00a0\u200f ", A, 2, "name_en", checking.MISSING),
    ("Ministry of Health", "H" * 201, A, 2, "name_en", checking.TOO_LONG),
    ("Ministry of Health", "Ministry\x00", A, 2, "name_en", checking.UNPRINTABLE),
    (",الصحة,", ",,", A, 2, "short_ar", checking.MISSING),
    (",Noor,", ",,", P, 3, "short_en", checking.MISSING),
    ("وزارة التعليم", "وزارة الصحة", A, 3, "name_ar", checking.NAME_TWICE),
    ("Book appointments", "SICK  leaves", S, 3, "name_en", checking.NAME_TWICE),
    # references
    ("sehhaty,moh,", "sehhaty,mol,", P, 2, "agency", checking.NO_AGENCY),
    ("noor,moe,", "noor,,", P, 3, "agency", checking.MISSING),
    ("old-papers,moe,", "old-papers,nobody,", S, 5, "agency", checking.NO_AGENCY),
    ("bookings,moh,sehhaty", "bookings,moh,sehaty", S, 3, "platform", checking.NO_PLATFORM),
    ("bookings,moh,sehhaty", "bookings,moh,noor", S, 3, "platform", checking.OTHER_AGENCY),
    ("old-papers,moe,,", "old-papers,moe,sehhaty,", S, 5, "platform", checking.OTHER_AGENCY),
    ("bookings,moh,sehhaty", "bookings,moh,", S, 3, "platform", checking.PLATFORM_NEEDED),
    # paper and digital
    ("no,,sick-leave", "no,3,sick-leave", S, 4, "sla_days", checking.PAPER_DAYS),
    ("yes,3,,", "yes,0,,", S, 2, "sla_days", checking.BAD_DAYS),
    ("yes,3,,", "yes,367,,", S, 2, "sla_days", checking.BAD_DAYS),
    ("yes,3,,", "yes,99999999999999999999,,", S, 2, "sla_days", checking.BAD_DAYS),
    ("yes,3,,", "yes,2.5,,", S, 2, "sla_days", checking.BAD_DAYS),
    ("yes,3,,", "yes,-3,,", S, 2, "sla_days", checking.BAD_DAYS),
    ("yes,3,,", "yes,three,,", S, 2, "sla_days", checking.BAD_DAYS),
    ("no,,sick-leave", "no,,sick-leaf", S, 4, "digital_alternative", checking.NO_SERVICE),
    ("no,,sick-leave", "no,,old-papers", S, 4, "digital_alternative", checking.PAPER_ALTERNATIVE),
    ("no,,sick-leave", "no,,sick-paper", S, 4, "digital_alternative", checking.PAPER_ALTERNATIVE),
    ("yes,3,,", "yes,3,bookings,", S, 2, "digital_alternative", checking.DIGITAL_ALTERNATIVE),
    ("yes,3,,", ",3,,", S, 2, "digital", checking.MISSING),
    ("yes,3,,", "maybe,3,,", S, 2, "digital", checking.NOT_YES_NO),
    # channels, active
    ("web|app", "web;app", S, 2, "channels", checking.NO_CHANNEL),
    ("web|app", "web|fax", S, 2, "channels", checking.NO_CHANNEL),
    ("MoE,yes", "MoE,perhaps", A, 3, "active", checking.NOT_YES_NO),
    # the file itself
    ("code,agency,name_ar", "code,owner,agency,name_ar", P, 1, "owner", sheets.UNKNOWN_COLUMN),
    ("moe,وزارة التعليم,", "moe,", A, 3, "", sheets.WRONG_WIDTH),
    ("web|app,yes", "web|app,yes,more", S, 2, "", sheets.WRONG_WIDTH),
    ("Book appointments", '"Book appointments', S, 3, "", sheets.UNREADABLE),
    ("Book appointments", '"Book" appointments', S, 3, "", sheets.UNREADABLE),
]


@pytest.mark.parametrize(("old", "new", "file", "line", "column", "message"), ONE_PROBLEM)
def test_one_problem(old: str, new: str, file: str, line: int, column: str, message: str) -> None:
    entries, problems = check(small.changed(old, new))
    assert entries is None
    assert [(p.file, p.line, p.column, p.message) for p in problems] == [
        (file, line, column, message)
    ]


@pytest.mark.parametrize("case", ONE_PROBLEM, ids=lambda case: f"{case[2]}:{case[3]}:{case[4]}")
def test_each_problem_can_be_said(case: tuple[str, str, str, int, str, str]) -> None:
    (problem,) = check(small.changed(case[0], case[1]))[1]
    arabic, english = (problem.text(Language.of(code)) for code in ("ar", "en"))
    assert arabic != english
    assert "{" not in arabic + english


def test_every_problem_is_told_at_once_in_order() -> None:
    broken = Files(
        small.AGENCIES.replace("moe,", "Moe,"),
        small.PLATFORMS.replace("sehhaty,moh,", "sehhaty,mol,"),
        small.SERVICES.replace("yes,3,,web|app", "yes,0,,web|fax").replace("no,,,", "no,5,,"),
    )
    _, problems = check(broken)
    assert [(p.file, p.line, p.column) for p in problems] == [
        (A, 3, "code"),
        (P, 2, "agency"),
        (P, 3, "agency"),
        (S, 2, "sla_days"),
        (S, 2, "channels"),
        (S, 5, "agency"),
        (S, 5, "sla_days"),
    ]


def test_an_unreadable_file_does_not_make_its_codes_unknown() -> None:
    _, problems = check(small.files(agencies=small.AGENCIES.replace("code,", "kode,")))
    assert [(p.file, p.line, p.column, p.message) for p in problems] == [
        (A, 1, "kode", sheets.UNKNOWN_COLUMN),
        (A, 1, "code", sheets.NO_COLUMN),
    ]


@pytest.mark.parametrize("empty", ["", "\ufeff", "\n\n", ",,,\n"])
def test_empty_file(empty: str) -> None:
    _, problems = check(small.files(agencies=empty))
    assert problems == (Problem(A, 0, "", sheets.EMPTY),)


def test_column_twice() -> None:
    _, problems = check(small.files(agencies=small.AGENCIES.replace("active\n", "code\n")))
    assert [(p.line, p.column, p.message) for p in problems] == [(1, "code", sheets.COLUMN_TWICE)]


def test_not_utf8_says_the_line() -> None:
    content = small.AGENCIES.encode().replace("وزارة التعليم".encode(), b"\xe6\xd2")
    _, problems = check(Files(content, small.PLATFORMS, small.SERVICES))
    assert problems == (Problem(A, 3, "", sheets.NOT_UTF8),)


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    services = small.SERVICES.replace("Sick leaves", '"Sick\nleaves"').replace("\nold", "\n\n\nold")
    _, problems = check(small.files(services=services.replace("no,,,", "no,,x,")))
    assert [(p.line, p.column) for p in problems] == [(8, "digital_alternative")]


def _with(*replacements: tuple[str, str]) -> Files:
    texts = [small.AGENCIES, small.PLATFORMS, small.SERVICES]
    for old, new in replacements:
        texts = [text.replace(old, new) for text in texts]
    return Files(*texts)


@pytest.mark.parametrize(
    "same",
    [
        Files(small.AGENCIES.encode(), small.PLATFORMS.encode(), small.SERVICES.encode()),
        _with(("code,", "\ufeffcode,")),
        _with(("\n", "\r\n")),
        _with(("\n", "\r")),
        _with((",", ";")),
        _with((",", "\t")),
        _with((",", " , ")),
        _with(("\n", ",,\n")),
        _with(("code,", "CODE,")),
        _with((",yes\n", ",\n")),
        _with(("yes", "نعم"), ("no,", "لا,")),
        _with(("yes", "TRUE"), ("no,", "٠,")),
        _with(("yes,3,,", "yes,٣,,")),
        _with(("yes,3,,", "yes,۳,,")),
        _with(("web|app", "App | WEB | app|")),
        _with(("وزارة الصحة", "\u200fوزارة  الصحة\u200e")),
        _with((",Sick leaves,", ',"Sick\nleaves",')),
    ],
)
def test_ways_of_writing_the_same(same: Files) -> None:
    entries, problems = check(same)
    assert problems == ()
    assert entries == check(small.files())[0]


def test_columns_in_any_order_and_active_left_out() -> None:
    rows = [line.split(",")[:-1] for line in small.AGENCIES.splitlines()]
    agencies = "\n".join(",".join(reversed(row)) for row in rows)
    assert check(small.files(agencies=agencies))[0] == check(small.files())[0]


def test_rules_between_rows_bind_active_rows_only() -> None:
    left = (
        "gone,moe,sehhaty,الإجازات المرضية,Sick leaves,yes,,,web,no\n"
        "gone-paper,moh,,إجازة مرضية ورقية,Paper sick leave,no,,old-papers,branch,no\n"
    )
    entries, problems = check(small.files(services=small.SERVICES + left))
    assert problems == ()
    assert entries is not None
    assert [entry.active for entry in entries.services] == [True] * 4 + [False] * 2


@pytest.mark.parametrize(
    ("stored", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+966", "'+966"),
        ("-3", "'-3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("＝1", "'＝1"),
        ("'=1", "''=1"),
        ("''=1", "'''=1"),
        ("' =1", "'' =1"),
        ("'quoted", "'quoted"),
        ("a=b", "a=b"),
        ("'", "'"),
    ],
)
def test_formulas_are_written_as_text_and_read_back(stored: str, written: str) -> None:
    row = dict.fromkeys(sheets.COLUMNS[A], "x") | {"name_en": stored}
    text = sheets.write(A, [row])
    assert f"x,x,{written},x,x,x" in text
    (read,) = sheets.read(A, text).rows
    assert read.cells["name_en"] == stored
