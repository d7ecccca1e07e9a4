"""Six painters who lead a brush: night, noon, haze, wild, blossom, howl.

    random -> (HEIGHT, WIDTH, 3) in 0..1

Each has a composition and a hand of its own. Nothing is taken from anybody's painting.
"""

from __future__ import annotations

import cv2
import numpy as np

from printroom.training.brush.ground import (
    HEIGHT,
    WIDTH,
    Array,
    Random,
    along,
    brushed,
    bytes_of,
    edge,
    floats_of,
    noise,
    over,
    places,
    rgb,
    ridge,
    smooth_line,
)


def night(random: Random) -> Array:
    """Thick paint in whirls around three lights over dark hills."""
    x, y = places()
    lights = [(0.28, 0.27, 0.16), (0.8, 0.2, 0.2), (1.14, 0.42, 0.12), (0.55, 0.5, 0.09)]
    turn_x, turn_y = np.full_like(x, 0.35), 0.12 * np.sin(x * 6)
    glow = np.zeros_like(x)
    rings = np.zeros_like(x)
    for number, (cx, cy, size) in enumerate(lights):
        dx, dy = x - cx, y - cy
        far = np.hypot(dx, dy)
        pull = np.exp(-((far / size) ** 2) / 2) * (1 if number % 2 else -1) * 3
        turn_x, turn_y = turn_x - dy / (far + 0.01) * pull, turn_y + dx / (far + 0.01) * pull
        glow = np.maximum(glow, np.exp(-((far / size) ** 1.4) * 1.5))
        rings += np.exp(-((far / size) ** 2) / 3) * np.sin(far / size * 22)
    angle = np.arctan2(turn_y, turn_x)
    sky = along(
        0.42 + 0.13 * noise(random, 0.02, 0.008) + 0.16 * rings,
        "0b1440",
        "16318a",
        "2f6fb4",
        "7fb7d6",
    )
    sky = (
        sky * (1 - glow[..., None] ** 0.8)
        + along(glow, "3f86b8", "9ccbc0", "f2d64b", "fff3b0") * glow[..., None] ** 0.8
    )
    for level, colours, rough in (
        (0.72, ("123a54", "2c6a6a", "4f8f74"), 0.03),
        (0.84, ("0a1f2e", "1d3f3a", "3f5a2e"), 0.03),
    ):
        line = ridge(random, level, rough)
        hill = edge(line[None] - y)
        rows = (
            0.5
            + 0.3 * np.sin((y - line[None]) * 70 + 3 * noise(random, 0.1))
            + 0.15 * noise(random, 0.02)
        )
        sky = over(sky, hill, along(rows, *colours))
        slope = np.arctan(np.gradient(line) * HEIGHT)[None] + 0.25
        angle = np.where(hill > 0.5, slope, angle)
    for _ in range(9):
        left, top = random.uniform(0.05, 1.28), random.uniform(0.8, 0.93)
        sky = over(
            sky, edge(np.maximum(abs(x - left) - 0.006, abs(y - top) - 0.009)), rgb("f6b33c")[0]
        )
    return brushed(sky, angle, random, sizes=(16, 9, 6, 4), length=7, liveliness=0.1, relief=1.0)


def noon(random: Random) -> Array:
    """A bank of a river in dots of divided colours."""
    x, y = places()
    scene = along(y * 2.2, "7fb2e5", "b9dcf2", "f6efd2")
    water = along(
        (y - 0.42) * 2.3 + 0.05 * noise(random, 0.06, 0.004), "8ec6e6", "4c8fd0", "3567b2"
    )
    scene = over(scene, edge(0.42 - y), water)
    scene = over(
        scene, edge(np.abs(y - 0.4 - 0.008 * noise(random, 0.05)) - 0.03), rgb("6a8fb0")[0]
    )
    bank = ridge(random, 0.78, 0.05)[None] - 0.25 * (x - 0.55)
    scene = over(
        scene,
        edge(bank - y),
        along((y - bank) * 3 + 0.1 * noise(random, 0.03), "d8e06a", "8fc04a", "3f8a4a"),
    )
    for cx, cy, size in ((0.24, 0.24, 0.2), (0.06, 0.3, 0.16), (1.2, 0.26, 0.19)):
        lump = np.hypot((x - cx) * 0.9, y - cy) - size + 0.022 * noise(random, 0.02)
        shade = 0.5 - (x - cx) * 1.4 + (y - cy) * 1.8 + 0.12 * noise(random, 0.015)
        foot = edge(np.maximum(np.abs(x - cx) - 0.014, np.abs(y - cy - 0.3) - 0.28))
        scene = over(scene, foot, rgb("6b4a6e")[0])
        scene = over(scene, edge(lump), along(shade, "e6e35a", "6fb04a", "2f6e5a", "3a3f86"))
        fallen = np.hypot((x - cx - 0.12) * 0.55, (y - cy - 0.58) * 2.6) - 0.13
        scene = over(scene, 0.75 * edge(fallen, 0.02), rgb("3f5f9a")[0])
    for cx, base, tall in ((0.62, 0.5, 0.2), (0.74, 0.47, 0.13), (0.95, 0.55, 0.24)):
        up = (base - y) / tall
        sail = np.maximum(
            np.abs(x - cx - 0.03 * up) - 0.055 * tall / 0.2 * (1 - up), np.maximum(-up, up - 1)
        )
        scene = over(scene, edge(sail), rgb("fff4dc" if cx != 0.74 else "f2a66a")[0])
        hull = np.maximum(np.abs(x - cx) - 0.07 * tall / 0.2, np.abs(y - base - 0.012) - 0.012)
        scene = over(scene, edge(hull), rgb("9a3f4e")[0])
        scene = over(
            scene,
            0.5 * edge(np.maximum(np.abs(x - cx) - 0.04, np.abs(y - base - 0.1) - 0.08), 0.02),
            rgb("fff4dc")[0],
        )
    return dotted(scene, random)


def dotted(scene: Array, random: Random) -> Array:
    """Dabs whose hues stray from the scene's and meet it again in the mean."""
    canvas = bytes_of(0.7 * scene + 0.3 * rgb("f3ead2")[0])
    for radius, share in ((5, 1.3), (4, 1.0), (3, 0.9)):
        count = int(share * WIDTH * HEIGHT / radius**2 / 1.6)
        spots = np.stack([random.uniform(0, WIDTH, count), random.uniform(0, HEIGHT, count)], 1)
        stray = random.normal(0, 1, (count, 3)) * (0.16, 0.12, 0.17)
        stray -= stray.mean(1, keepdims=True) * 0.5
        for (px, py), off in zip(spots, stray, strict=True):
            colour = np.clip(scene[int(py), int(px)] + off, 0, 1) * 255
            cv2.circle(
                canvas,
                (int(px * 16), int(py * 16)),
                int(radius * 16 * 0.62),
                colour.tolist(),
                -1,
                cv2.LINE_AA,
                4,
            )
    return floats_of(canvas)


def haze(random: Random) -> Array:
    """A sun that dissolves a harbour in gold."""
    x, y = places()
    far = np.hypot((x - 0.78) * 0.8, y - 0.36)
    swirl = np.arctan2(y - 0.36, x - 0.78)
    mist = (
        0.12 * noise(random, 0.1, 0.03)
        + 0.06 * noise(random, 0.03, 0.012)
        + 0.05 * np.sin(swirl * 3 + far * 9)
    )
    scene = along(far * 1.15 + mist, "fffbe6", "ffe79a", "f6b95a", "c98a68", "7f7a92", "4a5578")
    sea = edge(0.56 - y, 0.05)
    path = np.exp(-(((x - 0.78) / (0.05 + 0.35 * np.clip(y - 0.56, 0, 1))) ** 2))
    water = along(
        0.25 + 1.1 * (y - 0.56) - 0.5 * path + 0.1 * noise(random, 0.06, 0.006),
        "ffefb0",
        "e3a85e",
        "94706c",
        "3f4866",
    )
    scene = over(scene, sea * 0.85, water)
    for cx, base, size, tone in (
        (0.3, 0.66, 0.34, "4a3f4e"),
        (0.52, 0.6, 0.18, "8a6a62"),
        (1.12, 0.61, 0.2, "8a6f6a"),
    ):
        ship = np.hypot((x - cx) / 1.0, (y - base) * 4.2) - size * 0.32
        scene = over(scene, 0.8 * edge(np.maximum(ship, base - y), 0.015), rgb(tone)[0])
        for mast in (-0.16, 0.02, 0.18):
            high = size * (1.0 - abs(mast))
            pole = np.maximum(
                np.abs(x - cx - mast * size) - 0.004, np.abs(y - base + high / 2) - high / 2
            )
            sail = np.maximum(
                np.abs(x - cx - mast * size) - 0.075 * size * 1.6 * (1.3 - (base - y) / high),
                np.abs(y - base + high * 0.55) - high * 0.33,
            )
            scene = over(scene, 0.45 * edge(sail, 0.012), rgb(tone)[0] * 0.6 + 0.4)
            scene = over(scene, 0.8 * edge(pole, 0.004), rgb(tone)[0])
        scene = over(
            scene,
            0.35
            * edge(np.maximum(np.abs(x - cx) - size * 0.25, np.abs(y - base - 0.09) - 0.09), 0.03),
            rgb(tone)[0],
        )
    scene = scene + 0.35 * np.exp(-((far / 0.1) ** 2))[..., None]
    angle = np.where(
        y > 0.56, 0.02 * noise(random, 0.05), swirl + np.pi / 2 + 0.3 * noise(random, 0.08)
    )
    painted = brushed(
        scene, angle, random, sizes=(26, 14, 7), length=5, liveliness=0.045, relief=0.35, least=0.02
    )
    soft = cv2.GaussianBlur(painted, (0, 0), 2.5)
    mild: Array = 0.55 * painted + 0.45 * soft
    return mild


def wild(random: Random) -> Array:
    """A village road in colours that no road has, in broad dabs."""
    x, y = places()
    scene = along(y * 2.4 + 0.1 * noise(random, 0.05, 0.02), "2fa0a8", "7fd0b0", "f6d86a")
    for level, colours in ((0.36, ("7a3fa0", "4a5fd0")), (0.46, ("e0527a", "f08a4a"))):
        scene = over(
            scene,
            edge(ridge(random, level, 0.05)[None] - y),
            along(0.5 + 0.3 * noise(random, 0.05), *colours),
        )
    scene = over(
        scene,
        edge(0.52 - y),
        along(0.5 + 0.35 * noise(random, 0.04, 0.02), "f2b21f", "3fae5a", "9ad03f"),
    )
    road = np.abs(x - 0.62 - 0.2 * np.sin(y * 5 - 1.2) * (y - 0.5)) - 0.48 * (y - 0.5)
    scene = over(
        scene,
        edge(np.maximum(road, 0.52 - y)),
        along(0.5 + 0.3 * noise(random, 0.04), "f48fb0", "f25f6a", "f7c3c0"),
    )
    for cx, top, wide, wall, roof in (
        (0.98, 0.38, 0.12, "f7e3a0", "d0303a"),
        (1.18, 0.42, 0.1, "5fb8e0", "f0642a"),
        (0.28, 0.44, 0.09, "f7a8c0", "2f4fc0"),
    ):
        scene = over(
            scene,
            edge(np.maximum(np.abs(x - cx) - wide, np.abs(y - top - 0.1) - 0.09)),
            rgb(wall)[0],
        )
        scene = over(
            scene,
            edge(
                np.maximum(
                    np.abs(x - cx) - (y - top + 0.09) * wide * 11, np.abs(y - top + 0.04) - 0.05
                )
            ),
            rgb(roof)[0],
        )
        scene = over(
            scene,
            edge(np.maximum(np.abs(x - cx) - 0.022, np.abs(y - top - 0.14) - 0.05)),
            rgb("2a2f7a")[0],
        )
    for cx, tone in ((0.1, "d03f2f"), (0.44, "e0522f"), (0.82, "b0304f")):
        bend = x - cx - 0.05 * np.sin(y * 8 + cx * 9)
        scene = over(
            scene, edge(np.maximum(np.abs(bend) - 0.018 - 0.02 * y, y - 0.82)), rgb(tone)[0]
        )
        crown = np.hypot(bend, (y - 0.2) * 1.1) - 0.15 + 0.02 * noise(random, 0.03)
        scene = over(
            scene,
            edge(crown),
            along(0.5 + 0.4 * noise(random, 0.03) - bend * 2, "f7d02f", "2f9a4a", "1f4f8a"),
        )
    angle = 0.5 + 0.9 * noise(random, 0.12)
    return brushed(
        scene,
        angle,
        random,
        sizes=(20, 12, 8, 6),
        length=2.6,
        liveliness=0.1,
        relief=0.6,
        least=0.05,
    )


def blossom(random: Random) -> Array:
    """Branches in flower on a pale sky, in chalks on grained paper."""
    _, y = places()
    sky = along(y + 0.15 * noise(random, 0.12, 0.06), "bfe0ee", "d9ecec", "f6e9e0", "f7dfe2")
    angle = 0.6 + 0.4 * noise(random, 0.15)
    canvas = bytes_of(
        brushed(
            sky, angle, random, sizes=(22, 12), length=5, liveliness=0.035, relief=0.1, least=0.0
        )
    )
    buds: list[Array] = []
    for start, heading, thick in (
        ((-20, 330), -0.35, 13),
        ((660, 120), 2.9, 11),
        ((240, 500), -1.1, 9),
    ):
        branch(canvas, np.array(start, float), heading, thick, random, buds)
    shades = rgb("f9c6d4", "f5a3bd", "fde7ea", "ffffff", "ef86a8")
    for at in random.permutation(np.array(buds)):
        for _ in range(int(random.integers(2, 6))):
            middle = at + random.normal(0, 9, 2)
            base = shades[int(random.integers(len(shades)))]
            for petal in range(5):
                turn = petal * 2 * np.pi / 5 + random.uniform(0, 1)
                place = middle + 4.2 * np.array([np.cos(turn), np.sin(turn)])
                colour = np.clip(base + random.normal(0, 0.03), 0, 1) * 255
                size = (int(16 * random.uniform(3, 5)), int(16 * random.uniform(2.2, 3.4)))
                cv2.ellipse(
                    canvas,
                    (int(place[0] * 16), int(place[1] * 16)),
                    size,
                    np.degrees(turn),
                    0,
                    360,
                    colour.tolist(),
                    -1,
                    cv2.LINE_AA,
                    4,
                )
            cv2.circle(canvas, (int(middle[0]), int(middle[1])), 1, (200, 90, 110), -1, cv2.LINE_AA)
    grain = cv2.GaussianBlur(
        random.standard_normal((HEIGHT, WIDTH)).astype(np.float32), (0, 0), 0.7
    )
    chalk = floats_of(canvas) + 0.035 * grain[..., None]
    return np.asarray(np.clip(0.9 * chalk + 0.1, 0, 1))


def branch(
    canvas: Array, at: Array, heading: float, thick: float, random: Random, buds: list[Array]
) -> None:
    """Draws a branch and what grows from it; remembers where flowers may be."""
    while thick > 1.2:
        path = [at]
        for _ in range(4):
            heading += random.normal(0, 0.12)
            path.append(path[-1] + 11 * np.array([np.cos(heading), np.sin(heading)]))
        tone = np.array([110, 82, 92]) + random.normal(0, 8)
        smooth_line(canvas, np.array(path), thick, tone.tolist())
        smooth_line(canvas, np.array(path) - [0, thick * 0.25], thick * 0.3, (tone + 45).tolist())
        at = path[-1]
        if thick < 7:
            buds += [step for step in path if random.random() < 0.33]
        if random.random() < 0.55:
            branch(
                canvas,
                at,
                heading + random.choice([-1, 1]) * random.uniform(0.4, 0.9),
                thick * 0.6,
                random,
                buds,
            )
        thick *= 0.88
        if not (-60 < at[0] < WIDTH + 60 and -60 < at[1] < HEIGHT + 60):
            return


def howl(random: Random) -> Array:
    """Slashes of black, blood and bile over a street that leans."""
    x, y = places()
    bands = (
        0.5
        + 0.32 * np.sin(y * 26 + 5 * noise(random, 0.12, 0.05) + 3 * np.sin(x * 4))
        + 0.1 * noise(random, 0.02)
    )
    scene = along(bands, "2a0a10", "8a1a1c", "c8431f", "5f5a1c", "141a1c")
    for cx, wide, top, tone in (
        (0.08, 0.16, 0.12, "0f1614"),
        (0.36, 0.1, 0.3, "1c2420"),
        (1.02, 0.1, 0.26, "1a1f24"),
        (1.26, 0.15, 0.06, "0c0f12"),
    ):
        lean = x - cx + (0.3 if cx < 0.6 else -0.3) * (y - 0.6)
        house = np.maximum(np.abs(lean) - wide, top - y + 0.2 * np.abs(lean))
        scene = over(
            scene, edge(house), along(0.5 + 0.3 * noise(random, 0.03, 0.08), tone, "34402f")
        )
        for row in (0.42, 0.56, 0.7):
            window = np.maximum(
                np.abs(lean - 0.02) - 0.022, np.abs(y - max(row, top + 0.1)) - 0.028
            )
            scene = over(scene, edge(window), rgb("c9b23a")[0] * random.uniform(0.5, 1))
    ground = over(
        scene,
        edge(0.8 - y - 0.05 * np.sin(x * 5)),
        along(0.5 + 0.4 * noise(random, 0.08, 0.015), "0e1212", "3a4a3a", "6a2a20"),
    )
    body = np.maximum(
        np.abs(x - 0.68 - 0.03 * np.sin(y * 14)) - 0.05 - 0.1 * np.clip(y - 0.6, 0, 1), 0.52 - y
    )
    ground = over(ground, edge(body), rgb("08090c")[0])
    ground = over(ground, edge(np.hypot((x - 0.675) * 1.3, y - 0.48) - 0.058), rgb("a8a070")[0])
    ground = over(
        ground, edge(np.hypot((x - 0.675) * 1.5, (y - 0.5) * 0.9) - 0.02), rgb("120808")[0]
    )
    angle = 0.9 * np.sin(x * 5 + 2 * y) + 0.4 * noise(random, 0.06)
    angle = np.where(y > 0.78, 0.15, angle)
    return brushed(
        ground,
        angle,
        random,
        sizes=(24, 13, 7, 4),
        length=9,
        liveliness=0.13,
        relief=0.8,
        least=0.04,
    )
