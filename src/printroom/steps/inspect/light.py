"""How much light a picture has, and what it lost to black and white: lumas (h, w) -> Light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
PERCENTILES = (5, 25, 50, 75, 95, 99)


@dataclass(frozen=True)
class Light:
    """Encoded luma (BT.601), 0..1."""

    mean: float
    percentiles: tuple[float, ...]
    """At `PERCENTILES`."""
    black: float
    """Share of pixels below 0.02."""
    white: float
    """Share of pixels above 0.98."""

    @property
    def median(self) -> float:
        return self.percentiles[PERCENTILES.index(50)]


def light(lumas: Sequence[Plane]) -> Light:
    """Measure all pixels of `lumas` together."""
    levels = np.concatenate([luma.ravel() for luma in lumas]) / np.float32(255)
    return Light(
        mean=float(levels.mean(dtype=np.float64)),
        percentiles=tuple(float(level) for level in np.percentile(levels, PERCENTILES)),
        black=float((levels < 0.02).mean()),
        white=float((levels > 0.98).mean()),
    )
