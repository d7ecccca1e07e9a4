"""Colours by the hour, the season, the mood.

Scene -> colours of sky and land; a drawn picture -> the same in a mood, or in one colour
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from printroom.training.scenes.canvas import Canvas, Colour, Plane, mix, rgb
from printroom.training.scenes.spec import Scene

SKIES = {
    "dawn": (rgb(104, 128, 178), rgb(252, 196, 158)),
    "day": (rgb(74, 146, 214), rgb(208, 230, 240)),
    "dusk": (rgb(82, 52, 112), rgb(244, 116, 62)),
    "night": (rgb(8, 13, 42), rgb(38, 56, 108)),
}
"""At the top, at the horizon."""
LIGHTS = {
    "dawn": rgb(252, 214, 204),
    "day": rgb(255, 255, 255),
    "dusk": rgb(188, 128, 138),
    "night": rgb(64, 78, 124),
}
"""What falls on the land."""
LANDS = {
    "spring": (rgb(128, 186, 96), rgb(196, 178, 200)),
    "summer": (rgb(40, 124, 58), rgb(96, 158, 150)),
    "autumn": (rgb(182, 92, 34), rgb(204, 148, 96)),
    "winter": (rgb(236, 240, 246), rgb(176, 192, 214)),
}
"""Near, far."""
AIRS = {
    "spring": (rgb(250, 200, 214), 0.14),
    "summer": (rgb(70, 160, 230), 0.08),
    "autumn": (rgb(226, 164, 84), 0.2),
    "winter": (rgb(206, 214, 226), 0.3),
}
"""A season's tint of the sky, and its share."""
HUES = {
    "red": rgb(206, 32, 40),
    "orange": rgb(240, 124, 28),
    "gold": rgb(238, 196, 56),
    "green": rgb(52, 158, 78),
    "blue": rgb(36, 92, 206),
    "violet": rgb(128, 60, 180),
    "pink": rgb(242, 132, 176),
    "white": rgb(244, 244, 240),
    "black": rgb(22, 22, 26),
}
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class Light:
    """Colours that a scene is drawn in."""

    top: Colour
    horizon: Colour
    near: Colour
    far: Colour
    lit: Colour
    """What falls on things."""
    dark: Colour
    """Of silhouettes."""

    def on(self, colour: Colour) -> Colour:
        """A thing's own colour, seen in this light."""
        return np.asarray(colour * self.lit, np.float32)


def light_of(scene: Scene, canvas: Canvas) -> Light:
    """Colours of a scene, each a little its own."""
    top, horizon = SKIES[scene["time"]]
    tint, share = AIRS[scene["season"]]
    lit = LIGHTS[scene["time"]]
    near, far = LANDS[scene["season"]]

    def own(colour: Colour) -> Colour:
        return np.clip(colour + canvas.random.normal(0, 0.025, 3), 0, 1).astype(np.float32)

    tint = tint * mix(lit, rgb(255, 255, 255), 0.3)
    top, horizon = own(mix(top, tint, share)), own(mix(horizon, tint, share))
    far = mix(far * lit, horizon, 0.35)
    return Light(top, horizon, own(near * lit), own(far), lit, own(near * lit * 0.25))


def tinted(canvas: Canvas, name: str) -> None:
    """The whole picture in shades of one colour, with something of its own left."""
    grey = canvas.pixels @ LUMA
    hue = HUES[name]
    if name in ("white", "black"):
        toward = mix(hue, hue, 0) * 0.62 + grey[..., None] * 0.38
        canvas.over(0.72, toward.astype(np.float32))
        return
    bright = np.clip(grey[..., None] * 2, 0, 1) * hue
    shades = bright + np.clip(grey[..., None] * 2 - 1, 0, 1) * (1 - hue)
    canvas.over(0.62, shades.astype(np.float32))


def graded(canvas: Canvas, mood: str) -> None:
    """The whole picture in a mood: colour, contrast, and a veil with a shape of its own."""
    grey = (canvas.pixels @ LUMA)[..., None]
    veil: dict[str, tuple[float, float, Colour, float]] = {
        # saturation, contrast, tint, its share
        "calm": (0.8, 0.72, rgb(214, 228, 222), 0.22),
        "joy": (1.5, 1.05, rgb(255, 214, 90), 0.22),
        "sorrow": (0.3, 0.95, rgb(70, 88, 116), 0.26),
        "longing": (0.7, 0.8, rgb(160, 112, 178), 0.34),
        "fear": (0.5, 1.35, rgb(36, 8, 14), 0.36),
        "awe": (1.2, 1.2, rgb(30, 24, 86), 0.2),
    }
    saturation, contrast, tint, share = veil[mood]
    pixels = grey + (canvas.pixels - grey) * np.float32(saturation)
    canvas.pixels = np.clip(0.5 + (pixels - 0.5) * np.float32(contrast), 0, 1).astype(np.float32)
    canvas.over(share, tint)
    _veil(canvas, mood)


def _veil(canvas: Canvas, mood: str) -> None:
    if mood == "calm":
        bands = 0.5 + 0.5 * np.sin(canvas.y * canvas.between(22, 30))
        canvas.over((0.1 * bands).astype(np.float32), rgb(250, 250, 244))
    elif mood == "joy":
        places = canvas.random.uniform(0.04, 0.96, (14, 2))
        canvas.over(canvas.dots(places, 0.016) * 0.85, rgb(255, 238, 150))
    elif mood == "sorrow":
        canvas.over(_drips(canvas) * 0.6, rgb(40, 50, 68))
    elif mood == "longing":
        away = np.abs(canvas.y - 0.58)
        canvas.light(np.exp(-((away / 0.05) ** 2)).astype(np.float32) * 0.6, rgb(255, 200, 190))
    elif mood == "fear":
        edge = np.hypot(canvas.x - 0.5, canvas.y - 0.5)
        canvas.over(np.clip(edge * 2.2 - 0.6, 0, 0.9).astype(np.float32), rgb(8, 4, 8))
        canvas.over(_shards(canvas), rgb(10, 4, 8))
    else:
        canvas.light(rays(canvas, 0.5, 0.3) * 0.4, rgb(255, 232, 176))


def rays(canvas: Canvas, x: float, y: float) -> Plane:
    """Beams out of a place."""
    angle = np.arctan2(canvas.y - y, canvas.x - x)
    beams = 0.5 + 0.5 * np.sin(angle * 12 + canvas.between(0, 6))
    return np.asarray(beams**2 * np.exp(-np.hypot(canvas.x - x, canvas.y - y) * 1.2), np.float32)


def _drips(canvas: Canvas) -> Plane:
    """Dark that comes down from above, each column as far as it likes."""
    down = canvas.cloudy(9, 0)[0] * 0.7
    return np.clip((down - canvas.y) * 4, 0, 1).astype(np.float32)


def _shards(canvas: Canvas) -> Plane:
    """Claws from the upper corners."""
    claws = []
    for _ in range(5):
        x, reach = canvas.between(0, 1), canvas.between(0.2, 0.42)
        lean = canvas.between(-0.12, 0.12)
        claws.append([(x - 0.035, 0), (x + 0.035, 0), (x + lean, reach)])
    return canvas.shape(*claws)
