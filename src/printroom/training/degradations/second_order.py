"""Second-order mixes: pictures that were shot, saved, shared, and saved again.

Real faults come in layers. Wang et al. 2021 (Real-ESRGAN, section 3) model them as two rounds of
blur, resize, noise and JPEG, then a last resize, ringing and JPEG in either order. This is that
idea as one composed value, with probabilities and ranges after the paper's.
"""

from __future__ import annotations

import math

from printroom.training.degradations.base import Degradation, Range
from printroom.training.degradations.blur import GaussianBlur, Ringing
from printroom.training.degradations.compose import Chain, Choice, Maybe
from printroom.training.degradations.compress import Jpeg
from printroom.training.degradations.noise import GaussianNoise, ShotReadNoise
from printroom.training.degradations.resize import Method, Resize, Sized

METHODS: tuple[Method, ...] = ("area", "bilinear", "bicubic")
ANY_ANGLE = Range(0, 180)
RINGING = Ringing(Range(math.pi / 3, math.pi))


def blur(sigma: Range) -> Degradation:
    """Round, stretched, or (one in ten) ringing."""
    return Choice(
        GaussianBlur(sigma),
        GaussianBlur(sigma, ratio=Range(0.2, 1), angle=ANY_ANGLE),
        RINGING,
        weights=(0.55, 0.35, 0.1),
    )


def resize(low: float, high: float, weights: tuple[float, float, float]) -> Degradation:
    """Up to `high`, down to `low` or not at all, in these `weights`, by any method."""
    up, down, keep = weights
    ups = [Resize(Range(1, high), method) for method in METHODS]
    downs = [Resize(Range(low, 1), method) for method in METHODS]
    third = len(METHODS)
    return Choice(
        *ups, *downs, Chain(), weights=(up / third,) * third + (down / third,) * third + (keep,)
    )


def noise(sigma: float, shot: float) -> Degradation:
    """Additive up to `sigma` of 255, in colour or grey, or of light up to `shot`."""
    return Choice(
        GaussianNoise(Range(1, sigma)),
        GaussianNoise(Range(1, sigma), grey=True),
        ShotReadNoise(Range(1e-5, shot, log=True)),
        weights=(0.3, 0.2, 0.5),
    )


def second_order(scale: float = 1.0) -> Degradation:
    """Two rounds of faults; the result has `scale` (1/16..16) times the size that came in."""
    jpeg = Jpeg(Range(30, 95))
    first = Chain(blur(Range(0.2, 3)), resize(0.15, 1.5, (0.2, 0.7, 0.1)), noise(30, 3.5e-2), jpeg)
    second = Chain(
        Maybe(0.8, blur(Range(0.2, 1.5))), resize(0.3, 1.2, (0.3, 0.4, 0.3)), noise(25, 2.5e-2)
    )
    rounds = Chain(first, second)
    ringing = Maybe(0.8, RINGING)
    return Choice(
        *(Chain(Sized(rounds, scale, method), ringing, jpeg) for method in METHODS),
        *(Chain(Sized(Chain(rounds, jpeg), scale, method), ringing) for method in METHODS),
    )
