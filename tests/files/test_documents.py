"""PDF: only its pages are kept, and nothing that acts by itself is taken."""

import io
from collections.abc import Callable

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String
from tests.files import samples
from tests.files.samples import (
    inspected,
    script,
    with_address,
    with_annotation,
    with_field,
    with_link,
    with_page,
    with_root,
)

from balagh.files.documents import remake
from balagh.files.formats import MAX_PAGES, RefusedError
from balagh.files.inspection import Accepted, Refused
from balagh.files.jpeg import without_metadata

HARMFUL = [
    ("script by name", samples.with_script_name, "active_content"),
    ("script on opening", with_root(OpenAction=script()), "active_content"),
    (
        "script after going to a page",
        with_root(OpenAction=Dictionary(S=Name.GoTo, D="one", Next=script())),
        "active_content",
    ),
    ("script on closing", with_root(AA=Dictionary(WC=script())), "active_content"),
    ("script of a page", with_page(AA=Dictionary(O=script())), "active_content"),
    ("script of a field", with_field(AA=Dictionary(K=script())), "active_content"),
    ("script of a link", with_annotation(Subtype=Name.Link, A=script()), "active_content"),
    (
        "script of a mouse",
        with_annotation(Subtype=Name.Widget, AA=Dictionary(E=script())),
        "active_content",
    ),
    ("script of a link's address", with_address(" JavaScript:alert(1)"), "active_content"),
    ("link into the disk", with_address("file:///etc/passwd"), "active_content"),
    (
        "script deep in lists",
        with_root(Deep=Array([Array([Dictionary(X=script())])])),
        "active_content",
    ),
    ("program", with_root(OpenAction=Dictionary(S=Name.Launch, F="cmd.exe")), "active_content"),
    ("program of a link", with_link(S=Name.Launch, F="cmd.exe"), "active_content"),
    (
        "web page on opening",
        with_root(OpenAction=Dictionary(S=Name.URI, URI="https://example.org")),
        "active_content",
    ),
    (
        "form that sends",
        with_annotation(
            Subtype=Name.Widget, A=Dictionary(S=Name.SubmitForm, F="https://example.org")
        ),
        "active_content",
    ),
    (
        "form that takes data",
        with_annotation(Subtype=Name.Widget, A=Dictionary(S=Name.ImportData, F="x.fdf")),
        "active_content",
    ),
    ("document elsewhere", with_link(S=Name.GoToR, F="\\\\attacker\\x.pdf"), "active_content"),
    ("document inside", with_link(S=Name.GoToE, D="x"), "active_content"),
    ("link to a program", with_address("ms-msdt:/id PCWDiagnostic"), "active_content"),
    ("link to a neighbour's disk", with_address("\\\\attacker\\share\\x"), "active_content"),
    ("link with a hidden scheme", with_address("\x01java\tscript:alert(1)"), "active_content"),
    ("links counted from the disk", with_root(URI=Dictionary(Base="file:///")), "active_content"),
    ("article of another file", with_link(S=Name.Thread, F="x.pdf", D=0), "active_content"),
    ("page of another file", samples.with_external_page, "active_content"),
    ("film", with_annotation(Subtype=Name.RichMedia), "active_content"),
    ("screen", with_annotation(Subtype=Name.Screen), "active_content"),
    ("sound", with_annotation(Subtype=Name.Sound), "active_content"),
    ("solid", with_annotation(Subtype=Name("/3D")), "active_content"),
    ("XFA form", with_root(AcroForm=Dictionary(XFA="<xdp/>", Fields=Array())), "active_content"),
    ("data in another file", samples.with_external_stream, "active_content"),
    ("file inside", samples.with_attachment, "embedded_files"),
    ("file as annotation", with_annotation(Subtype=Name.FileAttachment), "embedded_files"),
    ("portfolio", with_root(Collection=Dictionary(View=Name.D)), "embedded_files"),
]


@pytest.mark.parametrize(
    ("change", "code"), [row[1:] for row in HARMFUL], ids=[r[0] for r in HARMFUL]
)
@pytest.mark.filterwarnings("ignore::pikepdf.exceptions.PageCopyWarning")
async def test_what_acts_by_itself_is_refused(change: Callable[[Pdf], None], code: str) -> None:
    assert await inspected(samples.document(change), "إيصال.pdf") == Refused(code)


async def test_names_in_disguise_are_seen() -> None:
    raw = (
        b"%PDF-1.4\n1 0 obj <</Type/Catalog/Pages 2 0 R"
        b"/Open#41ction<</S/J#61vaScript/J#53(app.alert\\(1\\))>> >> endobj\n"
        b"2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj\n"
        b"3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>> endobj\n"
        b"trailer <</Root 1 0 R/Size 4>>\n%%EOF"
    )
    assert await inspected(raw, "x.pdf") == Refused("active_content")


async def test_a_script_in_a_packed_object_is_seen() -> None:
    mode = pikepdf.ObjectStreamMode.generate
    raw = samples.document(with_annotation(Subtype=Name.Link, A=script()), object_stream_mode=mode)
    assert b"JavaScript" not in raw
    assert await inspected(raw, "x.pdf") == Refused("active_content")


HARMLESS = [
    ("plain", None),
    ("opens on a page", with_root(OpenAction=Array([0, Name.Fit]))),
    ("opens on a named page", with_root(OpenAction=Dictionary(S=Name.GoTo, D=String("one")))),
    ("link to the web", with_address("https://my.gov.sa")),
    ("link to the web without a scheme", with_address("www.my.gov.sa/help")),
    ("link to write to somebody", with_address("MAILTO:199099@example.sa")),
    ("form", with_field(V="answer")),
    ("nothing happens", with_page(AA=Dictionary())),
]


@pytest.mark.parametrize("change", [row[1] for row in HARMLESS], ids=[row[0] for row in HARMLESS])
async def test_an_ordinary_document_is_kept(change: Callable[[Pdf], None] | None) -> None:
    verdict = await inspected(samples.document(change, pages=3), "C:\\ملفات\\إيصال السداد.PDF")
    assert isinstance(verdict, Accepted)
    assert (verdict.media_type, verdict.name) == ("application/pdf", "إيصال السداد.pdf")
    with pikepdf.open(io.BytesIO(verdict.data)) as kept:
        assert len(kept.pages) == 3


@pytest.mark.parametrize("user", ["", "secret"])
async def test_a_locked_document_is_refused(user: str) -> None:
    lock = pikepdf.Encryption(owner="owner", user=user)
    assert await inspected(samples.document(encryption=lock), "x.pdf") == Refused("encrypted")


async def test_pages() -> None:
    assert isinstance(await inspected(samples.document(pages=MAX_PAGES), "x"), Accepted)
    too_many = samples.document(pages=MAX_PAGES + 1)
    assert await inspected(too_many, "x.pdf") == Refused("too_many_pages")
    assert await inspected(samples.document(pages=0), "x.pdf") == Refused("broken")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
async def test_a_document_cut_off_on_its_way_is_refused(share: float) -> None:
    whole = samples.document(samples.with_photograph([]), pages=5)
    assert await inspected(whole[: int(len(whole) * share)], "x.pdf") == Refused("broken")


def test_who_made_it_is_gone() -> None:
    sent = samples.document(samples.with_properties)
    assert b"Noura" in sent
    kept = remake(sent)
    with pikepdf.open(io.BytesIO(kept)) as document:
        assert "/Info" not in document.trailer
        assert "/Metadata" not in document.Root
    assert b"Noura" not in kept
    assert remake(sent) == kept, "no time or place of writing in the file"


@pytest.mark.parametrize("packings", [[], ["/ASCIIHexDecode"], ["/FlateDecode"]])
async def test_where_its_photographs_were_taken_is_gone_and_they_are_untouched(
    packings: list[str],
) -> None:
    sent = samples.document(samples.with_photograph(packings))
    assert packings or samples.MAKER.encode() in sent
    verdict = await inspected(sent, "x.pdf")
    assert isinstance(verdict, Accepted)
    for trace in (samples.MAKER.encode(), b"Exif", b"Riyadh"):
        assert trace not in verdict.data
    with pikepdf.open(io.BytesIO(verdict.data)) as document:
        kept = document.pages[0].Resources.XObject["/Im0"]
        assert isinstance(kept, Stream)
        assert kept.Filter == Name.DCTDecode
        assert samples.shown(kept.read_raw_bytes()) == samples.shown(samples.picture("JPEG"))


def test_photographs_without_an_end_marker_are_cleaned_too() -> None:
    whole = samples.picture("JPEG")
    kept = without_metadata(whole.removesuffix(b"\xff\xd9"))
    assert samples.MAKER.encode() not in kept
    assert samples.shown(kept) == samples.shown(whole)
    assert kept == without_metadata(whole + b"PK\x03\x04 behind the picture")


@pytest.mark.parametrize(
    "raw", [b"", b"\xff\xd8", b"\xff\xd8\xff\xe1\x00\x01", b"\x89PNG\r\n\x1a\n"]
)
def test_what_is_no_photograph_is_refused(raw: bytes) -> None:
    with pytest.raises(RefusedError, match="broken"):
        without_metadata(raw)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"\n\xef\xbb\xbf"[1:], b""),
        (b"\r\n ", b""),
        (b"", b"\n<script>alert(1)</script>"),
        (b"", b"PK\x05\x06" + bytes(18)),
    ],
)
async def test_what_is_around_a_document_is_gone(before: bytes, after: bytes) -> None:
    verdict = await inspected(before + samples.document() + after, "x.pdf")
    assert isinstance(verdict, Accepted)
    assert verdict.data.startswith(b"%PDF-")
    assert verdict.data.endswith(b"%%EOF\n")
    assert b"script" not in verdict.data
    assert b"PK\x05" not in verdict.data


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"<html><!--\n" + samples.document(), "type_not_allowed"),
        (b"GIF89a\n" + samples.document(), "type_not_allowed"),
        (b"MZ\n" + samples.document(), "type_not_allowed"),
        (samples.document() + b"PK\x03\x04" + bytes(5000), "broken"),
        (b"%PDF-1.4\n<script>alert(1)</script>\n%%EOF", "broken"),
        (b"%PDF-1.7\n%%EOF", "broken"),
    ],
)
async def test_files_of_two_kinds_are_refused(raw: bytes, code: str) -> None:
    assert await inspected(raw, "x.pdf") == Refused(code)
