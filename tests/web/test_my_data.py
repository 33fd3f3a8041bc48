"""A copy of one's data: all of it, nothing of anybody else's; and asking for erasure."""

import asyncio
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from litestar import Litestar
from tests.web.accounts import ask_for, newest_code, notices
from tests.web.complaints import begin, picture, to_check
from tests.web.pages import Browser

from balagh.database import fetch, fetch_one
from balagh.people import national_ids
from balagh.reports import export

DOCUMENT = Path(__file__).parents[2] / "docs" / "export.md"
# Tables by which one gets from a person's rows to others, as the schema's foreign keys say.
_REFERRING = """
WITH RECURSIVE link AS (
  SELECT conrelid, confrelid FROM pg_constraint WHERE contype = 'f'
), found AS (
  SELECT 'person'::regclass AS rel
  UNION
  SELECT link.conrelid FROM link JOIN found ON link.confrelid = found.rel
)
SELECT rel::text AS name FROM found
"""


async def archive_of(browser: Browser) -> zipfile.ZipFile:
    page = await browser.open("/account/data")
    form = page.form("/account/data/archive")
    answer = await browser.client.post(form.action, data=form.fields)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert re.fullmatch(
        r'attachment; filename="balagh-2026-11-23\.zip"', answer.headers["content-disposition"]
    )
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert "content-encoding" not in answer.headers
    return zipfile.ZipFile(io.BytesIO(answer.content))


def read(archive: zipfile.ZipFile) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(archive.read("data.json"))
    return data


async def file_all(browser: Browser, mark: str, portal: Litestar) -> None:
    """A report and a draft with files, ratings, a changed address: something in every table."""
    await to_check(browser, "outage", title=f"عطل {mark}", description=f"وصف العطل كما ظهر {mark}")
    await browser.send("/submission")
    await begin(browser, "outage")
    base = browser.page.path.rsplit("/", 1)[0]
    csrf = browser.page.form("/service").fields["csrf"]
    upload = {"file": (f"draft-{mark}.png", picture())}
    await browser.client.post(f"{base}/files", data={"csrf": csrf}, files=upload)
    await ask_for(browser, "email", f"{mark}@example.sa")
    await browser.send("/code", code=await newest_code())
    person = await fetch_one("SELECT id FROM person WHERE email = $1", f"{mark}@example.sa")
    report = await fetch_one("SELECT id FROM report ORDER BY id DESC")
    assert person is not None
    assert report is not None
    national_id = {"noura": "1000000016", "khalid": "1000000024"}[mark]
    key = portal.state.settings.secret_key
    await fetch(
        "UPDATE person SET national_id_cipher = $2, national_id_hash = $3 WHERE id = $1",
        person["id"], national_ids.seal(national_id, key),
        national_ids.lookup_hash(national_id, key),
    )  # fmt: skip
    await fetch(
        "INSERT INTO identity (issuer, subject, person_id) VALUES ('https://id.sa', $2, $1)",
        person["id"], f"subject-{mark}",
    )  # fmt: skip
    await fetch(
        "INSERT INTO rating (report_id, survey, score, comment, at) "
        "VALUES ($1, 'agency', 4, $2, now())",
        report["id"], f"comment {mark}",
    )  # fmt: skip
    await fetch(
        "INSERT INTO action_draft (report_id, action, answers, updated_at) "
        "VALUES ($1, 'update', $2, now())",
        report["id"], json.dumps({"text": f"unsent {mark}"}),
    )  # fmt: skip
    await fetch(
        "INSERT INTO event (report_id, at, action, actor, public, data) "
        "VALUES ($1, now(), 'update', 'clock', false, $2)",
        report["id"], json.dumps({"note": f"internal {mark}"}),
    )  # fmt: skip


async def test_everything_of_the_person_and_nothing_of_anybody_else(
    noura: Browser, khalid: Browser, portal: Litestar
) -> None:
    await file_all(khalid, "khalid", portal)
    await file_all(noura, "noura", portal)
    archive = await archive_of(noura)
    assert archive.testzip() is None
    raw, data = archive.read("data.json").decode(), read(archive)
    assert (data["format"], data["version"]) == ("balagh-person", 1)
    assert data["person"]["name"] == "نورة سعد القحطاني"
    assert data["person"]["national_id"] == "1000000016"
    assert [each["subject"] for each in data["identities"]] == ["subject-noura"]
    (report,) = data["reports"]
    assert report["title"] == "عطل noura"
    assert report["agency"] == "momah"
    assert [event["action"] for event in report["events"]] == ["submit"]
    assert [rating["comment"] for rating in report["ratings"]] == ["comment noura"]
    assert [each["answers"]["text"] for each in report["action_drafts"]] == ["unsent noura"]
    (file,) = report["files"]
    assert file["path"] == f"files/{report['number']}/01-fault.png"
    (draft,) = data["drafts"]
    assert draft["answers"]["ground"] == "outage"
    assert [each["path"] for each in draft["files"]] == ["files/draft-1/01-draft-noura.png"]
    assert sorted(each["moment"] for each in data["notices"]) == [
        "contact_changed", "opened", "opened",
    ]  # fmt: skip
    assert len(data["sessions"]) == 1
    assert sorted(archive.namelist()) == sorted(
        ["data.json", file["path"], draft["files"][0]["path"]]
    )
    # The bytes are those that were kept.
    (row,) = await fetch(
        "SELECT a.id FROM attachment a JOIN report r ON r.id = a.report_id WHERE r.number = $1",
        report["number"],
    )
    assert archive.read(file["path"]) == await portal.state.store.read(row["id"])
    for foreign in ("khalid", "خالد", "1000000024", "+966561102938", "internal"):
        assert foreign not in raw, foreign
        assert not [name for name in archive.namelist() if foreign in name]
    # No secret: hashes, ciphers, codes, tokens.
    for column in ("hash", "cipher", "token", '"code"', "staff"):
        assert column not in raw, column


async def test_every_table_about_a_person_is_in_it_or_said_why_not(db: None) -> None:
    referring = {row["name"] for row in await fetch(_REFERRING)}
    assert {"person", "report", "draft", "event"} <= referring
    known = export.SECTIONS.keys() | export.LEFT_OUT.keys()
    assert referring - known == set()
    # Nothing is listed that does not exist, or twice.
    tables = {row["name"] for row in await fetch(
        "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public'")}  # fmt: skip
    assert known <= tables
    assert not export.SECTIONS.keys() & export.LEFT_OUT.keys()
    assert all(export.LEFT_OUT.values())


async def test_the_document_describes_what_is_in_it(noura: Browser, portal: Litestar) -> None:
    await file_all(noura, "noura", portal)
    text = DOCUMENT.read_text("utf-8")
    assert f"version {export.VERSION}" in text
    data = read(await archive_of(noura))

    def names(value: Any) -> set[str]:
        if isinstance(value, list):
            return set().union(*map(names, value))
        if isinstance(value, dict):
            inner = (v for k, v in value.items() if k not in ("answers", "data"))
            return set(value) | set().union(set(), *map(names, inner))
        return set()

    missing = {name for name in names(data) if f"`{name}`" not in text}
    assert not missing


async def test_somebody_who_has_nothing(noura: Browser) -> None:
    data = read(await archive_of(noura))
    assert (data["reports"], data["drafts"], data["notices"]) == ([], [], [])
    assert data["person"]["national_id"] is None


async def test_a_file_that_is_lost_is_told_and_stops_nothing(
    noura: Browser, portal: Litestar
) -> None:
    await to_check(noura, "outage")
    (row,) = await fetch("SELECT id FROM attachment")
    await portal.state.store.delete(row["id"])
    archive = await archive_of(noura)
    assert archive.namelist() == ["data.json"]
    assert read(archive)["drafts"][0]["files"][0]["path"] is None


async def test_the_page_says_what_is_in_it(noura: Browser, portal: Litestar) -> None:
    await file_all(noura, "noura", portal)
    page = await noura.open("/account/data")
    for said in ("1 report with", "1 draft", "3 messages sent to you", "2 files"):
        assert said in page.text, said


async def with_drafts(browser: Browser) -> UUID:
    """A draft with a file, whose id is returned."""
    await to_check(browser, "outage")
    (row,) = await fetch("SELECT id FROM attachment WHERE report_id IS NULL")
    found: UUID = row["id"]
    return found


async def test_erasure_is_asked_for_and_withdrawn(noura: Browser, portal: Litestar) -> None:
    file = await with_drafts(noura)
    page = await noura.open("/account/erasure")
    assert "for 5 years after they ended" in page.text
    page = await noura.send("/account/erasure")
    assert page.status == 422
    assert page.title.startswith("Error:")
    assert page.links["Confirm that you want your data to be erased"].endswith("#confirmed")
    assert page.form("/account/erasure").fields["drafts"] == "yes"
    page = await noura.send("/account/erasure", confirmed="yes")
    assert "We received your request on Monday 23 November 2026." in page.text
    assert "within 30 days" in page.text
    assert not await fetch("SELECT 1 FROM draft")
    assert not await fetch("SELECT 1 FROM attachment")
    with pytest.raises(FileNotFoundError):
        await portal.state.store.read(file)
    told = await notices("erasure_asked")
    assert sorted(row["channel"] for row in told) == ["email", "sms"]
    assert "you asked for your data to be erased" in (await noura.open("/account")).text
    await noura.open("/account/erasure")
    page = await noura.send("/account/erasure/withdrawal")
    assert "We received your request" not in page.text
    assert not await fetch("SELECT 1 FROM person WHERE erasure_asked_at IS NOT NULL")


async def test_drafts_stay_where_that_is_not_agreed_to(noura: Browser, portal: Litestar) -> None:
    file = await with_drafts(noura)
    page = await noura.open("/account/erasure")
    form = page.form("/account/erasure")
    form.fields.pop("drafts")
    await noura.send("/account/erasure", confirmed="yes")
    assert await fetch("SELECT 1 FROM draft")
    assert await portal.state.store.read(file)


async def test_asked_for_twice_at_once_is_told_once(noura: Browser) -> None:
    await with_drafts(noura)
    form = (await noura.open("/account/erasure")).form("/account/erasure")
    data = {**form.fields, "confirmed": "yes"}
    await asyncio.gather(*(noura.client.post(form.action, data=data) for _ in range(3)))
    assert len(await notices("erasure_asked")) == 2


async def test_reports_and_their_files_and_other_people_s_drafts_stay(
    noura: Browser, khalid: Browser
) -> None:
    await to_check(noura, "outage")
    await noura.send("/submission")
    await to_check(khalid, "outage")
    await noura.open("/account/erasure")
    page = await noura.send("/account/erasure", confirmed="yes")
    assert "1 report is still being worked on." in page.text
    assert len(await fetch("SELECT 1 FROM report")) == 1
    assert len(await fetch("SELECT 1 FROM draft")) == 1
    assert len(await fetch("SELECT 1 FROM attachment")) == 2
