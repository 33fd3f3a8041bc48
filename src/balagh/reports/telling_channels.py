"""By which channels a beneficiary is told (specification 6: "SMS and e-mail … an SMS that fails for
good falls back to e-mail").

Asked by whatever writes notices; the choice is the person's, but a message always goes somewhere
when there is anywhere to send it.
"""

from typing import Any, Literal

import msgspec

Channel = Literal["sms", "email"]


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody can be reached (``phone`` in E.164), and which channels they chose."""

    phone: str | None
    email: str | None
    notify_sms: bool = True
    notify_email: bool = True

    @classmethod
    def of(cls, row: Any) -> "Reach":
        """Of a row, a record or a visitor that has these four."""
        names = cls.__struct_fields__
        mapping = hasattr(row, "keys")
        return cls(**{name: row[name] if mapping else getattr(row, name) for name in names})


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """One message: its channel and recipient; ``fallback_email``: where it goes when the SMS fails
    for good, none when the same message goes out by e-mail anyway."""

    channel: Channel
    recipient: str
    fallback_email: str | None = None


def ways(reach: Reach, *, sms: bool) -> tuple[Way, ...]:
    """The messages to write for one moment. ``sms``: whether this installation has a gateway.

    A channel that was not chosen is used when no chosen one can be: somebody who wants SMS only and
    has no number, or where there is no gateway, is told by e-mail rather than not at all.
    """
    possible: dict[Channel, str] = {}
    if sms and reach.phone:
        possible["sms"] = reach.phone
    if reach.email:
        possible["email"] = reach.email
    wanted = {"sms": reach.notify_sms, "email": reach.notify_email}
    chosen = [channel for channel in possible if wanted[channel]] or list(possible)
    return tuple(
        Way(
            channel=channel,
            recipient=possible[channel],
            fallback_email=None if "email" in chosen else possible.get("email"),
        )
        for channel in chosen
    )


def fallback(way: Way) -> dict[str, str]:
    """What a notice's data must hold for that way, besides what its words need."""
    return {"fallback_email": way.fallback_email} if way.fallback_email else {}
