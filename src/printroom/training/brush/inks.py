"""Four who work with ink, veils, wood and thrown paint: veil, dusk, surge, spill.

    random -> (HEIGHT, WIDTH, 3) in 0..1

Each has a composition and a hand of its own. Nothing is taken from anybody's painting.
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
