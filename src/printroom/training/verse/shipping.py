"""What the step `write` needs of a training, in one file of plain arrays.

Poems, weights -> haiku.npz: fp16 weights by name; words; syllables; where 's may follow; digests

Of the poems themselves nothing is kept but 32-bit digests of their lines and of runs of words, by
which the step knows a copy: one of about 10,000 lines of its own looks like one, too.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from printroom.training.verse.poems import MARKS, PLAIN, Lines, Poems
from printroom.training.verse.syllables import Syllables, begins_open

RUN = 6
"""Words in a row that no poem of ours has in common with one that was learnt."""
_LETTERS = ("a", "i", "o")
"""That are words."""
UNFIT = frozenset(
    [
        "haiku",
        "haikus",
        "senryu",
        "reddit",
        "subreddit",
        "twitter",
        "tweet",
        "tweets",
        "facebook",
        "trump",
    ]
)
"""What speaks of where poems were posted, or of the news of those days: never written."""


def ship(poems: Poems, weights: Mapping[str, Tensor], file: Path) -> None:
    """Write it, whole or not at all."""
    syllables, own = counted(poems.words)
    lines, runs = digests(poems.texts)
    part = file.with_suffix(".part")
    with part.open("wb") as opened:
        np.savez(
            opened,
            words=np.frombuffer("\n".join(poems.words).encode(), np.uint8),
            syllables=syllables,
            own=own,
            open=np.array([begins_open(word) for word in poems.words]),
            plain=np.array([word in PLAIN for word in poems.words]),
            lines=lines,
            runs=runs,
            **{
                name: one.detach().cpu().numpy().astype(np.float16) for name, one in weights.items()
            },
        )
        opened.flush()
        os.fsync(opened.fileno())
    part.replace(file)


def counted(words: Sequence[str]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Syllables of each word, 0 for what is never written; and whether `'s` adds none to it."""
    known = Syllables()
    count, own = np.zeros(len(words), np.uint8), np.zeros(len(words), bool)
    for number, word in enumerate(words[len(MARKS) :], len(MARKS)):
        if word and word not in UNFIT and (len(word) > 1 or word in _LETTERS):
            count[number] = known.certain(word) or 0
            own[number] = bool(count[number]) and known.certain(f"{word}'s") == count[number]
    return count, own


def digests(poems: Iterable[Lines]) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Of all lines, and of all runs of `RUN` words over the ends of lines; sorted."""
    lines, runs = set[int](), set[int]()
    for poem in poems:
        said = list[str]()
        for line in poem:
            words = list(_plain(line))
            lines.add(digest(words))
            said += words
        runs |= {digest(said[at : at + RUN]) for at in range(len(said) - RUN + 1)}
    return (np.array(sorted(lines), np.uint32), np.array(sorted(runs), np.uint32))


def digest(words: Sequence[str]) -> int:
    """32 bits; as the step computes it."""
    return int.from_bytes(hashlib.blake2b(" ".join(words).encode(), digest_size=4).digest(), "big")


def _plain(line: Iterable[str]) -> Iterator[str]:
    """With each `'s` as a word of its own: half of the poems lost the apostrophe."""
    return (part for word in line for part in word.replace("'s", " s").split())
