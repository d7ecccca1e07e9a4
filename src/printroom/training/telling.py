"""What a training says of itself to whoever started it, beside what it prints for people.

    tell(step=500, of=10_000, loss=.01)  -> a line of JSON       nothing, where nobody listens
    Steps().tell(step, of)               -> the same, now and then

Whoever starts one may listen at a pipe of its own: `LISTENER` names its writing end.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from typing import Any

LISTENER = "PRINTROOM_TRAINING_LISTENER"
"""Number of the file that lines are written to."""
_SELDOM = 0.5
"""Seconds between two lines that tell of nothing but steps."""


def tell(**facts: Any) -> None:
    """Say so: JSON values by name. A listener that is gone is no reason to stop."""
    listener = os.environ.get(LISTENER, "")
    if listener.isdigit():
        with suppress(OSError):
            os.write(int(listener), json.dumps(facts).encode() + b"\n")


class Steps:
    """How far one training is; most calls say nothing, so it may be told of each step."""

    def __init__(self) -> None:
        self._told = 0.0

    def tell(self, step: int, of: int) -> None:
        """It has done `step` of them."""
        now = time.monotonic()
        if now - self._told >= _SELDOM:
            self._told = now
            tell(step=step, of=of)
