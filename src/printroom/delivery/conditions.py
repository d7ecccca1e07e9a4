"""Conditions of a request (RFC 9110, 13), for what has a strong ETag and no date.

    headers, ETag -> GO, UNCHANGED (304) or FAILED (412)
    If-Range, ETag -> whether the ranges count

A client has an old copy by its ETag alone: digests say more than dates, so none is sent, and
conditions on dates are ignored as those of a resource without one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

Verdict = Literal["go", "unchanged", "failed"]
_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')


def verdict(headers: Mapping[str, str], etag: str) -> Verdict:
    """What the conditions of a GET or HEAD lead to; `etag` with its quotes."""
    wanted = headers.get("if-match")
    if wanted is not None and not _named(wanted, etag, strong=True):
        return "failed"
    known = headers.get("if-none-match")
    if known is not None and _named(known, etag, strong=False):
        return "unchanged"
    return "go"


def ranges_count(headers: Mapping[str, str], etag: str) -> bool:
    """Whether `If-Range`, if there is one, names this very content."""
    named = headers.get("if-range")
    return named is None or named.strip(" \t") == etag


def _named(header: str, etag: str, *, strong: bool) -> bool:
    """Whether a list of ETags, or `*`, names `etag`."""
    if header.strip(" \t") == "*":
        return True
    return any(f'"{tag}"' == etag and not (weak and strong) for weak, tag in _TAG.findall(header))
