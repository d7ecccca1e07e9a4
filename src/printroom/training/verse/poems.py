"""Poems to learn from: read, numbered, kept aside, and put together for a step.

    DATA/*.tsv.gz, a poem a row: number, source, "line / line / line" -> Poems         NotFound
    Poems -> batches -> Batch: words, and what the net is told of them

Which poems are kept aside to judge by is decided by what they say, so that the same ones are kept
aside whatever else is read.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from printroom.core.errors import NotFound
from printroom.training.verse.syllables import Syllables

WORD = re.compile(r"[a-z]+(?:'[a-z]+)*")
PAD, UNKNOWN, BEGIN, LINE, END = range(5)
MARKS = ("<pad>", "<unknown>", "<begin>", "<line>", "<end>")
"""`BEGIN` stands between theme and poem, `LINE` between lines, `PAD` also where no theme is."""
ASIDE = 32
"""One poem of so many is kept aside."""
LONGEST = 40
"""Words and marks of a poem; longer ones are no haiku."""
MOST_LEFT = 12
"""Syllables of a line that are told apart; more count as so many."""
STYLES = {"akira": 2, "ytixu_twitter_haiku.csv": 2, "bfbarry": 3}
"""Of whole sources that were written by rule, or by machine; 1 = of all others, 0 = not told."""
_PLAIN = """
s t d m ll re ve x the a an of in on to into onto upon and or but nor so as if than then for from
with without within by at up down out off over under through across along around about above
after again against before behind below beneath beside between beyond near past toward towards
until till since while during inside outside i i'm i've i'll i'd me my mine myself you your yours
you're you've you'll he his him himself she her hers herself it its it's itself we us our ours
they them their themselves this that these those there here who whom whose what which when where
why how is are was were am be been being isn't aren't wasn't has have had having do does did done
don't doesn't didn't doing can could can't cannot couldn't will would won't wouldn't shall should
may might must let lets let's not no nor none never ever all any some each every both either
neither few many much more most less least one two three only just even also too very still yet
already always almost enough such same other another own else get gets got getting go goes going
gone went come comes came coming make makes made take takes took put puts give gives gave say
says said see sees saw know knows knew want wants need seem seems like something anything nothing
everything someone anyone everyone oh ah yes that's there's he's she's what's they're we're
"""
PLAIN = frozenset(_PLAIN.split())
"""Words that a poem cannot be about."""
Lines = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Poem:
    """One poem as numbers."""

    words: tuple[int, ...]
    """With `LINE` and `END`."""
    left: tuple[int, ...]
    """What is told where each of them is to be foretold: syllables that its line still wants, plus
    1; 0 = not told."""
    style: int
    """Of its source, as in `STYLES`."""


@dataclass(frozen=True)
class Poems:
    """All of them, and what the numbers mean."""

    words: tuple[str, ...]
    """Number -> word, the most frequent first; the first of all are `MARKS`."""
    learnt: Sequence[Poem]
    aside: Sequence[Poem]
    unknown: float
    """Share of words that the vocabulary lacks, among the poems kept aside."""
    texts: Sequence[Lines]
    """All that were read."""


@dataclass(frozen=True)
class Batch:
    """Poems of one step; a row begins with its theme and `BEGIN`."""

    words: Tensor
    """(n, t)"""
    left: Tensor
    """(n, t), beside each word what its line still wants after it."""
    style: Tensor
    """(n,)"""

    def to(self, device: torch.device) -> Batch:
        """The same there."""
        return Batch(self.words.to(device), self.left.to(device), self.style.to(device))


def read(folder: Path, words: int, blocked: Container[str] = ()) -> Poems:
    """The poems of the files in `folder`; `blocked` words are as unknown. Raises NotFound."""
    found: dict[Lines, int] = {}
    for file in sorted(folder.glob("*haiku*.tsv.gz")):
        for source, poem in _rows(file):
            found.setdefault(poem, STYLES.get(source, 1))
    kept = {poem: style for poem, style in found.items() if _aside(poem)}
    rest = {poem: style for poem, style in found.items() if poem not in kept}
    if not kept or not rest:
        raise NotFound(
            f"{len(found)} poems in {folder} are too few: one of {ASIDE} is kept aside",
            "put files *haiku*.tsv.gz with more of them there",
        )
    count = Counter(word for poem in rest for line in poem for word in line)
    frequent = [word for word, _ in count.most_common(words - len(MARKS))]
    known = (*MARKS, *("" if word in blocked else word for word in frequent))
    numbers = {word: number for number, word in enumerate(known) if word}
    syllables, everything = Syllables(), {word for poem in found for line in poem for word in line}
    counts = {word: syllables.guessed(word) for word in everything}
    learnt, aside = (
        [_numbered(poem, style, numbers, counts) for poem, style in some.items()]
        for some in (rest, kept)
    )
    said = [word for poem in aside for word in poem.words]
    return Poems(known, learnt, aside, said.count(UNKNOWN) / len(said), list(found))


def _rows(file: Path) -> Iterator[tuple[str, Lines]]:
    """Source and poem of each row that has three lines."""
    with gzip.open(file, "rt", encoding="utf-8", errors="replace") as rows:
        for row in rows:
            fields = row.replace("\0", "").rstrip("\n").split("\t")
            lines = fields[2].lower().split(" / ") if len(fields) == 3 else []
            poem = tuple(tuple(WORD.findall(line)) for line in lines)
            if len(poem) == 3 and all(poem) and sum(map(len, poem)) < LONGEST - 3:
                yield fields[1], poem


def _aside(poem: Lines) -> bool:
    said = " ".join(word for line in poem for word in line)
    return hashlib.sha256(said.encode()).digest()[0] % ASIDE == 0


def _numbered(poem: Lines, style: int, numbers: dict[str, int], counts: dict[str, int]) -> Poem:
    words, left = list[int](), list[int]()
    for line in poem:
        wanted = sum(counts[word] for word in line)
        for word in line:
            words.append(numbers.get(word, UNKNOWN))
            left.append(min(wanted, MOST_LEFT) + 1)
            wanted -= counts[word]
        words.append(LINE)
        left.append(1)
    return Poem((*words[:-1], END), tuple(left), style)


def batches(poems: Poems, size: int, seed: int, *, themed: float, told: float) -> Iterator[Batch]:
    """The poems of one epoch, alike in length within a batch.

    `themed`, `told`: shares of poems of which a theme, and lengths of lines or a style, are told.
    """
    chance = torch.Generator().manual_seed(seed)
    many = len(poems.learnt)
    order = torch.randperm(many, generator=chance).tolist()
    plain = {number for number, word in enumerate(poems.words) if word in PLAIN}
    plain |= set(range(len(MARKS)))
    lots = torch.rand(many, 3, generator=chance).tolist()
    places = sorted(order, key=lambda at: len(poems.learnt[at].words))
    cuts = range(0, many, size)
    for cut in torch.randperm(len(cuts), generator=chance).tolist():
        chosen = places[cuts[cut] : cuts[cut] + size]
        yield batch(
            [poems.learnt[at] for at in chosen],
            [_theme(poems.learnt[at], plain, lots[at][0] / themed) for at in chosen],
            [lots[at][1] < told for at in chosen],
            [lots[at][2] < told for at in chosen],
        )


def batch(
    poems: Sequence[Poem],
    themes: Sequence[int],
    lengths: Sequence[bool],
    styles: Sequence[bool],
) -> Batch:
    """`themes`: `PAD` = none; `lengths`, `styles`: whether they are told."""
    longest = max(len(poem.words) for poem in poems)
    words, left = list[list[int]](), list[list[int]]()
    for poem, theme, told in zip(poems, themes, lengths, strict=True):
        more = [PAD] * (longest - len(poem.words))
        words.append([theme, BEGIN, *poem.words, *more])
        left.append([0, *(poem.left if told else [0] * len(poem.left)), 0, *more])
    style = [poem.style if told else 0 for poem, told in zip(poems, styles, strict=True)]
    return Batch(torch.tensor(words), torch.tensor(left), torch.tensor(style))


def _theme(poem: Poem, plain: Container[int], lot: float) -> int:
    """One of its words that is not `plain`; `PAD` if there is none, or for a lot of 1 or more."""
    found = [word for word in poem.words if word not in plain]
    return found[int(lot * len(found))] if found and lot < 1 else PAD
