"""Work was stopped, and nobody is at fault."""

from __future__ import annotations

from printroom.core.errors.base import PrintroomError


class Stopped(PrintroomError):
    """The work did not go on, and nobody is at fault."""

    code = "stopped"


class Cancelled(Stopped):
    """The caller took the request back."""

    code, status = "cancelled", 499


class LeaseLost(Stopped):
    """The worker was not heard of for so long that the job was given to another one."""

    code, status = "lease_lost", 409


class Overloaded(Stopped):
    """More is waiting than the server will hold."""

    code, status = "overloaded", 503

    def __init__(self, reason: str, remedy: str = "", *, retry_after: int) -> None:
        super().__init__(reason, remedy)
        self.retry_after = retry_after
        """Seconds to wait before trying again."""
