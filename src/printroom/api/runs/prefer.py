"""The header `Prefer` (RFC 7240), as far as it is about waiting.

"wait=10", 'respond-async, wait="5"', "wait" -> seconds; None = nothing is said, or nothing sensible

A preference that is not understood is passed over, as the RFC wants it.
"""

from __future__ import annotations

import re

LONGEST = 60
"""Seconds that anybody waits."""
USUAL = 60
"""Seconds of a `wait` that says none."""
_WAIT = re.compile(r'\s*wait\s*(?:=\s*"?(\d{1,6})"?)?\s*(?:;.*)?', re.IGNORECASE | re.DOTALL)


def wait_of(header: str | None) -> int | None:
    """Seconds to wait; the first `wait` counts.

    >>> wait_of("respond-async, wait=10"), wait_of("wait"), wait_of("return=minimal")
    (10, 60, None)
    """
    for part in (header or "").split(","):
        if match := _WAIT.fullmatch(part):
            return min(int(match[1]), LONGEST) if match[1] else USUAL
    return None
