"""The SMS gateways: one module for each, and which of them this installation uses.

A gateway says what is asked of it (``ask``), what its answer means (``read``), and what a delivery
receipt of its tells (``receipt``). ``docs/sms.md`` has a section for each.
"""

from balagh.notices.transports.gateways.answers import (
    Ask,
    ForgedError,
    Gateway,
    Receipt,
    Told,
    our_id,
)
from balagh.notices.transports.gateways.generic import Generic
from balagh.notices.transports.gateways.msegat import Msegat
from balagh.notices.transports.gateways.taqnyat import Taqnyat
from balagh.notices.transports.gateways.twilio import Twilio
from balagh.notices.transports.gateways.unifonic import Unifonic
from balagh.settings import Settings

__all__ = ["Ask", "ForgedError", "Gateway", "Receipt", "Told", "gateway_of", "our_id"]


def gateway_of(settings: Settings) -> Gateway | None:
    """None: this installation sends no SMS."""
    if settings.sms_url is None:
        return None
    match settings.sms_gateway:
        case "unifonic":
            return Unifonic(settings)
        case "taqnyat":
            return Taqnyat(settings)
        case "msegat":
            return Msegat(settings)
        case "twilio":
            return Twilio(settings)
        case "generic":
            return Generic(settings)
