"""How many tiles to run at once: learned from what they cost, per session and size of tile.

    size(session, shape) -> how many would be best
    learn(session, shape, count, seconds) -> knows more

Starts at one. Now and then it asks for twice or half the best size known; a size that the queue
then really offers is timed, and the cheapest per pixel wins. Where batching loses, as on CPUs, the
trials grow rare (each failed one doubles the wait), so it settles on one and stays there; where it
wins, it climbs. Tiles of like size (to a power of two of pixels) share what is learned: edge tiles
and small pictures come in any size, and each would have to learn anew. Not thread-safe.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, prod
from weakref import WeakKeyDictionary

from printroom.core.session import Session

LARGEST = 32
"""Tiles in a batch, at most."""
BATCH_PIXELS = 128 * 128
"""Input pixels in a batch, at most, on a CPU: larger tiles gain nothing there, and what a batch
takes of the memory must stay small beside what plans count on for single tiles."""
TRIALS = 3
"""Timings of a size before it is judged; the first, which warms the allocator, is not counted."""
GAIN = 0.97
"""A larger batch must cost less than this share of the smaller's, since it makes others wait."""
PATIENCE = 16, 4096
"""Batches between two explorations, at first and at most."""


@dataclass
class _Size:
    """What one batch size was seen to cost."""

    seen: int = 0
    pace: float = 0.0
    """Seconds per pixel, a moving average."""

    def add(self, pace: float) -> None:
        self.seen += 1
        self.pace = pace if self.seen <= 2 else self.pace + 0.2 * (pace - self.pace)


@dataclass
class _Class:
    """Tiles of like size on one session."""

    sizes: dict[int, _Size] = field(default_factory=lambda: {1: _Size()})
    best: int = 1
    trial: int = 0
    """Size being explored; 0 = none."""
    wait: int = PATIENCE[0]
    """Batches until the next exploration."""
    patience: int = PATIENCE[0]

    def learn(self, count: int, pace: float) -> None:
        self.sizes.setdefault(count, _Size()).add(pace)
        if self.trial:
            if self.sizes[self.trial].seen >= TRIALS:
                self._judge()
        else:
            self.wait -= 1
            if self.wait <= 0 and self.sizes[self.best].seen >= TRIALS:
                self._explore()

    def _explore(self) -> None:
        """Try the neighbour seen least; both are tried in turn."""
        near = [size for size in (self.best * 2, self.best // 2) if 1 <= size <= LARGEST]
        self.trial = min(near, key=lambda size: self.sizes.get(size, _Size()).seen)
        self.sizes[self.trial] = _Size()

    def _judge(self) -> None:
        small, large = sorted((self.best, self.trial))
        won = large if self.sizes[large].pace < GAIN * self.sizes[small].pace else small
        moved = won != self.best
        self.best, self.trial = won, 0
        self.patience = PATIENCE[0] if moved else min(self.patience * 2, PATIENCE[1])
        self.wait = self.patience


class Batcher:
    """Learned batch sizes of every session; forgets a session when it is gone."""

    def __init__(self, longest: float = inf, pixels: int = BATCH_PIXELS) -> None:
        self.longest = longest
        """Seconds that a batch should not exceed; a single tile may."""
        self.pixels = pixels
        """Input pixels that a batch should not exceed; a single tile may."""
        self._known: WeakKeyDictionary[Session, dict[int, _Class]] = WeakKeyDictionary()

    def size(self, session: Session, shape: tuple[int, int, int, int]) -> int:
        """How many tiles of this shape to run at once: at least 1."""
        known, pixels = self._class(session, shape), _pixels(shape)
        wanted = min(known.trial or known.best, self.pixels // pixels)
        single = known.sizes[1].pace * pixels
        if wanted * single > self.longest:
            wanted = int(self.longest / single)
        return max(1, wanted)

    def learn(
        self, session: Session, shape: tuple[int, int, int, int], count: int, seconds: float
    ) -> None:
        """A batch of `count` tiles took `seconds` (of CPU on a CPU, of the clock elsewhere)."""
        known = self._class(session, shape)
        known.learn(count, seconds / (count * _pixels(shape)))

    def too_large(self, session: Session, shape: tuple[int, int, int, int]) -> None:
        """A batch did not fit the memory: back to single tiles, and no trials for long."""
        self._known[session][_size_class(shape)] = _Class(wait=PATIENCE[1], patience=PATIENCE[1])

    def pace(self, session: Session) -> float | None:
        """Seconds per input pixel of the largest tiles run one by one; None before the second."""
        classes = self._known.get(session, {}).items()
        seen = [size for size, known in classes if known.sizes[1].seen > 1]
        return self._known[session][max(seen)].sizes[1].pace if seen else None

    def _class(self, session: Session, shape: tuple[int, int, int, int]) -> _Class:
        classes = self._known.get(session)
        if classes is None:
            classes = self._known[session] = {}
        known = classes.get(_size_class(shape))
        if known is None:
            known = classes[_size_class(shape)] = _Class()
        return known


def _pixels(shape: tuple[int, int, int, int]) -> int:
    return shape[0] * shape[2] * shape[3]


def _size_class(shape: tuple[int, int, int, int]) -> int:
    return prod(shape).bit_length()
