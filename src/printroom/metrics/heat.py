"""A picture of where two pictures differ.

    rows of the SSIM map -> HeatMap -> RGB picture

Black is equal; purple, red, orange and pale yellow are ever less alike.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

LONGEST = 2048
"""Pixels on a map's long side at most: larger pictures are drawn smaller, block by block."""
_MARGIN = 5
"""Pixels from the picture's edge to the centre of the first SSIM window."""


class HeatMap:
    """Gathers the SSIM map of a picture (height, width), both at least 11, as its rows come."""

    def __init__(self, height: int, width: int) -> None:
        self._factor = -(-max(height, width) // LONGEST)
        self.height = -(-height // self._factor)
        """Pixels of the map."""
        self.width = -(-width // self._factor)
        """Pixels of the map."""
        self._sums = np.zeros((self.height, self.width), np.float64)
        self._counts = np.zeros((self.height, self.width), np.int64)
        self._columns = self._cells(_MARGIN, width - 2 * _MARGIN)
        self._next = _MARGIN

    def add(self, similarity: Floats) -> None:
        """Take the next rows (n, width - 10) of the map, each value in -1..1."""
        if not len(similarity):
            return
        at, starts = self._cells(self._next, len(similarity))
        self._next += len(similarity)
        columns, lefts = self._columns
        unlike = np.add.reduceat(1 - similarity, lefts, axis=1)
        self._sums[at, columns] += np.add.reduceat(unlike, starts, axis=0)
        widths = np.diff([*lefts, similarity.shape[1]])
        self._counts[at, columns] += np.outer(np.diff([*starts, len(similarity)]), widths)

    def picture(self) -> NDArray[np.uint8]:
        """The map (height, width, 3) uint8, at most `LONGEST` a side; a pixel stands for a block.

        Brightness is the root of 1 - SSIM, so that small differences show. The outermost five
        pixels, where no window is centred, repeat their neighbours.
        """
        rows, columns = np.nonzero(self._counts.any(1))[0], np.nonzero(self._counts.any(0))[0]
        inner = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        mean = np.clip(self._sums[inner] / self._counts[inner], 0, 1)
        below, right = self.height - rows[-1] - 1, self.width - columns[-1] - 1
        levels = np.rint(255 * np.sqrt(mean)).astype(np.uint8)
        edge = cv2.BORDER_REPLICATE
        full = cv2.copyMakeBorder(levels, rows[0], below, columns[0], right, edge)
        return np.asarray(cv2.applyColorMap(full, cv2.COLORMAP_INFERNO)[..., ::-1], np.uint8)

    def _cells(self, first: int, count: int) -> tuple[slice, NDArray[Any]]:
        """Blocks that `count` pixels from `first` on fall into, and where each block begins."""
        cells = np.arange(first, first + count) // self._factor
        return slice(cells[0], cells[-1] + 1), np.unique(cells, return_index=True)[1]
