"""`Range` of a request (RFC 9110, 14): which bytes are asked for.

    "bytes=0-99,-5", size -> [(0, 100), (size - 5, size)]     Unsatisfiable

What is not well formed, not in bytes, or unreasonable is ignored, as the standard has it: the whole
is sent then.
"""

from __future__ import annotations

import re

MOST = 16
"""Ranges of one request that are taken seriously."""
_SPEC = re.compile(r"(\d{0,20})-(\d{0,20})", re.A)


class Unsatisfiable(Exception):
    """None of the ranges has a byte of the content."""


def ranges(header: str | None, size: int) -> list[tuple[int, int]] | None:
    """(start, end) of each part, without those that lie beyond the end; None = all of it.

    Parts that overlap or meet are joined, in the place of the first. Raises Unsatisfiable.

    >>> ranges("bytes=0-1,4-,1-2", 8)
    [(0, 3), (4, 8)]
    """
    if header is None:
        return None
    unit, equals, rest = header.partition("=")
    specs = [spec.strip(" \t") for spec in rest.split(",") if spec.strip(" \t")]
    if not equals or unit.strip(" \t").lower() != "bytes" or not 0 < len(specs) <= MOST:
        return None
    found = []
    for spec in specs:
        match = _SPEC.fullmatch(spec)
        if match is None or match[0] == "-":
            return None
        if match[1] and match[2] and int(match[1]) > int(match[2]):
            return None
        part = _within(match[1], match[2], size)
        if part is not None:
            found.append(part)
    if not found:
        raise Unsatisfiable
    return _joined(found)


def _within(first: str, last: str, size: int) -> tuple[int, int] | None:
    """The part as (start, end); None if the content has nothing of it."""
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
    return (start, end) if start < end else None


def _joined(parts: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Each part once joined with all it touches, in the order of the first of them."""
    joined: list[tuple[int, int]] = []
    for part in parts:
        (start, end), place = part, len(joined)
        for index in range(len(joined) - 1, -1, -1):
            other = joined[index]
            if start <= other[1] and other[0] <= end:
                start, end, place = min(start, other[0]), max(end, other[1]), index
                del joined[index]
        joined.insert(place, (start, end))
    return joined
