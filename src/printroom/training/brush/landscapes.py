"""Three who paint light with a brush: night, noon, haze.

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
