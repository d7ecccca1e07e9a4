"""Trees, blossom, flowers, grass and fallen leaves; birds, butterflies, fireflies."""

from __future__ import annotations

import numpy as np

from printroom.training.scenes.canvas import Canvas, Colour, mix, rgb
from printroom.training.scenes.light import Light
from printroom.training.scenes.spec import Scene

CROWNS = {"spring": rgb(150, 200, 90), "summer": rgb(34, 110, 48), "autumn": rgb(214, 96, 24)}
PETALS = (
    rgb(220, 50, 60),
    rgb(250, 200, 60),
    rgb(240, 130, 180),
    rgb(250, 246, 240),
    rgb(140, 90, 200),
)
Branch = list[tuple[float, float]]


def flora(canvas: Canvas, light: Light, scene: Scene, horizon: float) -> None:
    """What grows, nearer than the land."""
    kind = scene.get("flora")
    if kind == "tree":
        _tree(canvas, light, scene, horizon)
    elif kind == "blossom":
        _blossom(canvas, light)
    elif kind == "flowers":
        _flowers(canvas, light)
    elif kind == "grass":
        _grass(canvas, light, scene)
    elif kind == "leaves":
        _leaves(canvas, light)


def _tree(canvas: Canvas, light: Light, scene: Scene, horizon: float) -> None:
    x = canvas.random.choice([canvas.between(0.16, 0.34), canvas.between(0.66, 0.84)])
    foot, top = horizon + (1 - horizon) * canvas.between(0.3, 0.6), canvas.between(0.2, 0.3)
    bark = mix(light.on(rgb(70, 46, 34)), light.dark, 0.4)
    middle = top + (foot - top) * 0.4
    trunk = [(x - 0.03, foot), (x + 0.03, foot), (x + 0.014, middle), (x - 0.014, middle)]
    canvas.over(canvas.shape(trunk), bark)
    twigs = [
        [(x, middle + 0.1), (x + lean * 0.5, middle - 0.03), (x + lean, middle - rise)]
        for lean, rise in ((-0.2, 0.1), (-0.1, 0.18), (0, 0.2), (0.11, 0.17), (0.2, 0.09))
    ]
    canvas.over(canvas.lines(*twigs, width=0.014), bark)
    crown = CROWNS.get(scene["season"])
    if crown is None:
        fine = [[(x + s * 0.13, middle - 0.06), (x + s * 0.22, middle + 0.02)] for s in (-1, 1)]
        canvas.over(canvas.lines(*fine, width=0.01), bark)
        return
    for shade, lift in ((0.3, 0.02), (0.0, -0.02)):
        lumps = np.array([[-0.13, 0.02], [0.13, 0.02], [0, -0.06], [-0.07, -0.05], [0.07, -0.05]])
        lumps = lumps + canvas.random.normal(0, 0.015, (5, 2)) + (x, middle - 0.05 + lift)
        canvas.over(canvas.dots(lumps, 0.095), mix(light.on(crown), light.dark, shade))


def _branch(canvas: Canvas) -> Branch:
    """A bough that comes in from a side, above."""
    left = canvas.random.random() < 0.5
    y, drop = canvas.between(0.1, 0.22), canvas.between(0.05, 0.2)
    along = np.linspace(0, canvas.between(0.7, 0.9), 8)
    bends = y + drop * along + 0.03 * np.sin(along * 9 + canvas.between(0, 6))
    return [(float(a if left else 1 - a), float(b)) for a, b in zip(along, bends, strict=True)]


def _blossom(canvas: Canvas, light: Light) -> None:
    bough = _branch(canvas)
    twigs = [
        [(x, y), (x + canvas.between(-0.05, 0.1), y + side * canvas.between(0.06, 0.13))]
        for place, (x, y) in enumerate(bough[1:])
        for side in ((1,) if place % 2 else (-1,))
    ]
    canvas.over(canvas.lines(bough, width=0.03), light.on(rgb(64, 42, 40)))
    canvas.over(canvas.lines(*twigs, width=0.012), light.on(rgb(64, 42, 40)))
    ends = np.array([twig[1] for twig in twigs] + bough[1:])
    clusters = np.repeat(ends, 3, 0) + canvas.random.normal(0, 0.028, (len(ends) * 3, 2))
    lit = mix(light.lit, rgb(255, 255, 255), 0.4)
    canvas.over(canvas.dots(clusters, 0.03), rgb(240, 150, 182) * lit)
    canvas.over(
        canvas.dots(clusters[::2] + np.array([0.006, -0.008]), 0.02), rgb(255, 214, 226) * lit
    )


def _flowers(canvas: Canvas, light: Light) -> None:
    colour = PETALS[int(canvas.random.integers(len(PETALS)))]
    xs = np.linspace(0.08, 0.92, 7) + canvas.random.uniform(-0.04, 0.04, 7)
    tops = canvas.random.uniform(0.68, 0.84, 7)
    stems = [[(x, 1.0), (x + 0.015, y)] for x, y in zip(xs, tops, strict=True)]
    canvas.over(canvas.lines(*stems, width=0.014), light.on(rgb(50, 110, 50)))
    lit = mix(light.lit, rgb(255, 255, 255), 0.35)
    turn = np.arange(5) * 2 * np.pi / 5
    around = np.stack([np.cos(turn), np.sin(turn)], 1) * 0.034
    heads = np.stack([xs + 0.015, tops], 1)
    canvas.over(canvas.dots((heads[:, None] + around).reshape(-1, 2), 0.027), colour * lit)
    middle = rgb(90, 56, 20) if colour is PETALS[1] else rgb(250, 210, 80)
    canvas.over(canvas.dots(heads, 0.019), middle * lit)


def _grass(canvas: Canvas, light: Light, scene: Scene) -> None:
    blades = []
    lean = canvas.between(-0.12, 0.12)
    for x in np.linspace(-0.05, 1.05, 30) + canvas.random.uniform(-0.02, 0.02, 30):
        high = canvas.between(0.2, 0.42)
        tip = (x + lean + canvas.between(-0.05, 0.05), 1 - high)
        blades.append(
            [(x - 0.013, 1.02), (x + 0.013, 1.02), (x + lean * 0.4 + 0.006, 1 - high * 0.6), tip]
        )
    dry = scene["season"] in ("autumn", "winter")
    green = rgb(196, 164, 90) if dry else rgb(70, 140, 60)
    canvas.over(canvas.shape(*blades[::2]), mix(light.on(green), light.dark, 0.45))
    canvas.over(canvas.shape(*blades[1::2]), light.on(green))


def _leaves(canvas: Canvas, light: Light) -> None:
    colours = (rgb(206, 60, 24), rgb(232, 140, 30), rgb(150, 60, 30))
    lit = mix(light.lit, rgb(255, 255, 255), 0.35)
    for colour in colours:
        leaves = []
        for x, y in canvas.random.uniform(0.03, 0.97, (8, 2)):
            turn, size = canvas.between(0, 6.3), canvas.between(0.035, 0.055)
            along = np.array([np.cos(turn), np.sin(turn)]) * size
            side = np.array([-along[1], along[0]]) * 0.5
            at = np.array([x, y])
            leaves.append(np.array([at - along, at + side, at + along, at - side], np.float32))
        canvas.over(canvas.shape(*leaves), colour * lit)


def fauna(canvas: Canvas, _light: Light, scene: Scene, horizon: float) -> None:
    """What flies."""
    kind = scene.get("fauna")
    if kind == "birds":
        _birds(canvas, scene)
    elif kind == "butterfly":
        _butterfly(canvas)
    elif kind == "fireflies":
        places = np.stack(
            [canvas.random.uniform(0.05, 0.95, 13), canvas.random.uniform(horizon - 0.2, 0.95, 13)],
            1,
        )
        canvas.light(canvas.dots(places, 0.034) * 0.45, rgb(220, 255, 120))
        canvas.over(canvas.dots(places, 0.014), rgb(246, 255, 170))


def _birds(canvas: Canvas, scene: Scene) -> None:
    colour: Colour = rgb(24, 24, 32) if scene["time"] != "night" else rgb(206, 212, 228)
    x, y = canvas.between(0.3, 0.7), canvas.between(0.15, 0.32)
    step = canvas.random.choice([-1, 1]) * 0.13
    wings = []
    for place in range(int(canvas.random.integers(3, 6))):
        cx = x + step * ((place + 1) // 2) * (1 if place % 2 else -1)
        cy = y + 0.055 * ((place + 1) // 2) + canvas.between(-0.02, 0.02)
        wide = canvas.between(0.065, 0.085)
        wings.append(
            [
                (cx - wide, cy - 0.035),
                (cx - wide * 0.45, cy - 0.03),
                (cx, cy + 0.01),
                (cx + wide * 0.45, cy - 0.03),
                (cx + wide, cy - 0.035),
            ]
        )
    canvas.over(canvas.lines(*wings, width=0.02), colour)


def _butterfly(canvas: Canvas) -> None:
    colour = (rgb(244, 150, 30), rgb(250, 250, 240), rgb(90, 140, 240), rgb(250, 220, 80))
    own = colour[int(canvas.random.integers(len(colour)))]
    for _ in range(int(canvas.random.integers(1, 3))):
        x, y, size = (
            canvas.between(0.25, 0.75),
            canvas.between(0.35, 0.7),
            canvas.between(0.08, 0.11),
        )
        wings = [
            [
                (x, y),
                (x + s * size, y - size),
                (x + s * size * 1.15, y - size * 0.2),
                (x, y + size * 0.15),
            ]
            for s in (-1, 1)
        ] + [
            [(x, y), (x + s * size * 0.8, y + size * 0.2), (x + s * size * 0.5, y + size * 0.85)]
            for s in (-1, 1)
        ]
        canvas.over(canvas.shape(*wings), own)
        canvas.over(
            canvas.lines([(x, y - size * 0.4), (x, y + size * 0.5)], width=0.018), rgb(30, 24, 24)
        )
