"""Photographs with faults that are known: clean still, with each alone, and with two.

    picture, random -> variants -> (faults, picture) ...

Faults are as strong as anybody would call them one; what is milder counts as clean.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from printroom.steps.inspect.router import FAULTS
from printroom.training.degradations.base import Degradation, Picture, Range
from printroom.training.degradations.blur import DefocusBlur, GaussianBlur, MotionBlur
from printroom.training.degradations.cast import ColourCast
from printroom.training.degradations.compose import Chain, Choice, Maybe
from printroom.training.degradations.compress import Jpeg
from printroom.training.degradations.grading import Contrast, Fog, Saturation, Sharpened
from printroom.training.degradations.light import Exposure, Gamma, InLinearLight, low_light
from printroom.training.degradations.noise import (
    CorrelatedNoise,
    Demosaiced,
    GaussianNoise,
    ShotReadNoise,
)
from printroom.training.degradations.resize import Method, Resize, Sized, Within

ANY = Range(0, 180)
METHODS: tuple[Method, ...] = ("area", "bicubic")


def enlarged(small: Method, large: Method, scale: Range) -> Degradation:
    """Shrunk by `scale`, and enlarged again."""
    return Sized(Resize(scale, small), 1.0, large)


FAULTY: dict[str, Degradation] = {
    "blur": Choice(
        GaussianBlur(Range(1, 4)),
        GaussianBlur(Range(1.2, 4), ratio=Range(0.3, 1), angle=ANY),
        DefocusBlur(Range(1.8, 5)),
        MotionBlur(Range(6, 20), angle=ANY, bend=Range(-30, 30)),
        weights=(0.45, 0.15, 0.15, 0.25),
    ),
    "low_resolution": Choice(
        *(enlarged(small, "bicubic", Range(0.25, 0.62)) for small in METHODS),
        *(enlarged(small, "bilinear", Range(0.25, 0.62)) for small in METHODS),
        *(enlarged("bicubic", "bicubic", Range(scale, scale)) for scale in (0.25, 0.5)),
        weights=(0.25, 0.25, 0.15, 0.15, 0.1, 0.1),
    ),
    "dark": Choice(
        low_light(Range(2, 5)),
        low_light(Range(2, 4), shot=Range(1e-4, 1e-3, log=True), read=Range(5e-4, 2e-3)),
        Chain(Gamma(Range(2, 3.5)), InLinearLight(Exposure(Range(0.5, 2))), GaussianNoise(1.5)),
        Chain(Gamma(Range(2, 3)), GaussianNoise(Range(0, 1))),
    ),
    "noise": Choice(
        GaussianNoise(Range(6, 50)),
        GaussianNoise(Range(6, 50), grey=True),
        InLinearLight(ShotReadNoise(Range(1.5e-3, 2e-2, log=True), Range(2e-3, 2e-2))),
        CorrelatedNoise(Range(8, 40), grain=Range(0.3, 0.9), shared=Range(0, 0.9)),
        Demosaiced(GaussianNoise(Range(8, 40))),
        weights=(0.4, 0.15, 0.15, 0.15, 0.15),
    ),
    "jpeg": Choice(
        Jpeg(Range(8, 65)), Jpeg(Range(8, 65), "4:4:4"), Jpeg(Range(8, 65), "4:2:2"),
        weights=(0.6, 0.25, 0.15),
    ),
}  # fmt: skip
"""Each fault, as strong as anybody would call it one; a cast is drawn by `cast`."""
HAPPEN = ("blur", "low_resolution", "dark", "cast", "noise", "jpeg")
"""Faults in the order in which they befall a picture."""
STOPS = Range(0.8, 2.0)
"""Of red over blue, or half as much of green, that make a cast.

By Planck's law between 600 and 450 nm, the light of neutral white lamps (4000 K) under a daylight
setting (5500 K) is 0.8 stops off, that of bulbs (2850 K) 1.95. Open shade (7500 K) is 0.56: that
much is left to photographers' taste."""
MILD = Choice(
    Chain(),
    Jpeg(Range(88, 98)),
    Jpeg(Range(90, 98), "4:4:4"),
    GaussianBlur(Range(0.2, 0.45)),
    GaussianNoise(Range(0.3, 2)),
    Gamma(Range(0.75, 1.3)),
    InLinearLight(Exposure(Range(-0.3, 0.6))),
    InLinearLight(ColourCast(Range(-0.2, 0.2), Range(-0.1, 0.1))),
)
"""What leaves a picture clean."""
SMALLER = Maybe(0.4, Resize(Range(0.6, 0.95)))
"""Photographs come in all sizes."""


def _graded(
    *,
    sides: Range,
    light: Degradation,
    gamma: Range,
    contrast: Range,
    apart: Range,
    fog: Degradation,
    often: float,
    sharp: Range,
    grain: Range,
    quality: Range,
) -> Degradation:
    """One kind of taste. `apart`: gammas of the channels; `often`: how often there is each of the
    last three.
    """
    return Chain(
        Choice(*(Within(sides, method) for method in METHODS)),
        light,
        Maybe(0.5, Gamma(gamma)),
        Maybe(0.5, Contrast(contrast)),
        Maybe(0.5, Saturation(Range(0.6, 1.5))),
        Maybe(0.4, Gamma(apart, apart=True)),
        fog,
        Maybe(often, Sharpened(sharp)),
        Maybe(often, CorrelatedNoise(grain, grain=Range(0.3, 0.8), shared=Range(0.3, 1))),
        Maybe(often, Jpeg(quality)),
    )


TASTE = Choice(
    _graded(
        sides=Range(300, 800, log=True),
        light=Maybe(0.8, InLinearLight(ColourCast(Range(-0.45, 0.45), Range(-0.2, 0.2)))),
        gamma=Range(0.8, 1.3),
        contrast=Range(-0.3, 0.8),
        apart=Range(0.92, 1.09),
        fog=Maybe(0.3, Fog(Range(0, 0.05))),
        often=0.3,
        sharp=Range(0.2, 1),
        grain=Range(0.3, 2.2),
        quality=Range(85, 95),
    ),
    _graded(
        sides=Range(280, 640, log=True),
        light=Maybe(0.85, InLinearLight(ColourCast(Range(-0.4, 0.55), Range(-0.2, 0.35)))),
        gamma=Range(0.8, 1.3),
        contrast=Range(-0.3, 0.8),
        apart=Range(0.9, 1.12),
        fog=Maybe(0.3, Fog(Range(0, 0.05))),
        often=0.4,
        sharp=Range(0.2, 1.2),
        grain=Range(0.3, 3),
        quality=Range(82, 95),
    ),
    _graded(
        sides=Range(280, 640, log=True),
        light=Maybe(0.85, InLinearLight(ColourCast(Range(-0.45, 0.7), Range(-0.2, 0.42)))),
        gamma=Range(0.75, 1.12),
        contrast=Range(-0.3, 0.6),
        apart=Range(0.9, 1.12),
        fog=Maybe(0.4, Fog(Range(0, 0.06), apart=0.6)),
        often=0.4,
        sharp=Range(0.2, 1.2),
        grain=Range(0.3, 2.2),
        quality=Range(85, 95),
    ),
)
"""What is nobody's fault: the hand of an editor; a print, scanned; a slide, scanned.

The permitted photographs are those of cameras and of stock photographers, neutral and large. Scans
of films are small, grainy, and lean to warm and green. Each kind is whole in itself: judges that
were fitted to one blend of their ranges did worse."""
SAVED = Maybe(0.3, Jpeg(Range(88, 97)))
"""Most files are JPEG."""


@dataclass(frozen=True)
class Making:
    """What is made of each photograph, beside itself."""

    copies: int = 1
    """Pictures of each fault, and as many of two faults."""
    first: Degradation = SMALLER
    """What befalls each of them before all else."""
    clean: int = 1
    """Pictures of each copy that stay clean."""


def variants(
    picture: Picture, making: Making, random: np.random.Generator
) -> Iterator[tuple[tuple[str, ...], Picture]]:
    """`picture` as it is, clean still, with each fault, and with two: (faults, picture)."""
    yield (), picture
    for _ in range(making.copies):
        for _ in range(making.clean):
            yield (), _clean(making.first(picture, random), random)
        two = random.choice(FAULTS, 2, replace=False)
        for faults in (*((fault,) for fault in FAULTS), tuple(f for f in HAPPEN if f in two)):
            made = making.first(picture, random)
            for fault in faults:
                made = (FAULTY.get(fault) or cast(random))(made, random)
            yield faults, made if "jpeg" in faults else SAVED(made, random)


def _clean(made: Picture, random: np.random.Generator) -> Picture:
    """Nobody would call it faulty; one in eight without colour."""
    if random.random() < 1 / 8:
        made = np.repeat(made.mean(2, keepdims=True), 3, 2)
    return MILD(made, random)


def cast(random: np.random.Generator) -> Degradation:
    """A light of any colour, more often between orange and blue than between green and magenta."""
    direction, stops = random.uniform(0, 2 * math.pi), STOPS.draw(random)
    light = ColourCast(stops * math.cos(direction), stops / 2 * math.sin(direction))
    return InLinearLight(light)
