"""The owner of a local account is told by e-mail what changed about their way in, whoever did it.

It is how they learn that somebody else was at it (OWASP ASVS 5.0, 6.3.7), so it names no link to
follow. Written within the transaction of the change, to the address that is known.
"""

import json
from datetime import datetime
from typing import Literal

from balagh.database import fetch

# Their password; their second factor, with new recovery codes; new codes alone; by an
# administrator, both taken away to be set anew.
Change = Literal["password", "factor", "codes", "reset"]


async def tell(staff: int, change: Change, now: datetime) -> None:
    """Writes the e-mail. Wake the worker after the transaction."""
    await fetch(
        """
        INSERT INTO notice
          (key, moment, channel, recipient, language, data, next_attempt_at, created_at)
        SELECT 'staff:' || id || ':staff_account_changed:' || gen_random_uuid() || ':email',
          'staff_account_changed', 'email', email, language,
          $2::jsonb || jsonb_build_object('name_ar', name_ar, 'name_en', name_en), $3, $3
        FROM staff WHERE id = $1
        """,
        staff, json.dumps({f"{change}_at": now.isoformat()}), now,
    )  # fmt: skip
