"""Which faults a picture has, from its features: two judges a fault, heard together.

    features -> {fault: probability}        BadModel, when the fitted numbers are not those of here

`router.json` holds what `printroom train inspect` fitted, with a card that says to what. Each
feature enters standardised: into a logistic regression as itself and squared, which goes on
sensibly where nothing was fitted, and into a forest, which knows what goes with what.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import BadModel
from printroom.steps.inspect.cast import BINS
from printroom.steps.inspect.forest import Forest

Array = NDArray[Any]

FITTED = Path(__file__).with_name("router.json")
FAULTS = ("jpeg", "noise", "blur", "dark", "low_resolution", "cast")
"""In the order of reports."""
REACH = 4.0
"""Deviations beyond which a feature says no more than at that distance."""
TRUST = 2 / 3
"""In the trees; what is left is the regressions'."""
FILTER_UNIT = 1e-3
"""Of the whole numbers that the filters of grey are kept as."""


@dataclass(frozen=True)
class Router:
    """The fitted numbers. Arrays are in the order of `names` and of FAULTS."""

    card: Mapping[str, Any]
    names: tuple[str, ...]
    """Of the features."""
    mean: Array
    deviation: Array
    weights: Array
    """(faults, 1 + 2 features): bias, weights, weights of squares."""
    forests: tuple[Forest, ...]
    """One a fault, over the standardised features."""
    thresholds: Array
    """(faults,): the probability from which a fault counts as found."""
    sure: Array
    """(faults,): that from which `--fix auto` mends it, at least as high: it must not harm clean
    pictures."""
    filters: Array
    """(3, BINS, BINS): where grey lies in a histogram of colours (`grey.py`)."""

    @property
    def scores(self) -> Mapping[str, float]:
        """What its recipe measured; first the share of pictures whose fault it names, 0..1."""
        found: Mapping[str, float] = self.card.get("scores", {})
        return found

    def probabilities(self, features: Mapping[str, float]) -> dict[str, float]:
        """How likely each fault is, 0..1."""
        odds = self.odds(np.array([[features[name] for name in self.names]]))[0]
        chances = 1 / (1 + np.exp(-np.clip(odds, -30, 30)))
        return dict(zip(FAULTS, chances.tolist(), strict=True))

    def odds(self, rows: Array) -> Array:
        """(n, features) -> (n, faults) ln of the odds of each fault."""
        return judged(terms(rows, self.mean, self.deviation), self.weights, self.forests)

    def threshold(self, fault: str) -> float:
        return float(self.thresholds[FAULTS.index(fault)])

    def surely(self, fault: str, probability: float) -> bool:
        """Whether a fault is so likely that it is mended unasked."""
        return probability >= float(self.sure[FAULTS.index(fault)])

    def main(self, probabilities: Mapping[str, float]) -> str | None:
        """The fault furthest beyond its threshold, in odds; None = none is beyond."""
        chances = np.array([[probabilities[fault] for fault in FAULTS]])
        margins = beyond(chances, self.thresholds)[0]
        return FAULTS[int(margins.argmax())] if margins.max() >= 0 else None

    def to_json(self) -> str:
        """As `read` takes it."""
        return json.dumps(
            {
                "card": dict(self.card),
                "features": {
                    name: [round(float(part), 6) for part in pair]
                    for name, *pair in zip(self.names, self.mean, self.deviation, strict=True)
                },
                "faults": {
                    fault: {
                        "threshold": round(float(threshold), 4),
                        "sure": round(float(sure), 4),
                        "weights": [round(float(weight), 5) for weight in weights],
                        "trees": forest.to_json(),
                    }
                    for fault, threshold, sure, weights, forest in zip(
                        FAULTS, self.thresholds, self.sure, self.weights, self.forests, strict=True
                    )
                },
                "filters": np.rint(self.filters / FILTER_UNIT).astype(int).ravel().tolist(),
            }
        )

    @classmethod
    def read(cls, path: Path) -> Router:
        """Raises BadModel when the file is not one of ours."""
        try:
            raw = json.loads(path.read_text("utf-8"))
            names = tuple(raw["features"])
            mean, deviation = np.array(list(raw["features"].values()), np.float64).T
            faults = [raw["faults"][fault] for fault in FAULTS]
            weights = np.array([fault["weights"] for fault in faults], np.float64)
            forests = tuple(Forest.of_json(fault["trees"], len(names)) for fault in faults)
            thresholds = np.array([fault["threshold"] for fault in faults], np.float64)
            sure = np.array([fault["sure"] for fault in faults], np.float64)
            filters = np.array(raw["filters"], np.float64).reshape(3, BINS, BINS) * FILTER_UNIT
            card = dict(raw["card"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadModel(f"{path} holds no router", str(error) or "fit it again") from error
        if weights.shape != (len(FAULTS), 1 + 2 * len(names)):
            raise BadModel(f"{path} weighs {weights.shape[1]} terms", "fit it again")
        return cls(card, names, mean, deviation, weights, forests, thresholds, sure, filters)


def terms(rows: Array, mean: Array, deviation: Array) -> Array:
    """(n, features) -> (n, 1 + 2 features): one, standardised features, and their squares."""
    scaled = np.clip((rows - mean) / deviation, -REACH, REACH)
    return np.hstack([np.ones((len(rows), 1)), scaled, scaled**2])


def judged(rows: Array, weights: Array, forests: tuple[Forest, ...]) -> Array:
    """(n, faults) odds of both judges together, from `terms`."""
    features = (rows.shape[1] - 1) // 2
    grown = np.stack([forest.odds(rows[:, 1 : 1 + features]) for forest in forests], 1)
    return np.asarray((1 - TRUST) * (rows @ weights.T) + TRUST * grown)


def beyond(chances: Array, thresholds: Array) -> Array:
    """(n, faults) ln of the odds of each fault over the odds at its threshold."""
    chances = np.clip(chances, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(chances / (1 - chances)) - np.log(thresholds / (1 - thresholds)))


@cache
def router() -> Router:
    """The one that ships."""
    return Router.read(FITTED)
