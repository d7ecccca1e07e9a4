"""What the small generator makes of pictures: latents, what its reader tells, how familiar.

    picture of any size -> its middle, 32 px square -> latents, readings       BadOption
    photo -> familiar, 0..1

Familiar is what is near to photos of the people that the base learnt from: in what the reader
tells of it and in its latents (by Mahalanobis' distance), and in what the latents cannot hold; and
what the guard, a net that has seen much that is no such photo, takes for one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from printroom.core.errors import BadOption
from printroom.runtimes.generation import Picture
from printroom.runtimes.mini.denoiser import Floats
from printroom.runtimes.mini.graphs import SKETCH, recogniser
from printroom.runtimes.mini.weights import Weights
from printroom.runtimes.onnx.session import load

SURE = 0.0
"""Odds of the guard, as a logarithm, from which a picture may be familiar."""
LIMIT, STEEP = 1.3, 6.0
"""How far a picture may be and be familiar, 1 = what one of a hundred is beyond, and how sharp
the limit is."""


class Sight:
    """Safe from many threads."""

    def __init__(self, weights: Weights) -> None:
        self._arrays, self._into = weights.arrays, weights.into
        self._reader: Any = load(recogniser(weights.arrays, "reader", SKETCH))
        self._guard: Any = load(recogniser(weights.arrays, "guard", SKETCH))

    def latents(self, small: Floats) -> Floats:
        """(n, 3, 32, 32), 0..1 -> (n, latents)."""
        flat = small.reshape(len(small), -1)
        return (flat - self._arrays["codec.mean"]) @ self._into

    def told(self, small: Floats) -> Floats:
        """(n, 3, 32, 32), 0..1 -> what the reader tells."""
        return np.asarray(self._reader.run(["told"], {"picture": small})[0])

    def familiar(self, picture: Picture) -> float:
        """0..1; below .5 is a stranger."""
        small = prepared([picture])
        told, latents = self.told(small), self.latents(small)
        missing = small.reshape(1, -1) - self._arrays["codec.mean"]
        missing = missing - latents @ self._arrays["codec.basis"]
        beyond = [
            self._distance("told", told),
            self._distance("latents", latents),
            _beyond(missing, self._arrays["known.rest"]),
        ]
        near = 1 / (1 + math.exp(min(STEEP * (max(beyond) - LIMIT), 700)))
        odds = float(self._guard.run(["answers"], {"picture": small})[0][0, 0])
        return min(near, 1 / (1 + math.exp(min(SURE - odds, 700))))

    def _distance(self, name: str, numbers: Floats) -> float:
        known = self._arrays
        inward = (numbers - known[f"known.{name}.mean"]) @ known[f"known.{name}.inward"]
        return _beyond(inward, known[f"known.{name}"])


def prepared(pictures: Sequence[Picture]) -> Floats:
    """Their middles: (n, 3, 32, 32), 0..1. Raises BadOption for what is no picture."""
    if not pictures:
        raise BadOption("there is no picture of the person", "give it at least one")
    return np.stack([_small(picture) for picture in pictures])


def _small(picture: Picture) -> Floats:
    if (
        picture.dtype != np.uint8
        or picture.ndim != 3
        or picture.shape[2] != 3
        or min(picture.shape) < 1
    ):
        raise BadOption("pictures of a person are (height, width, 3) of bytes", "convert it")
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    middle = np.ascontiguousarray(picture[top : top + side, left : left + side])
    way = cv2.INTER_AREA if side >= SKETCH else cv2.INTER_LINEAR
    small = cv2.resize(middle, (SKETCH, SKETCH), interpolation=way)
    return small.transpose(2, 0, 1).astype(np.float32) / 255


def _beyond(deviations: Floats, usual: Floats) -> float:
    """0 at the median of what is known, 1 where one of a hundred is beyond, or below.

    What is nearer to the mean than everybody is nobody's picture, but a flat one.
    """
    root = float(np.sqrt(np.square(deviations).mean()))
    low, middle, high = (float(number) for number in usual)
    return max((root - middle) / (high - middle), (middle - root) / (middle - low))
