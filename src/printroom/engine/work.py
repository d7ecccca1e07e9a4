"""The unit of scheduling: one tile's worth of work, which knows how to fetch and to put away.

A worker calls `load`, runs the session on what it gave, and calls `store` with the result, all in
the worker's thread: that is where pixels become floats and floats pixels. What these raise fails
the run that the work belongs to, and no other; MemoryError halves the work.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from printroom.core.session import Session

Planes = NDArray[np.float32]
"""(N, channels, height, width), what sessions take and give."""


class Work(Protocol):
    """One tile. Works of one session and one shape may share a batch."""

    @property
    def session(self) -> Session:
        """The model that runs it."""

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Shape of what `load` gives: (k, channels, height, width)."""

    @property
    def cost(self) -> float:
        """What it takes of its run's share: input pixels. Above 0."""

    def load(self) -> Planes:
        """The input, float32, of the promised shape."""

    def store(self, result: Planes) -> None:
        """Put away the session's result, (k, ...). Called again with the same result if retried."""

    def halve(self) -> Sequence[Work]:
        """Smaller works that together do the same; empty when it is as small as it gets."""
