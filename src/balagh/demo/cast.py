"""The people of the demonstration. Their names, numbers and addresses are made up.

The national ids are well-formed and are almost all zeros, as no real one is; the
addresses are under ``example.sa``.
"""

from datetime import datetime
from typing import Literal

import msgspec

from balagh.database import fetch_one, transaction
from balagh.i18n import N_
from balagh.people import national_ids

Side = Literal["beneficiary", "amer", "provider", "system"]

SIDES: dict[Side, str] = {
    "beneficiary": N_("Beneficiary"),
    "amer": N_("Amer centre"),
    "provider": N_("Service provider"),
    "system": N_("System administration"),
}


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One of the cast: a beneficiary (``national_id``) or of the staff (``role``)."""

    key: str
    side: Side
    name_ar: str
    name_en: str
    email: str
    about: str
    national_id: str | None = None
    phone: str | None = None
    role: str | None = None
    agency: str | None = None
    """Code in the sample catalogue."""


CAST = (
    Member(
        key="noura",
        side="beneficiary",
        name_ar="نورة سعد القحطاني",
        name_en="Noura Saad Alqahtani",
        email="noura@example.sa",
        about=N_("Beneficiary: files reports and follows them"),
        national_id="1000000016",
        phone="+966553184471",
    ),
    Member(
        key="khalid",
        side="beneficiary",
        name_ar="خالد عبدالله العتيبي",
        name_en="Khalid Abdullah Alotaibi",
        email="khalid@example.sa",
        about=N_("Beneficiary: sees only his own reports"),
        national_id="1000000024",
        phone="+966561102938",
    ),
    Member(
        key="hind",
        side="amer",
        name_ar="هند العمري",
        name_en="Hind Alomari",
        email="hind@example.sa",
        about=N_("Intake officer: files for people who call 199099"),
        role="intake_officer",
    ),
    Member(
        key="reem",
        side="amer",
        name_ar="ريم الشمري",
        name_en="Reem Alshammari",
        email="reem@example.sa",
        about=N_("Reviewer at the Amer centre"),
        role="reviewer",
    ),
    Member(
        key="lama",
        side="amer",
        name_ar="لمى السبيعي",
        name_en="Lama Alsubaie",
        email="lama@example.sa",
        about=N_("Reviewer: takes over what Reem hands to her"),
        role="reviewer",
    ),
    Member(
        key="majed",
        side="amer",
        name_ar="ماجد الحربي",
        name_en="Majed Alharbi",
        email="majed@example.sa",
        about=N_("Supervisor: assigns the work and sees the figures"),
        role="supervisor",
    ),
    Member(
        key="fahd",
        side="provider",
        name_ar="فهد الدوسري",
        name_en="Fahd Aldosari",
        email="fahd@example.sa",
        about=N_("Officer at the Ministry of Justice"),
        role="agency_officer",
        agency="moj",
    ),
    Member(
        key="mona",
        side="provider",
        name_ar="منى السبيعي",
        name_en="Mona Alsubaie",
        email="mona@example.sa",
        about=N_("Manager at the Ministry of Justice: sees who has how much"),
        role="agency_manager",
        agency="moj",
    ),
    Member(
        key="salem",
        side="provider",
        name_ar="سالم الزهراني",
        name_en="Salem Alzahrani",
        email="salem@example.sa",
        about=N_("Officer of another agency: does not see their reports"),
        role="agency_officer",
        agency="mc",
    ),
    Member(
        key="abeer",
        side="system",
        name_ar="عبير المطيري",
        name_en="Abeer Almutairi",
        email="abeer@example.sa",
        about=N_("System administrator: directory, calendar and messages"),
        role="administrator",
    ),
)

_BY_KEY = {member.key: member for member in CAST}


def member(key: str) -> Member | None:
    """The member of the cast with that key."""
    return _BY_KEY.get(key)


async def seed_cast(key: bytes, now: datetime) -> dict[str, int]:
    """Makes those of the cast who are not there yet; the directory must be loaded.

    ``key`` is the installation's secret key. Returns, for each member's key, the id of the person
    or of the member of staff. Again and again makes nobody twice.
    """
    async with transaction():
        return {
            one.key: await (_person(one, key, now) if one.national_id else _staff(one, now))
            for one in CAST
        }


async def id_of(found: Member, key: bytes) -> int | None:
    """The id of that member's person or staff row, when ``seed_cast`` has been run."""
    if found.national_id:
        row = await fetch_one(
            "SELECT id FROM person WHERE national_id_hash = $1",
            national_ids.lookup_hash(found.national_id, key),
        )
    else:
        row = await fetch_one("SELECT id FROM staff WHERE email = $1 AND active", found.email)
    return row["id"] if row else None


async def _person(one: Member, key: bytes, now: datetime) -> int:
    known = await id_of(one, key)
    if known is not None:
        return known
    assert one.national_id is not None
    row = await fetch_one(
        """
        INSERT INTO person (national_id_cipher, national_id_hash, name, phone, email, created_at)
        VALUES ($1, $2, $3, $4, $5, $6) RETURNING id
        """,
        national_ids.seal(one.national_id, key),
        national_ids.lookup_hash(one.national_id, key),
        one.name_ar,
        one.phone,
        one.email,
        now,
    )
    assert row is not None
    made: int = row["id"]
    return made


async def _staff(one: Member, now: datetime) -> int:
    row = await fetch_one("SELECT id FROM staff WHERE email = $1 AND active", one.email)
    if row is None:
        agency = await fetch_one("SELECT id FROM agency WHERE code = $1", one.agency)
        if one.agency and agency is None:
            raise LookupError(f"the directory has no agency {one.agency}; load the sample first")
        row = await fetch_one(
            """
            INSERT INTO staff (role, agency_id, name_ar, name_en, email, created_at)
            VALUES ($1, $2, $3, $4, $5, $6) RETURNING id
            """,
            one.role,
            agency["id"] if agency else None,
            one.name_ar,
            one.name_en,
            one.email,
            now,
        )
    assert row is not None
    made: int = row["id"]
    return made
