"""Whether words were taken over from the poems that were learnt: told by their digests alone.

words -> Copies.line, Copies.run -> True for every line, and every run of `RUN` words, that was
learnt; also for one of about 10,000 that were not
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

RUN = 6
"""Words in a row, over the ends of lines, that no poem has in common with one that was learnt."""


def digest(words: Sequence[str]) -> int:
    """32 bits."""
    return int.from_bytes(hashlib.blake2b(" ".join(words).encode(), digest_size=4).digest(), "big")


class Copies:
    """The digests of all lines, and of all runs of words."""

    def __init__(self, lines: NDArray[np.uint32], runs: NDArray[np.uint32]) -> None:
        """Both sorted."""
        self._lines, self._runs = lines, runs

    def line(self, words: Sequence[str]) -> bool:
        """Whether a line was learnt."""
        return _has(self._lines, digest(words))

    def run(self, words: Sequence[str]) -> bool:
        """Whether the last `RUN` of the words were learnt; fewer never are."""
        return len(words) >= RUN and _has(self._runs, digest(words[-RUN:]))


def _has(digests: NDArray[np.uint32], one: int) -> bool:
    at = int(np.searchsorted(digests, np.uint32(one)))
    return at < len(digests) and int(digests[at]) == one
