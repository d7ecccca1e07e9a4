"""How the command line words an error."""

from __future__ import annotations

from printroom.core.errors import PrintroomError


def describe(error: PrintroomError, name: str = "") -> str:
    """An error for people: the thing, the reason, and on a line of its own the remedy."""
    reason = error.reason if name in error.reason else f"{name}: {error.reason}"
    return f"printroom: {reason}" + (f"\n  {error.remedy}" if error.remedy else "")
