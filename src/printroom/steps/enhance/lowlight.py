"""The step `lowlight`: one curve for a whole picture, found by looking at a thumbnail.

thumbnail -> network -> Curve -> each value by itself, so tiles of any size give the same bits

The curve is x + b x (1 - x), bent so a few times, each time by another b (Guo et al. 2020,
"Zero-DCE", where each pixel has its own). It rises everywhere, keeps black and white where they
are, and has no corners, so that nothing bands, clips or leaves its place in the order of tones.
All three channels share it, as they share an exposure: greys stay grey.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from printroom.core.session import Session
from printroom.pipelines.ports import ForTask, Range
from printroom.pipelines.step import Planes, Preview, StepContext, TileStep
from printroom.steps.networks import network
from printroom.steps.thumbnails import square

SIDE = 48
"""Of the thumbnail that the network is shown."""
LEVELS = 257
"""Grey levels that a curve is measured at."""
SMALL, PLAIN = 0.05, 0.1
"""A curve that changes no level by more than SMALL is not applied at all, one that changes some
level by PLAIN is applied in full: well-lit pictures pass as they are, whatever the network mumbles.
"""
BRIGHT = 0.65
"""Where the bright parts of a picture may come to unasked: 19 of 20 photographs have theirs there,
or above. With such parts a dark one is meant so, or has more contrast than one curve can serve."""
BRIGHTEST = 95
"""Percentile of the pixels' highest channels that stands for the bright parts."""
STEEPEST = 12.0
"""How many times a level next to black may rise unasked; beyond, one sees noise and rounding."""


@dataclass(frozen=True)
class Curve:
    """A way to brighten, or to darken."""

    bends: tuple[float, ...]
    """Each within -1..1; above 0 brightens."""
    amount: float = 1.0
    """0..1: how far from the picture (0) to what the bends make of it (1)."""

    def change(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """What is to be added to `values`; to those outside 0..1 what 0 and 1 get: nothing."""
        inside = np.clip(values, 0, 1)
        bent, term = inside.copy(), np.empty_like(inside)
        for bend in self.bends:
            np.multiply(bent, -bend, out=term)
            term += 1 + bend
            bent *= term
        bent -= inside
        bent *= self.amount
        return bent


def look(session: Session, thumbnail: Planes) -> Curve:
    """The curve that the network proposes for a picture with this `thumbnail` (1, 3, h, w).

    It answers (1, 3, bends, 1), the same for each channel; if not, their mean is taken.
    """
    bends = session.run(square(thumbnail, SIDE)).mean(axis=1).ravel()
    return Curve(tuple(float(bend) for bend in np.clip(bends, -1, 1)))


def settled(curve: Curve, strength: float = 1.0) -> Curve | None:
    """The curve to apply: times `strength`, and None where it would hardly be seen."""
    levels = np.linspace(0, 1, LEVELS, dtype=np.float32)
    largest = float(np.abs(curve.change(levels)).max())
    share = min(max((largest - SMALL) / (PLAIN - SMALL), 0.0), 1.0)
    amount = strength * share * share * (3 - 2 * share)  # a change of heart without a jump
    return Curve(curve.bends, amount) if amount > 0 else None


def brightness(thumbnail: Planes) -> float:
    """0..1, of the bright parts of (1, 3, h, w): a strong colour counts as bright, as it clips."""
    return float(np.percentile(thumbnail[0].max(axis=0), BRIGHTEST))


def low_key(bright: float) -> bool:
    """Whether a picture whose bright parts are so `bright` is dark because it is meant to be.

    A face half in shadow is dark in the same share of its pixels as one that was exposed too
    little, but what light there is on it is bright.
    """
    return bright >= BRIGHT


def gentle(curve: Curve, bright: float) -> Curve | None:
    """`curve`, as far as it keeps bright parts within BRIGHT and noise out of sight; None = not."""
    if low_key(bright):
        return None
    change = float(curve.change(np.array([bright], np.float32))[0])
    slope = float(np.prod(1 + np.array(curve.bends)))
    amount = curve.amount
    if bright + change > BRIGHT:
        amount *= (BRIGHT - bright) / change
    if amount * (slope - 1) > STEEPEST - 1:
        amount = (STEEPEST - 1) / (slope - 1)
    return Curve(curve.bends, amount)


class LowLight(TileStep):
    """Brightens a dark picture with one smooth curve; leaves a well-lit one alone."""

    name = "lowlight"
    strength: Annotated[float, Range(0, 1)] = 1.0
    """0 = as it is, 1 = as bright as the network finds right."""
    gentle: bool = False
    """Whether to stop where bright parts would burn out, or noise would show, as when nobody asked
    for it; a picture with bright parts then passes as it is."""
    net: Annotated[str | None, ForTask("lowlight")] = None
    """Id of the network; None = the default one for the task."""

    def prepare(self, context: StepContext, preview: Preview) -> Curve | None:
        """The curve for this picture; None = it passes as it is. Raises NotFound without a net."""
        session = context.session(self.net or network(context, "lowlight"))
        curve = settled(look(session, preview.thumbnail), self.strength)
        if curve is not None and self.gentle:
            return gentle(curve, brightness(preview.thumbnail))
        return curve

    def apply(self, tile: Planes, parameters: Curve | None) -> Planes:
        """Bend each value by itself; what lies outside 0..1 is shifted along, not cut off."""
        if parameters is not None:
            for item, channel in np.ndindex(tile.shape[:2]):  # each fits the processor's cache
                tile[item, channel] += parameters.change(tile[item, channel])
        return tile
