"""The denoiser in numpy: a flow from noise to latents, with everybody's corrections row by row.

    noisy latents, time, conditions, corrections -> velocities, and what the way back needs

A correction is a product of two thin matrices beside a layer (LoRA). Rows without one are computed
by the base alone, whoever shares the pass.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]
"""float32."""
TIMES = 32
"""Frequencies that tell the time."""
WAVES = (40 * np.exp(-np.arange(TIMES) / TIMES * math.log(1e3))).astype(np.float32)
EPSILON = np.float32(1e-5)
LAYERS = ("c", "a", "b")
"""Of a block: what the condition says, into the wide, and back."""


class Correction(Protocol):
    """What is added to a layer's result."""

    def add(self, x: Floats, y: Floats) -> None:
        """Add to `y` what is made of `x`."""
        ...


@dataclass(frozen=True)
class PerRow:
    """Different people's corrections in one pass."""

    rows: NDArray[np.int64]
    """Rows that have one."""
    thin: Floats
    """(rows, in, rank)."""
    wide: Floats
    """(rows, rank, out)."""

    def add(self, x: Floats, y: Floats) -> None:
        """See Correction."""
        y[self.rows] += ((x[self.rows, None] @ self.thin) @ self.wide)[:, 0]


Corrections = Mapping[str, Correction]
"""By layer: `0.c`."""


@dataclass(frozen=True)
class Linear:
    """A layer of the base."""

    weight: Floats
    """(in, out)."""
    bias: Floats

    def __call__(self, x: Floats, correction: Correction | None = None) -> Floats:
        """(n, in) -> (n, out)."""
        y = x @ self.weight + self.bias
        if correction is not None:
            correction.add(x, y)
        return y


@dataclass(frozen=True)
class Normal:
    """Rows of mean 0 and variance 1, and what they were divided by."""

    value: Floats
    over: Floats


@dataclass(frozen=True)
class Passed:
    """What a block's way back needs."""

    normal: Normal
    scale: Floats
    gate: Floats
    moved: Floats
    wide: Floats
    lit: Floats
    out: Floats


@dataclass(frozen=True)
class Way:
    """What the whole way back needs."""

    before: Floats
    """The condition and the time before their nonlinearity."""
    condition: Floats
    blocks: list[Passed]
    end: Normal


class Denoiser:
    """Made of the arrays `denoiser.*`."""

    def __init__(self, arrays: Mapping[str, Floats]) -> None:
        def linear(name: str) -> Linear:
            weight = np.ascontiguousarray(arrays[f"denoiser.{name}.weight"].T)
            return Linear(weight, arrays[f"denoiser.{name}.bias"])

        blocks = sum(
            key.startswith("denoiser.blocks.") and key.endswith("c.bias") for key in arrays
        )
        self.words = arrays["denoiser.words"]
        self.person, self.mix, self.mixed = linear("person"), linear("mix"), linear("mixed")
        self.time, self.timed = linear("time"), linear("timed")
        self.enter, self.leave = linear("enter"), linear("leave")
        self.layers = {
            f"{block}.{layer}": linear(f"blocks.{block}.{layer}")
            for block in range(blocks)
            for layer in LAYERS
        }
        self.blocks = blocks
        self.latents = len(self.leave.bias)

    def condition(self, said: Floats, person: Floats) -> Floats:
        """`said`: (n, features and styles); `person`: (n, condition), 0 = nobody's."""
        total = said @ self.words + person
        return total + self.mixed(silu(self.mix(total)))

    def velocity(
        self, z: Floats, t: Floats, condition: Floats, corrections: Corrections
    ) -> tuple[Floats, Way]:
        """(n, latents), (n,) in 0..1, (n, condition) -> (n, latents)."""
        angles = t[:, None] * WAVES
        waves = np.concatenate([np.sin(angles), np.cos(angles)], 1)
        before = condition + self.timed(silu(self.time(waves)))
        c = silu(before)
        h = self.enter(z)
        passed = []
        for block in range(self.blocks):
            h, kept = self._block(block, h, c, corrections)
            passed.append(kept)
        end = normalised(h)
        return self.leave(end.value), Way(before, c, passed, end)

    def _block(
        self, block: int, h: Floats, c: Floats, corrections: Corrections
    ) -> tuple[Floats, Passed]:
        def layer(name: str, x: Floats) -> Floats:
            return self.layers[f"{block}.{name}"](x, corrections.get(f"{block}.{name}"))

        scale, shift, gate = np.split(layer("c", c), 3, axis=1)
        normal = normalised(h)
        moved = normal.value * (1 + scale) + shift
        wide = layer("a", moved)
        lit = silu(wide)
        out = layer("b", lit)
        return h + gate * out, Passed(normal, scale, gate, moved, wide, lit, out)


def silu(x: Floats) -> Floats:
    """The product of x and its sigmoid."""
    y: Floats = x / (1 + np.exp(-x))
    return y


def normalised(h: Floats) -> Normal:
    """Each row by itself."""
    centred = h - h.mean(1, keepdims=True)
    over: Floats = 1 / np.sqrt((centred**2).mean(1, keepdims=True) + EPSILON)
    return Normal(centred * over, over)
