"""Real files of every kind, made when asked for: good, broken and hostile ones."""

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pikepdf
import pillow_heif
from pikepdf import Array, Dictionary, Name, Pdf, Stream
from PIL import Image, PngImagePlugin

from balagh.files.inspection import Accepted, Refused, inspect

pillow_heif.register_heif_opener()

# Where and when the photograph was taken, as a telephone writes it; the maker stands for the rest.
MAKER = "Balagh-Test-Maker"
XMP = b'<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/">Riyadh-XMP</x:xmpmeta>'
COMMENT = b"Riyadh-Comment"


async def inspected(raw: bytes, name: str = "x") -> Accepted | Refused:
    return await inspect(io.BytesIO(raw), name)


def exif(orientation: int = 1) -> bytes:
    made = Image.Exif()
    made[0x0112] = orientation
    made[0x010F] = MAKER
    made.get_ifd(0x8825).update(
        {1: "N", 2: (24.0, 42.0, 49.0), 3: "E", 4: (46.0, 40.0, 31.0), 29: "2026:11:23"}
    )
    return made.tobytes()


def corners(size: tuple[int, int] = (120, 80)) -> Image.Image:
    """Red left half, blue right half: shows which way is up."""
    made = Image.new("RGB", size, "blue")
    made.paste("red", (0, 0, size[0] // 2, size[1]))
    return made


def shown(raw: bytes) -> bytes:
    """The pixels."""
    with Image.open(io.BytesIO(raw)) as image:
        return image.tobytes()


def saved(image: Image.Image, format: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def picture(format: str, orientation: int = 1, **options: Any) -> bytes:
    """A picture with all the metadata that its format can carry."""
    carried: dict[str, Any] = {"exif": exif(orientation)}
    if format == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_text("Comment", COMMENT.decode())
        info.add_itxt("XML:com.adobe.xmp", XMP.decode())
        carried["pnginfo"] = info
    else:
        carried["xmp"] = XMP
    if format == "JPEG":
        carried["comment"] = COMMENT
    return saved(corners(), format, **carried, **options)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    checked = kind + data
    return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))


def png(width: int, height: int, depth: int, colours: int, rows: bytes, *more: bytes) -> bytes:
    """By hand (ISO 15948, 11.2): what Pillow does not write. ``more``: chunks after the header."""
    header = struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, 0)
    chunks = [png_chunk(b"IHDR", header), *more, png_chunk(b"IDAT", zlib.compress(rows))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + png_chunk(b"IEND", b"")


def png_header_only(width: int, height: int) -> bytes:
    """A few dozen bytes that claim to be an image of that many pixels."""
    return png(width, height, 8, 2, b"\0" * 1024)


def heic_header_only(width: int, height: int) -> bytes:
    """A small picture that claims to be of that many pixels (ISO 23008-12, 6.5.3)."""
    raw = saved(corners(), "HEIF")
    place = raw.index(b"ispe") + 8
    return raw[:place] + struct.pack(">II", width, height) + raw[place + 8 :]


def webp_header_only(chunk: bytes) -> bytes:
    """16383 × 16383 pixels in 30 bytes, in each of the three forms of the format."""
    data = {
        b"VP8X": bytes(4) + (16382).to_bytes(3, "little") * 2,
        b"VP8L": b"\x2f" + (16382 | 16382 << 14).to_bytes(4, "little") + bytes(5),
        b"VP8 ": b"\x10\0\0\x9d\x01\x2a" + (16383).to_bytes(2, "little") * 2,
    }[chunk]
    body = b"WEBP" + chunk + len(data).to_bytes(4, "little") + data
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def document(change: Callable[[Pdf], None] | None = None, pages: int = 1, **options: Any) -> bytes:
    made = pikepdf.new()
    for _ in range(pages):
        made.add_blank_page()
    if change is not None:
        change(made)
    out = io.BytesIO()
    made.save(out, **options)
    return out.getvalue()


def script() -> Dictionary:
    return Dictionary(S=Name.JavaScript, JS="app.alert(1)")


def with_annotation(**entries: Any) -> Callable[[Pdf], None]:
    def change(pdf: Pdf) -> None:
        annotation = Dictionary(Type=Name.Annot, Rect=[0, 0, 9, 9], **entries)
        pdf.pages[0].obj.Annots = Array([pdf.make_indirect(annotation)])

    return change


def with_link(**action: Any) -> Callable[[Pdf], None]:
    return with_annotation(Subtype=Name.Link, A=Dictionary(**action))


def with_address(address: str) -> Callable[[Pdf], None]:
    return with_link(S=Name.URI, URI=address)


def with_field(**entries: Any) -> Callable[[Pdf], None]:
    def change(pdf: Pdf) -> None:
        field = pdf.make_indirect(Dictionary(FT=Name.Tx, T="field", **entries))
        pdf.Root.AcroForm = Dictionary(Fields=Array([field]))

    return change


def with_root(**entries: Any) -> Callable[[Pdf], None]:
    def change(pdf: Pdf) -> None:
        for key, value in entries.items():
            pdf.Root["/" + key] = value

    return change


def with_page(**entries: Any) -> Callable[[Pdf], None]:
    def change(pdf: Pdf) -> None:
        for key, value in entries.items():
            pdf.pages[0].obj["/" + key] = value

    return change


def with_script_name(pdf: Pdf) -> None:
    tree = Dictionary(Names=Array(["start", pdf.make_indirect(script())]))
    pdf.Root.Names = Dictionary(JavaScript=tree)


def with_attachment(pdf: Pdf) -> None:
    pdf.attachments["secret.exe"] = b"MZ"


def with_external_stream(pdf: Pdf) -> None:
    stream = Stream(pdf, b"")
    stream["/F"] = "\\\\attacker\\share\\x"
    pdf.pages[0].obj.Contents = pdf.make_indirect(stream)


def with_external_page(pdf: Pdf) -> None:
    stream = Stream(pdf, b"")
    stream.stream_dict = Dictionary(
        Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 9, 9], Ref=Dictionary(F="x.pdf", Page=0)
    )
    pdf.pages[0].obj.Resources = Dictionary(XObject=Dictionary(Fm0=pdf.make_indirect(stream)))


def with_photograph(packings: list[str]) -> Callable[[Pdf], None]:
    """A page that shows a telephone's JPEG as it came, as converters of pictures to PDF do; some
    pack it once more."""

    def change(pdf: Pdf) -> None:
        raw = picture("JPEG")
        for packing in packings:
            raw = zlib.compress(raw) if packing == "/FlateDecode" else raw.hex().encode() + b">"
        stream = Stream(pdf, raw)
        stream.stream_dict = Dictionary(
            Type=Name.XObject,
            Subtype=Name.Image,
            Width=120,
            Height=80,
            ColorSpace=Name.DeviceRGB,
            BitsPerComponent=8,
        )
        if packings:
            stream.Filter = Array([*map(Name, packings), Name.DCTDecode])
            stream.DecodeParms = Array([None, Dictionary(ColorTransform=1)])
        else:
            stream.Filter = Name.DCTDecode
        pdf.pages[0].obj.Resources = Dictionary(XObject=Dictionary(Im0=pdf.make_indirect(stream)))
        pdf.pages[0].obj.Contents = Stream(pdf, b"q 120 0 0 80 0 0 cm /Im0 Do Q")

    return change


def with_properties(pdf: Pdf) -> None:
    pdf.docinfo["/Author"] = "Noura-Author"
    with pdf.open_metadata() as metadata:
        metadata["dc:creator"] = ["Noura-XMP"]
    pdf.pages[0].obj.PieceInfo = Dictionary(Maker=Dictionary(Private="Noura-Piece"))
