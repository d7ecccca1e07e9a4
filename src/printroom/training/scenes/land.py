"""Mountains, hills, fields, woods and towns, and the water before them."""

from __future__ import annotations

import numpy as np

from printroom.training.scenes.canvas import Canvas, Colour, Plane, mix, rgb
from printroom.training.scenes.light import Light
from printroom.training.scenes.spec import Scene

WATER_DAY = rgb(58, 122, 160)


def land(canvas: Canvas, light: Light, scene: Scene, horizon: float) -> None:
    """What stands on the horizon, then the ground before it."""
    ground = canvas.below(horizon)
    kind = scene.get("land")
    if kind == "mountain":
        _mountains(canvas, light, scene, horizon)
    elif kind == "hills":
        _hills(canvas, light, horizon)
    elif kind == "forest":
        _forest(canvas, light, scene, horizon)
    elif kind == "city":
        _city(canvas, light, scene, horizon)
    if scene.get("water") == "sea":
        _sea(canvas, light, horizon)
        return
    near = mix(light.near, light.far, 0.4)
    canvas.over(ground, near)
    deep = ground * np.clip((canvas.y - horizon) / (1 - horizon), 0, 1)
    canvas.over(deep.astype(np.float32), mix(light.near, light.dark, 0.25))
    if kind == "field":
        _furrows(canvas, light, scene, horizon)
    if scene.get("water") == "river":
        _river(canvas, light, horizon)
    elif scene.get("water") == "pond":
        _pond(canvas, light, horizon)


def _mountains(canvas: Canvas, light: Light, scene: Scene, horizon: float) -> None:
    x = canvas.between(0.25, 0.75)
    high = canvas.between(0.3, 0.42) * (1.2 if scene.get("mood") == "awe" else 1)
    rough = canvas.ridge(0, 0.022, 2)
    back = horizon - np.clip(high * (1 - np.abs(canvas.x[0] - x) / 0.42), 0, 1) + rough
    colour = mix(light.far, light.dark, 0.35)
    canvas.over(canvas.below(back.astype(np.float32)), colour)
    snow = canvas.below(back.astype(np.float32)) * (1 - canvas.below(back.min() + 0.1 + rough * 3))
    canvas.over(snow.astype(np.float32), mix(rgb(244, 246, 250) * light.lit, colour, 0.1))
    front = canvas.ridge(horizon - 0.08, 0.05, 1.4)
    canvas.over(canvas.below(front), mix(light.far, light.dark, 0.6))


def _hills(canvas: Canvas, light: Light, horizon: float) -> None:
    for place in range(3):
        edge = canvas.ridge(horizon - 0.14 + 0.06 * place, 0.05, 0.8)
        canvas.over(canvas.below(edge), mix(light.far, light.near, 0.15 + 0.4 * place))


def _forest(canvas: Canvas, light: Light, scene: Scene, horizon: float) -> None:
    green = rgb(30, 84, 60) if scene["season"] != "autumn" else rgb(150, 74, 30)
    for row, share in ((0, 0.5), (1, 0.1)):
        colour = mix(light.on(green), light.far, share)
        trees = []
        for x in np.linspace(-0.02, 1.02, 11) + canvas.random.uniform(-0.03, 0.03, 11):
            high = canvas.between(0.16, 0.3) - 0.04 * row
            foot = horizon + 0.04 + 0.06 * row
            trees.append([(x - 0.07, foot), (x + 0.07, foot), (x, foot - high)])
        canvas.over(canvas.shape(*trees), colour)


def _city(canvas: Canvas, light: Light, scene: Scene, horizon: float) -> None:
    colour = mix(light.dark, light.far, 0.35)
    lit = scene["time"] in ("dusk", "night")
    towers, panes = [], []
    x = -0.02
    while x < 1:
        wide, high = canvas.between(0.07, 0.14), canvas.between(0.1, 0.36)
        top = horizon - high
        towers.append([(x, horizon + 0.02), (x, top), (x + wide, top), (x + wide, horizon + 0.02)])
        for row in np.arange(top + 0.03, horizon - 0.02, 0.045):
            panes += [(x + wide * 0.3, row), (x + wide * 0.7, row)]
        x += wide + canvas.between(0.0, 0.02)
    canvas.over(canvas.shape(*towers), colour)
    shown = np.array(panes)[canvas.random.random(len(panes)) < 0.6]
    glass = rgb(255, 220, 120) if lit else mix(light.horizon, rgb(255, 255, 255), 0.2)
    canvas.over(canvas.dots(shown, 0.011) * (1.0 if lit else 0.7), glass)


def _furrows(canvas: Canvas, light: Light, scene: Scene, horizon: float) -> None:
    """Rows that run together at a far point."""
    x = canvas.between(0.3, 0.7)
    rows = [[(x, horizon), (x + reach, 1.02)] for reach in np.linspace(-1.8, 1.8, 15)]
    stripes = canvas.lines(*rows, width=0.02) * canvas.below(horizon + 0.01)
    crop = rgb(230, 200, 90) if scene["season"] in ("summer", "autumn") else rgb(160, 206, 120)
    canvas.over(stripes * 0.75, mix(light.on(crop), light.near, 0.15))


def _water_colour(light: Light) -> Colour:
    return mix(mix(light.top, light.horizon, 0.35), WATER_DAY * light.lit, 0.4)


def _mirrored(canvas: Canvas, horizon: float) -> Plane:
    """What stands above the horizon, upside down below it."""
    rows = np.arange(canvas.side)
    line = int(horizon * canvas.side)
    return canvas.pixels[np.clip(2 * line - rows, 0, canvas.side - 1)]


def _sea(canvas: Canvas, light: Light, horizon: float) -> None:
    ground = canvas.below(horizon)
    canvas.over(ground, mix(_water_colour(light), light.top, 0.2))
    canvas.over(ground * 0.35, _mirrored(canvas, horizon))
    deep = np.clip((canvas.y - horizon) / (1 - horizon), 0, 1)
    canvas.over((deep * ground * 0.4).astype(np.float32), light.on(rgb(20, 58, 96)))
    along = np.linspace(-0.02, 1.02, 40)
    for part in np.linspace(0.12, 0.95, 6):
        y = horizon + (1 - horizon) * part**1.2
        tall, slow = 0.008 + 0.02 * part, 30 - 18 * part
        wave = y + tall * np.abs(np.sin(along * slow / 2 + canvas.between(0, 6))) * -1
        crest = canvas.lines(
            np.stack([along, wave], 1).astype(np.float32), width=0.006 + 0.01 * part
        )
        canvas.over(crest * 0.65, mix(light.on(rgb(240, 248, 252)), light.horizon, 0.3))


def _river(canvas: Canvas, light: Light, horizon: float) -> None:
    """A ribbon that comes nearer in bends."""
    deep = np.clip((canvas.y[:, 0] - horizon) / (1 - horizon), 0, 1)
    x, bend = canvas.between(0.35, 0.65), canvas.between(0.16, 0.24) * canvas.random.choice([-1, 1])
    middle = x + bend * np.sin(deep**0.6 * 5.5) * (0.3 + 0.7 * deep)
    half = 0.015 + 0.17 * deep**1.4
    away = np.abs(canvas.x - middle[:, None])
    ribbon = np.clip((half[:, None] - away) * canvas.side + 0.5, 0, 1) * canvas.below(horizon)
    canvas.over(ribbon.astype(np.float32), mix(_water_colour(light), rgb(255, 255, 255), 0.12))
    shine = np.clip((half[:, None] * 0.3 - away) * canvas.side, 0, 1) * canvas.below(horizon)
    canvas.over((shine * 0.6).astype(np.float32), mix(light.horizon, rgb(255, 255, 255), 0.4))


def _pond(canvas: Canvas, light: Light, horizon: float) -> None:
    x, y = canvas.between(0.38, 0.62), horizon + (1 - horizon) * 0.55
    wide, high = canvas.between(0.3, 0.38), (1 - horizon) * canvas.between(0.28, 0.36)
    round_ = np.sqrt(((canvas.x - x) / wide) ** 2 + ((canvas.y - y) / high) ** 2)
    pond = np.clip((1 - round_) * canvas.side * high, 0, 1).astype(np.float32)
    rim = np.clip((1.08 - round_) * canvas.side * high, 0, 1).astype(np.float32)
    canvas.over(rim, mix(light.dark, light.near, 0.3))
    canvas.over(pond, mix(_water_colour(light), light.horizon, 0.3))
    ripples = 0.5 + 0.5 * np.cos(round_ * 26)
    canvas.over(
        (pond * ripples**2 * 0.5).astype(np.float32), mix(light.horizon, rgb(255, 255, 255), 0.35)
    )
