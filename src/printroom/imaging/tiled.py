"""A large picture laid out so that any part of it can be had at once, at any of its sizes.

    rows -> TiledEncoder -> a file            DiskFull Unwritable
    an open file -> Tiled -> Part -> rows     pyvips.Error

The file is a TIFF of tiles: the picture in 8 bits, and halved again and again. Tiles are JPEG, at a
quality at which no eye sees it, and exact where there is opacity. It is for looking, not to keep.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from printroom.imaging import formats
from printroom.imaging.encode import Encoder, PictureSpec
from printroom.imaging.formats import Format
from printroom.imaging.metadata import Metadata, attach, blob
from printroom.imaging.sinks import PipeSink, Sink
from printroom.imaging.vips import pyvips

TILE = 256
"""Pixels of a tile's side."""
BYTES = 2.0
"""Bytes that a pixel takes in such a file, all sizes together, where there is much detail."""
_JPEG = {"compression": "jpeg", "Q": 92}
_EXACT = {"compression": "deflate", "predictor": "horizontal", "level": 1}


class TiledEncoder(Encoder):
    """Writes such a file, like any other encoder."""

    def __init__(self, target: Path, spec: PictureSpec, metadata: Metadata) -> None:
        super().__init__(target, spec, formats.TIFF, None, metadata)

    def _open_sink(self, _: Format, __: int | None, metadata: Metadata) -> Sink:
        self._fitted = replace(self._fitted, depth=8)
        options = _EXACT if self._fitted.alpha else _JPEG
        meaning = ("b-w", "srgb")[self._fitted.bands >= 3]

        def save(picture: Any, _: BinaryIO) -> None:
            attach(picture, meaning, metadata)
            sides = {"tile_width": TILE, "tile_height": TILE}
            layout = {"tile": True, "pyramid": True, "bigtiff": True, "keep": "icc"}
            # By name: the halves are written beside, and put behind the rest in the end.
            picture.tiffsave(str(self._part), **layout, **sides, **options)

        return PipeSink(self._file, self._fitted, save)


@dataclass(frozen=True)
class Part:
    """A part of one of the sizes, in its own pixels. Rows are read in order."""

    picture: Any
    left: int
    top: int
    width: int
    height: int


class Rows:
    """The rows of a part, from the top."""

    def __init__(self, part: Part) -> None:
        self._part, self._next = part, 0

    def read(self, rows: int) -> NDArray[Any]:
        """The next ones, (n, W, bands) uint8; fewer at the bottom."""
        part = self._part
        count = min(rows, part.height - self._next)
        found = part.picture.crop(part.left, part.top + self._next, part.width, count).numpy()
        self._next += count
        return np.asarray(found).reshape(count, part.width, -1)


class Tiled:
    """Such a file, opened."""

    def __init__(self, descriptor: int) -> None:
        """The descriptor stays the caller's, and open while rows are read."""
        self._descriptor = descriptor
        first = self._size(0)
        self.width, self.height, self.bands = first.width, first.height, first.bands
        self.icc = blob(first, "icc-profile-data")
        """The profile of the colours."""
        self._sizes = int(first.get("n-pages"))

    def part(self, left: int, top: int, width: int, height: int, scale: float) -> Part:
        """That part, of the smallest size that is not below `scale` of the picture's own."""
        halvings = 0
        while halvings + 1 < self._sizes and scale * 2 ** (halvings + 1) <= 1:
            halvings += 1
        picture = self._size(halvings)
        right = min(picture.width, -(-(left + width) >> halvings))
        bottom = min(picture.height, -(-(top + height) >> halvings))
        left, top = min(left >> halvings, right - 1), min(top >> halvings, bottom - 1)
        return Part(picture, left, top, right - left, bottom - top)

    def _size(self, halvings: int) -> Any:
        source = pyvips.Source.new_from_descriptor(self._descriptor)
        return pyvips.Operation.call("tiffload_source", source, page=halvings, fail_on="error")
