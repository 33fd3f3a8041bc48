"""Whose account signs in: one person, however they come, and nobody else's."""

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.people.portal import settings_for

from balagh import clock
from balagh.database import fetch
from balagh.people import claims
from balagh.people.accounts import Account, account_of
from balagh.people.failures import Code, SignInError
from balagh.people.oidc import Identified

SETTINGS = settings_for()
ISSUER, OTHER = "https://id.example.sa", "https://id2.example.sa"


async def comes(subject: str, issuer: str = ISSUER, **told: Any) -> Account:
    return await account_of(
        Identified(issuer, subject, told), SETTINGS, language="en", now=clock.now()
    )


async def people() -> list[dict[str, Any]]:
    return [dict(row) for row in await fetch("SELECT * FROM person ORDER BY id")]


async def identities() -> int:
    (row,) = await fetch("SELECT count(*) AS n FROM identity")
    return int(row["n"])


async def test_the_identity_is_issuer_and_subject(db: None) -> None:
    noura = await comes("1", name="نورة", email="same@example.sa")
    khalid = await comes("1", issuer=OTHER, name="خالد", email="same@example.sa")
    reem = await comes("2", name="ريم", email="same@example.sa")
    assert len({noura.person_id, khalid.person_id, reem.person_id}) == 3
    assert await comes("1", name="نورة") == noura
    assert await identities() == 3


async def test_a_known_national_id_attaches_the_identity(db: None) -> None:
    first = await comes("1", national_id="1000000016", name="نورة")
    second = await comes("9", issuer=OTHER, national_id="١٠٠٠٠٠٠٠١٦", name="نورة سعد")
    assert first == second
    (person,) = await people()
    assert person["name"] == "نورة سعد"
    assert await identities() == 2


async def test_what_is_filled_in_and_what_follows_the_provider(db: None) -> None:
    await comes("1", name="نورة")
    (person,) = await people()
    assert (person["phone"], person["email"], person["language"]) == (None, None, "en")
    assert person["national_id_hash"] is None

    full = {"phone_number": "0553184471", "email": "n@example.sa", "national_id": "1000000016"}
    await comes("1", name="نورة سعد", **full)
    await comes("1", name="نورة سعد القحطاني", phone_number="0561102938", email="x@example.sa")
    await comes("1")
    (person,) = await people()
    assert person["name"] == "نورة سعد القحطاني"
    assert (person["phone"], person["email"]) == ("+966553184471", "n@example.sa")
    assert person["national_id_hash"] is not None


async def test_a_subject_does_not_change_its_national_id(db: None) -> None:
    await comes("1", national_id="1000000016")
    with pytest.raises(SignInError) as refused:
        await comes("1", national_id="1000000024")
    assert refused.value.code == Code.CONFLICT


async def test_a_national_id_does_not_move_to_another_account(db: None) -> None:
    await comes("1", national_id="1000000016")
    await comes("2", name="خالد")
    with pytest.raises(SignInError) as refused:
        await comes("2", national_id="1000000016", name="نورة")
    assert refused.value.code == Code.CONFLICT
    assert [person["name"] for person in await people()] == ["", "خالد"]


async def test_a_malformed_national_id_changes_nothing(db: None) -> None:
    with pytest.raises(SignInError) as refused:
        await comes("1", national_id="1000000017", name="نورة")
    assert refused.value.code == Code.CLAIMS
    assert await people() == []


@pytest.mark.parametrize("told", [{}, {"national_id": "1000000016"}])
async def test_two_first_sign_ins_at_once_make_one_person(db: None, told: dict[str, Any]) -> None:
    found = await asyncio.gather(*(comes("1", name="نورة", **told) for _ in range(12)))
    assert len(set(found)) == 1
    assert len(await people()) == 1
    assert await identities() == 1


async def test_one_person_through_two_providers_at_once(db: None) -> None:
    found = await asyncio.gather(
        *(
            comes("1", issuer=f"https://id{n}.example.sa", national_id="1000000016", name="نورة")
            for n in range(12)
        )
    )
    assert len(set(found)) == 1
    assert len(await people()) == 1
    assert await identities() == 12


async def test_a_member_of_staff_may_be_a_beneficiary_too(db: None) -> None:
    (row,) = await fetch(
        "INSERT INTO staff (role, name_ar, name_en, email, created_at) "
        "VALUES ('reviewer', 'ريم', 'Reem', 'reem@example.sa', $1) RETURNING id",
        clock.now(),
    )
    await fetch(
        "INSERT INTO identity (issuer, subject, staff_id) VALUES ($1, 'reem', $2)",
        ISSUER,
        row["id"],
    )
    came = await comes("reem", name="ريم")
    assert await comes("reem") == came
    (identity,) = await fetch("SELECT person_id, staff_id FROM identity")
    assert (identity["person_id"], identity["staff_id"]) == (came.person_id, row["id"])


async def test_who_was_erased_begins_anew(db: None) -> None:
    gone = await comes("1", name="نورة")
    await fetch("UPDATE person SET erased_at = $1, name = ''", clock.now())
    back = await comes("1", name="نورة")
    assert back != gone
    assert await comes("1") == back


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("0553184471", "+966553184471"),
        ("055 318 4471", "+966553184471"),
        ("+966553184471", "+966553184471"),
        ("00966553184471", "+966553184471"),
        ("966553184471", "+966553184471"),
        ("٠٥٥٣١٨٤٤٧١", "+966553184471"),
        (553184471, "+966553184471"),
        ("+44 20 7946 0958", "+442079460958"),
        ("", None),
        (None, None),
        ("055", None),
        ("call me", None),
        ("+999123456789", None),
        (["0553184471"], None),
        (True, None),
    ],
)
def test_telephone_numbers(given: object, kept: str | None) -> None:
    with capture_logs() as logs:
        told = claims.read({"phone_number": given}, SETTINGS)
    assert told.phone == kept
    # Said without the number.
    assert all(line == {**line, "event": "claim left out", "claim": "phone"} for line in logs)
    if isinstance(given, str) and given:
        assert given not in repr(logs)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("noura@example.sa", "noura@example.sa"),
        (" noura@example.sa ", "noura@example.sa"),
        ("noura", None),
        ("a@b@c", None),
        ("noura saad@example.sa", None),
        (7, None),
    ],
)
def test_addresses(given: object, kept: str | None) -> None:
    assert claims.read({"email": given}, SETTINGS).email == kept


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ({"name": " نورة  سعد\u00a0القحطاني "}, "نورة سعد القحطاني"),
        ({"given_name": "نورة", "family_name": "القحطاني"}, "نورة القحطاني"),
        ({"name": "", "given_name": "نورة"}, "نورة"),
        ({}, ""),
        ({"name": {"ar": "نورة"}}, ""),
        ({"name": "ن" * 300}, "ن" * 200),
    ],
)
def test_names(told: dict[str, Any], name: str) -> None:
    assert claims.read(told, SETTINGS).name == name


def test_claims_have_the_names_of_the_settings() -> None:
    settings = settings_for(
        oidc_claim_national_id="nin", oidc_claim_name="full_name_ar", oidc_claim_phone="mobile",
        oidc_claim_email="mail",
    )  # fmt: skip
    told = {"nin": "1000000016", "full_name_ar": "نورة", "mobile": "0553184471", "mail": "n@a.sa"}
    assert claims.read(told, settings) == claims.Told(
        "1000000016", "نورة", "+966553184471", "n@a.sa"
    )
