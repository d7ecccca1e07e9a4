"""How cameras turn light into values: the curves that pictures were developed with.

values 0..1 -> Response.light -> light, any unit -> less of it -> Response.values -> values 0..1

No camera's JPEG is sRGB's curve alone: shadows are pressed, highlights roll off. A picture that is
darkened must pass the whole curve, or its shadows come out too bright. Three families, each drawn
with some spread, stand for the many.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.training.degradations.light import to_linear, to_srgb

Array = NDArray[Any]
PREFERRED = (-0.3293, 1.1258)
"""a and b of Ying et al. 2017 ("A new low-light image enhancement algorithm using camera response
model"), fitted to the 201 cameras of DoRF."""


@dataclass(frozen=True)
class Response:
    """One camera: `values(light(x)) == x` up to what is black or white."""

    light: Callable[[Array], Array]
    values: Callable[[Array], Array]


def contrast(power: float) -> Response:
    """sRGB, and a power of its values on top; 1 = none."""
    return Response(
        lambda values: to_linear(np.clip(values, 0, 1) ** np.float32(1 / power)),
        lambda light: to_srgb(np.clip(light, 0, 1)) ** np.float32(power),
    )


def preferred(a: float, b: float) -> Response:
    """exp(b (1 - light^a)), a < 0 < b: shadows pressed, white at a light of 1."""
    return Response(
        lambda values: (1 - np.log(np.clip(values, 1e-3, 1)) / np.float32(b)) ** np.float32(1 / a),
        lambda light: np.exp(np.float32(b) * (1 - np.clip(light, 1e-6, 1) ** np.float32(a))),
    )


def film(power: float) -> Response:
    """light^power / (1 + light^power), 0 < power: highlights roll off, and never quite clip."""

    def light(values: Array) -> Array:
        inside = np.clip(values, 1e-3, 0.996)
        return np.asarray((inside / (1 - inside)) ** np.float32(1 / power))

    def values(light: Array) -> Array:
        raised = np.maximum(light, 1e-9) ** np.float32(power)
        return np.asarray(raised / (1 + raised))

    return Response(light, values)


def drawn(random: np.random.Generator) -> Response:
    """Any camera."""
    kind = random.random()
    if kind < 0.35:
        return contrast(float(np.exp(random.normal(0, 0.12))))
    if kind < 0.7:
        a, b = np.array(PREFERRED) * np.exp(random.normal(0, (0.2, 0.15)))
        return preferred(float(a), float(b))
    return film(float(random.uniform(0.5, 0.8)))
