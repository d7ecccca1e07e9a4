"""Six who work by other means than a brush: veil, facets, dusk, surge, rays, spill.

    random -> (HEIGHT, WIDTH, 3) in 0..1

Ink that runs on wet paper, planes, veils of colour, a woodcut, a poster in gold, thrown paint.
"""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np

from printroom.training.brush.ground import (
    HEIGHT,
    WIDTH,
    Array,
    Random,
    along,
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


def veil(random: Random) -> Array:
    """Mountains in mist, and a pine: ink on paper."""
    x, y = places()
    fibre = (
        0.012 * noise(random, 0.004, 0.001)
        + 0.01 * noise(random, 0.001)
        + 0.015 * noise(random, 0.2)
    )
    paper = rgb("efe8d6")[0] + fibre[..., None]
    ink = np.zeros_like(x)
    for level, rough, strength, fade in (
        (0.34, 0.07, 0.22, 0.2),
        (0.5, 0.09, 0.36, 0.2),
        (0.68, 0.1, 0.55, 0.22),
    ):
        line = ridge(random, level, rough, 9)[None]
        line = line + 0.01 * noise(random, 0.01)[:1]
        below = y - line
        wash = (
            np.exp(-np.clip(below, 0, 1) / fade)
            * edge(-below, 0.004)
            * (1 + 0.16 * noise(random, 0.02, 0.05))
        )
        rim = np.exp(-((below / 0.006) ** 2)) * 0.35
        dry = (
            np.clip(noise(random, 0.003, 0.03) - 0.6, 0, 1)
            * np.exp(-np.clip(below, 0, 1) / 0.1)
            * edge(-below)
        )
        ink = ink * (1 - 0.75 * edge(-below, 0.02)) + strength * (wash + rim + 0.5 * dry)
    sun = np.hypot(x - 0.98, y - 0.16) - 0.052
    picture = over(paper, np.clip(ink, 0, 1), rgb("2b2f33")[0])
    picture = over(picture, 0.8 * edge(sun, 0.004), rgb("b8452f")[0])
    canvas = bytes_of(picture)
    pine(canvas, random)
    for _ in range(7):
        bx, by = random.uniform(330, 520), random.uniform(90, 150)
        wing = random.uniform(5, 9)
        points = np.array(
            [
                [bx - wing, by - wing * 0.45],
                [bx - wing * 0.4, by - wing * 0.5],
                [bx, by],
                [bx + wing * 0.4, by - wing * 0.5],
                [bx + wing, by - wing * 0.4],
            ]
        )
        smooth_line(canvas, points, 1, (52, 54, 58))
    soft = cv2.GaussianBlur(floats_of(canvas), (0, 0), 0.6)
    return np.clip(soft, 0, 1)


def pine(canvas: Array, random: Random) -> None:
    """A trunk that leans over the valley, with flat clouds of needles."""
    path = [np.array([70.0, HEIGHT + 10.0])]
    heading = -1.35
    for _ in range(26):
        heading += random.normal(0, 0.11) + (0.04 if path[-1][1] < 260 else 0)
        path.append(path[-1] + 14 * np.array([np.cos(heading), np.sin(heading)]))
    for number, (a, b) in enumerate(pairwise(path)):
        smooth_line(canvas, np.array([a, b]), 17 - 0.55 * number, (36, 36, 38))
    for number in range(8, len(path)):
        for _ in range(2):
            side = random.choice([-1, 1]) * random.uniform(15, 75)
            middle = path[number] + np.array([side, random.normal(-4, 8)])
            smooth_line(canvas, np.array([path[number], middle]), 2, (44, 44, 46))
            for _ in range(46):
                foot = middle + random.normal(0, 1, 2) * (20, 4)
                tip = foot + np.array([random.normal(0, 5), -random.uniform(4, 10)])
                tone = int(random.uniform(28, 90))
                smooth_line(canvas, np.array([foot, tip]), 1, (tone, tone + 2, tone + 4))


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


def dusk(random: Random) -> Array:
    """Two fields of wine and ash that breathe on plum."""
    x, y = places()
    picture = along(
        0.5 + 0.2 * noise(random, 0.2) + 0.08 * noise(random, 0.02), "2a1420", "3d1c2c", "4a2434"
    )
    fields = (
        (0.08, 0.5, ("6a1a20", "8f2a26", "a53c2c")),
        (0.56, 0.93, ("1c1a26", "2e2a3c", "44405a")),
    )
    for top, low, tones in fields:
        wobble = 0.012 * noise(random, 0.04) + 0.01 * noise(random, 0.01)
        sides = np.maximum(np.abs(x - 2 / 3) - 0.57, np.maximum(top - y, y - low)) + wobble
        veils = (
            0.5
            + 0.2 * noise(random, 0.14, 0.05)
            + 0.16 * noise(random, 0.05, 0.012)
            + 0.12 * noise(random, 0.012, 0.003)
        )
        picture = over(picture, 0.93 * edge(sides, 0.032), along(veils, *tones))
    band = np.maximum(np.abs(x - 2 / 3) - 0.55, np.abs(y - 0.53) - 0.008) + 0.006 * noise(
        random, 0.02
    )
    picture = over(picture, 0.6 * edge(band, 0.014), rgb("c98a5a")[0])
    weave = 0.012 * noise(random, 0.0015, 0.006) + 0.012 * noise(random, 0.006, 0.0015)
    return np.clip(picture + weave[..., None], 0, 1)


def surge(random: Random) -> Array:
    """Waves cut in wood: outlines, hatchings, three blocks of colour."""
    x, y = places()
    grain = 0.5 + 0.5 * np.sin((y + 0.012 * noise(random, 0.25, 0.03)) * 170)
    picture = along(y * 1.6 + 0.05 * grain, "d9cfa8", "ead9b0", "e9c9a0")
    sun = np.hypot(x - 0.3, y - 0.22) - 0.12
    picture = over(picture, edge(sun), rgb("c4472f")[0] + 0.05 * grain[..., None])
    for number, level in enumerate((0.42, 0.54, 0.66, 0.79)):
        phase, count = random.uniform(0, 6), 1.6 + 0.25 * number
        turn = x * count * 2 * np.pi / (4 / 3) + phase
        crest = level - (0.05 + 0.03 * number) * (np.abs(np.sin(turn / 2)) ** 0.55 * 2 - 1.2)
        bend = x + 0.05 * np.sin((y - crest) * 18)
        crest = level - (0.05 + 0.03 * number) * (
            np.abs(np.sin((bend * count * 2 * np.pi / (4 / 3) + phase) / 2)) ** 0.55 * 2 - 1.2
        )
        below = y - crest
        picture = over(
            picture,
            edge(-below),
            along(below * 4 + 0.06 * grain, "7fa3b5", "3a6a92", "1d3a66", "142a4e"),
        )
        for depth in (0.03, 0.06, 0.1, 0.15, 0.21):
            cut = np.abs(below - depth - 0.004 * noise(random, 0.05)) - 0.0055 * (
                1 - depth * 3.4
            ) * (0.6 + 0.4 * np.sin(turn * 3 + depth * 60))
            picture = over(picture, edge(np.maximum(cut, -below), 0.0015), rgb("e6dcc0")[0])
        foam = (
            0.018 + 0.012 * np.sin(turn * 9) * np.sin(turn * 4 + 1) + 0.006 * noise(random, 0.008)
        )
        picture = over(picture, edge(np.abs(below) - foam, 0.002), rgb("f1ead4")[0])
        line = np.minimum(np.abs(below + foam), np.abs(below - foam)) - 0.0028
        picture = over(picture, edge(line, 0.0015), rgb("16223c")[0])
    canvas = bytes_of(picture)
    for _ in range(240):
        at = np.array([random.uniform(0, WIDTH), random.normal(205, 50)])
        cv2.circle(
            canvas,
            (int(at[0] * 16), int(at[1] * 16)),
            int(16 * random.uniform(0.8, 2.6)),
            (241, 234, 212),
            -1,
            cv2.LINE_AA,
            4,
        )
    worn = np.clip(noise(random, 0.002, 0.001) - 1.7, 0, 1)
    return np.clip(floats_of(canvas) + 0.12 * worn[..., None], 0, 1)


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


def spill(random: Random) -> Array:
    """Enamel thrown, dripped and dragged over raw canvas."""
    weave = 0.02 * noise(random, 0.001, 0.004) + 0.02 * noise(random, 0.004, 0.001)
    canvas = bytes_of(rgb("cbb896")[0] + weave[..., None] + 0.02 * noise(random, 0.2)[..., None])
    tones = ("1a1816", "6a6a66", "e9e2d2", "b8862b", "1a1816", "a33a22", "e9e2d2", "1a1816")
    for tone in tones:
        colour = rgb(tone)[0] * 255
        for _ in range(12):
            throw(canvas, colour, random)
        for _ in range(130):
            at = random.uniform(0, 1, 2) * (WIDTH, HEIGHT)
            size = random.pareto(2.2) * 1.1 + 0.5
            cv2.circle(
                canvas,
                (int(at[0] * 16), int(at[1] * 16)),
                int(16 * min(size, 9)),
                colour.tolist(),
                -1,
                cv2.LINE_AA,
                4,
            )
    grey = cv2.GaussianBlur(floats_of(canvas).mean(2), (0, 0), 0.8)
    gloss = cv2.Sobel(grey, cv2.CV_32F, 1, 0) + cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    return np.asarray(np.clip(floats_of(canvas) - 0.06 * np.clip(gloss, -1, 1)[..., None], 0, 1))


def throw(canvas: Array, colour: Array, random: Random) -> None:
    """One line of running paint: thin where the hand was fast, pooled where it turned."""
    count = 260
    speed: Array = np.cumsum(random.normal(0, 1, (2, count)), 1).T
    speed = cv2.GaussianBlur(speed.astype(np.float32), (1, 0), sigmaX=0.1, sigmaY=9)
    speed *= random.uniform(4, 9) / (np.linalg.norm(speed, axis=1).mean() + 1e-6)
    path = random.uniform(0, 1, 2) * (WIDTH, HEIGHT) + np.cumsum(speed, 0)
    pace = np.linalg.norm(speed, axis=1)
    for a, b, fast in zip(path, path[1:], pace, strict=False):
        smooth_line(canvas, np.array([a, b]), np.clip(20 / (fast + 0.8), 1, 9), colour.tolist())
        if random.random() < 0.1:
            drop = a + random.normal(0, 9, 2)
            cv2.circle(
                canvas,
                (int(drop[0] * 16), int(drop[1] * 16)),
                int(16 * random.uniform(0.6, 2.2)),
                colour.tolist(),
                -1,
                cv2.LINE_AA,
                4,
            )
