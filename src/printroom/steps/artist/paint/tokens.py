"""A text as the words of a list that stand in it.

text, places of the known words -> places, in the order of the text; ValueError: a text too long

Everything else is left out: words that are not known, digits, signs, other scripts. A word is also
found without the ending of a plural, a possessive or a tense.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

MOST_CHARACTERS = 10_000
MOST_WORDS = 40
"""Known words that count, the first ones."""
WORD = re.compile(r"[a-z]+(?:[-'\u2019][a-z]+)*")
ENDINGS = (
    ("ies", "y"),
    ("es", ""),
    ("s", ""),
    ("ing", ""),
    ("ing", "e"),
    ("ed", ""),
    ("ed", "e"),
    ("ly", ""),
    ("y", ""),
    ("er", ""),
)
"""What a word may end in, and what stands there in the list."""


def tokens_of(text: str, known: Mapping[str, int]) -> list[int]:
    """Places in `known` (word -> place) of the words of a text, at most MOST_WORDS."""
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"the poem has {len(text)} characters: give at most {MOST_CHARACTERS}")
    found: list[int] = []
    for whole in WORD.findall(text.lower().replace("\u2019", "'")):
        for word in [whole] if stem(whole, known) else whole.split("-"):
            base = stem(word, known)
            if base is not None:
                found.append(known[base])
    return found[:MOST_WORDS]


def stem(word: str, known: Mapping[str, int]) -> str | None:
    """The word of `known` that this is a form of."""
    word = word if word in known else word.removesuffix("'s").removesuffix("'")
    if word in known:
        return word
    for ending, instead in ENDINGS:
        short = word.removesuffix(ending)
        if short == word or len(short) < 3:
            continue
        undoubled = short[:-1] if short[-1] == short[-2] else short
        for base in (short + instead, undoubled):
            if base in known:
                return base
    return None
