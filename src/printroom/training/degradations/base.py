"""What every degradation is: a picture and a Generator in, a worse picture out.

    picture, random -> picture: BadOption, when the picture is not float32 (H, W, 3)
    parameters -> degradation: BadOption, when one is out of its range

A degradation is a frozen value. Each of its parameters is a number, or a `Range` that a new number
is drawn from at each call; a number draws nothing. The same Generator state gives the same
pixels. Results are cut to 0..1. The `repr` is the Python expression that makes the value again,
so it can stand on a model card as the exact recipe of the data.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import BadOption

Picture = NDArray[np.float32]
"""(H, W, 3) RGB in 0..1, sRGB-encoded unless a degradation says otherwise."""


@dataclass(frozen=True, repr=False)
class Range:
    """Numbers to draw from, `low` to `high`: evenly, or with even logarithms when `log`.

    >>> Range(1, 30)
    Range(1, 30)
    """

    low: float
    high: float
    log: bool = False
    """Draw small values as often as large ones; `low` must be above 0."""

    def __post_init__(self) -> None:
        if not self.low <= self.high or (self.log and self.low <= 0):
            raise BadOption(
                f"{self} holds no numbers", "low <= high, and low above 0 for logarithms"
            )

    def __repr__(self) -> str:
        return f"Range({self.low}, {self.high}{', log=True' if self.log else ''})"

    def draw(self, random: np.random.Generator) -> float:
        if self.log:
            return math.exp(random.uniform(math.log(self.low), math.log(self.high)))
        return float(random.uniform(self.low, self.high))


Value = float | Range


def draw(value: Value, random: np.random.Generator) -> float:
    """The number itself, or one drawn from the range."""
    return value.draw(random) if isinstance(value, Range) else float(value)


def require(name: str, value: Value, low: float, high: float = math.inf) -> None:
    """Raise BadOption unless all of `value` lies in `low`..`high`."""
    least, most = (value.low, value.high) if isinstance(value, Range) else (value, value)
    if not (low <= least and most <= high):
        raise BadOption(f"{name} is {value}", f"give values from {low:g} to {high:g}")


class Degradation(ABC):
    """A frozen value that makes pictures worse. Subclasses write `apply`; callers call."""

    def __call__(self, picture: Picture, random: np.random.Generator) -> Picture:
        """The degraded picture, float32 (h, w, 3) in 0..1; `picture` stays as it is.

        Raises BadOption when `picture` is not float32 (H, W, 3) with a pixel at least.
        """
        if picture.dtype != np.float32 or picture.ndim != 3 or picture.shape[2] != 3:
            raise BadOption(
                f"a degradation takes float32 (H, W, 3), not {picture.dtype} {picture.shape}",
                "convert RGB bytes with `picture.astype(np.float32) / 255`",
            )
        if not picture.size:
            raise BadOption("the picture to degrade has no pixels", "leave empty pictures out")
        return np.clip(self.apply(picture, random), 0, 1).astype(np.float32, copy=False)

    @abstractmethod
    def apply(self, picture: Picture, random: np.random.Generator) -> Picture:
        """The degradation proper; may leave 0..1, must not write into `picture`."""
