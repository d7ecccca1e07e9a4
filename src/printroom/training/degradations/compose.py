"""Degradations made of degradations: one after another, one of several, or perhaps.

degradations -> degradation: BadOption, when a probability or a weight makes no sense.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from printroom.core.errors import BadOption
from printroom.training.degradations.base import Degradation, Picture, require


@dataclass(frozen=True, init=False, repr=False)
class Chain(Degradation):
    """All of `steps`, the first one first. `Chain()` changes nothing."""

    steps: tuple[Degradation, ...]

    def __init__(self, *steps: Degradation) -> None:
        object.__setattr__(self, "steps", steps)

    def __repr__(self) -> str:
        return f"Chain({', '.join(map(repr, self.steps))})"

    def apply(self, picture: Picture, random: np.random.Generator) -> Picture:
        for step in self.steps:
            picture = step(picture, random)
        return picture


@dataclass(frozen=True, init=False, repr=False)
class Choice(Degradation):
    """One of `options`, drawn anew at each call."""

    options: tuple[Degradation, ...]
    weights: tuple[float, ...] | None
    """How often each is taken, in any unit; None = equally often."""

    def __init__(self, *options: Degradation, weights: tuple[float, ...] | None = None) -> None:
        if not options:
            raise BadOption("a Choice has no options", "give it one degradation at least")
        if weights is not None and (
            len(weights) != len(options) or min(weights) < 0 or not sum(weights) > 0
        ):
            raise BadOption(
                f"weights {weights} do not fit {len(options)} options",
                "give one weight for each, none below 0 and not all of them 0",
            )
        object.__setattr__(self, "options", options)
        object.__setattr__(self, "weights", weights)

    def __repr__(self) -> str:
        weights = "" if self.weights is None else f", weights={self.weights}"
        return f"Choice({', '.join(map(repr, self.options))}{weights})"

    def apply(self, picture: Picture, random: np.random.Generator) -> Picture:
        chances = None
        if self.weights is not None:
            chances = np.array(self.weights) / sum(self.weights)
        return self.options[random.choice(len(self.options), p=chances)](picture, random)


@dataclass(frozen=True)
class Maybe(Degradation):
    """`step` with probability `p`, else the picture as it is."""

    p: float
    """0..1; 0 = never, 1 = always."""
    step: Degradation

    def __post_init__(self) -> None:
        require("Maybe.p", self.p, 0, 1)

    def apply(self, picture: Picture, random: np.random.Generator) -> Picture:
        return self.step(picture, random) if random.random() < self.p else picture
