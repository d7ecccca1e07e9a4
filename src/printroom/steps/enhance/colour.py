"""The step `colour`: white balance for a whole picture, found by looking at a thumbnail.

thumbnail -> network -> colour of the light -> Balance -> each pixel by itself, the same at any size

A gain g of linear light is, in sRGB (IEC 61966-2-1), the line k x + .055 (k - 1) with k = g^(1/2.4)
above the dark end, and g x at it: two lines per channel, without a power per pixel. Where they
meet they are within .4 % of the exact curve. Pixels that are white in all channels stay white:
there the sensor was full, and says nothing about colour.
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

SIDE = 96
"""Of the thumbnail that the network is shown."""
SMALL, PLAIN = 0.03, 0.1
"""Casts, in stops from grey, up to which nothing is done, and from which all is done."""
BELIEVED = 0.8
"""Share of the cast that a network finds. It learnt from few pictures, and on others overshoots."""
LUMA = np.array([0.2126, 0.7152, 0.0722])
"""Share of red, green and blue in the luminance of linear light (Rec. 709)."""
OFFSET, POWER = 0.055, 2.4
"""Of sRGB's encoding."""
NEARLY_WHITE = 0.92
"""From here to 1 a pixel's lowest channel keeps more and more of what it was."""


@dataclass(frozen=True)
class Balance:
    """Gains of red, green and blue in linear light; 1 = as it is."""

    gains: tuple[float, float, float]

    def apply(self, planes: NDArray[np.float32]) -> None:
        """Balance (3, h, w) in place."""
        share = planes.min(axis=0)
        np.subtract(1, share, out=share)
        share *= 1 / (1 - NEARLY_WHITE)
        np.clip(share, 0, 1, out=share)
        for plane, gain in zip(planes, self.gains, strict=True):
            slope = gain ** (1 / POWER)
            line = plane * slope
            line += OFFSET * (slope - 1)
            dark = plane * gain
            (np.minimum if gain > 1 else np.maximum)(line, dark, out=line)
            line -= plane
            line *= share
            np.add(plane, line, out=plane)


def seen(session: Session, thumbnail: Planes) -> NDArray[np.float64]:
    """(3,) log2 of the light's red, green and blue, with mean 0, as the network says it.

    `thumbnail` is (1, 3, h, w).
    """
    light = session.run(square(thumbnail, SIDE)).ravel().astype(np.float64)
    centred: NDArray[np.float64] = light - light.mean()
    return centred


def look(session: Session, thumbnail: Planes) -> NDArray[np.float64]:
    """The same, as far as the network is believed."""
    return BELIEVED * seen(session, thumbnail)


def settled(light: NDArray[np.float64], strength: float = 1.0) -> Balance | None:
    """The gains against `light`, times `strength`, that keep a grey's luminance; None for 1, 1, 1.

    A faint cast is left alone: it may be the evening, or a lawn.
    """
    share = min(max((float(np.linalg.norm(light)) - SMALL) / (PLAIN - SMALL), 0.0), 1.0)
    amount = strength * share * share * (3 - 2 * share)
    if amount <= 0:
        return None
    gains = 2.0 ** (-amount * light)
    red, green, blue = (float(gain) for gain in gains / (LUMA @ gains))
    return Balance((red, green, blue))


class Colour(TileStep):
    """Takes a colour cast away, as of a lamp or a wrong white balance."""

    name = "colour"
    strength: Annotated[float, Range(0, 1)] = 1.0
    """0 = as it is, 1 = as neutral as the network finds right."""
    net: Annotated[str | None, ForTask("colour")] = None
    """Id of the network; None = the default one for the task."""

    def prepare(self, context: StepContext, preview: Preview) -> Balance | None:
        """The gains for this picture; None = it passes as it is. Raises NotFound without a net."""
        session = context.session(self.net or network(context, "colour"))
        return settled(look(session, preview.thumbnail), self.strength)

    def apply(self, tile: Planes, parameters: Balance | None) -> Planes:
        """Balance each pixel by itself; values may leave 0..1."""
        if parameters is not None:
            for planes in tile:
                parameters.apply(planes)
        return tile
