"""Links by which a survey is answered without signing in: ``/r/{token}``.

The token says which report and which survey and until when, signed under a key of its own; nothing
is kept for it. 29 letters and digits, so that it fits an SMS and no program that makes links of
text stops short of its end. Holding it lets one rate that report in that survey, nothing else.
"""

import hmac
from datetime import UTC, datetime

import msgspec

from balagh.people import keys
from balagh.reports.surveys import Code

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# Never 0, so that every token has the same length.
_SURVEYS: dict[int, Code] = {0x11: "agency", 0x12: "balagh"}
_BYTES = {code: byte for byte, code in _SURVEYS.items()}
# The survey, the report's number, seconds since 1970. Then 96 bits of the MAC: a guess has to be
# sent to us to be tried, and the best that it could win is to rate one stranger's report.
_PAYLOAD, _MAC = 1 + 5 + 4, 12
_LENGTH = 29


class SurveyLink(msgspec.Struct, frozen=True):
    """``number``: the report's; ``expires``: to the second, aware."""

    number: str
    survey: Code
    expires: datetime


def token(link: SurveyLink, secret_key: bytes) -> str:
    payload = (
        bytes([_BYTES[link.survey]])
        + int(link.number).to_bytes(5, "big")
        + int(link.expires.timestamp()).to_bytes(4, "big")
    )
    return _written(payload + _mac(payload, secret_key))


def read(given: str, secret_key: bytes) -> SurveyLink | None:
    """What the token says, or none when it is not one of ours. Whether it has expired is the
    caller's to ask."""
    raw = _raw(given)
    if raw is None:
        return None
    payload, mac = raw[:_PAYLOAD], raw[_PAYLOAD:]
    survey = _SURVEYS.get(payload[0])
    if not hmac.compare_digest(mac, _mac(payload, secret_key)) or survey is None:
        return None
    return SurveyLink(
        number=str(int.from_bytes(payload[1:6], "big")),
        survey=survey,
        expires=datetime.fromtimestamp(int.from_bytes(payload[6:], "big"), UTC),
    )


def _mac(payload: bytes, secret_key: bytes) -> bytes:
    key = keys.derive(secret_key, keys.SURVEY_LINK)
    return hmac.digest(key, payload, "sha256")[:_MAC]


def _written(raw: bytes) -> str:
    value, text = int.from_bytes(raw, "big"), ""
    while value:
        value, digit = divmod(value, len(_DIGITS))
        text = _DIGITS[digit] + text
    return text


def _raw(text: str) -> bytes | None:
    """The bytes; none unless they are written exactly so: one token, one spelling."""
    if len(text) != _LENGTH or not all(sign in _DIGITS for sign in text):
        return None
    value = 0
    for sign in text:
        value = value * len(_DIGITS) + _DIGITS.index(sign)
    size = _PAYLOAD + _MAC
    return value.to_bytes(size, "big") if value.bit_length() <= 8 * size else None
