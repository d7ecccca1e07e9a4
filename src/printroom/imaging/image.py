"""A picture that came in: judged from its header, then read by rows from the top.

    Path | bytes -> Image   NotFound NotAPicture EmptyPicture BrokenPicture
                            TooManyPixels NeedsMemory
    Image -> RowReader      BrokenPicture DiskFull

Rows are in the working space: 1 to 4 bands of 8 or 16 bit, grey or RGB, alpha last, upright.
Of a file with several pictures (TIFF pages, animations) the first is taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import NeedsMemory, TooManyPixels
from printroom.imaging.limits import Limits
from printroom.imaging.opening import Decoder, Header, Loaded, decoder, header
from printroom.imaging.source import Source
from printroom.imaging.turning import SPOOL, Scratch

CHUNK = 1 << 20
"""Bytes of rows fetched from libvips at once, about; each fetch is copied once."""
LEAST = 16
"""Rows fetched from libvips at once at least: what its sequential buffers are made for."""
SMALL = 1 << 16
"""Bytes that are fetched at once whatever their rows: small pictures, a few rows of others."""
STRIP = 8 << 20
"""Bytes of a strip that is turned at once."""


@dataclass(frozen=True)
class Need:
    """What reading a picture takes, known from its header."""

    bytes: int
    """Memory held while rows are read, beside the rows themselves."""
    streams: bool
    """Whether rows come as they are decoded; otherwise the whole is decoded before the first."""


class Image:
    """An opened picture. Nothing is decoded until `rows()` is read."""

    def __init__(self, source: Source, header: Header, loaded: Loaded | None) -> None:
        self._source, self._header, self._loaded = source, header, loaded
        self.format = header.format.name
        """What came in: "jpeg"."""
        self.metadata = header.metadata
        """EXIF, XMP and the profile of the working space; the orientation tag is neutral."""
        swap = header.turn.swap
        self.width = header.height if swap else header.width
        """Pixels, after EXIF orientation."""
        self.height = header.width if swap else header.height
        """Pixels, after EXIF orientation."""
        self.bands = header.bands
        """1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha."""
        self.depth = header.depth
        """Bits per sample, 8 or 16."""
        self.need = _need(header)

    @classmethod
    def open(cls, source: Path | bytes, limits: Limits | None = None) -> Self:
        """Read the header of a file, or of its bytes, and judge it against `limits`."""
        limits = limits or Limits()
        opened = Source(source)
        image = cls(opened, *header(opened))
        if image.width * image.height > limits.pixels:
            raise TooManyPixels(
                f"{opened.label} has {image.width:,} x {image.height:,} pixels,"
                f" over the limit of {limits.pixels:,}",
                "raise the limit or send a smaller picture",
            )
        if limits.memory is not None and image.need.bytes > limits.memory:
            raise _needs_memory(opened.label, image, limits.memory)
        return image

    def rows(self) -> RowReader:
        """A reader that starts at the top; each one decodes anew."""
        loaded, self._loaded = self._loaded, None
        return RowReader(self._source, self._header, loaded)

    def close(self) -> None:
        """Give back what was loaded for the header. Readers are closed by themselves."""
        self._loaded = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class RowReader:
    """Rows of a picture, in order from the top. Not to be shared by threads."""

    def __init__(self, source: Source, header: Header, loaded: Loaded | None) -> None:
        self._source, self._header, self._loaded = source, header, loaded
        self._dtype = np.dtype(np.uint8 if header.depth == 8 else np.uint16)
        self._shape = (header.height, header.width)[:: -1 if header.turn.swap else 1]
        self._file = source.open()
        self._decoder: Decoder | None = None
        self._scratch: Scratch | None = None
        self._next = 0

    def read(self, rows: int) -> NDArray[Any]:
        """The next `rows` rows, fewer at the bottom: (n, W, bands) uint8 or uint16.

        Raises BrokenPicture when the file ends or fails before they do.
        """
        height, width = self._shape
        end = min(self._next + rows, height)
        out = np.empty((end - self._next, width, self._header.bands), self._dtype)
        if self._header.turn.streams:
            self._fetch(self._next, out)
        else:
            self._upright().read(self._next, out)
        self._next = end
        return out

    def close(self) -> None:
        """Give back decoder, scratch and file; reading is over."""
        self._decoder = None
        self._file.close()
        if self._scratch is not None:
            self._scratch.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _fetch(self, top: int, out: NDArray[Any]) -> None:
        """Decode the next stored rows into `out`, mirrored if that can be done row by row."""
        header = self._header
        if self._decoder is None:
            self._decoder = decoder(self._source, header, self._file, self._loaded)
            self._loaded = None
        upright = header.turn if header.turn.streams else (lambda rows: rows)
        step = max(LEAST, CHUNK // _row_bytes(header))
        for start in range(0, len(out), step):
            part = out[start : start + step]
            data = self._decoder.fetch(top + start, len(part))
            part[:] = upright(np.frombuffer(data, self._dtype).reshape(part.shape))

    def _upright(self) -> Scratch:
        if self._scratch is None:
            header = self._header
            self._scratch = Scratch(header.turn, header.width, header.height)
            self._scratch.fill(self._strips())
            self._decoder = None
        return self._scratch

    def _strips(self) -> Iterator[NDArray[Any]]:
        header = self._header
        rows = _strip_rows(header)
        for top in range(0, header.height, rows):
            count = min(rows, header.height - top)
            strip = np.empty((count, header.width, header.bands), self._dtype)
            self._fetch(top, strip)
            yield strip


def _row_bytes(header: Header) -> int:
    return header.width * header.bands * header.depth // 8


def _strip_rows(header: Header) -> int:
    return max(LEAST, min(256, STRIP // _row_bytes(header)))


def _need(header: Header) -> Need:
    if header.turn.streams:
        return Need(header.decoder_bytes, streams=not header.whole)
    strip = 2 * _strip_rows(header) * _row_bytes(header)
    spool = min(SPOOL, header.height * _row_bytes(header))
    return Need(header.decoder_bytes + strip + spool, streams=False)


def _needs_memory(label: str, image: Image, allowed: int) -> NeedsMemory:
    needed = image.need.bytes
    return NeedsMemory(
        f"{label} is {image.width:,} x {image.height:,} pixels of {image.format.upper()}, which"
        f" takes {needed / 2**20:,.0f} MiB to decode, {allowed / 2**20:,.0f} MiB are allowed",
        "allow more memory, or save it as a plain TIFF, PNG or baseline JPEG, which stream",
        needed=needed,
    )
