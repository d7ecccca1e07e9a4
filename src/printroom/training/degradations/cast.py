"""Colour casts: a white balance that missed, and colours that leak into each other.

Both are right in linear light: `InLinearLight(ColourCast(...))`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import BadOption
from printroom.training.degradations.base import Degradation, Picture, Value, draw, require

Matrix = tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]
"""Rows give red, green and blue of the result from red, green and blue of the source."""

LUMA = np.array([0.2126, 0.7152, 0.0722])
"""Share of red, green and blue in the luminance of linear light (Rec. 709)."""


def gains(warmth: float, tint: float) -> NDArray[np.float64]:
    """(3,) factors of red, green and blue that keep a grey's luminance.

    `warmth` is log2 of red over blue, `tint` log2 of green over the mean of red and blue.
    """
    factors: NDArray[np.float64] = 2.0 ** np.array([warmth / 2, tint, -warmth / 2])
    return factors / (LUMA @ factors)


@dataclass(frozen=True)
class ColourCast(Degradation):
    """White-balance gains that missed, as warm against cool and green against magenta."""

    warmth: Value
    """Stops of red over blue, -4..4; 0 = none, above 0 = orange."""
    tint: Value = 0.0
    """Stops of green over the other two, -2..2; 0 = none, above 0 = green."""

    def __post_init__(self) -> None:
        require("ColourCast.warmth", self.warmth, -4, 4)
        require("ColourCast.tint", self.tint, -2, 2)

    def apply(self, picture: Picture, random: np.random.Generator) -> Picture:
        factors = gains(draw(self.warmth, random), draw(self.tint, random))
        return picture * factors.astype(np.float32)


@dataclass(frozen=True)
class ColourMatrix(Degradation):
    """Each colour mixed from all three, as by filters that overlap or a wrong profile."""

    rows: Matrix
    """Rows that sum to 1 keep greys grey; the unit matrix = none."""
    amount: Value = 1.0
    """0..1: how far from the picture (0 = none) to the mixture (1)."""

    def __post_init__(self) -> None:
        if np.shape(self.rows) != (3, 3) or not np.isfinite(self.rows).all():
            raise BadOption(f"ColourMatrix.rows is {self.rows}", "give three rows of three numbers")
        require("ColourMatrix.amount", self.amount, 0, 1)

    def apply(self, picture: Picture, random: np.random.Generator) -> Picture:
        amount = draw(self.amount, random)
        matrix = (1 - amount) * np.eye(3) + amount * np.array(self.rows)
        return picture @ matrix.T.astype(np.float32)
