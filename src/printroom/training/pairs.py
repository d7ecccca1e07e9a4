"""Patches to learn from: (input, target), each float32 (side, side, 3) in 0..1.

picture -> crop with a margin -> degraded, rounded to bytes -> the same random square of both

The margin makes the square fall anywhere on the grid of blocks that a codec leaves, and keeps most
of what happens at borders out of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from printroom.training.augment import crop_pair
from printroom.training.degradations.base import Degradation, Picture
from printroom.training.degradations.compress import EightBits, from_bytes
from printroom.training.sources import Pictures

MARGIN = 16
"""Pixels of the input: all offsets within the largest block of a JPEG, and some of it spare."""
Pair = tuple[Picture, Picture]
MakePair = Callable[[np.random.Generator], Pair]
ROUNDED = EightBits()


def grey(picture: Picture) -> Picture:
    """Luma (ITU-R BT.601), thrice."""
    weights = np.array([0.299, 0.587, 0.114], np.float32)
    return np.repeat((picture @ weights)[..., None], 3, axis=2)


@dataclass(frozen=True)
class Degraded:
    """Makes pairs by degrading `pictures`."""

    pictures: Pictures
    faults: Degradation
    side: int
    """Of the input."""
    scale: int = 1
    """Target over input; the faults shrink the picture by it."""
    greys: float = 0.0
    """Share of pictures without colours, 0..1."""
    grey_faults: Degradation | None = None
    """What happens to those; None = the same."""
    tries: int = 1
    """Of so many crops the one with the most detail is taken: skies teach little."""

    def __call__(self, random: np.random.Generator) -> Pair:
        side = (self.side + MARGIN) * self.scale
        crops = [crop(self.pictures.draw(random), side, random) for _ in range(self.tries)]
        target = from_bytes(max(crops, key=detail) if len(crops) > 1 else crops[0])
        faults = self.faults
        if random.random() < self.greys:
            target, faults = grey(target), self.grey_faults or faults
        source = ROUNDED(faults(target, random), random)
        return crop_pair(source, target, self.side, random)


def detail(picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> float:
    """Mean absolute Laplacian of green."""
    green = np.ascontiguousarray(picture[..., 1])
    return float(np.abs(cv2.Laplacian(green, cv2.CV_16S)).mean())


def crop(
    picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], side: int, random: np.random.Generator
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A random square of `picture` (H, W, 3), or all of a side that is shorter. A view."""
    top, left = (int(random.integers(max(extent - side, 0) + 1)) for extent in picture.shape[:2])
    return picture[top : top + side, left : left + side]


def batch(make: MakePair, count: int, random: np.random.Generator) -> tuple[Tensor, Tensor]:
    """So many pairs as tensors (count, 3, H, W)."""
    sources, targets = zip(*(make(random) for _ in range(count)), strict=True)
    return to_tensor(sources), to_tensor(targets)


def to_tensor(patches: tuple[Picture, ...]) -> Tensor:
    """(H, W, 3) each -> (n, 3, H, W)."""
    return torch.from_numpy(np.stack(patches).transpose(0, 3, 1, 2).copy())
