"""Dead leaves: pictures with the statistics of photographs, made without any.

side, random -> (side, side, 3) uint8: BadOption, when the side is too small.

Leaves of random shape fall on one another; the density of their radii r is r^-3, which makes the
result look alike at all scales, as nature does (Lee, Mumford and Huang 2001; as training data:
Achddou, Gousseau and Ladjal 2021 and 2023). Here the leaves also carry textures, shades and
palettes, and lie at depths that the lens sees more or less sharply. They are painted from the
back to the front, at twice the size, antialiased; the same in law as laying them from the front
until all is covered, where the last leaf, larger than the picture, is the background. Power falls
with frequency about as in photographs, a little steeper than 1/f^2. No photograph takes part, not
even for the colours, so the pictures are free of anyone's licence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import BadOption
from printroom.training.leaf_shapes import CORNERS, outlines
from printroom.training.leaf_textures import CLOUDS, SIDE, shades, sheets

Array = NDArray[Any]
OVERSAMPLING = 2
"""Canvas pixels per picture pixel, along a side."""
SUBPIXELS = 4
"""Binary digits of a coordinate after the point, as OpenCV takes them."""
PLAIN_BELOW = 10.0
"""Canvas pixels: leaves of a smaller radius carry no texture and have fewer corners."""
SMALLEST_SIDE = 16


@dataclass(frozen=True)
class Scene:
    """What the leaves of one picture have in common."""

    smallest: float
    """Least radius in canvas pixels."""
    layers: float
    """How often a point is covered on average."""
    textured: float
    """Share of the larger leaves that carry a texture."""
    contrast: float
    """Typical contrast within a leaf, in L* of 0..100."""
    chroma: float
    """Typical distance from grey, in a* and b*."""
    blur: float
    """Blur of the farthest leaves in canvas pixels."""

    @classmethod
    def draw(cls, random: np.random.Generator) -> Scene:
        return cls(
            smallest=math.exp(random.uniform(math.log(3.5), math.log(22))),
            layers=random.uniform(0.8, 1.4),
            textured=random.uniform(0.6, 1),
            contrast=random.uniform(6, 28),
            chroma=random.gamma(2, 6),
            blur=random.uniform(0, 6) * (random.random() < 0.4),
        )


def power_law(smallest: float, largest: float, count: int, random: np.random.Generator) -> Array:
    """(count,) radii with a density of r^-3 between the two."""
    tail = 1 - (smallest / largest) ** 2
    return smallest / np.sqrt(1 - random.random(count) * tail)


def to_rgb(lab: Array) -> Array:
    """(..., 3) CIE L*a*b* -> uint8 sRGB, cut to the gamut."""
    import cv2

    flat = np.ascontiguousarray(lab.reshape(-1, 1, 3), np.float32)
    rgb = cv2.cvtColor(flat, cv2.COLOR_LAB2RGB)
    return np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8).reshape(lab.shape)


def palette(scene: Scene, count: int, random: np.random.Generator) -> Array:
    """(count, 2, 3) uint8: for each leaf the two colours that its texture runs between.

    A few hues per scene, lightness spread wide, and more of blue to yellow than of green to red,
    as daylight has it.
    """
    spread = np.array([22, scene.chroma, 1.6 * scene.chroma])
    hues = np.array([random.uniform(30, 60), 0, 3]) + random.normal(0, spread, (8, 3))
    middle = hues[random.integers(len(hues), size=count)]
    middle = middle + random.normal(0, [8, 0.3 * scene.chroma, 0.3 * scene.chroma], (count, 3))
    apart = random.normal(0, [scene.contrast, 3, 4], (count, 3))
    middle[:, 0] = np.clip(middle[:, 0], 4, 96)
    return to_rgb(np.stack([middle - apart, middle + apart], axis=1))


def cut(sheet: Array, height: int, width: int, random: np.random.Generator) -> Array:
    """(height, width) uint8 out of `sheet` at random, repeated in mirrors if it is too small."""
    import cv2

    top, left = (int(random.integers(max(SIDE - side, 0) + 1)) for side in (height, width))
    piece = sheet[top : top + height, left : left + width]
    below, right = height - piece.shape[0], width - piece.shape[1]
    if below or right:
        piece = cv2.copyMakeBorder(piece, 0, below, 0, right, cv2.BORDER_REFLECT)
    return piece


def ramps(colours: Array) -> Array:
    """Colours (n, 2, 3) uint8 -> (n, 256, 1, 3) uint8: the way from one to the other."""
    steps = np.linspace(0, 1, 256, dtype=np.float32)[:, None]
    first, last = colours[:, None, 0], colours[:, None, 1]
    return np.rint(first * (1 - steps) + last * steps).astype(np.uint8)[:, :, None]


def surface(height: int, width: int, ramp: Array, random: np.random.Generator) -> Array:
    """(height, width, 3) uint8: a texture and a shade, in the colours of `ramp` (256, 1, 3)."""
    import cv2

    bank, lights = sheets(), shades()
    fine = cut(bank[random.integers(len(bank))], height, width, random)
    coarse = cv2.resize(lights[random.integers(len(lights))], (width, height))
    share = random.uniform(0.4, 1)
    return cv2.applyColorMap(cv2.addWeighted(fine, share, coarse, 1 - share, 0), ramp)


@dataclass(frozen=True)
class Leaves:
    """The leaves of one picture that can be seen, from the back to the front."""

    radii: Array
    """(n,) in canvas pixels."""
    shapes: Array
    """(n, CORNERS, 2) int32, x and y in subpixels."""
    boxes: Array
    """(n, 2, 2): first and last + 1 canvas pixel, x and y."""

    @classmethod
    def scatter(cls, scene: Scene, canvas: int, random: np.random.Generator) -> Leaves:
        """Throw leaves at a canvas of `canvas` pixels a side, and beyond its borders."""
        largest, margin = canvas / 2, canvas / 4
        smallest = min(scene.smallest, canvas / 8)
        mean_square = 2 * smallest**2 * math.log(largest / smallest)
        area = 0.5 * math.pi * mean_square  # of a leaf: the shapes fill half of their disc or so
        count = math.ceil(scene.layers * (canvas + 2 * margin) ** 2 / area)
        radii = power_law(smallest, largest, count, random)
        centres = random.uniform(-margin, canvas + margin, (count, 2))
        near = (np.abs(centres - canvas / 2) < canvas / 2 + 2.2 * radii[:, None]).all(axis=1)
        radii = radii[near]  # no shape reaches farther than that
        shapes = outlines(radii, random) + centres[near, None]
        points = np.rint(shapes * (1 << SUBPIXELS)).astype(np.int32)
        least = np.maximum((points.min(1) >> SUBPIXELS) - 1, 0)
        most = np.minimum((points.max(1) >> SUBPIXELS) + 2, canvas)
        seen = (least < most).all(axis=1)
        return cls(radii[seen], points[seen], np.stack([least, most], axis=1)[seen])


def lay(canvas: Array, shape: Array, box: Array, painted: Array) -> None:
    """One leaf onto `canvas`: `painted` fills its box; `shape` and `box` as in `Leaves`."""
    import cv2

    (left, top), (right, bottom) = box.tolist()
    mask = np.zeros((bottom - top, right - left), np.uint8)
    cv2.fillPoly(mask, [shape - (box[0] << SUBPIXELS)], 255, cv2.LINE_AA, SUBPIXELS)
    weight = mask * np.float32(1 / 255)
    region = canvas[top:bottom, left:right]
    region[:] = cv2.blendLinear(painted, region, weight, 1 - weight)


def paint(scene: Scene, side: int, random: np.random.Generator) -> Array:
    """The canvas with all its leaves, (side, side, 3) uint8."""
    import cv2

    leaves = Leaves.scatter(scene, side, random)
    count = len(leaves.radii)
    ground, colours = np.split(palette(scene, count + 1, random), [1])
    large = leaves.radii > PLAIN_BELOW
    textured = large & (random.random(count) < scene.textured)
    plain = colours[:, 0].tolist()
    inks = iter(ramps(colours[textured]))
    coarse = np.ascontiguousarray(leaves.shapes[:, :: CORNERS // 12])
    blurs = {count // 3: scene.blur, 2 * count // 3: scene.blur / 3}
    canvas = surface(side, side, ramps(ground)[0], random)
    for number, shape in enumerate(leaves.shapes):
        if blurs.get(number, 0) > 0.3:
            canvas = cv2.GaussianBlur(canvas, (0, 0), blurs[number])
        if textured[number]:
            width, height = np.diff(leaves.boxes[number], axis=0)[0].tolist()
            painted = surface(height, width, next(inks), random)
            lay(canvas, shape, leaves.boxes[number], painted)
        else:
            outline = shape if large[number] else coarse[number]
            cv2.fillPoly(canvas, [outline], plain[number], cv2.LINE_AA, SUBPIXELS)
    return canvas


def lit(picture: Array, random: np.random.Generator) -> Array:
    """`picture` uint8 under uneven light: wide shadows, and the faint unrest of any surface."""
    import cv2

    side = picture.shape[0]
    coarse = random.normal(1, random.uniform(0, 0.15), (4, 4)).astype(np.float32)
    light = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)
    unrest = cut(sheets()[random.integers(CLOUDS)], side, side, random) * np.float32(1 / 255) - 0.5
    light = light + np.float32(random.uniform(0, 0.25)) * unrest
    return np.clip(np.rint(picture * light[..., None]), 0, 255).astype(np.uint8)


def generate(side: int, random: np.random.Generator) -> Array:
    """One picture, (side, side, 3) uint8 sRGB. Raises BadOption when `side` is below 16."""
    import cv2

    if side < SMALLEST_SIDE:
        raise BadOption(f"no dead leaves of {side} pixels", f"ask for {SMALLEST_SIDE} or more")
    canvas = paint(Scene.draw(random), side * OVERSAMPLING, random)
    # At a half, OpenCV's cubic keeps more of the finest detail than the mean of four would.
    small = cv2.resize(canvas, (side, side), interpolation=cv2.INTER_CUBIC)
    return lit(small, random)


@dataclass(frozen=True)
class DeadLeaves:
    """An endless row of pictures: number `i` is always the same, and made when asked for."""

    side: int
    """Pixels, 16 or more."""
    seed: int = 0
    """Another seed, another row."""

    def __getitem__(self, number: int) -> Array:
        """Picture `number`, from 0 on: (side, side, 3) uint8."""
        return generate(self.side, np.random.default_rng([self.seed, number]))
