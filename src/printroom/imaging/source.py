"""The bytes of a picture, in a file or in memory, opened afresh for each pass over them.

Path | bytes -> Source -> head, stream, libvips source     NotFound EmptyPicture
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from printroom.core.errors import EmptyPicture, NotFound
from printroom.imaging.vips import pyvips


class Stream(Protocol):
    """What libvips needs of a file."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; none at the end."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move, and say where to."""


class Source:
    """Encoded bytes and the name that messages give them."""

    def __init__(self, data: Path | bytes) -> None:
        self._data = data
        self.label = str(data) if isinstance(data, Path) else "the picture"
        """The file's path; "the picture" for bytes."""

    @property
    def in_memory(self) -> bool:
        """Whether the bytes are here, rather than in a file."""
        return not isinstance(self._data, Path)

    def open(self) -> BinaryIO:
        """A stream over the bytes, from their start."""
        if not isinstance(self._data, Path):
            return io.BytesIO(self._data)
        try:
            return self._data.open("rb", buffering=0)
        except FileNotFoundError as error:
            raise NotFound(f"there is no file {self.label}") from error
        except OSError as error:
            raise NotFound(f"{self.label} cannot be read", error.strerror or "") from error

    def head(self) -> bytes:
        """The first bytes, enough to tell the format."""
        with self.open() as file:
            head = file.read(256)
        if not head:
            raise EmptyPicture(f"{self.label} is empty: it has no bytes")
        return head


def encoded(file: Stream) -> Any:
    """The bytes of a stream for libvips; both must be kept as long as it reads.

    libvips would map a file into memory, and a whole scan would count as ours: it is read
    piece by piece instead.
    """
    if isinstance(file, io.BytesIO):
        return pyvips.Source.new_from_memory(file.getvalue())
    source = pyvips.SourceCustom()
    source.on_read(lambda size: _read(file, size))
    source.on_seek(lambda offset, whence: _seek(file, offset, whence))
    return source


def _read(file: Stream, size: int) -> bytes:
    """Nothing when the disk fails: libvips then finds the picture truncated."""
    try:
        return file.read(size)
    except (OSError, ValueError):
        return b""


def _seek(file: Stream, offset: int, whence: int) -> int:
    try:
        return file.seek(offset, whence)
    except (OSError, ValueError):
        return -1
