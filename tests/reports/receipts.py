"""A receipt to print, and what a reader finds in the PDF."""

import re
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import pikepdf
import pypdfium2
import zxingcpp

from balagh.i18n import Language
from balagh.reports.receipts.contents import Contents, Receipt, contents

PUBLIC = "https://balagh.example.sa"
ZONE = ZoneInfo("Asia/Riyadh")
FILED_AT = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)


def page(language: str = "ar", public_url: str = PUBLIC, **changed: Any) -> Contents:
    """What is on the receipt of Noura's complaint; ``changed``: fields of it."""
    values: dict[str, Any] = {
        "number": "7302641185",
        "kind": "complaint",
        "title": "سددت رسوم تجديد الرخصة BLD-4471882 ولم تُجدَّد",
        "submitted_at": FILED_AT,
        "due_at": datetime(2026, 11, 30, 21, tzinfo=UTC),
        "agency_ar": "وزارة البلديات والإسكان",
        "agency_en": "Ministry of Municipalities and Housing",
        "platform_ar": "بلدي",
        "platform_en": "Balady",
        "service_ar": "تجديد رخصة تجارية",
        "service_en": "Commercial licence renewal",
        "name": "نورة سعد القحطاني",
    }
    return contents(Receipt(**{**values, **changed}), Language.of(language), ZONE, public_url)


class Read:
    """A PDF as its readers have it."""

    def __init__(self, pdf: bytes) -> None:
        self.pdf = pikepdf.open(BytesIO(pdf))
        self.seen = pypdfium2.PdfDocument(pdf)
        self.text_page = self.seen[0].get_textpage()

    @property
    def text(self) -> str:
        """The words without marks of direction, with single spaces; the order of Arabic words is
        the reader's guess."""
        raw = str(self.text_page.get_text_bounded())
        return " ".join(re.sub("[\u200b-\u200f\u2066-\u2069\ufffe]", "", raw).split())

    @property
    def structure(self) -> list[tuple[str, str]]:
        """Type and alternative text of each structure element, in reading order."""
        found = []

        def walk(node: Any) -> None:
            if isinstance(node, pikepdf.Array):
                for child in node:
                    walk(child)
            elif isinstance(node, pikepdf.Dictionary):
                if "/S" in node:
                    found.append((str(node.S), str(node.get("/Alt", ""))))
                if "/K" in node:
                    walk(node.K)

        walk(self.pdf.Root.StructTreeRoot.K)
        return found

    @property
    def fonts(self) -> list[Any]:
        return [
            thing
            for thing in self.pdf.objects
            if isinstance(thing, pikepdf.Dictionary) and thing.get("/Type") == "/Font"
        ]

    @property
    def links(self) -> list[str]:
        annotations: Any = self.pdf.pages[0].get("/Annots", [])
        return [str(each.A.URI) for each in annotations if each.Subtype == "/Link"]

    def code(self) -> str:
        """What the QR code says, read off the page as a camera would."""
        picture = self.seen[0].render(scale=2, grayscale=True).to_pil()
        (found,) = zxingcpp.read_barcodes(picture)
        return str(found.text)

    def signs(self) -> list[tuple[str, tuple[float, float, float, float]]]:
        """Each sign on the page and its box: left, bottom, right, top, in points."""
        found = []
        for n in range(self.text_page.count_chars()):
            sign = self.text_page.get_text_range(n, 1)
            if sign.strip():
                found.append((sign, self.text_page.get_charbox(n)))
        return found
