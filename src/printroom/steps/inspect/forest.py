"""Many small decision trees whose leaves are summed: what a regression on squares can't say.

    standardised features -> Forest.odds -> ln of the odds of one fault

The trees come from gradient boosting (Friedman 2001), and are fitted in `training/routing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
FINE = 4
"""Decimals of the numbers that are kept."""


@dataclass(frozen=True)
class Forest:
    """Trees side by side: row t of each array is tree t, and its node 0 the root."""

    base: float
    """Odds before any tree."""
    feature: Array
    """(trees, nodes) which feature a node asks for."""
    first: Array
    """(trees, nodes) the first of a node's two children, who lie side by side; 0 = it is a leaf."""
    number: Array
    """(trees, nodes): up to this it is on to the first child, beyond it to the second; of a leaf,
    the odds that it adds."""

    def odds(self, rows: Array) -> Array:
        """(n, features) -> (n,)."""
        trees = np.arange(len(self.feature))
        node = np.zeros((len(rows), len(trees)), int)
        while True:
            first, number = self.first[trees, node], self.number[trees, node]
            if not first.any():
                return np.asarray(self.base + number.sum(1))
            asked = np.take_along_axis(rows, self.feature[trees, node], 1)
            node = np.where(first > 0, first + (asked > number), node)

    def to_json(self) -> dict[str, Any]:
        """As `of_json` takes it."""
        return {
            "base": round(self.base, FINE),
            "feature": self.feature.tolist(),
            "first": self.first.tolist(),
            "number": self.number.round(FINE).tolist(),
        }

    @classmethod
    def of_json(cls, raw: Mapping[str, Any], features: int) -> Forest:
        """Raises ValueError, KeyError or TypeError where it is none over so many `features`."""
        feature, first = (np.array(raw[name], int) for name in ("feature", "first"))
        number = np.array(raw["number"], np.float64)
        if feature.ndim != 2 or not feature.shape == first.shape == number.shape:
            raise ValueError("its trees have not as many nodes in each list")
        if feature.size and not (feature.min() >= 0 and feature.max() < features):
            raise ValueError("its trees ask for features that there are not")
        own = np.arange(feature.shape[1])
        if ((first != 0) & ((first <= own) | (first + 1 > own.max(initial=0)))).any():
            raise ValueError("its trees lead back, or nowhere")
        return cls(float(raw["base"]), feature, first, number)
