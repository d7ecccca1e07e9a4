"""Aligned variety from few pictures: the eight turns and mirrors, and crops of pairs.

(input, target), random -> a patch of each: BadOption, when the two do not fit or are too small.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import BadOption

Array = NDArray[Any]
WAYS = 8
"""Turns and mirrors of a square."""


def turned(picture: Array, way: int) -> Array:
    """`picture` (H, W, ...) in one of `WAYS`; 0 = as it is, from 4 on mirrored. A view."""
    result = np.rot90(picture, way % 4)
    return result[:, ::-1] if way >= WAYS // 2 else result


def scale_of(source: Array, target: Array) -> int:
    """How many times larger `target` is than `source`, each (H, W, ...). Raises BadOption."""
    height, width = source.shape[:2]
    scale = target.shape[0] // height if height else 0
    if scale < 1 or target.shape[:2] != (height * scale, width * scale):
        raise BadOption(
            f"a target of {target.shape[:2]} is no multiple of an input of {source.shape[:2]}",
            "crop the target to a multiple before making its input",
        )
    return scale


def crop_pair(
    source: Array, target: Array, side: int, random: np.random.Generator
) -> tuple[Array, Array]:
    """The same random square of both, turned the same random way. Views.

    `source` is (h, w, ...) and `target` (s h, s w, ...) for a whole s; the patches have `side`
    and s `side` pixels. Raises BadOption when the sizes do not fit or `source` is too small.
    """
    scale = scale_of(source, target)
    if not 1 <= side <= min(source.shape[:2]):
        raise BadOption(
            f"no square of {side} in a picture of {source.shape[:2]}",
            "ask for smaller patches or leave small pictures out",
        )
    top, left = (int(random.integers(extent - side + 1)) for extent in source.shape[:2])
    way = int(random.integers(WAYS))
    small = source[top : top + side, left : left + side]
    top, left, side = top * scale, left * scale, side * scale
    large = target[top : top + side, left : left + side]
    return turned(small, way), turned(large, way)
