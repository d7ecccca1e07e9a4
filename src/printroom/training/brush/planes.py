"""Two who build with planes and rays: facets, rays.

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
    bytes_of,
    edge,
    floats_of,
    noise,
    over,
    rgb,
    smooth_line,
)


def facets(random: Random) -> Array:
    """A table with jugs and fruit, seen from several sides at once."""
    scene = np.broadcast_to(rgb("8a7f68")[0], (HEIGHT, WIDTH, 3)).copy()
    tones = rgb(
        "c9b48a",
        "a68a5b",
        "6e6450",
        "4a4a44",
        "8f9a8a",
        "5f7068",
        "d9ccaa",
        "7a5a3c",
        "39423f",
        "b0663c",
    )
    canvas = bytes_of(scene)
    centres = np.array([[230, 210], [390, 190], [330, 330], [480, 330], [150, 350]])
    for _ in range(300):
        middle = np.array([random.uniform(0, WIDTH), random.uniform(0, HEIGHT)])
        near = np.hypot(*(centres - middle).T).min()
        size = np.clip(near * 0.55, 26, 110)
        turn = random.choice([0.4, 1.15, 1.9, 2.7]) + random.normal(0, 0.12)
        plane(canvas, middle, size, turn, tones[int(random.integers(len(tones)))], random)
    for cx, cy, high in ((230, 220, 190), (390, 215, 230), (500, 300, 120)):
        jug(canvas, np.array([cx, cy]), high, random)
    for _ in range(90):
        middle = centres[int(random.integers(len(centres)))] + random.normal(0, 75, 2)
        turn = random.choice([0.4, 1.15, 1.9, 2.7]) + random.normal(0, 0.1)
        plane(
            canvas,
            middle,
            random.uniform(16, 46),
            turn,
            tones[int(random.integers(len(tones)))],
            random,
            0.5,
        )
    picture = floats_of(canvas)
    weave = 0.02 * noise(random, 0.002, 0.006) + 0.02 * noise(random, 0.006, 0.002)
    return np.clip(picture + weave[..., None], 0, 1)


def plane(
    canvas: Array,
    middle: Array,
    size: float,
    turn: float,
    tone: Array,
    random: Random,
    cover: float = 0.92,
) -> None:
    """A four-cornered plane that is lit along one edge and fades into its neighbours."""
    across = np.array([np.cos(turn), np.sin(turn)])
    up = np.array([-across[1], across[0]]) * random.uniform(0.4, 1.2)
    skew = random.normal(0, 0.25)
    places = ((-1, -1), (1, -0.8), (0.8, 1), (-0.9, 0.8))
    corners = np.array([middle + size * ((a + b * skew) * across + b * up) for a, b in places])
    low = np.clip(np.floor(corners.min(0)).astype(int), 0, (WIDTH - 1, HEIGHT - 1))
    high = np.clip(np.ceil(corners.max(0)).astype(int) + 1, 1, (WIDTH, HEIGHT))
    if (high <= low).any():
        return
    part = canvas[low[1] : high[1], low[0] : high[0]]
    mask = np.zeros(part.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, np.rint((corners - low) * 16).astype(np.int32), 255, cv2.LINE_AA, 4)
    rows, columns = np.mgrid[: part.shape[0], : part.shape[1]]
    place = (
        (columns + low[0] - middle[0]) * across[0] + (rows + low[1] - middle[1]) * across[1]
    ) / size
    strokes = cv2.GaussianBlur(random.standard_normal(mask.shape), (0, 0), 1.2) * 0.1
    light = (place * random.choice([-1, 1]) * 0.22 + random.normal(0, 0.05) + strokes)[..., None]
    weight = (mask / 255 * cover * np.clip(0.75 + 0.5 * place, 0.15, 1))[..., None]
    part[:] = bytes_of(part / 255 * (1 - weight) + weight * (tone + light))
    smooth_line(canvas, corners[[0, 1]], 1.6, (38, 34, 30))
    smooth_line(canvas, corners[[1, 2]], 1, (70, 62, 50))


def jug(canvas: Array, at: Array, high: float, random: Random) -> None:
    """Halves of a vessel, one lit and one dark, that do not meet."""
    rows = np.linspace(-0.5, 0.5, 24)
    wide = high * (0.16 + 0.15 * np.exp(-(((rows - 0.18) / 0.2) ** 2)) + 0.04 * (rows < -0.42))
    for side, tone, shift in ((-1, (214, 200, 164), -3), (1, (70, 66, 56), 5)):
        outline = np.stack([at[0] + side * wide + shift, at[1] + rows * high + shift * 2], 1)
        middle = np.stack([np.full(24, at[0] + shift * 0.5), at[1] + rows * high + shift * 2], 1)
        shape = np.concatenate([outline, middle[::-1]])
        cv2.fillPoly(canvas, [np.rint(shape * 16).astype(np.int32)], tone, cv2.LINE_AA, 4)
        smooth_line(canvas, outline, 2.4, (32, 28, 24))
    turn = np.linspace(-1.4, 1.4, 16) + (0 if random.random() < 0.5 else np.pi)
    handle = at + high * np.stack(
        [0.26 * np.sign(np.cos(turn[8])) + 0.12 * np.cos(turn), -0.12 + 0.18 * np.sin(turn)], 1
    )
    smooth_line(canvas, handle, 4, (44, 38, 32))


def rays(random: Random) -> Array:
    """A poster: a sun of gold and lacquer over towers in steps."""
    tall, wide = 2 * HEIGHT, 2 * WIDTH
    y, x = np.mgrid[:tall, :wide].astype(np.float32) / tall
    turn, far = np.arctan2(0.78 - y, x - 2 / 3), np.hypot(x - 2 / 3, y - 0.78)
    part = turn / np.pi * 24
    picture = np.where((np.floor(part) % 2 == 0)[..., None], rgb("d9a441")[0], rgb("0f2f3a")[0])
    sheen = np.clip(1.15 - far * 0.55, 0.4, 1.2)[..., None]
    picture = picture * sheen
    rim = np.abs(part - np.round(part)) * far * np.pi / 24 - 0.0035
    picture = over(picture, edge(rim, 0.0015), rgb("f6e3a8")[0])
    for radius, tone in (
        (0.36, "f1d9a0"),
        (0.33, "b5402f"),
        (0.24, "f1d9a0"),
        (0.22, "0b1f28"),
        (0.13, "e0b050"),
    ):
        picture = over(
            picture, edge(far - radius, 0.0015), rgb(tone)[0] * (0.9 + 0.25 * (0.5 - y))[..., None]
        )
    for cx, wide_step, top, tone in (
        (0.14, 0.09, 0.36, "123f4a"),
        (0.34, 0.075, 0.5, "1b5a60"),
        (1.02, 0.08, 0.46, "1b5a60"),
        (1.2, 0.1, 0.3, "123f4a"),
    ):
        for step in range(4):
            block = np.maximum(
                np.abs(x - cx) - wide_step * (0.35 + 0.22 * step), top + 0.07 * step - y
            )
            lit = rgb(tone)[0] * (1 + 0.5 * np.clip((x - cx) / wide_step, -1, 1))[..., None]
            picture = over(picture, edge(block, 0.0015), lit)
            picture = over(picture, edge(np.abs(block) - 0.0025, 0.0015), rgb("e0b866")[0])
        stripes = np.maximum(
            np.abs(np.mod(x - cx + 0.012, 0.024) - 0.012) - 0.003,
            np.maximum(np.abs(x - cx) - wide_step * 0.8, top + 0.25 - y),
        )
        picture = over(picture, edge(stripes, 0.0015), rgb("e9c878")[0])
    sea = y - 0.8
    scales = np.mod(x * 14 + 0.5 * (np.floor(sea * 28) % 2), 1) - 0.5
    ring = np.hypot(scales / 14, np.mod(sea, 1 / 28) - 1 / 28)
    water = np.where((np.mod(ring * 90, 1) < 0.5)[..., None], rgb("0e3c48")[0], rgb("c9963f")[0])
    picture = over(picture, edge(-sea, 0.001), water)
    picture = over(picture, edge(np.abs(sea) - 0.006, 0.001), rgb("f6e3a8")[0])
    small = cv2.resize(picture.astype(np.float32), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return np.clip(small + 0.018 * noise(random, 0.0015)[..., None], 0, 1)
