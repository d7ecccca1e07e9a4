"""Three who paint tempers with a brush: wild, blossom, howl.

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
