"""The messages about the cast's latest closed reports, so that their surveys can be tapped.

They go out as any other: written as waiting, sent by the worker, read at ``/demo/outbox``.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from balagh.database import fetch
from balagh.demo import cast
from balagh.people import national_ids
from balagh.reports import closing
from balagh.reports.closing import Ending
from balagh.reports.standing import Standing
from balagh.reports.telling_channels import Reach
from balagh.settings import Settings

# Of each of the cast's beneficiaries the report that was closed last.
_LATEST = """
SELECT DISTINCT ON (p.id) r.*, p.name, p.notify_sms, p.notify_email,
  a.name_ar AS agency_ar, a.name_en AS agency_en
FROM report r JOIN person p ON p.id = r.person_id
  JOIN agency a ON a.id = coalesce(r.referred_agency_id, r.agency_id)
WHERE r.state = 'closed' AND p.national_id_hash = ANY($1::bytea[])
ORDER BY p.id, r.ended_at DESC
"""
# The key that ``acting.act`` gives to the notices of a deed.
_TELL = """
INSERT INTO notice (key, moment, channel, recipient, language, data, next_attempt_at, created_at)
SELECT 'report:' || $1::bigint || ':' || n.moment || ':' || $2::int || ':' || n.channel,
  n.moment, n.channel, n.recipient, n.language, n.data, $4, $4
FROM jsonb_to_recordset($3::jsonb)
  AS n (moment text, channel text, recipient text, language text, data jsonb)
"""


async def tell(settings: Settings, now: datetime) -> None:
    """Writes the notices; within the transaction that adds the samples."""
    key = settings.secret_key
    people = [
        national_ids.lookup_hash(one.national_id, key) for one in cast.CAST if one.national_id
    ]
    for row in await fetch(_LATEST, people):
        ending = Ending(
            number=row["number"],
            kind=row["kind"],
            title=row["title"],
            agency_ar=row["agency_ar"],
            agency_en=row["agency_en"],
            standing=msgspec.convert(
                {name: row[name] for name in Standing.__struct_fields__}, Standing
            ),
            name=row["name"],
            language=row["language"],
            reach=Reach.of(row),
        )
        notices = closing.notices(
            ending,
            public_url=settings.public_url,
            secret_key=key,
            sms=settings.sms_url is not None,
            zone=ZoneInfo(settings.zone),
        )
        await fetch(_TELL, row["id"], row["version"], msgspec.json.encode(notices).decode(), now)
