"""What the procedural painters share: places, noises, colours, and a brush to lead by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from printroom.training.brush.stepcode import part

strokes = part("strokes")
Array = NDArray[Any]
WIDTH, HEIGHT = 640, 480
"""Of every painting, in pixels."""
Random = np.random.Generator


def places() -> tuple[Array, Array]:
    """Of every pixel: x from 0 to 4/3 and y from 0 to 1."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32) / HEIGHT
    return x, y


def noise(random: Random, wide: float, high: float | None = None) -> Array:
    """Smooth noise with mean 0 and deviation 1; how far it is smooth, over the height."""
    high = wide if high is None else high
    rough = random.standard_normal((HEIGHT, WIDTH)).astype(np.float32)
    soft = cv2.GaussianBlur(rough, (0, 0), sigmaX=wide * HEIGHT, sigmaY=high * HEIGHT)
    normed: Array = (soft - soft.mean()) / (soft.std() + 1e-9)
    return normed


def ridge(random: Random, level: float, rough: float, waves: int = 5) -> Array:
    """(WIDTH,) the height of a skyline for each column, as y."""
    x = np.linspace(0, 4 / 3, WIDTH)
    line = np.full(WIDTH, level)
    for wave in range(1, waves + 1):
        turn, size = random.uniform(0, 6.3), random.normal() * rough / wave
        line += size * np.sin(x * wave * random.uniform(2, 4) + turn)
    return line.astype(np.float32)


def rgb(*colours: str) -> Array:
    """(n, 3) in 0..1, from `"1b2a49"`."""
    values = [[int(c[i : i + 2], 16) for i in (0, 2, 4)] for c in colours]
    return np.array(values, np.float32) / 255


def along(values: Array, *colours: str) -> Array:
    """(h, w, 3): numbers in 0..1 as colours along a row of them."""
    row = rgb(*colours)
    stops = np.linspace(0, 1, len(row))
    mixed = [np.interp(values, stops, row[:, band]) for band in range(3)]
    return np.stack(mixed, -1).astype(np.float32)


def over(ground: Array, cover: Array, colour: Array | Sequence[float]) -> Array:
    """`colour` laid over a ground where `cover` (h, w) in 0..1 says so."""
    part = np.clip(cover, 0, 1)[..., None]
    return np.asarray(ground * (1 - part) + np.asarray(colour, np.float32) * part)


def edge(distance: Array, soft: float = 0.003) -> Array:
    """1 where a signed distance (over the height) is below 0, with a soft edge."""
    return np.clip(0.5 - distance / (2 * soft), 0, 1)


def brushed(
    picture: Array,
    angle: Array | float,
    random: Random,
    *,
    sizes: Sequence[float],
    length: float = 6,
    liveliness: float = 0.06,
    relief: float = 0.5,
    least: float = 0.03,
) -> Array:
    """A picture painted along `angle` (h, w) in strokes of so many pixels, broad ones first."""
    turn = np.broadcast_to(np.asarray(angle, np.float32), picture.shape[:2])
    flow = np.stack([np.cos(2 * turn), np.sin(2 * turn)], 2)
    manner = strokes.Manner(0.01, length, liveliness, relief, flow)
    canvas = np.full((*picture.shape[:2], 4), 128, np.uint8)
    canvas[..., :3] = np.rint(255 * picture.mean((0, 1)))
    plan = np.ascontiguousarray(picture, np.float32)
    for number, size in enumerate(sizes):
        strokes.layer(canvas, plan, flow, manner, size, least if number else 0.0, random)
    return np.asarray(strokes.embossed(canvas, relief, sizes[-1]))


def smooth_line(picture: Array, points: Array, width: float, colour: Sequence[float]) -> None:
    """A line through points (n, 2) as pixels, on a uint8 picture, in place."""
    drawn = np.rint(points * 16).astype(np.int32)[:, None]
    cv2.polylines(picture, [drawn], False, tuple(colour), max(1, round(width)), cv2.LINE_AA, 4)


def bytes_of(picture: Array) -> Array:
    """uint8, for OpenCV to draw on."""
    return np.asarray(np.rint(np.clip(picture, 0, 1) * 255), np.uint8)


def floats_of(picture: Array) -> Array:
    """Back to 0..1."""
    return picture.astype(np.float32) / 255
