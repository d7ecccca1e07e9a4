"""Pairs for upscalers, made where the net learns: (small, large), float32 in 0..1.

pictures -> tiles on the device -> crops, turned -> MATLAB's bicubic, rounded to bytes

Pairs that processors make one by one keep a GPU waiting; shrinking is two convolutions, which it
does beside the learning. What `pairs.Degraded` draws is drawn here too: pictures by their chances,
of some crops the one with the most detail, and any place and turn.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from printroom.core.errors import BadOption
from printroom.training.degradations.resize import axis_matrix
from printroom.training.pairs import MARGIN, detail
from printroom.training.sources import Pictures

Array = NDArray[Any]
SUPPORT = 4
"""Pixels of the small picture that the bicubic kernel is wide."""


@dataclass(frozen=True)
class Shrunk:
    """Makes batches out of tiles."""

    tiles: Tensor
    """(n, t, t, 3) uint8, t = scale (side + MARGIN)."""
    chances: Tensor
    """(n,) how often each is drawn, up to a factor."""
    details: Tensor
    """(n,) of each, as `pairs.detail` measures it."""
    kernel: Tensor
    """(SUPPORT scale,) what shrinks."""
    side: int
    """Of the input."""
    scale: int
    """Even."""
    tries: int = 1
    """Of so many tiles the one with the most detail is taken."""

    @classmethod
    def of(cls, pictures: Pictures, side: int, scale: int, tries: int = 1) -> Shrunk:
        """Tiles of `pictures`, each at least one tile large, whose chances are as they say.

        Raises BadOption for an odd scale, whose kernels lie otherwise.
        """
        if scale % 2:
            raise BadOption(f"no pairs are made for scale {scale}", "take 2 or 4")
        some: list[Array] = []
        chances: list[float] = []
        for picture, chance in pictures.chances():
            found = list(tiles_of(picture, scale * (side + MARGIN)))
            some += found
            chances += [chance / len(found)] * len(found)
        return cls(
            torch.from_numpy(np.stack(some)),
            torch.tensor(chances),
            torch.tensor([detail(tile) for tile in some]),
            kernel_of(scale),
            *(side, scale, tries),
        )

    def to(self, device: torch.device) -> Shrunk:
        """The same, kept there."""
        names = ("tiles", "chances", "details", "kernel")
        return replace(self, **{name: getattr(self, name).to(device) for name in names})

    def batch(self, count: int, random: np.random.Generator) -> tuple[Tensor, Tensor]:
        """So many pairs, (count, 3, h, w) and (count, 3, s h, s w), on the device of the tiles."""
        device, seen = self.tiles.device, self.scale * (self.side + SUPPORT - 1)
        chance = torch.Generator(device).manual_seed(int(random.integers(2**63)))
        tried = torch.multinomial(self.chances, count * self.tries, True, generator=chance)
        tried = tried.view(count, self.tries)
        taken = tried.gather(1, self.details[tried].argmax(1, keepdim=True))
        spare = self.tiles.shape[1] - seen + 1
        start = torch.randint(spare, (2, count, 1), device=device, generator=chance)
        mirrored = torch.randint(2, (2, count, 1), device=device, generator=chance).bool()
        along = torch.arange(seen, device=device)
        rows, columns = start + torch.where(mirrored, seen - 1 - along, along)
        crops = self.tiles[taken[..., None], rows[..., None], columns[:, None]]
        half = count // 2  # turned; which pictures are in it is chance
        crops = torch.cat([crops[:half].transpose(1, 2), crops[half:]])
        large = crops.permute(0, 3, 1, 2).float()
        beside = self.scale * (SUPPORT - 1) // 2
        inner = slice(beside, seen - beside)
        small = shrunk(large, self.kernel).round_().clamp_(0, 255)
        return small / 255, large[..., inner, inner] / 255


def kernel_of(scale: int) -> Tensor:
    """(SUPPORT scale,): MATLAB's bicubic, for an even `scale`."""
    taps = SUPPORT * scale
    row = axis_matrix(3 * taps, 3 * SUPPORT, 1 / scale)[SUPPORT + SUPPORT // 2]
    first = int(np.flatnonzero(row)[0])
    return torch.from_numpy(row[first : first + taps])


def shrunk(pictures: Tensor, kernel: Tensor) -> Tensor:
    """(n, 3, H, W) -> (n, 3, H / s - 3, W / s - 3): shrunk where no border is seen."""
    scale = len(kernel) // SUPPORT
    value = pictures.flatten(0, 1)[:, None]
    value = F.conv2d(value, kernel.view(1, 1, -1, 1), stride=(scale, 1))
    value = F.conv2d(value, kernel.view(1, 1, 1, -1), stride=(1, scale))
    return value.view(*pictures.shape[:2], *value.shape[-2:])


def tiles_of(picture: Array, side: int) -> Iterator[Array]:
    """As few squares as cover `picture` (H, W, 3), spread evenly. Views."""
    tops, lefts = (
        np.linspace(0, extent - side, math.ceil(extent / side)).astype(int)
        for extent in picture.shape[:2]
    )
    for top in tops:
        for left in lefts:
            yield picture[top : top + side, left : left + side]
