"""Why a sign-in did not succeed, as codes; pages and logs say it in words."""

from enum import StrEnum


class Code(StrEnum):
    """What the person can do about it differs, so the codes do."""

    STATE = "state"
    """The answer belongs to no sign-in that this browser began, or it came too late or twice."""
    DENIED = "denied"
    """The person, or the provider for them, said no."""
    REFUSED = "refused"
    """The provider refused our request: a fault of the set-up."""
    DOWN = "down"
    """The provider cannot be reached, or does not answer as its documents promise."""
    TOKEN = "token"  # noqa: S105 - a code, no secret
    """What the provider sent does not prove who this is."""
    CLAIMS = "claims"
    """The provider sent a national id that cannot be one."""
    CONFLICT = "conflict"
    """The national id belongs to another account here."""
    CLOSED = "closed"
    """The account was closed here."""
    ROLE = "role"
    """The provider tells no role that means one here."""
    STAFF_CLAIMS = "staff_claims"
    """The provider tells no agency that is known here, or no e-mail address."""
    STAFF_CONFLICT = "staff_conflict"
    """The e-mail address belongs to another member of staff."""


class SignInError(Exception):
    """``code`` for the page, ``detail`` for the log: names of claims and errors, never values."""

    def __init__(self, code: Code, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
