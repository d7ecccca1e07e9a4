"""Whoever asks does not come in, or not now."""

from __future__ import annotations

from printroom.core.errors.base import PrintroomError


class AccessError(PrintroomError):
    """Whoever asks does not come in, or not now."""

    code, status = "access_error", 401
    account: str | None = None
    """Whose account it would have been, for its audit log; None = nobody knows."""
    subject: str = ""
    """The id of the key, or of the person, likewise."""


class NoCredentials(AccessError):
    """The request brought no key, no session and no token."""

    code = "credentials_missing"


class MalformedCredentials(AccessError):
    """What the request brought cannot be a key, session or token of ours."""

    code = "credentials_malformed"


class UnknownCredentials(AccessError):
    """Well formed, but it is nobody's."""

    code = "credentials_unknown"


class ExpiredCredentials(AccessError):
    """The time of the key, session or token is over."""

    code = "credentials_expired"


class RevokedCredentials(AccessError):
    """Somebody took the key back."""

    code = "credentials_revoked"


class WrongPassword(AccessError):
    """There is nobody with that e-mail address and that password."""

    code = "wrong_password"


class OtherSite(AccessError):
    """A page of another site sent the request, or may have."""

    code, status = "cross_site", 403


class LimitReached(AccessError):
    """A limit of an account or of a key is reached for now."""

    code, status = "limit_reached", 429

    def __init__(self, reason: str, remedy: str = "", *, retry_after: int = 1) -> None:
        super().__init__(reason, remedy)
        self.retry_after = retry_after
        """Seconds to wait before trying again."""
        self.headers: tuple[tuple[bytes, bytes], ...] = ()
        """What the answer says of the limit."""


class RateLimited(LimitReached):
    """Too many requests in a short time."""

    code = "rate_limited"


class TooManyAtOnce(LimitReached):
    """Too many requests of the same account or key are in progress."""

    code = "too_many_at_once"


class BudgetSpent(LimitReached):
    """The units of the day or of the month are spent."""

    code = "budget_spent"


class ProviderFailed(AccessError):
    """The identity provider does not answer, or says what cannot be trusted."""

    code, status = "provider_failed", 502
