"""Small pictures for people to look at, out of rows that pass anyway.

    rows -> Glimpse -> tell(planes), once all have passed
    planes -> glimpsed -> planes, long side at most 256
    planes -> as_webp -> bytes of a WebP, at most 24 kB

Single rows and columns are taken, none is computed: it costs next to nothing, whatever the size of
the picture. What steps judge by is another thing: `engine.preview`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from printroom.engine.channels import Rows, colours, columns
from printroom.imaging.encode import PictureSpec
from printroom.imaging.vips import pyvips
from printroom.pipelines.step import Planes

LONGEST = 256
"""Pixels of the long side, at most."""
LARGEST = 24_000
"""Bytes of a file, at most."""
_QUALITIES = (80, 60, 40, 20, 5)
"""Tried one after the other, until the file is small enough."""


class Glimpse:
    """Takes lines out of rows as they come, from the top."""

    def __init__(self, spec: PictureSpec, tell: Callable[[Planes], None]) -> None:
        """`tell` is called once, with planes (1, 3, h, w), when the last row has passed."""
        self._down, self._across = _places(spec.width, spec.height)
        self._tell = tell
        self._lines: list[Rows] = []
        self._top = 0

    def __call__(self, rows: Rows) -> None:
        """The next rows; those behind the last are passed over."""
        end = self._top + len(rows)
        while len(self._lines) < len(self._down) and (row := self._down[len(self._lines)]) < end:
            line = columns(rows[row - self._top : row - self._top + 1], self._across)
            self._lines.append(line.copy())
            if len(self._lines) == len(self._down):
                self._tell(colours(np.concatenate(self._lines)))
        self._top = end


def glimpsed(planes: Planes) -> Planes:
    """A small picture of planes (1, 3 or more, h, w)."""
    down, across = _places(planes.shape[3], planes.shape[2])
    return planes[:, :3][:, :, down][:, :, :, across]


def as_webp(planes: Planes) -> bytes:
    """A file of small planes (1, 1 or 3, h, w), sRGB 0..1."""
    while True:
        pixels = np.rint(np.clip(np.nan_to_num(planes[0]), 0, 1) * 255).astype(np.uint8)
        image = pyvips.Image.new_from_array(np.ascontiguousarray(pixels.transpose(1, 2, 0)))
        image = image.copy(interpretation="b-w" if image.bands == 1 else "srgb")
        for quality in _QUALITIES:
            data: bytes = image.webpsave_buffer(Q=quality, effort=1, keep="none")
            if len(data) <= LARGEST:
                return data
        planes = planes[:, :, ::2, ::2]  # noise of the worst kind


def _places(width: int, height: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The rows and the columns that are taken: the middles of even parts."""
    longest = max(width, height, LONGEST)
    wide, high = (max(1, side * LONGEST // longest) for side in (width, height))
    return _middles(height, high), _middles(width, wide)


def _middles(side: int, parts: int) -> NDArray[np.intp]:
    return ((2 * np.arange(parts) + 1) * side // (2 * parts)).astype(np.intp)
