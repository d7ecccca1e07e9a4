"""Scenes as a row of exposures shows them: one that is well exposed, and a dark one.

    pictures -> a scene with more light and shade than a file holds -> a camera's row of exposures
             -> (dark, well exposed)

A scene is a picture, or two with a border of any softness between them, one in several times the
light of the other, as a window in a room. Of a row of exposures the well exposed one is that of
which most lies near the middle (Mertens, Kautz, Van Reeth 2007); photographs as they were taken
count as well exposed too.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from printroom.training.degradations.base import Picture
from printroom.training.responses import Array, Response, drawn

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
WIDE = 0.6
"""Share of scenes with more light and shade than a file holds."""
AS_TAKEN = 0.25
"""Of the others, share that is well exposed as it is."""
STOPS = np.arange(-13, 12, 0.5, dtype=np.float32)
"""At which the exposures of a scene are looked at."""
BETWEEN = (0.5, 2.0)
"""Stops between the exposures of a row."""
USABLE = (0.1, 0.8)
"""Mean luma of an exposure that anybody would take."""
DARKNESS = (1 / 10, 1 / 1.8)
"""Mean luma of a dark picture over that of the well-exposed one."""
DARKER, DEEPEST = 0.1, (1 / 30, 1 / 8)
"""Share of pictures that are darker still, and how much."""


def luma(picture: Picture) -> Picture:
    """(..., 3) -> (...), in 0..1."""
    result: Picture = picture @ LUMA
    return result


@dataclass(frozen=True)
class Scene:
    """Light, as a camera sees it."""

    light: Array
    """(H, W, 3), in the unit of the camera."""
    camera: Response
    wide: bool
    """Whether made of two."""

    def exposed(self, stops: float) -> Picture:
        """(H, W, 3) in 0..1, with 2^`stops` times the light."""
        return np.asarray(self.camera.values(self.light * np.float32(2**stops)), np.float32)

    def bracket(self, random: np.random.Generator) -> tuple[float, float]:
        """Stops of the well-exposed picture, and of a dark one."""
        light = luma(self.light).ravel()[::8, None] * np.exp2(STOPS)
        levels = self.camera.values(light)
        means = levels.mean(0)
        middle = np.exp(-((levels - 0.5) ** 2) / 0.08).mean(0)
        good = 0.0
        if self.wide or random.random() >= AS_TAKEN:
            step = random.uniform(*BETWEEN)
            row = np.arange(STOPS[0], STOPS[-1], step) + random.uniform(0, step)
            seen = np.interp(row, STOPS, means)
            row = row[(seen > USABLE[0]) & (seen < USABLE[1])]
            good = float(row[np.interp(row, STOPS, middle).argmax()]) if len(row) else good
        least, most = DEEPEST if random.random() < DARKER else DARKNESS
        share = math.exp(random.uniform(math.log(least), math.log(most)))
        return good, float(np.interp(share * np.interp(good, STOPS, means), means, STOPS))


def scene(draw: Callable[[np.random.Generator], Picture], random: np.random.Generator) -> Scene:
    """One made of pictures that `draw` gives, (side, side, 3) in 0..1."""
    camera = drawn(random)
    light = camera.light(draw(random))
    wide = bool(random.random() < WIDE)
    if wide:
        share = border(light.shape[0], random)
        bright = camera.light(draw(random)) * np.float32(2 ** random.uniform(0.5, 4.5))
        light = light * (1 - share) + bright * share
        if random.random() < 0.5:
            share = border(light.shape[0], random)
            light = light * (1 - share + share * np.float32(2 ** -random.uniform(0.5, 3.5)))
    return Scene(light, camera, wide)


def border(side: int, random: np.random.Generator) -> Picture:
    """(side, side, 1) in 0..1: two regions, hard or soft where they meet."""
    coarse = random.normal(0, 1, (int(random.integers(2, 6)),) * 2).astype(np.float32)
    field = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)
    level = np.quantile(field, random.uniform(0.4, 0.9))
    steep = float(random.choice([2, 8, 60]))
    share = 1 / (1 + np.exp(np.clip(steep * (level - field), -30, 30)))
    return np.asarray(share[..., None], np.float32)


def developed(dark: Picture, random: np.random.Generator) -> Picture:
    """With haze and noise, or without; rounded to bytes, or not."""
    if random.random() < 0.5:
        haze, noise = random.uniform(-0.004, 0.008), random.normal(0, 0.004, dark.shape)
        dark = np.clip(dark + (noise + haze).astype(np.float32), 0, 1)
    whole = np.rint(dark * 255) / 255 if random.random() < 0.5 else dark
    return np.asarray(whole, np.float32)
