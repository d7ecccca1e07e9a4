"""A picture painted in strokes, in the manner of a painting; no network.

    painting -> Manner.of -> its strokes: width, length, liveliness, relief, and where they lead
    picture, Manner -> painted -> the same picture in such strokes

From broad strokes to narrow ones, as Hertzmann (1998) does: each layer mends only where the canvas
still differs from the picture. Strokes follow edges; where the picture has none they follow the
directions that the painting has at that place. They are planned on a picture of at most `PLANNED`
pixels a side and drawn at full size, so the cost hardly grows with the picture. The same seed gives
the same strokes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
PLANNED = 768
SHIFT = 4
"""Bits of a fraction of a pixel in what OpenCV draws."""
LAYERS = ((4.0, 0.0), (2.2, 0.05), (1.2, 0.06), (0.7, 0.08))
"""Widths over that of the manner, and the least mean error of a channel that a stroke mends."""
SIDE = 384
"""Of the copy of a painting that its manner is read from."""
BENDS = 6
"""Parts that a stroke has."""


@dataclass(frozen=True)
class Manner:
    """How somebody paints."""

    width: float
    """Of a stroke, over the shorter side of the picture; 1/150 to 1/24."""
    length: float
    """Of a stroke, over its width; 1 = dabs."""
    liveliness: float
    """Deviation of the colours of neighbouring strokes, 0..0.2."""
    relief: float
    """How thick paint lies, 0..1."""
    flow: Array
    """(h, w, 2) directions as cosine and sine of the doubled angle, 0..1 long."""

    @classmethod
    def of(cls, painting: Array) -> Manner:
        """Read from a painting (h, w, 3), sRGB in 0..1."""
        factor = min(1.0, SIDE / min(painting.shape[:2]))
        small = resized(painting, factor)
        grey = small.mean(2)
        shorter = min(grey.shape)
        scales = np.array([1, 1.5, 2.2, 3.3, 5, 7.5])
        blurs = [_blurred(grey, scale) for scale in scales]
        bands = np.array(
            [np.square(a - b).mean() for a, b in zip([grey, *blurs], blurs, strict=False)]
        )
        weights = bands[1:] / (bands[1:].sum() + 1e-12)
        width = float(np.exp((weights * np.log(scales[1:])).sum())) * 1.2
        flow = directions(grey, 3.0)
        coherence = float(np.linalg.norm(flow, axis=2).mean())
        fine = np.sqrt(np.square(small - _blurred(small, width)).mean())
        return cls(
            width=float(np.clip(width / shorter, 1 / 150, 1 / 24)),
            length=float(np.clip(1 + 28 * (coherence - 0.42), 1, 11)),
            liveliness=float(np.clip(fine, 0.01, 0.2)),
            relief=float(np.clip(8 * np.sqrt(bands[0]), 0, 1)),
            flow=_blurred(directions(grey, 6.0), 4.0),
        )


def painted(picture: Array, manner: Manner, seed: int = 0) -> Array:
    """(h, w, 3) in 0..1 -> the same, painted."""
    factor = min(1.0, PLANNED / max(picture.shape[:2]))
    plan = resized(picture, factor)
    random = np.random.default_rng([seed, 3])
    height, width = picture.shape[:2]
    ground = np.full((height, width, 4), 128, np.uint8)
    ground[..., :3] = np.rint(255 * picture.mean((0, 1)))
    brush = max(1.0, manner.width * min(plan.shape[:2]))
    flow = cv2.resize(manner.flow.astype(np.float32), plan.shape[1::-1])
    for times, least in LAYERS:
        size = brush * times
        if size < 0.8:
            break
        layer(ground, plan, flow, manner, size, least, random)
    return embossed(ground, manner.relief, brush * width / plan.shape[1])


def layer(
    canvas: Array,
    plan: Array,
    flow: Array,
    manner: Manner,
    size: float,
    least: float,
    random: np.random.Generator,
) -> None:
    """Strokes of one width (pixels of the plan) on the canvas, where they are needed."""
    seen = _blurred(plan, size * 0.45)
    now = resized_to(canvas[..., :3], plan.shape[:2]).astype(np.float32) / 255
    wrong = _blurred(np.abs(now - seen).mean(2), size * 0.5)
    starts = scattered(plan.shape[:2], max(1.0, size * 0.75), random)
    if least:
        starts = starts[_at(wrong, starts) > least]
    if not len(starts):
        return
    own = directions(seen.mean(2), max(1.5, size))
    strength = np.linalg.norm(own, axis=2, keepdims=True)
    field = own * strength + flow * (1 - strength)
    paths, ends = traced(starts, field, seen, size * max(manner.length, 0.6) / BENDS)
    colours = _at(seen, starts)
    shaken = random.normal(0, manner.liveliness * 0.5, (len(starts), 1))
    colours = colours + shaken + random.normal(0, manner.liveliness * 0.3, colours.shape)
    draw(canvas, paths * (canvas.shape[1] / plan.shape[1]), ends, colours,
         size * canvas.shape[1] / plan.shape[1], random)  # fmt: skip


def scattered(shape: tuple[int, ...], step: float, random: np.random.Generator) -> Array:
    """Places (n, 2) as x, y, about `step` apart, in no order."""
    rows = np.arange(step / 2, shape[0], step)
    columns = np.arange(step / 2, shape[1], step)
    grid = np.stack(np.meshgrid(columns, rows), 2).reshape(-1, 2)
    grid = grid + random.uniform(-step / 2, step / 2, grid.shape)
    return random.permutation(np.clip(grid, 0, np.array(shape[1::-1]) - 1.0))


def traced(starts: Array, field: Array, seen: Array, step: float) -> tuple[Array, Array]:
    """Paths (n, BENDS + 1, 2) along a field, and after how many bends each leaves its colour."""
    colour = _at(seen, starts)
    angle = _angle(_at(field, starts))
    heading = np.stack([np.cos(angle), np.sin(angle)], 1)
    limit = np.array(field.shape[1::-1]) - 1.0
    paths, ends = [starts], np.full(len(starts), BENDS)
    for bend in range(1, BENDS + 1):
        turn = _angle(_at(field, np.clip(paths[-1], 0, limit)))
        new = np.stack([np.cos(turn), np.sin(turn)], 1)
        new *= np.where((new * heading).sum(1) < 0, -1.0, 1.0)[:, None]
        heading = 0.4 * heading + 0.6 * new
        paths.append(paths[-1] + step * heading)
        left = np.abs(_at(seen, np.clip(paths[-1], 0, limit)) - colour).mean(1) > 0.12
        ends = np.where(left & (ends == BENDS), max(bend, 2), ends)
    return np.stack(paths, 1), ends


def draw(
    canvas: Array,
    paths: Array,
    ends: Array,
    colours: Array,
    size: float,
    random: np.random.Generator,
) -> None:
    """Each path as a stroke of some bristles, in place; the fourth channel is how thick it lies."""
    bristles = int(np.clip(size / 2.5, 1, 7))
    ahead = paths[:, -1] - paths[:, 0]
    across = np.stack([-ahead[:, 1], ahead[:, 0]], 1)
    across /= np.linalg.norm(across, axis=1, keepdims=True) + 1e-6
    thick = max(1, round(size / bristles * (1.35 if bristles > 1 else 1.0)))
    offsets = (np.arange(bristles) - (bristles - 1) / 2) * size / bristles
    tones = random.normal(0, 0.025, (len(paths), bristles))
    heights = random.integers(90, 220, (len(paths), bristles))
    for number, (path, end) in enumerate(zip(paths, ends, strict=True)):
        for bristle, offset in enumerate(offsets):
            line = (path[: end + 1] + across[number] * offset) * 2**SHIFT
            colour = np.clip((colours[number] + tones[number, bristle]) * 255, 0, 255).tolist()
            cv2.polylines(
                canvas, [line.astype(np.int32)[:, None]], False,
                (*colour, int(heights[number, bristle])), thick, cv2.LINE_AA, SHIFT,
            )  # fmt: skip


def embossed(canvas: Array, relief: float, size: float) -> Array:
    """The colours, lit from the top left over the relief in the fourth channel."""
    colours = canvas[..., :3].astype(np.float32) / 255
    if relief:
        heights = _blurred(canvas[..., 3].astype(np.float32) / 255, max(0.5, size / 10))
        slope = cv2.Sobel(heights, cv2.CV_32F, 1, 0) + cv2.Sobel(heights, cv2.CV_32F, 0, 1)
        colours += 0.09 * relief * np.clip(slope, -1.5, 1.5)[..., None]
    return np.clip(colours, 0, 1)


def directions(grey: Array, sigma: float) -> Array:
    """(h, w, 2): along the edges around each place, as a doubled angle, as long as they agree."""
    smooth = _blurred(grey, sigma / 2)
    x, y = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    xx, xy, yy = (_blurred(part, sigma) for part in (x * x, x * y, y * y))
    doubled = -np.stack([xx - yy, 2 * xy], 2)
    normed: Array = doubled / (xx + yy + 2e-4)[..., None]
    return normed


def resized(picture: Array, factor: float) -> Array:
    """By a factor of at most 1; sides stay one pixel at least."""
    height, width = (max(1, round(length * factor)) for length in picture.shape[:2])
    return resized_to(np.ascontiguousarray(picture, np.float32), (height, width))


def resized_to(picture: Array, shape: tuple[int, ...]) -> Array:
    """To `shape` (h, w), by areas."""
    if picture.shape[:2] == shape:
        return picture
    small: Array = cv2.resize(picture, shape[1::-1], interpolation=cv2.INTER_AREA)
    return small.reshape(*shape, *picture.shape[2:])


def _blurred(picture: Array, sigma: float) -> Array:
    soft: Array = cv2.GaussianBlur(
        np.ascontiguousarray(picture, np.float32),
        (0, 0),
        max(sigma, 0.3),
        borderType=cv2.BORDER_REPLICATE,
    )
    return soft.reshape(picture.shape)


def _at(values: Array, places: Array) -> Array:
    x, y = np.rint(places).astype(int).T
    found: Array = values[y, x]
    return found


def _angle(doubled: Array) -> Array:
    angle: Array = np.arctan2(doubled[:, 1], doubled[:, 0]) / 2
    return angle
