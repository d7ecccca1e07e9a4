"""How the loss of a flow changes with one person's vector and corrections.

    denoiser, a batch, what was learnt so far -> loss, gradients by name

Backpropagation through `Denoiser.velocity`, written out. The base has no gradients: only what is
handed on to the layer before is computed of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from printroom.runtimes.mini.denoiser import Denoiser, Floats, Linear, Normal, Passed, silu

Learnt = dict[str, Floats]
"""`person`; by layer `0.c.thin` (in, rank) and `0.c.wide` (rank, out)."""


@dataclass(frozen=True)
class Batch:
    """Noise, times, aims and what is said, row by row."""

    z: Floats
    noise: Floats
    t: Floats
    """(n,), 0..1."""
    said: Floats


@dataclass(frozen=True)
class Shared:
    """One person's correction, for all rows."""

    thin: Floats
    wide: Floats

    def add(self, x: Floats, y: Floats) -> None:
        """See `denoiser.Correction`."""
        y += (x @ self.thin) @ self.wide


def loss_of(denoiser: Denoiser, batch: Batch, learnt: Mapping[str, Floats]) -> tuple[float, Learnt]:
    """Mean squared error of the velocities, and its gradient for all that is learnt."""
    corrections = _shared(learnt)
    total = batch.said @ denoiser.words + learnt["person"]
    mixing = denoiser.mix(total)
    condition = total + denoiser.mixed(silu(mixing))
    t = batch.t[:, None]
    noisy = batch.noise + t * (batch.z - batch.noise)
    made, way = denoiser.velocity(noisy, batch.t, condition, corrections)
    error = made - (batch.z - batch.noise)
    found: Learnt = {}
    slope = _normal_back(way.end, back(denoiser.leave, 2 * error / np.float32(error.size)))
    dc = np.zeros_like(way.condition)
    for block in reversed(range(denoiser.blocks)):
        slope, more = _block_back(
            denoiser, block, way.blocks[block], way.condition, slope, corrections, found
        )
        dc += more
    dcondition = dc * silu_slope(way.before)
    inner = back(denoiser.mixed, dcondition) * silu_slope(mixing)
    found["person"] = (dcondition + back(denoiser.mix, inner)).sum(0)
    return float((error**2).mean()), found


def back(layer: Linear, slope: Floats) -> Floats:
    """Through a layer of the base."""
    return slope @ layer.weight.T


def silu_slope(x: Floats) -> Floats:
    """The derivative of x sigmoid(x)."""
    gate = 1 / (1 + np.exp(-x))
    y: Floats = gate * (1 + x * (1 - gate))
    return y


def _shared(learnt: Mapping[str, Floats]) -> dict[str, Shared]:
    names = [name.removesuffix(".thin") for name in learnt if name.endswith(".thin")]
    return {name: Shared(learnt[f"{name}.thin"], learnt[f"{name}.wide"]) for name in names}


def _block_back(
    denoiser: Denoiser,
    block: int,
    passed: Passed,
    c: Floats,
    slope: Floats,
    corrections: Mapping[str, Shared],
    found: Learnt,
) -> tuple[Floats, Floats]:
    """Through a block: what reaches its input, and the condition."""

    def layer(name: str, x: Floats, dy: Floats) -> Floats:
        key = f"{block}.{name}"
        dx = back(denoiser.layers[key], dy)
        if (correction := corrections.get(key)) is not None:
            thin = dy @ correction.wide.T
            found[f"{key}.wide"] = (x @ correction.thin).T @ dy
            found[f"{key}.thin"] = x.T @ thin
            dx += thin @ correction.thin.T
        return dx

    dlit = layer("b", passed.lit, slope * passed.gate)
    dmoved = layer("a", passed.moved, dlit * silu_slope(passed.wide))
    told = [dmoved * passed.normal.value, dmoved, slope * passed.out]
    dc = layer("c", c, np.concatenate(told, 1))
    return slope + _normal_back(passed.normal, dmoved * (1 + passed.scale)), dc


def _normal_back(normal: Normal, slope: Floats) -> Floats:
    along = (slope * normal.value).mean(1, keepdims=True)
    y: Floats = (slope - slope.mean(1, keepdims=True) - normal.value * along) * normal.over
    return y
