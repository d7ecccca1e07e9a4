"""Boats, houses, lanterns, paths, a person, an animal: dark against the land, a light in some."""

from __future__ import annotations

import numpy as np

from printroom.training.scenes.canvas import Canvas, mix, rgb
from printroom.training.scenes.light import Light
from printroom.training.scenes.spec import Scene


def things(canvas: Canvas, light: Light, scene: Scene, horizon: float) -> None:
    """What people made, and who is there."""
    draw = {
        "boat": _boat,
        "house": _house,
        "lantern": _lantern,
        "path": _path,
        "person": _person,
        "animal": _animal,
    }.get(scene.get("thing", ""))
    if draw is not None:
        draw(canvas, light, horizon)


def _boat(canvas: Canvas, light: Light, horizon: float) -> None:
    x, y = canvas.between(0.35, 0.65), horizon + (1 - horizon) * canvas.between(0.35, 0.55)
    size = canvas.between(0.13, 0.17)
    hull = [
        (x - size, y),
        (x + size, y),
        (x + size * 0.7, y + size * 0.4),
        (x - size * 0.7, y + size * 0.4),
    ]
    sail = [(x, y - size * 1.9), (x, y - size * 0.15), (x + size * 0.95, y - size * 0.15)]
    back = [
        (x - 0.01, y - size * 1.7),
        (x - 0.01, y - size * 0.15),
        (x - size * 0.6, y - size * 0.15),
    ]
    canvas.over(canvas.shape(hull), mix(light.on(rgb(110, 50, 36)), light.dark, 0.3))
    canvas.over(canvas.shape(sail, back), mix(rgb(250, 244, 230) * light.lit, light.horizon, 0.25))


def _house(canvas: Canvas, light: Light, horizon: float) -> None:
    x, y = canvas.between(0.3, 0.7), horizon + (1 - horizon) * canvas.between(0.25, 0.45)
    size = canvas.between(0.12, 0.16)
    wall = [(x - size, y), (x - size, y - size), (x + size, y - size), (x + size, y)]
    roof = [
        (x - size * 1.4, y - size * 0.9),
        (x + size * 1.4, y - size * 0.9),
        (x + size * 0.5, y - size * 1.75),
        (x - size * 0.5, y - size * 1.75),
    ]
    canvas.over(canvas.shape(wall), light.on(rgb(214, 190, 160)))
    canvas.over(canvas.shape(roof), mix(light.on(rgb(120, 48, 40)), light.dark, 0.3))
    panes = [
        [
            (x + o - 0.022, y - size * 0.7),
            (x + o + 0.022, y - size * 0.7),
            (x + o + 0.022, y - size * 0.3),
            (x + o - 0.022, y - size * 0.3),
        ]
        for o in (-size * 0.5, size * 0.5)
    ]
    canvas.over(canvas.shape(*panes), rgb(255, 214, 110))


def _lantern(canvas: Canvas, light: Light, _horizon: float) -> None:
    x, top = canvas.between(0.3, 0.7), canvas.between(0.3, 0.4)
    for place in (-0.24, 0.0, 0.24):
        cx, cy = x + place, top + abs(place) * canvas.between(-0.3, 0.3)
        canvas.over(canvas.lines([(cx, 0), (cx, cy)], width=0.008), light.dark)
        canvas.light(canvas.glow(cx, cy + 0.06, 0.16) * 0.6, rgb(255, 170, 80))
        oval = ((canvas.x - cx) / 0.058) ** 2 + ((canvas.y - cy - 0.06) / 0.08) ** 2
        canvas.over(np.clip((1 - oval) * 6, 0, 1).astype(np.float32), rgb(250, 110, 50))
        canvas.over(canvas.glow(cx, cy + 0.06, 0.035) * 0.9, rgb(255, 236, 160))


def _path(canvas: Canvas, light: Light, horizon: float) -> None:
    x, far = canvas.between(0.4, 0.6), canvas.between(0.3, 0.7)
    deep = np.linspace(0, 1, 12)
    middle = far + (x - far) * deep + 0.07 * np.sin(deep * 4)
    half = 0.012 + 0.16 * deep**1.6
    y = horizon + (1.02 - horizon) * deep
    road = np.concatenate([np.stack([middle - half, y], 1), np.stack([middle + half, y], 1)[::-1]])
    canvas.over(canvas.shape(road.astype(np.float32)), light.on(rgb(226, 204, 164)))


def _person(canvas: Canvas, light: Light, horizon: float) -> None:
    x, foot = canvas.between(0.3, 0.7), horizon + (1 - horizon) * canvas.between(0.35, 0.6)
    tall = canvas.between(0.24, 0.3)
    robe = [
        (x - tall * 0.24, foot),
        (x + tall * 0.24, foot),
        (x + tall * 0.1, foot - tall * 0.72),
        (x - tall * 0.1, foot - tall * 0.72),
    ]
    coat = light.on(rgb(150, 34, 44)) if canvas.random.random() < 0.5 else light.on(rgb(30, 40, 90))
    canvas.over(canvas.shape(robe), mix(coat, light.dark, 0.3))
    canvas.over(canvas.disc(x, foot - tall * 0.84, tall * 0.12), light.on(rgb(240, 200, 168)))
    hat = [
        (x - tall * 0.22, foot - tall * 0.88),
        (x + tall * 0.22, foot - tall * 0.88),
        (x, foot - tall * 1.05),
    ]
    canvas.over(canvas.shape(hat), light.on(rgb(206, 176, 110)))


def _animal(canvas: Canvas, light: Light, horizon: float) -> None:
    """A cat that sits, seen from behind."""
    x, foot = canvas.between(0.3, 0.7), horizon + (1 - horizon) * canvas.between(0.45, 0.7)
    size = canvas.between(0.1, 0.13)
    fur = rgb(22, 20, 26) if canvas.random.random() < 0.6 else light.on(rgb(216, 130, 60))
    body = ((canvas.x - x) / size) ** 2 + ((canvas.y - foot + size * 0.9) / (size * 1.15)) ** 2
    canvas.over(np.clip((1 - body) * 12, 0, 1).astype(np.float32), fur)
    y, head = foot - size * 2.2, size * 0.68
    canvas.over(canvas.disc(x, y, head), fur)
    ears = [
        [
            (x + s * head * 0.95, y - head * 0.2),
            (x + s * head * 0.8, y - head * 1.5),
            (x + s * head * 0.1, y - head * 0.7),
        ]
        for s in (-1, 1)
    ]
    side = canvas.random.choice([-1, 1])
    turn = np.linspace(0, 2.6, 9)
    tail = np.stack(
        [
            x + side * (size * 0.7 + size * 0.9 * np.sin(turn)),
            foot - size * 0.9 * (1 - np.cos(turn)) * 0.9,
        ],
        1,
    )
    canvas.over(canvas.shape(*ears), fur)
    canvas.over(canvas.lines(tail.astype(np.float32), width=0.03), fur)
