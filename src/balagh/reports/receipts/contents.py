"""What is on a receipt, in the person's language."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import segno

from balagh.assets import STATIC
from balagh.database import fetch_one
from balagh.i18n import N_, Language, grouped
from balagh.reports import deadlines
from balagh.reports.kinds import KINDS
from balagh.reports.receipts.signs import MISSING, printable

HELP = "199099"
# Characters of a fact. A title has 100 at most; longer names would push the page into a second.
_LONGEST = 120


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """A report as its receipt tells it. Names of platform and person may be missing;
    ``organisation``: on whose behalf it was filed, if for one; ``whole``: the number of the report
    that it is a part of; ``others_ar``, ``others_en``: the agencies of its own parts."""

    number: str
    kind: str
    title: str
    submitted_at: datetime
    due_at: datetime
    agency_ar: str
    agency_en: str
    platform_ar: str | None
    platform_en: str | None
    service_ar: str | None
    service_en: str | None
    name: str
    organisation: str | None = None
    whole: str | None = None
    others_ar: tuple[str, ...] = ()
    others_en: tuple[str, ...] = ()


class Fact(msgspec.Struct, frozen=True):
    label: str
    text: str


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """What ``receipt.typ`` puts on the page. ``mark``, ``code``: SVG; ``link``: what the QR code
    leads to; ``note``: empty when every sign could be printed."""

    language: str
    direction: str
    title: str
    portal: str
    centre: str
    mark: str
    heading: str
    lead: str
    number_label: str
    number: str
    due_label: str
    due: str
    due_note: str
    code: str
    code_alt: str
    follow: str
    link: str
    facts_heading: str
    facts: Sequence[Fact]
    note: str
    help: str
    help_text: str
    phone: str


async def receipt_of(person: int, number: str) -> Receipt | None:
    """The receipt of the person's report with this number, or none."""
    row = await fetch_one(
        "SELECT r.number, r.kind, r.title, r.submitted_at, r.due_at, "  # noqa: S608
        "a.name_ar AS agency_ar, a.name_en AS agency_en, "
        "p.name_ar AS platform_ar, p.name_en AS platform_en, "
        "coalesce(s.name_ar, r.service_name) AS service_ar, "
        "coalesce(s.name_en, r.service_name) AS service_en, who.name, "
        "r.organisation_name AS organisation, "
        "(SELECT o.number FROM report o WHERE o.id = r.part_of) AS whole, "
        + ", ".join(
            f"ARRAY(SELECT b.name_{code} FROM report q JOIN agency b ON b.id = q.agency_id "  # noqa: S608
            f"WHERE q.part_of = r.id ORDER BY q.id) AS others_{code}"
            for code in ("ar", "en")
        )
        + " FROM report r JOIN person who ON who.id = r.person_id "
        "JOIN agency a ON a.id = r.agency_id LEFT JOIN platform p ON p.id = r.platform_id "
        "LEFT JOIN service s ON s.id = r.service_id WHERE r.number = $1 AND r.person_id = $2",
        number, person,
    )  # fmt: skip
    return None if row is None else msgspec.convert(dict(row), Receipt)


def contents(receipt: Receipt, language: Language, zone: ZoneInfo, public_url: str) -> Contents:
    """``public_url``: where the portal is, without a slash at the end."""
    text = language.text
    number = grouped(receipt.number)
    link = f"{public_url}/reports/{receipt.number}"
    due = deadlines.due_day(receipt.due_at, zone)
    facts = _facts(receipt, language, zone)
    return Contents(
        language=language.code,
        direction=language.direction,
        title=text("Receipt of report {number}", number=number),
        portal=text("Balagh"),
        centre=text("Amer centre"),
        mark=(STATIC / "mark.svg").read_text("utf-8"),
        heading=text("Receipt of the report"),
        lead=text("Amer centre received this report. Keep its number: it is how you follow it."),
        number_label=text("Report number"),
        number=number,
        due_label=text("The answer comes no later than"),
        due=language.date(due),
        due_note=language.hijri(due),
        code=qr_code(link),
        code_alt=text("QR code that opens the page of this report"),
        follow=text(
            "Scan the code to follow the report, or open the link. The page opens for you alone, "
            "once you have signed in."
        ),
        link=link,
        facts_heading=text("What was filed"),
        facts=facts,
        note=text("{sign} stands for what this page has no letters for.", sign=MISSING)
        if any(MISSING in fact.text for fact in facts)
        else "",
        help=text("Do you need help?"),
        help_text=text("The toll-free number of Amer centre, or the national platform GOV.SA"),
        phone=HELP,
    )


def qr_code(link: str) -> str:
    """The code as SVG with one shape: squares side by side, without seams between them.

    Level M, so that it is read with a seventh of it dirty or torn (ISO/IEC 18004).
    """
    rows = [bytes(row) for row in segno.make(link, error="m", micro=False).matrix]
    squares = "".join(
        f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark
    )
    size = len(rows)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}">'
        f'<path d="{squares}"/></svg>'
    )


def _facts(receipt: Receipt, language: Language, zone: ZoneInfo) -> list[Fact]:
    text = language.text
    filed = receipt.submitted_at.astimezone(zone)
    when = text("{day}, {time}", day=language.date(filed.date()), time=language.time(filed, zone))
    others = receipt.others_ar if language.code == "ar" else receipt.others_en
    rows = (
        (N_("Title"), receipt.title),
        (N_("Kind of report"), text(KINDS[receipt.kind].name)),
        (N_("Agency"), language.name(receipt, "agency")),
        (N_("Also concerns"), text(", ").join(others)),
        (N_("Part of report"), grouped(receipt.whole) if receipt.whole else ""),
        (N_("Platform"), language.name(receipt, "platform") if receipt.platform_ar else ""),
        (N_("Service"), language.name(receipt, "service") if receipt.service_ar else ""),
        (N_("Date of filing"), f"{when} ({language.hijri(filed.date())})"),
        (N_("Filed by"), receipt.name),
        (N_("On behalf of"), receipt.organisation or ""),
    )
    return [Fact(text(label), printable(value, _LONGEST)) for label, value in rows if value.strip()]
