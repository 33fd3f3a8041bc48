"""Conditions of transformation requests and suggestions, and how one kind becomes another."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from tests.reports.calendars import SAUDI

from balagh.directory.lookup import AgencyRow, Catalogue, PlatformRow, ServiceRow
from balagh.reports.choices import PAPER, Choices
from balagh.reports.fields import NOT_LISTED, Situation, service_of
from balagh.reports.kinds import KINDS
from balagh.reports.kinds.suggestion import text_hash
from balagh.reports.kinds.transformation import service_key
from balagh.reports.switching import way, ways
from balagh.reports.wizard import CHECK, journey, parse

TODAY = date(2026, 11, 23)
JUSTICE = AgencyRow(1, "moj", "وزارة العدل", "Ministry of Justice", "العدل", "MoJ", True)
HOUSING = AgencyRow(2, "momah", "وزارة البلديات", "Municipalities", "البلديات", "MoMaH", True)
NAJIZ = PlatformRow(1, 1, "najiz", "منصة ناجز", "Najiz platform", "ناجز", "Najiz", True)
BALADY = PlatformRow(2, 2, "balady", "منصة بلدي", "Balady platform", "بلدي", "Balady", True)


def service(
    id: int, agency: int, code: str, ar: str, en: str, *, platform: int | None = None,
    alternative: int | None = None, active: bool = True,
) -> ServiceRow:  # fmt: skip
    return ServiceRow(
        id, agency, platform, code, ar, en, platform is not None, None, alternative,
        ("web", "app") if platform else ("branch",), active,
    )  # fmt: skip


CATALOGUE = Catalogue(
    [JUSTICE, HOUSING],
    [NAJIZ, BALADY],
    [
        service(1, 1, "poa-issue", "إصدار وكالة إلكترونية", "Issue a power", platform=1),
        service(
            2, 1, "poa-notary", "إصدار وكالة لدى كتابة العدل", "Power at a notary", alternative=1
        ),
        service(3, 1, "lost-deed", "إصدار بدل فاقد لصك ورقي قديم", "Replace a lost deed"),
        service(4, 1, "archive", "طلب صورة من ضبط قديم", "Copy of an old record"),
        service(5, 2, "burial", "إصدار تصريح دفن", "Issue a burial permit"),
        service(6, 2, "licence", "تجديد رخصة تجارية", "Renew a licence", platform=2),
        # Its digital alternative belongs to another agency.
        service(7, 2, "deed-copy", "صورة صك من البلدية", "Deed copy", alternative=1),
        service(8, 1, "gone", "خدمة أُلغيت", "A service that is gone", active=False),
        service(9, 1, "twin-digital", "تصديق توقيع", "Attest a signature", platform=1),
        service(10, 1, "twin-paper", "تصديق توقيع", "Attest a signature on paper"),
    ],
)
DIRECTORY = Choices(CATALOGUE, "ar")
SITUATION = Situation(today=TODAY, directory=DIRECTORY)
TEXTS = {
    "title": "عنوان من سطر واحد",
    "description": "نص كافٍ لوصف السبب أو الفكرة التي تراد.",
    "documents": "done",
}


def values_of(kind: str, answers: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for step in KINDS[kind].steps:
        if step.shown(answers, SITUATION):
            values |= parse(step, answers, values, SITUATION)[0]
    return values


def codes(kind: str, answers: Mapping[str, str], earlier: str = "") -> list[str]:
    values = values_of(kind, answers)
    failures = KINDS[kind].failing(values, SITUATION, SAUDI, earlier)
    assert all(failure.possible_on is None for failure in failures)
    return [failure.code.value for failure in failures]


def picked(code: str, agency: str = "moj") -> dict[str, str]:
    return {"agency": agency, "service": code}


def typed(name: str, agency: str = "moj") -> dict[str, str]:
    return {"agency": agency, "service": NOT_LISTED.code, "service_name": name}


TRANSFORMATIONS: list[tuple[str, dict[str, str], str, list[str]]] = [
    ("nothing is known", {}, "", []),
    ("only the agency", {"agency": "moj"}, "", []),
    ("typed, not written yet", typed(""), "", []),
    ("paper, picked", picked("lost-deed"), "", []),
    ("paper, typed by its name", typed("إصدار بدل فاقد لصك ورقي قديم"), "", []),
    ("unknown, typed", typed("استخراج مشهد من المحكمة"), "", []),
    ("paper with an alternative, picked", picked("poa-notary"), "", ["has_alternative"]),
    ("paper with an alternative, typed", typed("اصدار وكاله لدى كتابة العدل"), "",
     ["has_alternative"]),
    ("alternative of another agency", picked("deed-copy", "momah"), "", ["has_alternative"]),
    ("digital, typed", typed("اصدار وكالة الكترونية"), "", ["digital_service"]),
    ("digital, typed in English", typed("ISSUE a Power"), "", ["digital_service"]),
    ("digital, of another agency, typed", typed("تجديد رخصة تجارية"), "", []),
    ("digital and paper of one name", typed("تصديق توقيع"), "", []),
    ("no longer offered, typed", typed("خدمة ألغيت"), "", []),
    ("digital, posted as picked", picked("poa-issue"), "", []),
    ("of another agency, posted as picked", picked("burial"), "", []),
    ("requested before, picked", picked("lost-deed"), "7302641185", ["already_requested"]),
    ("requested before, typed", typed("استخراج مشهد"), "7302641185", ["already_requested"]),
    ("requested before it had an alternative", picked("poa-notary"), "7302641185",
     ["has_alternative", "already_requested"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "earlier", "expected"),
    [row[1:] for row in TRANSFORMATIONS],
    ids=[row[0] for row in TRANSFORMATIONS],
)
def test_conditions_of_a_transformation_request(
    answers: dict[str, str], earlier: str, expected: list[str]
) -> None:
    assert codes("transformation", answers, earlier) == expected


def on(code: str, platform: str = "najiz", agency: str = "moj") -> dict[str, str]:
    return {"agency": agency, "platform": platform, "service": code, "delivery_channel": "web"}


SUGGESTIONS: list[tuple[str, dict[str, str], str, list[str]]] = [
    ("nothing is known", {}, "", []),
    ("digital", on("poa-issue"), "", []),
    ("paper", on("lost-deed", PAPER), "", ["paper_service"]),
    ("paper with an alternative", on("poa-notary", PAPER), "", ["paper_service"]),
    ("suggested before", on("poa-issue"), "7302641185", ["already_suggested"]),
    ("a typed name is no service here", {**on("poa-issue"), **typed("شيء")}, "", []),
]


@pytest.mark.parametrize(
    ("answers", "earlier", "expected"),
    [row[1:] for row in SUGGESTIONS],
    ids=[row[0] for row in SUGGESTIONS],
)
def test_conditions_of_a_suggestion(
    answers: dict[str, str], earlier: str, expected: list[str]
) -> None:
    assert codes("suggestion", answers, earlier) == expected


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("إصدار بدل فاقد لصك ورقي قديم", True),
        ("اصدار بدل فاقد لصكّ ورقي قديم", True),
        ("  إصدار، بدل فاقد لصك ورقي قديم. ", True),
        ("replace a LOST deed", True),
        ("إصدار بدل فاقد لصك", False),
        ("إصدار بدل تالف لصك ورقي قديم", False),
    ],
)
def test_typing_the_name_of_a_known_service_is_picking_it(name: str, same: bool) -> None:
    key = KINDS["transformation"].once.key
    assert (
        key(values_of("transformation", typed(name)))
        == key(values_of("transformation", picked("lost-deed")))
    ) == same


def test_a_typed_name_is_no_code() -> None:
    assert service_key("lost-deed") != service_key(CATALOGUE.service_codes["lost-deed"])
    assert service_key("code:lost-deed") != service_key(CATALOGUE.service_codes["lost-deed"])


@pytest.mark.parametrize("wrong", ["", "؟!", "---", "\u200e", "س" * 151])
def test_a_name_needs_words(wrong: str) -> None:
    assert "service_name" not in values_of("transformation", typed(wrong))


def test_the_same_text_is_one_whatever_its_spelling() -> None:
    assert text_hash("أضيفوا الدفع بـ Apple Pay، لو سمحتم!") == text_hash(
        "اضيفوا الدفع ب apple pay  لو سمحتم"
    )
    assert text_hash("أضيفوا الدفع") != text_hash("أزيلوا الدفع")


# kind, answers → where it can go on, and about which service.
WAYS: list[tuple[str, str, dict[str, str], list[tuple[str, str]]]] = [
    ("complaint about paper", "complaint", on("lost-deed", PAPER),
     [("transformation", "lost-deed")]),
    ("suggestion about paper", "suggestion", on("burial", PAPER, "momah"),
     [("transformation", "burial")]),
    ("complaint about paper with an alternative", "complaint", on("poa-notary", PAPER),
     [("complaint", "poa-issue"), ("suggestion", "poa-issue")]),
    ("suggestion about paper, alternative elsewhere", "suggestion", on("deed-copy", PAPER, "momah"),
     [("complaint", "poa-issue"), ("suggestion", "poa-issue")]),
    ("request with an alternative", "transformation", picked("poa-notary"),
     [("complaint", "poa-issue"), ("suggestion", "poa-issue")]),
    ("request with an alternative, typed", "transformation", typed("إصدار وكالة لدى كتابة العدل"),
     [("complaint", "poa-issue"), ("suggestion", "poa-issue")]),
    ("request for a digital service", "transformation", typed("إصدار وكالة إلكترونية"),
     [("complaint", "poa-issue"), ("suggestion", "poa-issue")]),
    ("request as it should be", "transformation", picked("lost-deed"), []),
    ("request for what nobody knows", "transformation", typed("شيء آخر"), []),
    ("complaint as it should be", "complaint", on("poa-issue"), [("suggestion", "poa-issue")]),
    ("nothing is known", "complaint", {}, []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "answers", "expected"), [row[1:] for row in WAYS], ids=[row[0] for row in WAYS]
)
def test_where_a_draft_can_go_on(
    kind: str, answers: dict[str, str], expected: list[tuple[str, str]]
) -> None:
    given = {"ground": "outage", "reference": "A-1", **TEXTS, **answers}
    values = values_of(kind, given)
    found = ways(KINDS[kind], given, values, DIRECTORY)
    assert [(each.kind.code, each.service.code) for each in found] == expected
    for each in found:
        there = {**given, **each.answers}
        # Nothing that was typed is lost, and it is about the service that was promised.
        assert all(there[name] == given[name] for name in ("title", "description", "reference"))
        arrived = values_of(each.kind.code, there)
        assert service_of(arrived).code == each.service.code
        assert (arrived["title"], arrived["description"]) == (given["title"], given["description"])
        # Sent again it is that already.
        again = way(each.kind, there, arrived, DIRECTORY)
        assert again is not None
        assert not again.answers
        failures = each.kind.failing(arrived, SITUATION, SAUDI, "")
        assert "paper_service" not in [failure.code.value for failure in failures]


@pytest.mark.parametrize(
    ("kind", "answers", "stops"),
    [
        ("transformation", {}, ["service", "service", "details", "documents", CHECK]),
        ("suggestion", {}, ["service", "service", "details", "documents", CHECK]),
    ],
)
def test_steps_in_their_order(kind: str, answers: dict[str, str], stops: list[str]) -> None:
    """Who (from sign-in) → service → text → documents → check."""
    about = picked("lost-deed") if kind == "transformation" else on("poa-issue")
    texts = {name: TEXTS[name] for name in ("title", "description")}
    given: list[dict[str, str]] = [{}, {"agency": "moj"}, about, texts, {"documents": "done"}]
    for new, stop in zip(given, stops, strict=True):
        answers = {**answers, **new}
        path = journey(KINDS[kind], answers, SITUATION)
        assert path.at == stop
        assert [step.slug for step in path.steps] == ["service", "details", "documents"]


def test_each_kind_fills_its_columns() -> None:
    transformation = KINDS["transformation"].columns
    filled = transformation(values_of("transformation", {**typed("استخراج مشهد"), **TEXTS}))
    assert (filled["service_id"], filled["service_name"]) == (None, "استخراج مشهد")
    filled = transformation(values_of("transformation", {**typed("Replace a lost deed"), **TEXTS}))
    assert (filled["service_id"], filled["service_name"]) == (3, None)
    filled = KINDS["suggestion"].columns(values_of("suggestion", {**on("poa-issue"), **TEXTS}))
    assert (filled["service_id"], filled["delivery_channel"]) == (1, "web")
    assert filled["folded_text"].startswith("نص كاف")
    assert len(filled["text_hash"]) == 32


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_declares_what_pages_need(kind: str) -> None:
    found = KINDS[kind]
    assert [step.slug for step in found.steps if step.files] == ["documents"]
    assert {"contact", "service", "details"} <= {step.slug for step in found.steps}
    names = [field.name for step in found.steps for field in step.fields]
    assert len(set(names)) == len(names)
    assert found.once.key({}) is None
