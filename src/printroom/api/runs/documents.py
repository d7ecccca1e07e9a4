"""What the OpenAPI document says of refusals and pages.

codes -> responses of a route
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import AfterValidator

from printroom.api.refusals import refused

Responses = dict[int | str, dict[str, Any]]
MOST = 100
"""Entries of a page."""
After = Annotated[
    str | None,
    Query(
        max_length=4000,
        pattern=r"^[A-Za-z0-9_=+/.-]*$",
        description="`next` of the page before; without it, the first page.",
    ),
]
Most = Annotated[int, Query(ge=1, le=MOST, description="Entries of a page.")]
Id = Annotated[str, Path(max_length=80, pattern=r"^[A-Za-z0-9_-]+$")]


def plain(text: str) -> str:
    """What any database takes as text. Raises ValueError."""
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text):
        raise ValueError("it has control characters, or halves of characters")
    return text


Plain = Annotated[str, AfterValidator(plain)]
"""A text without what no database keeps."""


def refusals(**codes: int) -> Responses:
    """Code -> status, of a route; those of every route are added to the document by itself."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for code, status in codes.items():
        found[status].append(code)
    return {status: refused(status, names) for status, names in sorted(found.items())}


def page(entries: list[dict[str, Any]], most: int, last: str | None) -> dict[str, Any]:
    """A page; `next` is null on the last one."""
    return {"data": entries, "next": last if len(entries) == most else None}
