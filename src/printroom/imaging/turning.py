"""EXIF orientation: how the stored rows must be mirrored and turned to stand upright.

A mirror from left to right is done row by row. The others need rows from everywhere in the file:
the picture is decoded once, strip by strip, into a scratch store in which each strip already stands
upright, and read from there. So memory stays bounded whatever the size.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import DiskFull
from printroom.imaging.tiling import Region

SPOOL = 16 << 20
"""Bytes of scratch that stay in memory; a larger picture goes to a temporary file."""


class Turn(NamedTuple):
    """What makes a stored picture upright: first the swap of axes, then the mirrors."""

    swap: bool
    upside: bool
    """Mirror top to bottom."""
    sideways: bool
    """Mirror left to right."""

    @property
    def streams(self) -> bool:
        """Whether it can be done row by row."""
        return not (self.swap or self.upside)

    def __call__(self, rows: NDArray[Any]) -> NDArray[Any]:
        """A view of (h, w, bands), upright."""
        if self.swap:
            rows = rows.transpose(1, 0, 2)
        return rows[:: -1 if self.upside else 1, :: -1 if self.sideways else 1]


TURNS = {
    1: Turn(False, False, False),
    2: Turn(False, False, True),
    3: Turn(False, True, True),
    4: Turn(False, True, False),
    5: Turn(True, False, False),
    6: Turn(True, False, True),
    7: Turn(True, True, True),
    8: Turn(True, True, False),
}
"""EXIF orientation -> what undoes it. Exif 2.32, table 6."""


@dataclass
class _Block:
    place: Region
    """Where the strip stands in the upright picture."""
    at: int
    """Where its pixels lie in the store."""


class Scratch:
    """An upright picture, filled from strips of the stored one and read by rows."""

    def __init__(self, turn: Turn, width: int, height: int) -> None:
        """`width` and `height` are those of the stored picture."""
        self._turn, self._stored = turn, (width, height)
        self._blocks: list[_Block] = []
        # Closed by close(): a `with` here could not outlive the constructor.
        self._file = tempfile.SpooledTemporaryFile(max_size=SPOOL)  # noqa: SIM115
        self._end = 0

    def fill(self, strips: Iterator[NDArray[Any]]) -> None:
        """Store all strips of the picture, top to bottom, each (n, width, bands)."""
        top = 0
        for strip in strips:
            upright = np.ascontiguousarray(self._turn(strip))
            self._blocks.append(_Block(self._place(top, len(strip)), self._end))
            try:
                self._file.write(upright.data)
            except OSError as error:
                raise DiskFull(
                    f"no room in {tempfile.gettempdir()} to turn the picture upright",
                    "free some, or point TMPDIR at a larger disk",
                ) from error
            self._end += upright.nbytes
            top += len(strip)

    def read(self, top: int, out: NDArray[Any]) -> None:
        """Copy the upright rows that begin at `top` into `out` (n, W, bands)."""
        bottom = top + len(out)
        pixel = out.itemsize * out.shape[2]
        for place, at in ((block.place, block.at) for block in self._blocks):
            first, last = max(top, place.top), min(bottom, place.bottom)
            if first < last:
                self._file.seek(at + (first - place.top) * place.width * pixel)
                data = self._file.read((last - first) * place.width * pixel)
                rows = np.frombuffer(data, out.dtype).reshape(last - first, place.width, -1)
                out[first - top : last - top, place.left : place.right] = rows

    def close(self) -> None:
        """Delete the store."""
        self._file.close()

    def _place(self, top: int, rows: int) -> Region:
        width, height = self._stored
        bottom = top + rows
        if self._turn.swap:
            left, right = (height - bottom, height - top) if self._turn.sideways else (top, bottom)
            return Region(left, 0, right, width)
        if self._turn.upside:
            top, bottom = height - bottom, height - top
        return Region(0, top, width, bottom)
