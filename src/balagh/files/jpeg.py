"""Metadata cut out of a JPEG stream without touching its pixels (ISO 10918-1, annex B).

For photographs inside a PDF: re-encoding them would change a document that is evidence.
"""

import re

from balagh.files.formats import RefusedError

# Kept: APP0 (JFIF) and APP14 (Adobe: how colours are stored). APP1 holds EXIF and XMP, APP2
# profiles and further pictures, APP13 IPTC, the rest whatever a camera liked; FE is the comment.
_CUT = {*range(0xE1, 0xEE), 0xEF, 0xFE}
_SCAN, _END = 0xDA, 0xD9
# Inside a scan FF00 is a data byte, FFD0–D7 are restarts and FFFF is padding.
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def without_metadata(raw: bytes) -> bytes:
    """The same picture without metadata and without what follows its end marker.

    Raises ``RefusedError("broken")`` when the segments make no sense.
    """
    if not raw.startswith(b"\xff\xd8"):
        raise RefusedError("broken")
    kept = [b"\xff\xd8"]
    position, scanned = 2, False
    while True:
        marker = _MARKER.search(raw, position)
        if marker is None:
            if not scanned:
                raise RefusedError("broken")
            # Many writers of PDF leave the end marker away, and every reader does without.
            return b"".join([*kept, raw[position:], b"\xff\xd9"])
        code = raw[marker.start() + 1]
        # What lies before the marker is the data of a scan, when there was one.
        kept.append(raw[position : marker.start()])
        if code == _END:
            return b"".join([*kept, b"\xff\xd9"])
        length = int.from_bytes(raw[marker.end() : marker.end() + 2], "big")
        position = marker.end() + length
        if length < 2 or position > len(raw):
            raise RefusedError("broken")
        if code not in _CUT:
            kept.append(raw[marker.start() : position])
        scanned |= code == _SCAN
