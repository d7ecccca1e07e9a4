"""A walk in numpy, over planes (c, h, w): slow, for small pictures."""

from __future__ import annotations

import numpy as np

from printroom.runtimes.onnx.ours.coordinates import changes
from printroom.runtimes.onnx.ours.network import SLOPE, Array, Network, Weights


def computed(network: Network, weights: Weights, picture: Array) -> Array:
    """(3, h, w) -> (3, s h, s w), in the coordinates that were learnt."""
    return network.walk(Planes(network, weights), picture)


class Planes:
    """`Operations` on planes."""

    def __init__(self, network: Network, weights: Weights) -> None:
        self.convolutions, self.ends = network.convolutions, network.ends or ("", "")
        self.kernels = network.kernels(weights)
        self.seen, self.shown = changes()

    def convolved(self, name: str, value: Array) -> Array:
        one, (kernel, bias) = self.convolutions[name], self.kernels[name]
        if name == self.ends[0]:
            value = np.einsum("si,ihw->shw", self.seen, value)
        padded = np.pad(value, [(0, 0), *[(one.reach, one.reach)] * 2])
        windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape[2:], axis=(1, 2))
        windows = windows[:, :: one.stride, :: one.stride]
        found: Array = np.einsum("oikl,ihwkl->ohw", kernel, windows, optimize=True)
        found = found + bias[:, None, None]
        return np.einsum("os,shw->ohw", self.shown, found) if name == self.ends[1] else found

    def active(self, value: Array) -> Array:
        return np.where(value > 0, value, np.float32(SLOPE) * value)

    def smaller(self, value: Array, scale: int) -> Array:
        channels, height, width = value.shape
        parts = value.reshape(channels, height // scale, scale, width // scale, scale)
        return parts.transpose(2, 4, 0, 1, 3).reshape(-1, height // scale, width // scale)

    def larger(self, value: Array, scale: int) -> Array:
        _, height, width = value.shape
        parts = value.reshape(-1, scale, scale, height, width).transpose(0, 3, 1, 4, 2)
        return parts.reshape(-1, height * scale, width * scale)

    def sum(self, one: Array, other: Array) -> Array:
        return one + other
