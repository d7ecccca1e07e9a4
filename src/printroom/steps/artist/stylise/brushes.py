"""The fast way: a small net that was taught the hands of some of the paintings.

    picture in a painting's colours, its hand -> Brushes.painted -> in its texture

Exact in strips: each strip sees as many rows beyond its ends as the net looks, so the result is
that of the whole picture, and memory stays that of a strip.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from net import convolved, flat, padded, rectified
from numpy.typing import NDArray

Array = NDArray[Any]
FOLD = 4
"""Side of the squares of pixels that the net takes as one."""
SHIFTS = ((0, 0), (1, 2), (2, 1), (3, 3))
"""Rows and columns that the squares begin earlier, in turn; their mean shows no grid of squares."""
STRIP = 1 << 18
"""Pixels that are painted at once, without what is seen beyond."""


@dataclass(frozen=True)
class Brushes:
    """The net, and the names of the paintings it knows."""

    names: tuple[str, ...]
    kernels: tuple[Array, ...]
    """Of each layer (o, 9 c)."""
    bias: Array
    """Of the last layer."""
    gains: Array
    """(names, layers, channels)."""
    offsets: Array

    @classmethod
    def read(cls, path: Path) -> Brushes:
        """From a file that the recipe `brush` wrote."""
        with np.load(path) as file:
            parts = {name: file[name] for name in file.files}
        count = sum(name.startswith("kernel") for name in parts)
        kernels = tuple(flat(parts[f"kernel{place}"].astype(np.float32)) for place in range(count))
        numbers = (parts[name].astype(np.float32) for name in ("bias", "gains", "offsets"))
        return cls(tuple(str(name) for name in parts["names"]), kernels, *numbers)

    @property
    def reach(self) -> int:
        """Rows beyond a strip that the net looks at."""
        return FOLD * (len(self.kernels) + 1)

    def painted(
        self, picture: Array, name: str, told: Callable[[int, int], None] = lambda _done, _all: None
    ) -> Array:
        """(h, w, 3) in 0..1, any size -> the same in the hand of `name`, one of `names`."""
        hand = self.names.index(name)
        height, width = picture.shape[:2]
        result = np.empty(picture.shape, np.float32)
        step = max(FOLD, STRIP // width // FOLD * FOLD)
        for top in range(0, height, step):
            first, last = max(0, top - self.reach), min(height, top + step + self.reach)
            strip = self._whole(picture[first:last], hand)
            result[top : top + step] = strip[top - first : top - first + step]
            told(min(top + step, height), height)
        return result

    def _whole(self, picture: Array, hand: int) -> Array:
        """A strip at once."""
        total = sum(self._shifted(picture, hand, down, right) for down, right in SHIFTS)
        painted: Array = np.clip(picture + total / np.float32(len(SHIFTS)), 0, 1)
        return painted

    def _shifted(self, picture: Array, hand: int, down: int, right: int) -> Array:
        """What the net adds, with squares that begin earlier; the last pixels are repeated."""
        height, width = picture.shape[:2]
        sides = ((down, -(height + down) % FOLD), (right, -(width + right) % FOLD), (0, 0))
        framed = np.pad(picture, sides, "edge")
        inner = folded(framed.transpose(2, 0, 1) - np.float32(0.5))
        for place, kernel in enumerate(self.kernels[:-1]):
            scaled = kernel * self.gains[hand, place][:, None]
            seen = rectified(convolved(padded(inner), scaled, self.offsets[hand, place]))
            inner = seen + inner if place else seen
        told = unfolded(convolved(padded(inner), self.kernels[-1], self.bias)).transpose(1, 2, 0)
        return told[down : down + height, right : right + width]


def folded(picture: Array) -> Array:
    """(3, h, w) -> (48, h / 4, w / 4): the pixels of each square as channels, by colours."""
    count, height, width = picture.shape
    squares = picture.reshape(count, height // FOLD, FOLD, width // FOLD, FOLD)
    return squares.transpose(0, 2, 4, 1, 3).reshape(-1, height // FOLD, width // FOLD)


def unfolded(maps: Array) -> Array:
    """Back again."""
    _, height, width = maps.shape
    squares = maps.reshape(-1, FOLD, FOLD, height, width).transpose(0, 3, 1, 4, 2)
    return squares.reshape(-1, height * FOLD, width * FOLD)
