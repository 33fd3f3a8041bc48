"""Supporting documents: one file at a time, checked, kept, and served to nobody else."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from litestar import Litestar
from tests.files import samples
from tests.people.portal import browser
from tests.web.complaints import DETAILS, REFERENCE, begin, choose_service, to_check
from tests.web.conftest import NOW, Visiting
from tests.web.pages import Browser, Page

from balagh import clock
from balagh.database import fetch
from balagh.files import inspection
from balagh.files.formats import MAX_BYTES
from balagh.files.inspection import REASONS
from balagh.i18n import Language
from balagh.people import sessions
from balagh.reports import casework
from balagh.reports.casework import File
from balagh.web.beneficiary import evidence

PICTURE = samples.picture("JPEG", 6)


@pytest.fixture
async def step(noura: Browser) -> Browser:
    """Noura at the step that asks for documents."""
    await begin(noura, "no_response_time")
    await choose_service(noura)
    await noura.send("/reference", **REFERENCE)
    await noura.send("/details", **DETAILS)
    assert noura.page.path.endswith("/documents")
    return noura


async def upload(browser: Browser, raw: bytes, name: str = "صورة.jpg", **form: str) -> Page:
    return await browser.send("/files", files={"file": (name, raw)}, **form)


def draft_of(browser: Browser) -> UUID:
    return UUID(browser.page.path.split("/")[2])


def on_disk(tmp_path: Path) -> set[str]:
    return {path.name for path in (tmp_path / "files").rglob("*") if path.is_file()}


async def recorded() -> set[str]:
    return {str(row["id"]) for row in await fetch("SELECT id FROM attachment")}


@pytest.mark.parametrize(
    ("raw", "name", "shown", "media_type", "begins"),
    [
        (PICTURE, "صورة.JPEG", "صورة.jpg", "image/jpeg", b"\xff\xd8\xff"),
        (samples.picture("PNG"), "a.png", "a.png", "image/png", b"\x89PNG"),
        (samples.picture("WEBP"), "a.webp", "a.jpg", "image/jpeg", b"\xff\xd8\xff"),
        (samples.picture("HEIF"), "IMG_1.HEIC", "IMG_1.jpg", "image/jpeg", b"\xff\xd8\xff"),
        (samples.picture("PNG"), "invoice.pdf", "invoice.png", "image/png", b"\x89PNG"),
        (samples.document(pages=3), "إيصال السداد.pdf", "إيصال السداد.pdf", "application/pdf",
         b"%PDF"),
    ],
)  # fmt: skip
async def test_a_file_is_kept_and_served_as_a_download(
    step: Browser, tmp_path: Path, raw: bytes, name: str, shown: str, media_type: str, begins: bytes
) -> None:
    page = await upload(step, raw, name)
    assert (page.status, page.path) == (200, f"/drafts/{draft_of(step)}/documents")
    assert shown in page.text
    assert "File saved" in page.text
    (row,) = await fetch("SELECT * FROM attachment")
    assert (row["name"], row["media_type"], row["report_id"]) == (shown, media_type, None)
    assert on_disk(tmp_path) == {str(row["id"])}
    served = await step.client.get(f"/files/{row['id']}")
    assert served.status_code == 200
    assert served.content.startswith(begins)
    assert len(served.content) == row["size"]
    assert samples.MAKER.encode() not in served.content
    assert served.headers.get_list("content-type") == [media_type]
    assert served.headers["content-disposition"].startswith("attachment; ")
    assert served.headers["x-content-type-options"] == "nosniff"
    assert served.headers["cache-control"] == "private, no-store"
    (policy,) = served.headers.get_list("content-security-policy")
    assert policy.startswith("sandbox; default-src 'none'")


REFUSED = [
    (b"<svg onload='alert(1)'/>", "شعار.svg", "type_not_allowed"),
    (b"\0\0\0\x1cftypmp42" + bytes(60), "video.heic", "type_not_allowed"),
    (b"", "empty.png", "empty"),
    (PICTURE.ljust(MAX_BYTES + 1, b"\0"), "large.jpg", "too_large"),
    (PICTURE[:400], "half.jpg", "broken"),
    (samples.png_header_only(50_000, 50_000), "bomb.png", "too_many_pixels"),
    (samples.document(samples.with_script_name), "script.pdf", "active_content"),
    (samples.document(samples.with_attachment), "portfolio.pdf", "embedded_files"),
]


@pytest.mark.parametrize(("raw", "name", "code"), REFUSED, ids=[row[2] for row in REFUSED])
@pytest.mark.parametrize("language", ["ar", "en"])
async def test_a_refusal_says_why_beside_the_name_and_keeps_nothing(
    step: Browser, tmp_path: Path, raw: bytes, name: str, code: str, language: str
) -> None:
    step.client.cookies.set("lang", language)
    page = await upload(step, raw, name)
    assert page.status == 422
    assert Language.of(language).text(REASONS[code]) in page.text
    assert name in page.text
    assert on_disk(tmp_path) == await recorded() == set()
    # The form is there again; the next file is taken.
    assert (await upload(step, PICTURE)).status == 200


async def test_a_name_is_shown_and_is_no_markup(step: Browser) -> None:
    page = await upload(step, b"x", "<script>alert(1)</script>\u202egpj.exe")
    assert page.status == 422
    assert "script>" not in page.html.replace("</script>", "").split("<main")[1]
    assert "\u202e" not in page.html


async def test_no_file_chosen(step: Browser) -> None:
    for files in ({"file": ("", b"")}, {"other": ("a.png", PICTURE)}):
        page = await step.send("/files", files=files)
        assert page.status == 422
        assert "Choose a file first" in page.text


async def test_with_htmx_the_list_comes_at_once(step: Browser) -> None:
    form = step.page.form("/files")
    for raw, status in ((PICTURE, 200), (b"x", 422)):
        answer = await step.client.post(
            form.action, data=form.fields, files={"file": ("صورة.jpg", raw)}, headers=HTMX
        )
        assert answer.status_code == status
        assert "<html" not in answer.text
        assert "صورة.jpg" in answer.text
        assert answer.headers.get("hx-push-url", "/documents").endswith("/documents")


HTMX = {"hx-request": "true"}


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (PICTURE, "صورة.jpg"),
        (samples.picture("PNG"), "a.png"),
        (samples.document(pages=2), "a.pdf"),
    ],
    ids=["jpeg", "png", "pdf"],
)
async def test_the_same_file_sent_again_is_kept_once(
    step: Browser, tmp_path: Path, raw: bytes, name: str
) -> None:
    """Its answer was lost on the way. Under another name it is another file."""
    for _ in range(2):
        page = await upload(step, raw, name)
        assert (page.status, "1 of 10" in page.text) == (200, True)
    assert len(on_disk(tmp_path)) == 1
    await upload(step, raw, "x" + name)
    assert len(on_disk(tmp_path)) == 2


async def test_far_too_large_is_said_in_words(step: Browser, tmp_path: Path) -> None:
    for size, sentence in (
        (evidence.UPLOAD - 1024, REASONS["too_large"]),
        (evidence.UPLOAD + 1, "A file may have up to 10 MB."),
    ):
        await step.open(f"/drafts/{draft_of(step)}/documents")
        page = await upload(step, bytes(size))
        assert page.status in (413, 422)
        assert sentence in page.text
    assert on_disk(tmp_path) == set()


async def test_nobody_else_sees_the_file(
    step: Browser, khalid: Browser, visiting: Visiting, portal: Litestar
) -> None:
    await upload(step, PICTURE)
    (id,) = await recorded()
    missing = await khalid.client.get(f"/files/{uuid4()}")
    theirs = await khalid.client.get(f"/files/{id}")
    assert theirs.status_code == missing.status_code == 404
    assert theirs.text.replace(id, "") == missing.text.replace(str(missing.url).split("/")[-1], "")
    assert {**theirs.headers, "date": ""} == {**missing.headers, "date": ""}
    async with visiting() as nobody:
        answer = await nobody.client.get(f"/files/{id}")
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/sign-in?next=%2Ffiles%2F{id}"
    async with browser(portal, {"lang": "en", "__Host-balagh": await reem()}) as staff:
        assert (await staff.get(f"/files/{id}")).status_code == 404
    for odd in ("../files", "x", f"{id}x"):
        assert (await step.client.get(f"/files/{odd}")).status_code == 404


async def reem() -> str:
    rows = await fetch(
        "INSERT INTO staff (role, name_ar, name_en, email, created_at) "
        "VALUES ('reviewer', 'ريم', 'Reem', 'reem@example.sa', $1) RETURNING id",
        NOW,
    )
    return await sessions.begin(staff_id=rows[0]["id"], now=NOW, lifetime=timedelta(hours=1))


async def test_nobody_else_adds_or_removes(step: Browser, khalid: Browser, tmp_path: Path) -> None:
    await upload(step, PICTURE)
    (id,) = await recorded()
    await khalid.open("/reports")
    csrf = {"csrf": khalid.page.form("/sign-out").fields["csrf"]}
    draft = draft_of(step)
    sent = await khalid.client.post(
        f"/drafts/{draft}/files", data=csrf, files={"file": ("a.jpg", PICTURE)}
    )
    assert sent.status_code == 404
    removed = await khalid.client.post(f"/drafts/{draft}/files/{id}/removal", data=csrf)
    assert removed.status_code == 404
    # Her own session, but not from her own page.
    forged = await step.client.post(f"/drafts/{draft}/files", files={"file": ("a.jpg", PICTURE)})
    assert forged.status_code == 403
    assert on_disk(tmp_path) == await recorded() == {id}


async def test_a_removed_file_is_gone(step: Browser, tmp_path: Path) -> None:
    await upload(step, PICTURE)
    (id,) = await recorded()
    page = await step.send(f"/files/{id}/removal")
    assert (page.status, "صورة.jpg" in page.text) == (200, False)
    assert on_disk(tmp_path) == await recorded() == set()
    assert (await step.client.get(f"/files/{id}")).status_code == 404


async def test_a_discarded_draft_takes_its_files_along(step: Browser, tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        await upload(step, PICTURE, name)
    assert len(on_disk(tmp_path)) == 2
    await step.open(f"/drafts/{draft_of(step)}/discard")
    await step.send("/discard")
    assert on_disk(tmp_path) == await recorded() == set()


async def test_what_was_filed_stays_as_it_was(noura: Browser, tmp_path: Path) -> None:
    await to_check(noura, "outage")
    draft = draft_of(noura)
    csrf = {"csrf": noura.page.form("/submission").fields["csrf"]}
    await noura.send("/submission")
    (id,) = await recorded()
    (report,) = await fetch("SELECT number FROM report")
    for address, files in ((f"/{id}/removal", None), ("", {"file": ("a.jpg", PICTURE)})):
        answer = await noura.client.post(f"/drafts/{draft}/files{address}", data=csrf, files=files)
        assert answer.headers["location"] == f"/reports/{report['number']}"
    assert on_disk(tmp_path) == await recorded() == {id}


async def test_ten_files_and_no_more(step: Browser, tmp_path: Path) -> None:
    """Twelve at once, as from several tabs: the ten that are first are kept, the others told."""
    form = step.page.form("/files")

    async def send(n: int) -> Any:
        file = {"file": (f"{n}.png", samples.picture("PNG"))}
        return await step.client.post(form.action, data=form.fields, files=file)

    answers = await asyncio.gather(*(send(n) for n in range(12)))
    assert sorted(answer.status_code for answer in answers) == [303] * 10 + [422] * 2
    told = [answer.text for answer in answers if answer.status_code == 422]
    assert all("You have reached 10 files" in text for text in told)
    assert len(on_disk(tmp_path)) == 10
    assert on_disk(tmp_path) == await recorded()
    page = await step.open(f"/drafts/{draft_of(step)}/documents")
    assert "10 of 10" in page.text


async def test_the_tenth_place_is_given_once(step: Browser) -> None:
    """The database's word, without the inspection's turns between."""
    draft = draft_of(step)
    (person,) = await fetch("SELECT id FROM person")

    async def attach() -> bool:
        file = File(uuid4(), "a.png", "image/png", 8)
        return await casework.attach(file, bytes(32), draft, person["id"], 10, clock.now())

    assert sum(await asyncio.gather(*(attach() for _ in range(16)))) == 10
    assert len(await recorded()) == 10


async def test_a_draft_discarded_meanwhile_keeps_no_file(step: Browser, tmp_path: Path) -> None:
    draft = draft_of(step)
    (person,) = await fetch("SELECT id FROM person")
    for n in range(20):
        now = clock.now() + timedelta(microseconds=n)
        await casework.begin(draft, person["id"], "complaint", {}, now)
        file = File(uuid4(), "a.png", "image/png", 8)
        attached, gone = await asyncio.gather(
            casework.attach(file, bytes(32), draft, person["id"], 10, now),
            casework.discard(draft, person["id"]),
        )
        assert gone == ([file.id] if attached else [])
        assert await recorded() == set()


async def test_a_draft_that_is_gone_when_the_file_was_checked(
    step: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inspect = inspection.inspect

    async def slow(*given: Any) -> Any:
        verdict = await inspect(*given)
        await fetch("DELETE FROM draft")
        return verdict

    monkeypatch.setattr(evidence, "inspect", slow)
    assert (await upload(step, PICTURE)).status == 404
    assert on_disk(tmp_path) == await recorded() == set()


async def test_a_person_who_came_to_change_their_files_goes_back_to_the_check_page(
    noura: Browser,
) -> None:
    await to_check(noura)
    await noura.open(f"/drafts/{draft_of(noura)}/documents?change=1")
    page = await upload(noura, PICTURE)
    assert page.path.endswith("/documents?change=1")
    page = await noura.send("/documents")
    assert page.path.endswith("/check")
    assert "صورة.jpg" in page.text


async def test_when_the_check_itself_fails_nothing_is_said_against_the_file(
    step: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspection, "_CHILD", tmp_path / "missing.py")
    page = await upload(step, PICTURE)
    assert page.status == 500
    assert "Something went wrong on our side" in page.text
    assert on_disk(tmp_path) == await recorded() == set()
