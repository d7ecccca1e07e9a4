"""A scene, drawn.

Scene, random -> (side, side, 3) uint8; the same scene and chance give the same picture

Each part comes in a few variants, and colours by chance: small models learn what comes again, and
the parts together make more pictures than anybody will see.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from printroom.training.scenes.abstract import abstraction, motion
from printroom.training.scenes.canvas import Canvas
from printroom.training.scenes.flora import fauna, flora
from printroom.training.scenes.land import land
from printroom.training.scenes.light import graded, light_of, tinted
from printroom.training.scenes.sky import sky, weather
from printroom.training.scenes.spec import Scene
from printroom.training.scenes.things import things

SIDE = 128
"""Pixels along a side that models learn."""
HORIZON = 0.6
"""Height of the horizon, from above."""
VARIANTS = 4
"""Of each part of a picture."""


def draw(scene: Scene, random: np.random.Generator, side: int = SIDE) -> NDArray[np.uint8]:
    """The scene as a picture, `side` pixels square."""
    canvas = Canvas(side, random)
    if "time" in scene:
        _place(canvas, scene, random)
    else:
        _vary(canvas, 0, random)
        abstraction(canvas, scene)
    if "motion" in scene:
        _vary(canvas, 1, random)
        motion(canvas, scene["motion"], 0.45 if "time" in scene else 0.75)
    return canvas.done()


def _place(canvas: Canvas, scene: Scene, random: np.random.Generator) -> None:
    """From the sky to the nearest, then what lies over all of it."""
    light = light_of(scene, canvas)
    for number, part in enumerate((sky, land, things, flora, fauna, weather), 2):
        _vary(canvas, number, random)
        part(canvas, light, scene, HORIZON)
    if "colour" in scene:
        tinted(canvas, scene["colour"])
    if "mood" in scene:
        graded(canvas, scene["mood"])


def _vary(canvas: Canvas, part: int, random: np.random.Generator) -> None:
    """Let a part be drawn as one of its variants."""
    canvas.random = np.random.default_rng([part, int(random.integers(VARIANTS))])
