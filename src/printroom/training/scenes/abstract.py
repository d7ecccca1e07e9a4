"""Pictures of no place: fields, arcs, drips, shards and rays, as the mood has it; and motion."""

from __future__ import annotations

import numpy as np

from printroom.training.scenes.canvas import Canvas, Colour, Plane, mix, rgb
from printroom.training.scenes.light import HUES, rays
from printroom.training.scenes.spec import Scene

PALETTES: dict[str, tuple[Colour, Colour, Colour, Colour]] = {
    "calm": (rgb(206, 222, 216), rgb(150, 184, 186), rgb(236, 230, 214), rgb(112, 150, 164)),
    "joy": (rgb(255, 226, 120), rgb(250, 150, 60), rgb(250, 110, 130), rgb(90, 200, 200)),
    "sorrow": (rgb(70, 84, 104), rgb(44, 54, 72), rgb(112, 124, 140), rgb(28, 34, 48)),
    "longing": (rgb(150, 112, 170), rgb(214, 160, 176), rgb(90, 74, 130), rgb(250, 206, 190)),
    "fear": (rgb(20, 12, 18), rgb(110, 14, 22), rgb(52, 60, 40), rgb(6, 4, 8)),
    "awe": (rgb(26, 22, 80), rgb(240, 196, 90), rgb(80, 60, 150), rgb(255, 244, 220)),
}
"""Ground, and three to set on it."""
PLAIN = (rgb(232, 222, 204), rgb(180, 90, 70), rgb(70, 100, 130), rgb(40, 40, 48))


def abstraction(canvas: Canvas, scene: Scene) -> None:
    """Mood and colour as a composition; motion is laid over it by `motion`."""
    ground, *inks = PALETTES.get(scene.get("mood", ""), PLAIN)
    if "colour" in scene:
        hue = HUES[scene["colour"]]
        ground, inks = (
            mix(ground, hue, 0.55),
            [mix(ink, hue, share) for ink, share in zip(inks, (0.75, 0.4, 0.25), strict=True)],
        )
    canvas.over(1.0, ground)
    canvas.over((canvas.y * 0.35).astype(np.float32), inks[0])
    draw = {
        "calm": _fields,
        "joy": _circles,
        "sorrow": _drips,
        "longing": _far,
        "fear": _shards,
        "awe": _rays,
    }.get(scene.get("mood", ""), _strokes)
    draw(canvas, inks)


def _fields(canvas: Canvas, inks: list[Colour]) -> None:
    edges = np.sort(canvas.random.uniform(0.12, 0.88, 3))
    tops = np.concatenate([[0.06], edges + 0.02])
    for top, foot, ink in zip(tops, [*edges - 0.02, 0.94], [*inks, inks[0]], strict=True):
        inside = np.clip((canvas.y - top) * 30, 0, 1) * np.clip((foot - canvas.y) * 30, 0, 1)
        sides = np.clip((canvas.x - 0.07) * 30, 0, 1) * np.clip((0.93 - canvas.x) * 30, 0, 1)
        canvas.over((0.85 * inside * sides).astype(np.float32), ink)


def _circles(canvas: Canvas, inks: list[Colour]) -> None:
    for place in range(6):
        x, y = canvas.random.uniform(0.12, 0.88, 2)
        radius = canvas.between(0.07, 0.2)
        ink = inks[place % 3]
        canvas.over(canvas.disc(x, y, radius), ink)
        canvas.over(canvas.disc(x, y, radius * 0.6), mix(ink, rgb(255, 255, 255), 0.45))


def _drips(canvas: Canvas, inks: list[Colour]) -> None:
    for ink in inks:
        down = 0.15 + canvas.cloudy(8, 0)[0] * 0.75
        canvas.over(np.clip((down - canvas.y) * 6, 0, 0.8).astype(np.float32), ink)


def _far(canvas: Canvas, inks: list[Colour]) -> None:
    line = canvas.between(0.55, 0.72)
    canvas.over(canvas.below(line), inks[1])
    x = canvas.between(0.25, 0.75)
    canvas.light(canvas.glow(x, line - 0.1, 0.2) * 0.7, inks[2])
    canvas.over(canvas.disc(x, line - 0.1, 0.055), mix(inks[2], rgb(255, 255, 255), 0.4))
    away = (canvas.y - line) / 0.03
    canvas.light(np.exp(-(away**2)).astype(np.float32) * 0.6, inks[0])


def _shards(canvas: Canvas, inks: list[Colour]) -> None:
    for place in range(7):
        x, y, turn = canvas.between(0, 1), canvas.between(0, 1), canvas.between(0, 6.3)
        far = np.array([np.cos(turn), np.sin(turn)]) * canvas.between(0.4, 0.8)
        side = np.array([-far[1], far[0]]) * 0.14
        at = np.array([x, y])
        canvas.over(
            canvas.shape(np.array([at - side, at + side, at + far], np.float32)), inks[place % 3]
        )


def _rays(canvas: Canvas, inks: list[Colour]) -> None:
    x, y = canvas.between(0.35, 0.65), canvas.between(0.3, 0.6)
    canvas.over(np.clip(rays(canvas, x, y) * 1.6, 0, 1), inks[0])
    canvas.light(canvas.glow(x, y, 0.25) * 0.8, inks[2])
    canvas.over(canvas.disc(x, y, canvas.between(0.08, 0.13)), inks[2])


def _strokes(canvas: Canvas, inks: list[Colour]) -> None:
    """Broad strokes of a brush, side by side."""
    turn = canvas.between(-0.5, 0.5)
    along = np.linspace(-0.3, 0.3, 12)
    for place in range(6):
        x, y = canvas.random.uniform(0.2, 0.8, 2)
        bend = 0.05 * np.sin(along * 8 + canvas.between(0, 6))
        curve = np.stack(
            [
                x + along * np.cos(turn) - bend * np.sin(turn),
                y + along * np.sin(turn) + bend * np.cos(turn),
            ],
            1,
        )
        canvas.over(canvas.lines(curve.astype(np.float32), width=0.08) * 0.9, inks[place % 3])


def motion(canvas: Canvas, kind: str, share: float) -> None:
    """How it moves, as lines over it all; stillness is one quiet circle."""
    pale = rgb(252, 250, 240)
    if kind == "still":
        ring = np.abs(np.hypot(canvas.x - 0.5, canvas.y - 0.5) - 0.36)
        canvas.over(np.clip((0.016 - ring) * canvas.side, 0, share).astype(np.float32), pale)
        return
    draw = {"flow": _flow, "swirl": _swirl, "falling": _falling}[kind]
    canvas.over(canvas.lines(*draw(canvas), width=0.016) * np.float32(share), pale)


def _flow(canvas: Canvas) -> list[Plane]:
    along = np.linspace(-0.05, 1.05, 24)
    phase, rise = canvas.between(0, 6), canvas.between(0.03, 0.06)
    rows = np.linspace(0.06, 0.96, 9)
    waves = [row + rise * np.sin(along * 8 + phase + row * 3) for row in rows]
    return [np.stack([along, wave], 1).astype(np.float32) for wave in waves]


def _swirl(canvas: Canvas) -> list[Plane]:
    turn = np.linspace(0, 4.6 * np.pi, 70)
    x, y, start = canvas.between(0.4, 0.6), canvas.between(0.4, 0.6), canvas.between(0, 6)
    arm = 0.012 + 0.031 * turn
    return [
        np.stack([x + arm * np.cos(turn + start), y + arm * np.sin(turn + start)], 1).astype(
            np.float32
        )
    ]


def _falling(canvas: Canvas) -> list[Plane]:
    tops, long = canvas.random.uniform(0, 0.6, 12), canvas.random.uniform(0.2, 0.4, 12)
    xs = np.linspace(0.05, 0.95, 12)
    return [
        np.array([[x, y], [x, y + far]], np.float32)
        for x, y, far in zip(xs, tops, long, strict=True)
    ]
