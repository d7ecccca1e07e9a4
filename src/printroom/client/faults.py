"""What a server refuses, as the error it is there: the same classes on both sides.

code, detail, members of the problem -> PrintroomError
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from printroom.core import errors
from printroom.core.errors import FetchFailed, PrintroomError

_MEMBERS: Mapping[str, tuple[str, Any]] = {
    "needed": ("needed_bytes", 0),
    "retry_after": ("retry_after", 0),
    "faults": ("faults", ()),
    "pictures": ("pictures", ()),
}
"""Attribute of an error -> the member of the problem that has it, and what it is without."""


def error_of(code: str, detail: str, problem: Mapping[str, Any]) -> PrintroomError:
    """The error of that code; of a code that is not known here, one that has it all the same."""
    kind = _kinds().get(code)
    error = (kind or PrintroomError).__new__(kind or PrintroomError)
    PrintroomError.__init__(error, detail)
    if kind is None:
        error.code = code
    for attribute, (member, default) in _MEMBERS.items():
        setattr(error, attribute, problem.get(member, default))
    return error


def strange(what: str) -> FetchFailed:
    """The error for an answer that no printroom would give."""
    return FetchFailed(f"the server's answer is not {what}", "check its address")


def unreachable(why: str) -> FetchFailed:
    """The error for a server that does not answer."""
    return FetchFailed(f"the server does not answer: {why}", "check its address, or try later")


@cache
def _kinds() -> dict[str, type[PrintroomError]]:
    return {kind.code: kind for kind in _below(PrintroomError)}


def _below(kind: type[PrintroomError]) -> Iterator[type[PrintroomError]]:
    for child in kind.__subclasses__():
        if child.__module__.startswith(f"{errors.__name__}."):
            yield child
            yield from _below(child)
