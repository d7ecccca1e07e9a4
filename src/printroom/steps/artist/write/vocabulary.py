"""The words a poem may have, how many syllables each has, and which of them a theme means.

"Autumn rains!" -> Vocabulary.theme -> number of a word, or None: none of them is known
numbers -> Vocabulary.text -> "mother's garden"
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from verse import END, LINE

LONGEST = 200
"""Characters of a theme that are read."""
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)*")
_ENDINGS = (
    ("", "s"), ("", "'s"), ("", "es"), ("y", "ies"), ("", "ing"), ("e", "ing"),
    ("", "ed"), ("e", "ed"), ("", "y"), ("", "ly"),
)  # fmt: skip
"""What one word may have where another one of the same meaning has something else."""
SUFFIX = "s"
"""Stands for `'s`: many poems were written down without the apostrophe."""


class Vocabulary:
    """Words by number, the most frequent first."""

    def __init__(
        self,
        words: Sequence[str],
        syllables: NDArray[np.uint8],
        own: NDArray[np.bool_],
        plain: NDArray[np.bool_],
        open_: NDArray[np.bool_],
    ) -> None:
        """`syllables`: 0 for what is never written; `own`: whether `'s` may follow a word; `plain`:
        what is no theme, and may come twice; `open_`: what begins with the sound of a vowel.
        """
        self.words, self.syllables = tuple(words), syllables.astype(np.int64)
        self.own, self.plain = own, plain
        self._after = {"a": ~open_, "an": open_}
        self.numbers = {word: number for number, word in enumerate(self.words) if word}
        self.suffix = self.numbers[SUFFIX]

    def after(self, word: str) -> NDArray[np.bool_] | None:
        """What may follow an article; None = no article it is."""
        return self._after.get(word)

    def theme(self, text: str) -> int | None:
        """The rarest of its words that can be written, or of their kin."""
        asked = _WORD.findall(text[:LONGEST].lower().replace("\u2019", "'"))
        known = [number for word in asked if (number := self._nearest(word)) is not None]
        return max(known, default=None)

    def text(self, poem: Sequence[int]) -> str:
        """As it is read: three lines."""
        lines: list[list[str]] = [[]]
        for number in poem:
            if number == LINE:
                lines.append([])
            elif number == self.suffix:
                lines[-1][-1] += "'s"
            elif number != END:
                lines[-1].append(_shown(self.words[number]))
        return "\n".join(" ".join(line) for line in lines)

    def _nearest(self, word: str) -> int | None:
        """The word itself, else the first of its kin; None for `the`, `of`, and what has none."""
        if (number := self.numbers.get(word)) is not None and self.plain[number]:
            return None
        kin = [word]
        for short, long in _ENDINGS:
            if word.endswith(long):
                kin.append(word[: len(word) - len(long)] + short)
            if word.endswith(short):
                kin.append(word[: len(word) - len(short)] + long)
        numbers = (self.numbers.get(one, 0) for one in kin)
        return next((one for one in numbers if self.syllables[one] and not self.plain[one]), None)


def _shown(word: str) -> str:
    return word.capitalize() if word == "i" or word.startswith("i'") else word
