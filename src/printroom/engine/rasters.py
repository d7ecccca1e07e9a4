"""Pictures between stages: rows that can be read any number of times, wherever they lie.

    Image | planes | rows that a stage gave -> Raster -> reader.read(n) -> rows

Rows are whole numbers, as a file gives them, or lines of floats (`channels`): from then on nothing
is rounded. What a stage gave is kept in memory if it is small, else in a scratch file. Raises what
reading the picture raises; DiskFull, where the scratch file finds no room.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import DiskFull
from printroom.engine.channels import FLOATS, Rows, alpha, colours
from printroom.imaging.encode import PictureSpec
from printroom.imaging.image import Image
from printroom.imaging.metadata import Metadata

SPOOL = 32 << 20
"""Bytes of rows that stay in memory; more goes to a scratch file."""

Planes = NDArray[np.float32]


class Reader(Protocol):
    """Rows of a picture, from the top, once."""

    def read(self, rows: int, /) -> Rows:
        """The next rows: at least one while there are any, at most `rows`."""


@dataclass(frozen=True, eq=False)
class Raster:
    """A picture whose rows are there."""

    spec: PictureSpec
    """Its size and bands, and the depth that a file of it has."""
    bits: int
    """Per sample of the rows: 8, 16, or 32 for lines of floats."""
    open: Callable[[], AbstractContextManager[Reader]]
    """A reader that starts at the top; each one reads anew."""
    held: int = 0
    """Bytes of memory taken while rows are read, beside the rows."""
    format: str = ""
    """Name of the format it came in; empty for pictures made here."""
    metadata: Metadata = field(default_factory=Metadata)

    @property
    def about(self) -> Mapping[str, str | int]:
        """What steps may know of it."""
        return {"format": self.format, "depth": self.spec.depth, "bands": self.spec.bands}

    @classmethod
    def of_image(cls, image: Image) -> Raster:
        """An opened picture, which must stay open as long as this is read."""
        spec = PictureSpec(image.width, image.height, image.bands, image.depth)
        return cls(spec, spec.depth, image.rows, image.need.bytes, image.format, image.metadata)

    @classmethod
    def of_lines(cls, lines: Rows) -> Raster:
        """Lines of floats in memory (height, bands, width)."""
        height, bands, width = lines.shape
        spec = PictureSpec(width, height, bands, 8)
        return cls(spec, 32, lambda: nullcontext(_Memory(lines)))

    @property
    def floats(self) -> int:
        """Bytes of `planes()`."""
        return self.spec.width * self.spec.height * (3 + self.spec.alpha) * 4

    def planes(self) -> Planes:
        """All of it (1, 3 or 4, height, width): RGB, alpha last, not multiplied by it."""
        spec = self.spec
        whole = np.empty((1, 3 + spec.alpha, spec.height, spec.width), np.float32)
        top = 0
        with self.open() as reader:
            while top < spec.height:
                rows = reader.read(max(1, (1 << 18) // spec.width))
                part = whole[:, :, top : top + len(rows)]
                part[:, :3] = colours(rows)
                if spec.alpha:
                    part[0, 3] = alpha(rows)
                top += len(rows)
        return whole


class _Memory:
    """Reads rows that are in memory."""

    def __init__(self, rows: Rows) -> None:
        self._left = rows

    def read(self, rows: int) -> Rows:
        taken, self._left = self._left[:rows], self._left[rows:]
        return taken


class Scratch:
    """Collects lines of floats, and is a Raster afterwards."""

    def __init__(self, spec: PictureSpec, folder: Path, like: Raster | None) -> None:
        """`folder` holds the file, if one is needed; format and metadata are those of `like`."""
        self._spec, self._folder, self._like = spec, folder, like
        # Closed by close(): it outlives the stage that fills it.
        self._file: Any = tempfile.SpooledTemporaryFile(SPOOL, dir=str(folder))  # noqa: SIM115
        self._lock = Lock()

    def write(self, rows: Rows) -> None:
        """Append lines (n, bands, width)."""
        try:
            self._file.write(np.ascontiguousarray(rows).data)
        except OSError as error:
            raise DiskFull(
                f"no room in {self._folder} for the picture between two steps",
                "free some, or point TMPDIR at a larger disk",
            ) from error

    def finish(self) -> Raster:
        """All rows came: the picture they make."""
        size = self._spec.width * self._spec.height * self._spec.bands * FLOATS.itemsize
        held = size if size <= SPOOL else 0
        made = Raster(self._spec, 32, lambda: nullcontext(_FromScratch(self)), held)
        if self._like is None:
            return made
        return replace(made, format=self._like.format, metadata=self._like.metadata)

    def close(self) -> None:
        """Delete the file."""
        self._file.close()

    def rows(self, top: int, rows: int) -> Rows:
        """Some of what was written."""
        shape = (min(rows, self._spec.height - top), self._spec.bands, self._spec.width)
        size = FLOATS.itemsize * shape[1] * shape[2]
        with self._lock:
            self._file.seek(top * size)
            data = self._file.read(shape[0] * size)
        return np.frombuffer(data, FLOATS).reshape(shape)


class _FromScratch:
    """Reads what a Scratch holds; each reader has a place of its own."""

    def __init__(self, scratch: Scratch) -> None:
        self._scratch, self._next = scratch, 0

    def read(self, rows: int) -> Rows:
        found = self._scratch.rows(self._next, rows)
        self._next += len(found)
        return found
