"""Another server, asked on somebody's behalf, gives nothing."""

from __future__ import annotations

from printroom.core.errors.base import PrintroomError


class OutboundError(PrintroomError):
    """Another server, asked on somebody's behalf, gives nothing."""

    code, status = "outbound_error", 502


class AddressRefused(OutboundError):
    """The address is not one that this server may ask: private, of this machine, or not https."""

    code, status = "address_refused", 422


class FetchFailed(OutboundError):
    """It cannot be reached, is too slow, or answers with an error."""

    code, status = "fetch_failed", 502

    def __init__(self, reason: str, remedy: str = "", *, passing: bool = False) -> None:
        super().__init__(reason, remedy)
        self.passing = passing
        """Whether it may go well when it is tried again."""
        self.heard = True
        """Whether the other server may have been told something."""
