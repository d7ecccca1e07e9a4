"""Words that are never learnt, so never written: known by their digests alone.

    blocked() -> Blocked;  "word" in Blocked

The list has insults, slurs and the coarsest of the rest, each in all its forms. Whole words are
looked at, never parts of them: `grape` and `Scunthorpe` pass.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

FILE = Path(__file__).parent / "blocked.txt"
"""One digest a line, in hex."""


class Blocked:
    """A set of words, by digest."""

    def __init__(self, digests: Iterable[str]) -> None:
        self._digests = frozenset(digests)

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and digest(word) in self._digests


@lru_cache(maxsize=1)
def blocked() -> Blocked:
    """The list that comes with printroom."""
    return Blocked(FILE.read_text("ascii").split())


def digest(word: str) -> str:
    """As the list has it: 64 bits in hex."""
    return hashlib.blake2b(word.encode(), digest_size=8).hexdigest()
