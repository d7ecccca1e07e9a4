"""The features of the brush: a small net that knows textures apart by their statistics.

    pictures -> patches, recoloured -> five layers -> means and deviations of each -> which picture?

What tells one picture from another in a patch of it, whatever its colours, is its texture. The net
has to say it from the mean and the deviation of each of its channels, layer by layer, so that these
statistics come to describe textures: it is by such statistics that a brush is transferred later.

    Features.folded -> {"kernel0": (16, 3, 3, 3), "bias0": (16,), ...}   float32
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

Array = NDArray[Any]
CHANNELS = (3, 16, 32, 64, 96, 128)
"""Into the first layer, and out of each; between two layers the picture is halved."""
SLOPE = 0.1
"""Of the leaky ReLU below zero."""
PATCH = 64
"""Pixels of a side that are looked at."""


class Features(nn.Module):  # type: ignore[misc]
    """(n, 3, h, w) in 0..1 -> the maps of each layer."""

    def __init__(self) -> None:
        super().__init__()
        pairs = list(pairwise(CHANNELS))
        self.convolutions = nn.ModuleList([nn.Conv2d(a, b, 3, bias=False) for a, b in pairs])
        self.norms = nn.ModuleList([nn.BatchNorm2d(b) for _, b in pairs])

    def forward(self, x: Tensor) -> list[Tensor]:
        maps: list[Tensor] = []
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            if maps:
                x = F.avg_pool2d(x, 2)
            x = F.leaky_relu(norm(convolution(F.pad(x, (1, 1, 1, 1), mode="replicate"))), SLOPE)
            maps.append(x)
        return maps

    def folded(self) -> dict[str, Array]:
        """Kernels and biases with the normalisation in them."""
        parts: dict[str, Array] = {}
        layers = zip(self.convolutions, self.norms, strict=True)
        with torch.no_grad():
            for place, (convolution, norm) in enumerate(layers):
                gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
                kernel = convolution.weight * gain[:, None, None, None]
                parts[f"kernel{place}"] = kernel.cpu().numpy()
                parts[f"bias{place}"] = (norm.bias - norm.running_mean * gain).cpu().numpy()
        return parts


class Telling(nn.Module):  # type: ignore[misc]
    """Features, and which of so many pictures their statistics are of."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.features = Features()
        self.drop = nn.Dropout(0.3)
        self.told = nn.Linear(2 * sum(CHANNELS[1:]), classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.told(self.drop(torch.cat([statistics(m) for m in self.features(x)], 1)))


def statistics(maps: Tensor) -> Tensor:
    """(n, c, h, w) -> (n, 2 c): means and deviations."""
    flat = maps.flatten(2)
    return torch.cat([flat.mean(2), torch.sqrt(flat.var(2) + 1e-4)], 1)


def patch(picture: Array, random: np.random.Generator) -> Array:
    """A patch of a picture, seen from a distance and recoloured: (3, PATCH, PATCH) in 0..1."""
    side = min(int(PATCH * random.uniform(1, 1.8)), *picture.shape[:2])
    top, left = (int(random.integers(length - side + 1)) for length in picture.shape[:2])
    part = picture[top : top + side, left : left + side]
    part = cv2.resize(part, (PATCH, PATCH), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    if random.random() < 0.5:
        part = part[:, ::-1]
    part = (part - part.mean()) * random.uniform(0.7, 1.3) + random.uniform(0.3, 0.7)
    mixing = np.eye(3) + random.normal(0, 0.12, (3, 3))
    recoloured = part @ mixing.astype(np.float32)
    return np.asarray(np.clip(recoloured, 0, 1).transpose(2, 0, 1))


def batch(
    pictures: Sequence[Array], count: int, random: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Patches, and the numbers of their pictures."""
    numbers = random.integers(len(pictures), size=count)
    patches = np.stack([patch(pictures[number], random) for number in numbers])
    return torch.from_numpy(patches.astype(np.float32)), torch.from_numpy(numbers)
