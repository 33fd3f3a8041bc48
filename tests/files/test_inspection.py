"""The limited process: what hangs or grows is ended, two at a time, nothing within reach."""

import asyncio
import os
import time
import zlib
from pathlib import Path

import pytest
from pikepdf import Name, Pdf, Stream
from tests.files import samples
from tests.files.samples import inspected

from balagh.files import inspection
from balagh.files.formats import MAX_BYTES
from balagh.files.inspection import REASONS, Accepted, InspectionError, Refused
from balagh.i18n import Language

PICTURE = samples.saved(samples.corners(), "PNG")


def children() -> set[int]:
    """Processes that this one started and that have not ended."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == os.getpid() and fields[0] != "Z":
            found.add(int(status.parent.name))
    return found


SOURCE = Path(inspection.__file__).parents[2]
HANG = "import time\ntime.sleep(600)\n"


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Another program in the place of the checking one."""
    path = folder / "child.py"
    path.write_text(program, "utf-8")
    monkeypatch.setattr(inspection, "_CHILD", path)


def taken_over(
    folder: Path, monkeypatch: pytest.MonkeyPatch, lines: str, before: str = "pass"
) -> None:
    """The checking program with a decoder that does what a stranger wants; ``before`` it starts."""
    body = "\n".join(f"    {line}" for line in lines.splitlines())
    program = f"""
import os, socket, sys
sys.path.insert(0, {str(SOURCE)!r})
from balagh.files import child, pictures
{before}
def remake(raw, format):
{body}
pictures.remake = remake
child.main()
"""
    stand_in(folder, monkeypatch, program)


async def test_a_process_that_hangs_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken_over(tmp_path, monkeypatch, HANG)
    monkeypatch.setattr(inspection, "_SECONDS", 1.5)
    before = children()
    started = time.monotonic()
    assert await inspected(PICTURE) == Refused("took_too_long")
    assert time.monotonic() - started < 10
    assert children() <= before


async def test_what_a_hanging_process_started_ends_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = tmp_path / "pid"
    start = f"open({str(note)!r}, 'w').write(str(subprocess.Popen(['sleep', '600']).pid))\n"
    stand_in(tmp_path, monkeypatch, "import subprocess\n" + start + HANG)
    monkeypatch.setattr(inspection, "_SECONDS", 2)
    assert await inspected(PICTURE) == Refused("took_too_long")
    grandchild = Path("/proc") / note.read_text() / "stat"
    for _ in range(50):
        # Nobody may be there to collect it; dead is dead.
        if not grandchild.exists() or grandchild.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        await asyncio.sleep(0.1)
    pytest.fail("it still runs")


async def test_a_process_that_computes_for_ever_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken_over(tmp_path, monkeypatch, "while True:\n    pass", before="child._CPU_SECONDS = 1")
    assert await inspected(PICTURE) == Refused("took_too_long")


async def test_a_process_ends_by_itself_when_nobody_is_left_to_end_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken_over(tmp_path, monkeypatch, HANG, before="child._SECONDS = 1")
    assert await inspected(PICTURE) == Refused("broken"), "its own alarm"


@pytest.mark.parametrize(
    "lines",
    [
        "bytearray(1100 << 20)",
        "kept = []\nwhile True:\n    kept.append(bytes(1 << 20))",
        "import mmap\nmmap.mmap(-1, 1100 << 20)",
    ],
)
async def test_memory_is_limited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: str
) -> None:
    taken_over(tmp_path, monkeypatch, lines)
    assert await inspected(PICTURE) in (Refused("took_too_long"), Refused("broken"))
    # The same with less is taken: it is the limit that was met.
    taken_over(tmp_path, monkeypatch, f"kept = bytes(500 << 20)\nreturn {PICTURE!r}, 'image/png'")
    assert isinstance(await inspected(PICTURE), Accepted)


@pytest.mark.parametrize("signal", [6, 7, 11, 37])
async def test_a_process_that_crashes_costs_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signal: int
) -> None:
    taken_over(tmp_path, monkeypatch, f"os.kill(os.getpid(), {signal})")
    assert await inspected(PICTURE) == Refused("broken")


@pytest.mark.parametrize(
    "attempt",
    [
        "open('/etc/passwd')",
        "os.listdir('/')",
        "socket.socket()",
        "os.pipe()",
        "os.close(2)\nopen('/etc/passwd')",
        "os.close(0)\nos.close(2)\nsocket.socket()",
    ],
)
async def test_nothing_is_within_reach(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, attempt: str
) -> None:
    """The decoder reports what came of it as a picture, so that it can be seen here."""
    body = attempt.replace("\n", "\n    ")
    report = f"return {PICTURE!r} + str(fault.errno).encode() + bytes(1), 'image/png'"
    taken_over(tmp_path, monkeypatch, f"try:\n    {body}\nexcept OSError as fault:\n    {report}")
    verdict = await inspected(PICTURE)
    assert isinstance(verdict, Accepted), "it got in"
    assert verdict.data == PICTURE + b"24\0", "EMFILE"


async def test_no_environment_no_other_files_and_no_word_in_our_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BALAGH_SECRET_KEY", "secret")
    lines = """
print('a line of the file', file=sys.stderr, flush=True)
os.write(2, b'another line of the file')
links = [f'/proc/self/fd/{fd}' for fd in range(1000)]
found = {os.readlink(link) for link in links if os.path.lexists(link)}
seen = f'{sorted(os.environ)} {sorted(found)} {os.getcwd()}'.encode()
return %r + seen + bytes(1), 'image/png'
"""
    taken_over(tmp_path, monkeypatch, lines % PICTURE)
    verdict = await inspected(PICTURE)
    assert isinstance(verdict, Accepted)
    seen = verdict.data.removeprefix(PICTURE).rstrip(b"\0")
    memory = "'/memfd:answer (deleted)', '/memfd:file (deleted)'"
    # The locale is Python's own doing, the random numbers are for encrypted documents.
    assert seen.decode() == f"['LC_CTYPE'] ['/dev/null', '/dev/urandom', {memory}] /"
    assert "line of the file" not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    "program",
    [
        "import sys\nsys.exit(3)\n",
        "import nothing_of_that_name\n",
        'print(\'{"code":"strange"}\')\n',
        'print("{}")\n',
        "print()\n",
        'print(\'{"media_type":"image/png"}\\n<script>\')\n',
        'print(\'{"media_type":"text/html"}\\n%PDF-1.4\')\n',
        'print(\'{"media_type":"image/png"}\\n%PDF-1.4\')\n',
    ],
)
async def test_our_own_fault_is_not_blamed_on_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    stand_in(tmp_path, monkeypatch, program)
    before = children()
    with pytest.raises(InspectionError):
        await inspected(PICTURE)
    assert children() <= before


async def test_why_it_cannot_start_is_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    stand_in(tmp_path, monkeypatch, "import nothing_of_that_name\n")
    with pytest.raises(InspectionError, match="status 1"):
        await inspected(PICTURE)
    assert "No module named 'nothing_of_that_name'" in capfd.readouterr().err


async def test_an_answer_without_end_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken_over(tmp_path, monkeypatch, "while True:\n    sys.stdout.buffer.write(bytes(1 << 20))")
    with pytest.raises(InspectionError):
        await inspected(PICTURE)


async def test_an_answer_that_is_larger_than_is_kept_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken_over(tmp_path, monkeypatch, f"return {PICTURE!r}.ljust({MAX_BYTES} + 1), 'image/png'")
    assert await inspected(PICTURE) == Refused("too_large")


async def test_two_files_are_checked_at_once_and_the_others_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    stand_in(
        tmp_path,
        monkeypatch,
        f"""
import os, time
log = os.open({str(log)!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
os.write(log, b"+")
time.sleep(0.3)
os.write(log, b"-")
print('{{"code":"broken"}}')
""",
    )
    assert await asyncio.gather(*(inspected(PICTURE) for _ in range(7))) == [Refused("broken")] * 7
    running = [log.read_text()[:n].count("+") - log.read_text()[:n].count("-") for n in range(15)]
    assert max(running) == 2
    assert running[-1] == 0
    assert len(log.read_text()) == 14


async def test_nobody_waits_for_ever_and_who_left_is_not_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    program = f"import os, time\nopen({str(log)!r}, 'a').write('+')\ntime.sleep(1)\n"
    stand_in(tmp_path, monkeypatch, program)
    monkeypatch.setattr(inspection, "_PATIENCE", 0.5)
    assert await asyncio.gather(*(inspected(PICTURE) for _ in range(5))) == [Refused("busy")] * 5
    # Both that had begun end by themselves; a turn is free again behind them.
    monkeypatch.setattr(inspection, "_PATIENCE", 10)
    with pytest.raises(InspectionError):
        await inspected(PICTURE)
    assert log.read_text() == "+++"


def packed(head: bytes, megabytes: int) -> bytes:
    """``head`` and that many MB of zeros, packed by a thousand (RFC 1950, 2.2)."""
    packer = zlib.compressobj(9, wbits=-15)
    begun = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    # The sum at the end, as it grows over zeros.
    high, low = divmod(zlib.adler32(head), 1 << 16)
    adler = (high + (megabytes << 20) * low) % 65521 << 16 | low
    return b"\x78\xda" + begun + block * megabytes + packer.flush() + adler.to_bytes(4, "big")


def test_packed() -> None:
    assert zlib.decompress(packed(b"head", 3)) == b"head" + bytes(3 << 20)


@pytest.mark.parametrize(("megabytes", "taken"), [(10, True), (2048, False)])
async def test_a_document_that_must_be_unpacked_to_be_read(megabytes: int, taken: bool) -> None:
    """Its page is in an object stream (ISO 32000-1, 7.5.7)."""
    stream = packed(b"5 0 <</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>", megabytes)
    raw = b"%PDF-1.5\n"
    at: list[int] = []
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[5 0 R]/Count 1>>",
        b"<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n%b\nendstream"
        % (len(stream), stream),
    ]
    for number, body in enumerate(bodies, 1):
        at.append(len(raw))
        raw += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    rows = b"".join(
        kind.to_bytes(1, "big") + place.to_bytes(4, "big") + index.to_bytes(1, "big")
        for kind, place, index in [
            (0, 0, 0),
            *((1, place, 0) for place in at),
            (1, len(raw), 0),
            (2, 3, 0),
        ]
    )
    start = len(raw)
    raw += (
        b"4 0 obj\n<</Type/XRef/Size 6/W[1 4 1]/Root 1 0 R/Length %d>>stream\n%b\n"
        b"endstream\nendobj\n"
        b"startxref\n%d\n%%%%EOF" % (len(rows), rows, start)
    )
    verdict = await inspected(raw, "x.pdf")
    assert isinstance(verdict, Accepted) if taken else verdict == Refused("broken")


async def test_a_page_that_unpacks_to_gigabytes_is_never_unpacked() -> None:
    def change(pdf: Pdf) -> None:
        stream = Stream(pdf, b"")
        stream.write(packed(b"", 2048), filter=Name.FlateDecode)
        pdf.pages[0].obj.Contents = pdf.make_indirect(stream)

    verdict = await inspected(samples.document(change), "x.pdf")
    assert isinstance(verdict, Accepted)


async def test_the_largest_picture_that_is_taken_fits_the_limits() -> None:
    image = samples.corners((8000, 5000)).convert("RGBA")
    sent = samples.saved(image, "WEBP", exif=samples.exif(6), quality=30)
    assert isinstance(await inspected(sent, "x"), Accepted)


@pytest.mark.parametrize("code", REASONS)
def test_every_refusal_says_in_arabic_what_to_do(code: str) -> None:
    said = Language.of("ar").text(Refused(code).reason)
    assert said != Refused(code).reason
    assert any("؀" <= letter <= "ۿ" for letter in said)


def test_codes_are_all_used() -> None:
    folder = Path(inspection.__file__).parent
    source = "".join(path.read_text("utf-8") for path in folder.glob("*.py"))
    for code in REASONS:
        assert (
            f'Refused("{code}")' in source
            or f'RefusedError("{code}")' in source
            or (f'"code": "{code}"' in source or f'code="{code}"' in source)
        ), code
