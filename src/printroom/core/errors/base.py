"""The root of the tree of errors."""

from __future__ import annotations


class PrintroomError(Exception):
    """Base of all deliberate errors: `str(error)` is a sentence for the person who asked."""

    code = "error"
    """Stable name for programs."""
    status = 500
    """HTTP status."""

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(f"{reason}: {remedy}" if remedy else reason)
        self.reason = reason
        """What is wrong, naming the thing."""
        self.remedy = remedy
        """What to do about it; empty when there is nothing to do."""
