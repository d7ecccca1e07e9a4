"""Rows in, from the top, and a picture file out.

    rows -> Encoder -> bytes | Path     FormatCannotHold Unwritable DiskFull

A file appears whole or not at all: it is written beside its place and renamed at the end.
"""

from __future__ import annotations

import contextlib
import errno
import io
import secrets
from pathlib import Path
from typing import Any, BinaryIO, Self

from numpy.typing import NDArray

from printroom.core.errors import DiskFull, OutputError, Unwritable
from printroom.imaging import formats
from printroom.imaging.fitting import PictureSpec, fitted, fitted_spec
from printroom.imaging.formats import Format, check_holds
from printroom.imaging.metadata import Metadata
from printroom.imaging.savers import saver
from printroom.imaging.sinks import PipeSink, Sink, WholeSink
from printroom.imaging.small_jpeg import SmallJpegSink, is_small
from printroom.imaging.tiff import TiffSink
from printroom.imaging.vips import BUFFERED_ROWS, last_line, pyvips

WHOLE = 64 << 20
"""Bytes of raw pixels up to which a result is collected and encoded at once."""
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

__all__ = ["Encoder", "PictureSpec", "encoder_bytes"]


def encoder_bytes(spec: PictureSpec, container: Format) -> int:
    """Memory that an Encoder holds beside the rows it is given, known beforehand; measured."""
    held = fitted_spec(spec, container)
    area = held.width * held.height
    if container is formats.TIFF:
        return 0
    if container is formats.WEBP:
        return held.raw_bytes + 5 * area
    if container is formats.AVIF:
        return area * ((24 if held.depth == 8 else 38) + 4 * held.alpha)
    if held.raw_bytes > WHOLE:
        return BUFFERED_ROWS * held.row_bytes
    return 2 * held.raw_bytes  # the rows, and at worst as much again encoded


class Encoder:
    """Writes one picture. A context manager: leaving it without `finish()` leaves no file.

    Where the format holds less than the rows carry, 16 bit is rounded to 8, alpha laid on white.
    """

    def __init__(
        self,
        target: Path | None,
        spec: PictureSpec,
        format: Format,  # noqa: A002 - what every caller would call it
        quality: int | None = None,
        metadata: Metadata | None = None,
    ) -> None:
        """`target` None collects the file in memory; `quality` 1..100, None = the format's own."""
        check_holds(format, spec.width, spec.height)
        self._target, self._given = target, spec
        self._fitted = fitted_spec(spec, format)
        self._next = 0
        self._part = None if target is None else _part_beside(target)
        self._sink: Sink | None = None
        self._file: BinaryIO = io.BytesIO()
        with self._reporting():
            if self._part is not None:
                self._file = self._part.open("xb")
            self._sink = self._open_sink(format, quality, metadata or Metadata())

    def write(self, rows: NDArray[Any]) -> None:
        """Append rows (n, W, bands), uint8 or uint16 as the spec says. DiskFull, Unwritable."""
        expected = (self._given.width, self._given.bands)
        if rows.shape[1:] != expected or rows.dtype != self._given.dtype:
            raise ValueError(f"rows of {expected} {self._given.dtype} expected, not {rows.shape}")
        if self._next + len(rows) > self._given.height:
            raise ValueError(f"more rows than the {self._given.height} promised")
        with self._reporting():
            assert self._sink is not None
            self._sink.write(fitted(rows, self._fitted))
        self._next += len(rows)

    def finish(self) -> bytes | Path:
        """Encode what is left and put the file in its place: its path, or its bytes."""
        if self._next != self._given.height:
            raise ValueError(f"{self._next} rows came of the {self._given.height} promised")
        with self._reporting():
            assert self._sink is not None
            self._sink.finish()
            self._sink = None
            if self._part is None or self._target is None:
                assert isinstance(self._file, io.BytesIO)
                return self._file.getvalue()
            self._file.close()
            self._part.replace(self._target)
            self._part = None
            return self._target

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove what was written, unless it was finished."""
        if self._sink is not None:
            self._sink.abort()
            self._sink = None
        with contextlib.suppress(OSError):
            self._file.close()
        if self._part is not None:
            with contextlib.suppress(OSError):
                self._part.unlink()
            self._part = None

    def _open_sink(self, container: Format, quality: int | None, metadata: Metadata) -> Sink:
        if container is formats.TIFF:
            return TiffSink(self._file, self._fitted, metadata)
        if container is formats.JPEG and is_small(self._fitted, metadata):
            return SmallJpegSink(self._file, self._fitted, quality or container.quality or 75)
        save = saver(container, quality, metadata, self._fitted)
        if container.streams and self._fitted.raw_bytes > WHOLE:
            return PipeSink(self._file, self._fitted, save)
        return WholeSink(self._file, self._fitted, save)

    @contextlib.contextmanager
    def _reporting(self) -> Any:
        """Clean up after any failure, and say in our own words what the system says in its."""
        try:
            yield
        except BaseException as error:
            self.close()
            if isinstance(error, OSError | pyvips.Error):
                raise self._explained(error) from error
            raise

    def _explained(self, error: Exception) -> OutputError:
        name = "the result" if self._target is None else str(self._target)
        if isinstance(error, OSError):
            if error.errno in FULL:
                return DiskFull(f"the disk is full: {name} was not written", "free some space")
            reason = error.strerror or str(error)
        else:
            reason = last_line(error)
        return Unwritable(f"{name} cannot be written ({reason})", "choose another place or format")


def _part_beside(target: Path) -> Path:
    return target.with_name(f".{target.name[:100]}.part-{secrets.token_hex(4)}")
