"""Convolutions in numpy, forward and backward: enough for small nets, without a framework.

    (c, h, w) -> convolved -> (o, h, w)          its edges repeated by one pixel
    Features: (3, h, w) -> maps of each layer; gradients of the maps -> gradient of the picture

One matrix product for each layer, over columns of the nine neighbours of every pixel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
SLOPE = np.float32(0.1)
"""Of the leaky ReLU below zero."""
TAPS = [(row, column) for row in range(3) for column in range(3)]


def padded(maps: Array) -> Array:
    """With one pixel more on each side, as at the edge."""
    return np.pad(maps, ((0, 0), (1, 1), (1, 1)), "edge")


def convolved(framed: Array, kernel: Array, bias: Array) -> Array:
    """3x3 convolution of maps (c, h + 2, w + 2) -> (o, h, w). `kernel`: (o, 9 c), taps first."""
    count, height, width = framed.shape[0], framed.shape[1] - 2, framed.shape[2] - 2
    columns = np.empty((9, count, height, width), np.float32)
    for place, (row, column) in enumerate(TAPS):
        columns[place] = framed[:, row : row + height, column : column + width]
    result: Array = kernel @ columns.reshape(9 * count, -1)
    result += bias[:, None]
    return result.reshape(-1, height, width)


def spread(gradient: Array, kernel: Array) -> Array:
    """The gradient of what was convolved, (c, h, w), from that of the result, (o, h, w)."""
    count = kernel.shape[1] // 9
    height, width = gradient.shape[1:]
    columns = (kernel.T @ gradient.reshape(len(gradient), -1)).reshape(9, count, height, width)
    framed = np.zeros((count, height + 2, width + 2), np.float32)
    for part, (row, column) in zip(columns, TAPS, strict=True):
        framed[:, row : row + height, column : column + width] += part
    framed[:, 1] += framed[:, 0]
    framed[:, -2] += framed[:, -1]
    framed[:, :, 1] += framed[:, :, 0]
    framed[:, :, -2] += framed[:, :, -1]
    return framed[:, 1:-1, 1:-1]


def rectified(maps: Array) -> Array:
    """Leaky ReLU."""
    return np.maximum(maps, SLOPE * maps)


def flat(kernel: Array) -> Array:
    """(o, c, 3, 3) as a matrix (o, 9 c), taps first."""
    return np.ascontiguousarray(kernel.transpose(0, 2, 3, 1).reshape(len(kernel), -1), np.float32)


def halved(maps: Array) -> Array:
    """Means of squares of four pixels; an odd last row or column is left out."""
    count, height, width = maps.shape
    even = maps[:, : height // 2 * 2, : width // 2 * 2]
    means: Array = even.reshape(count, height // 2, 2, width // 2, 2).mean((2, 4))
    return means


def unhalved(gradient: Array, shape: tuple[int, ...]) -> Array:
    """The gradient of what was halved."""
    whole = np.zeros(shape, np.float32)
    rows, columns = 2 * gradient.shape[1], 2 * gradient.shape[2]
    whole[:, :rows, :columns] = np.repeat(np.repeat(gradient / 4, 2, 1), 2, 2)
    return whole


@dataclass(frozen=True)
class Features:
    """Layers of a convolution and a leaky ReLU, halved between two of them."""

    kernels: tuple[Array, ...]
    """Of each layer (o, 9 c)."""
    biases: tuple[Array, ...]

    @classmethod
    def of(cls, weights: Mapping[str, Array]) -> Features:
        """From `kernel0` (o, c, 3, 3), `bias0` (o,), `kernel1` and so on."""
        count = sum(name.startswith("kernel") for name in weights)
        kernels = tuple(flat(weights[f"kernel{place}"]) for place in range(count))
        biases = tuple(np.asarray(weights[f"bias{place}"], np.float32) for place in range(count))
        return cls(kernels, biases)

    @property
    def layers(self) -> int:
        return len(self.kernels)

    def forward(self, picture: Array) -> list[Array]:
        """(3, h, w) in 0..1 -> maps after each layer; as many as fit its size."""
        maps: list[Array] = []
        for kernel, bias in zip(self.kernels, self.biases, strict=True):
            below = halved(maps[-1]) if maps else picture
            if min(below.shape[1:]) < 2 and maps:
                break
            maps.append(rectified(convolved(padded(below), kernel, bias)))
        return maps

    def backward(self, maps: list[Array], gradients: list[Array]) -> Array:
        """(3, h, w): of a loss by the picture, from its gradients by the maps of each layer."""
        below: Array = np.zeros_like(maps[-1])
        for place in range(len(maps) - 1, -1, -1):
            total = gradients[place] + below
            total = np.where(maps[place] > 0, total, SLOPE * total)
            below = spread(total, self.kernels[place])
            if place:
                below = unhalved(below, maps[place - 1].shape)
        return below
