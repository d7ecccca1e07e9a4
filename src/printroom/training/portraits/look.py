"""What varies from picture to picture of the same person, and how far.

    a range of looks, random numbers -> Look

Two ranges: OURS is what generators learn from; OTHER is never shown to them. It has other lines,
noise, hatching, backgrounds, poses and lights, and judges learn from it: they may not prefer a
generator for a trick of the renderer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Span = tuple[float, float]


@dataclass(frozen=True)
class Range:
    """Where each number of a Look lies: the least and the most."""

    tilt: Span
    scale: Span
    across: Span
    down: Span
    turn: Span
    smile: Span
    light: Span
    """From the left (-) to the right."""
    line: Span
    """Width of drawn outlines over that of a pixel at 64 px."""
    grain: Span
    hatch: Span
    """Strokes across the picture, over pi."""
    dots: Span
    wash: Span
    """How strongly paper and water show."""
    levels: tuple[int, int]
    """Of a comic's tones."""
    backdrops: tuple[int, ...]
    """Which of the backgrounds: 0 plain, 1 two tones, 2 spots of light, 3 stripes, 4 horizon."""
    slant: Span
    """Of the strokes; 1 = 45 degrees."""


@dataclass(frozen=True)
class Look:
    """One picture's own."""

    tilt: float
    scale: float
    across: float
    down: float
    turn: float
    smile: float
    light: float
    line: float
    grain: float
    hatch: float
    dots: float
    wash: float
    slant: float
    levels: int
    backdrop: int
    behind: tuple[float, float, float]
    clothes: tuple[float, float, float]
    seed: int
    """Of noise and spots."""


OURS = Range(
    tilt=(-0.12, 0.12),
    scale=(0.95, 1.06),
    across=(-0.07, 0.07),
    down=(-0.03, 0.06),
    turn=(-0.10, 0.10),
    smile=(-0.02, 0.10),
    light=(-0.6, 0.6),
    line=(0.9, 1.1),
    grain=(0.01, 0.03),
    hatch=(18.0, 18.0),
    dots=(20.0, 20.0),
    wash=(0.8, 1.2),
    levels=(4, 4),
    backdrops=(0, 1, 2),
    slant=(1.0, 1.0),
)
OTHER = Range(
    tilt=(-0.16, 0.16),
    scale=(0.90, 1.10),
    across=(-0.10, 0.10),
    down=(-0.06, 0.09),
    turn=(-0.13, 0.13),
    smile=(-0.04, 0.12),
    light=(-0.8, 0.8),
    line=(0.5, 1.6),
    grain=(0.0, 0.05),
    hatch=(13.0, 25.0),
    dots=(14.0, 28.0),
    wash=(0.4, 1.5),
    levels=(3, 6),
    backdrops=(0, 1, 2, 3, 4),
    slant=(0.6, 1.7),
)


def look(within: Range, random: np.random.Generator) -> Look:
    """One at random."""

    def pick(span: Span) -> float:
        return float(random.uniform(*span))

    names = ("tilt", "scale", "across", "down", "turn", "smile", "light", "line", "grain")
    numbers = {name: pick(getattr(within, name)) for name in (*names, "hatch", "dots", "wash")}
    return Look(
        **numbers,
        slant=pick(within.slant),
        levels=int(random.integers(within.levels[0], within.levels[1] + 1)),
        backdrop=int(random.choice(within.backdrops)),
        behind=_colour(random, 0.3, 0.9),
        clothes=_colour(random, 0.1, 0.9),
        seed=int(random.integers(2**31)),
    )


def _colour(random: np.random.Generator, least: float, most: float) -> tuple[float, float, float]:
    r, g, b = random.uniform(least, most, 3)
    return float(r), float(g), float(b)
