"""Graphics cards of this machine, and the MIG slices that they are cut into.

    text of `nvidia-smi -L` -> parse -> cards         what says nothing of cards is passed over
    cards, CUDA_VISIBLE_DEVICES -> visible -> those that this process may use
    cards -> Places                                   what can be taken: whole cards, slices

Without `nvidia-smi`, or where that fails, there are no cards.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

VISIBLE = "CUDA_VISIBLE_DEVICES"
"""The variable by which CUDA is told what a process may see."""
_KEPT = "PRINTROOM_CUDA_VISIBLE_DEVICES"
"""What `VISIBLE` was before this process, or the one that started it, chose a card for itself."""
_PATIENCE = 20.0
"""Seconds that `nvidia-smi` may take; the first call after a start of the machine is slow."""
_CARD = re.compile(r"GPU +(\d{1,4}): (.{1,200}?) \(UUID: (GPU-[A-Za-z0-9-]{1,64})\)\s*")
_SLICE = re.compile(
    r"\s+MIG +(\S{1,40}) +Device +\d+: \(UUID: (MIG-[A-Za-z0-9-]{1,64}(?:/\d{1,4}/\d{1,4})?)\)\s*"
)


@dataclass(frozen=True)
class Slice:
    """A part of a card that acts as one of its own."""

    profile: str
    """As `1g.10gb`."""
    uuid: str
    """As CUDA wants it: `MIG-...`."""


@dataclass(frozen=True)
class Card:
    """A graphics card."""

    index: int
    """As `nvidia-smi` counts."""
    name: str
    uuid: str
    """As CUDA wants it: `GPU-...`."""
    slices: tuple[Slice, ...] = ()
    """Where there are any, the card cannot be used as a whole."""


@dataclass(frozen=True)
class Place:
    """What a process is given, whole or a part of it: a card, or a slice of one."""

    uuid: str
    name: str
    """For people."""
    profile: str = ""
    """Of a slice; empty = it is a card."""


def parse(text: str) -> tuple[Card, ...]:
    r"""What `nvidia-smi -L` says.

    >>> [card] = parse("GPU 0: H100 (UUID: GPU-1a)\n  MIG 1g.10gb Device 0: (UUID: MIG-3c)\n")
    >>> card.uuid, card.slices
    ('GPU-1a', (Slice(profile='1g.10gb', uuid='MIG-3c'),))
    """
    cards: list[Card] = []
    for line in text.splitlines():
        if card := _CARD.fullmatch(line):
            cards.append(Card(int(card[1]), card[2], card[3]))
        elif cards and (part := _SLICE.fullmatch(line)):
            slices = (*cards[-1].slices, Slice(part[1].lower(), part[2]))
            cards[-1] = replace(cards[-1], slices=slices)
    return tuple(cards)


def visible(cards: Sequence[Card], chosen: str | None) -> tuple[Card, ...]:
    """Those that `chosen` leaves, in its order; None = all.

    As CUDA reads it: numbers, or the beginnings of UUIDs, up to the first that means nothing. A
    number stands for all slices of its card, the UUID of a slice for that one.
    """
    if chosen is None:
        return tuple(cards)
    found: dict[str, Card] = {}
    for word in filter(None, map(str.strip, chosen.split(","))):
        meant = _meant(cards, word)
        if meant is None:
            break
        before = found.get(meant.uuid)
        more = () if before is None else before.slices
        slices = dict.fromkeys((*more, *meant.slices))
        found[meant.uuid] = replace(meant, slices=tuple(slices))
    return tuple(found.values())


def _meant(cards: Sequence[Card], word: str) -> Card | None:
    """The card, with the slices of it, that a word of the list means."""
    for card in cards:
        numbered = word.isascii() and word.isdigit() and int(word[:9]) == card.index
        if numbered or (word.startswith("GPU-") and card.uuid.startswith(word)):
            return card
        for one in card.slices:
            if word.startswith("MIG-") and one.uuid.startswith(word):
                return replace(card, slices=(one,))
    return None


def places(cards: Iterable[Card]) -> Iterator[Place]:
    """What can be taken: slices where there are any, else the card."""
    for card in cards:
        if not card.slices:
            yield Place(card.uuid, card.name)
        for one in card.slices:
            yield Place(one.uuid, f"slice {one.profile} of {card.name}", one.profile)


def labels(cards: Iterable[Card]) -> frozenset[str]:
    """What a worker says of its cards: `gpu` for whole ones, `mig-1g.10gb` for such slices.

    >>> cut = Card(1, "", "GPU-2", (Slice("1g.10gb+me", "MIG-3"),))
    >>> sorted(labels([Card(0, "", "GPU-1"), cut]))
    ['gpu', 'mig-1g.10gb-me']
    """
    profiles = {place.profile for place in places(cards)}
    return frozenset(f"mig-{one.replace('+', '-')}" if one else "gpu" for one in profiles)


@cache
def here() -> tuple[Card, ...]:
    """The cards that this process was allowed to use when it began; asked once."""
    return visible(_all(), _allowed(os.environ))


def choose(uuid: str) -> Callable[[], None]:
    """Let CUDA in this process see `uuid` alone, until the result is called.

    Steps go on to be given whatever the process was allowed before that.
    """
    before = {name: os.environ.get(name) for name in (VISIBLE, _KEPT)}
    seen = before[VISIBLE]
    os.environ.setdefault(_KEPT, "all" if seen is None else seen)
    os.environ[VISIBLE] = uuid

    def undo() -> None:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

    return undo


def _allowed(environment: Mapping[str, str]) -> str | None:
    kept = environment.get(_KEPT)
    if kept is None:
        return environment.get(VISIBLE)
    return None if kept == "all" else kept


def _all() -> tuple[Card, ...]:
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    try:
        done = subprocess.run(
            [program, "-L"], capture_output=True, text=True, timeout=_PATIENCE, check=True
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return ()
    return parse(done.stdout)
