"""How far a picture is from a painting's texture, as `stylise` measures it, for learning.

    Features, painting -> Target;  Target.loss(pictures, contents) -> a number

The same statistics as in the step's own `texture`: correlations of features, of the neighbourhoods
of pixels at four sizes, and the content of one layer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from printroom.training.brush.features import SLOPE

CONTENT, LEVELS, FLOOR = 3, 4, 0.3
"""As in `texture`."""


class Frozen:
    """The features of the brush, with the normalisation in their kernels."""

    def __init__(self, parts: Mapping[str, NDArray[Any]]) -> None:
        count = sum(name.startswith("kernel") for name in parts)
        self.layers = [
            tuple(torch.from_numpy(parts[f"{part}{n}"]).float() for part in ("kernel", "bias"))
            for n in range(count)
        ]

    def __call__(self, x: Tensor) -> list[Tensor]:
        maps: list[Tensor] = []
        for kernel, bias in self.layers:
            x = F.avg_pool2d(x, 2) if maps else x
            framed = F.pad(x, (1, 1, 1, 1), mode="replicate")
            x = F.leaky_relu(F.conv2d(framed, kernel, bias), SLOPE)
            maps.append(x)
        return maps


class Target:
    """What pictures are brought to."""

    def __init__(self, features: Frozen, painting: Tensor, content: float, ground: float) -> None:
        """`painting`: (1, 3, h, w); weights of content and of neighbourhoods."""
        self.features, self.weight, self.ground_weight = features, content, ground
        with torch.no_grad():
            maps = features(painting)
            self.scales = [scale(m) for m in maps]
            self.grams = [gram(m / s) for m, s in zip(maps, self.scales, strict=True)]
            self.ground = grounds(painting)

    def loss(self, pictures: Tensor, contents: Tensor) -> Tensor:
        """Of a batch; each picture by itself."""
        maps = self.features(pictures)
        with torch.no_grad():
            kept = normed(self.features(contents)[CONTENT])
        total = self.weight * F.mse_loss(normed(maps[CONTENT]), kept)
        for m, size, wanted in zip(maps, self.scales, self.grams, strict=True):
            total = total + root(gram(m / size) - wanted).mean()
        for now, wanted in zip(grounds(pictures), self.ground, strict=True):
            total = total + self.ground_weight * (root(now - wanted) / root(wanted)).mean()
        rough = (pictures[..., 1:] - pictures[..., :-1]).abs().mean()
        return total + 0.15 * (rough + (pictures[..., 1:, :] - pictures[..., :-1, :]).abs().mean())


def scale(maps: Tensor) -> Tensor:
    """(1, c, 1, 1) deviations of channels; those that hardly answer count for little."""
    deviations = maps.std((2, 3), correction=0, keepdim=True)
    return deviations + FLOOR * deviations.square().mean().sqrt() + 1e-4


def root(off: Tensor) -> Tensor:
    """(n, c, c) -> (n,) root of the mean square."""
    return torch.sqrt(off.square().mean((1, 2)) + 1e-10)


def gram(maps: Tensor) -> Tensor:
    """(n, c, h, w) -> (n, c, c) mean products of channels."""
    flat = maps.flatten(2)
    return flat @ flat.transpose(1, 2) / flat.shape[2]


def grounds(pictures: Tensor) -> list[Tensor]:
    """(n, 27, 27) products of the 3x3 neighbourhoods, at each of `LEVELS` sizes."""
    found = []
    for _ in range(LEVELS):
        framed = F.pad(pictures - 0.5, (1, 1, 1, 1), mode="replicate")
        flat = F.unfold(framed, 3)
        found.append(flat @ flat.transpose(1, 2) / flat.shape[2])
        pictures = F.avg_pool2d(pictures, 2)
    return found


def normed(maps: Tensor) -> Tensor:
    """With mean 0 and deviation 1 in each channel."""
    mean = maps.mean((2, 3), keepdim=True)
    deviation = maps.std((2, 3), correction=0, keepdim=True)
    return (maps - mean) / (deviation + 1e-4)
