"""Who is addressed in a note, by the names people write."""

import pytest

from balagh.reports.mentions import Colleague, mentions

MAJED = Colleague(1, "ماجد الحربي", "Majed Alharbi")
HIND = Colleague(2, "هند العمري", "Hind Alomari")
OTHER_HIND = Colleague(3, "هند السالم", "Hind Alsalem")
ABDULLAH = Colleague(4, "عبد الله القرني", "Abdullah Alqarni")
EVERYBODY = [MAJED, HIND, OTHER_HIND, ABDULLAH]

CASES = [
    ("@ماجد أحيلها؟", [(1, "@ماجد")]),
    ("@ماجد، أحيلها؟", [(1, "@ماجد")]),
    ("شكرًا @ماجد الحربي.", [(1, "@ماجد الحربي")]),
    ("@ماجد_الحربي انظر", [(1, "@ماجد_الحربي")]),
    ("Look, @majed", [(1, "@majed")]),
    ("@Majed Alharbi and @Abdullah", [(1, "@Majed Alharbi"), (4, "@Abdullah")]),
    ("(@Majed)", [(1, "@Majed")]),
    # However the name is spelt.
    ("@مـاجد", [(1, "@مـاجد")]),
    ("@عبدالله هل رأيتها", [(4, "@عبدالله")]),
    ("@عبد الله هل رأيتها", [(4, "@عبد الله")]),
    # Two have that first name: the full one says which.
    ("@هند أم هند؟", []),
    ("@هند العمري", [(2, "@هند العمري")]),
    ("@Hind Alsalem", [(3, "@Hind Alsalem")]),
    # Nobody, an address, a name without a sign, a sign alone, a name over two lines.
    ("@Nobody", []),
    ("majed@example.sa", []),
    ("ماجد", []),
    ("@ ماجد", []),
    ("@", []),
    ("@هند\nالعمري", []),
    # A last name alone addresses nobody.
    ("@الحربي", []),
    ("@ماجدة", []),
]


@pytest.mark.parametrize(("text", "found"), CASES)
def test_mentions(text: str, found: list[tuple[int, str]]) -> None:
    assert [(one.id, text[one.start : one.end]) for one in mentions(text, EVERYBODY)] == found
