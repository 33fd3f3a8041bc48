"""A PDF is looked through object by object and written anew, so that only its pages remain.

Refused: encryption, anything that acts by itself (scripts, programs, forms that send, films), files
inside the file. Dropped by writing anew: what is before the header and after the end, objects that
nothing refers to, earlier revisions. Dropped by hand: document properties, XMP, private data of
programs, EXIF of the photographs on the pages. Clauses are those of ISO 32000-1. Runs in the
limited process of ``child``.
"""

import io
import re

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Stream, String

from balagh.files.formats import MAX_PAGES, RefusedError
from balagh.files.jpeg import without_metadata

# qpdf looks for its source of random numbers when it first needs one, which is when it meets
# encryption; by then the process may open nothing more.
pikepdf.new().save(io.BytesIO(), encryption=pikepdf.Encryption())

# 12.6.4: what an action may do. Going to a page of this document, and web links, are left.
_ACTIONS = {
    "/JavaScript",
    "/Launch",
    "/SubmitForm",
    "/ImportData",
    "/ResetForm",
    "/GoToR",
    "/GoToE",
    "/GoTo3DView",
    "/Thread",
    "/Rendition",
    "/RichMediaExecute",
    "/Movie",
    "/Sound",
}
# 12.5.6: annotations that play or run something.
_PLAYERS = {"/RichMedia", "/Screen", "/Movie", "/Sound", "/3D"}
_SCHEMES = {"http", "https", "mailto", "tel"}
# 14.3.2 XMP, 14.5 private data of programs, 12.3.4 thumbnails.
_DROPPED = ("/Metadata", "/PieceInfo", "/Thumb", "/LastModified")


def remake(raw: bytes) -> bytes:
    """The document written anew. Raises ``RefusedError``: ``broken``, ``encrypted``,
    ``too_many_pages``, ``active_content``, ``embedded_files``."""
    # Annex H.3, note 18: the end marker is in the last 1024 bytes. Without it the file was cut off,
    # and qpdf would repair it to fewer pages without saying so.
    if b"%%EOF" not in raw[-1024:]:
        raise RefusedError("broken")
    try:
        with pikepdf.open(io.BytesIO(raw), suppress_warnings=True) as document:
            return _remade(document)
    except pikepdf.PasswordError:
        raise RefusedError("encrypted") from None


def _remade(document: pikepdf.Pdf) -> bytes:
    if document.is_encrypted:
        raise RefusedError("encrypted")
    if len(document.pages) == 0:
        raise RefusedError("broken")
    if len(document.pages) > MAX_PAGES:
        raise RefusedError("too_many_pages")
    for found in document.objects:
        _look_through(found, document)
    for key in ("/Info", "/ID"):
        if key in document.trailer:
            del document.trailer[key]
    out = io.BytesIO()
    document.save(
        out,
        # Streams are copied as they are: a page that unpacks to gigabytes is never unpacked.
        stream_decode_level=pikepdf.StreamDecodeLevel.none,
        # The file's identifier comes from its content, not from the time and place of writing.
        deterministic_id=True,
    )
    return out.getvalue()


def _look_through(top: Object, document: pikepdf.Pdf) -> None:
    """``top`` and what it holds directly; what it refers to is looked at by itself."""
    waiting = [top]
    while waiting:
        found = waiting.pop()
        if isinstance(found, Dictionary | Stream):
            _judge(found)
            inside = [value for _, value in found.items()]
        elif isinstance(found, Array):
            inside = list(found)
        else:
            continue
        waiting += [
            value for value in inside if isinstance(value, Object) and not value.is_indirect
        ]
        if isinstance(found, Dictionary | Stream):
            _clean(found, document)


def _judge(found: Object) -> None:
    names = set(found.keys())
    subtype, kind, action = (found.get(key) for key in ("/Subtype", "/Type", "/S"))
    # 7.11.4 embedded files, 12.5.6.15 as an annotation, 12.3.5 portfolios.
    if names & {"/EF", "/Collection"} or subtype == "/FileAttachment" or kind == "/EmbeddedFile":
        raise RefusedError("embedded_files")
    # 7.7.4 scripts of the name tree, 12.6.4.16 of actions, 12.7.8 XFA forms.
    active = bool(names & {"/JS", "/JavaScript", "/XFA"})
    active |= _one_of(action, _ACTIONS) or _one_of(subtype, _PLAYERS)
    # 12.6.3: what happens by itself when a page is opened, a field left, the document closed.
    active |= bool(len(found["/AA"])) if isinstance(found.get("/AA"), Dictionary) else False
    active |= "/OpenAction" in names and not _harmless(found["/OpenAction"])
    # 12.6.4.7: a link may lead to the web, not to the reader's programs or files.
    for key in ("/URI", "/Base"):
        address = found.get(key)
        active |= isinstance(address, String) and not _to_the_web(str(address))
    # What the reader would fetch from another file: 7.3.8.2 the data of a stream, 8.10.4 a page,
    # 14.11.7 a picture.
    active |= isinstance(found, Stream) and bool(names & {"/F", "/Ref", "/OPI"})
    if active:
        raise RefusedError("active_content")


def _one_of(value: object, names: set[str]) -> bool:
    return isinstance(value, Name) and str(value) in names


def _to_the_web(address: str) -> bool:
    # Readers skip spaces and control characters, also within the scheme.
    address = re.sub(r"[\x00-\x20\x7f]", "", address).lower()
    scheme = re.match(r"[a-z][a-z0-9+.-]*(?=:)", address)
    if scheme is not None:
        return scheme[0] in _SCHEMES
    return not re.match(r"[\\/]{2}", address)


def _harmless(action: object) -> bool:
    """Whether opening the document only goes to a page (12.3.2) or a named one (12.6.4.11)."""
    if isinstance(action, Dictionary):
        return _one_of(action.get("/S"), {"/GoTo", "/Named"}) and "/Next" not in action
    return True


def _clean(found: Object, document: pikepdf.Pdf) -> None:
    for key in _DROPPED:
        if key in found:
            del found[key]
    if isinstance(found, Stream):
        _clean_photograph(found, document)


def _clean_photograph(stream: Stream, document: pikepdf.Pdf) -> None:
    """The JPEG in ``stream`` without metadata; other packings around it (7.4) are taken off."""
    filters, parameters = _listed(stream.get("/Filter")), _listed(stream.get("/DecodeParms"))
    if not filters or filters[-1] != Name.DCTDecode:
        return
    raw = stream.read_raw_bytes()
    if len(filters) > 1:
        packed = Stream(document, raw)
        packed.Filter = Array(filters[:-1])
        if parameters:
            packed.DecodeParms = Array(parameters[: len(filters) - 1])
        raw = packed.read_bytes()
    own = parameters[-1] if len(parameters) == len(filters) else None
    stream.write(
        without_metadata(raw),
        filter=Name.DCTDecode,
        decode_parms=own if isinstance(own, Dictionary) else None,
    )


def _listed(value: Object | None) -> list[Object]:
    """Filters and their parameters stand alone or in a list (7.3.8.2, table 5)."""
    if value is None:
        return []
    return list(value) if isinstance(value, Array) else [value]
