"""Where rows go: the ways to make a file of them, behind one small contract.

    SmallJpegSink (small_jpeg.py) calls libjpeg itself     thumbnails
    WholeSink   collects, then encodes                     small results, formats that need it all
    PipeSink    feeds libvips' encoder as rows come        large PNG and JPEG
    TiffSink    (tiff.py) writes them as they are          TIFF

libvips pulls, rows are pushed: the pipe between them carries a PNG of stored (uncompressed) data,
the one stream that libvips reads from the top at any size, at 8 and 16 bit. It costs about a
hundredth of a CPU second per megapixel.
"""

from __future__ import annotations

import contextlib
import os
import struct
import threading
import zlib
from typing import Any, BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from printroom.imaging.fitting import PictureSpec
from printroom.imaging.savers import Save
from printroom.imaging.vips import pyvips

PIECE = 1 << 20
"""Bytes of rows that are copied at once on their way into the pipe."""


class Sink(Protocol):
    """Takes the rows of one picture, top to bottom, and writes its file."""

    def write(self, rows: NDArray[Any]) -> None:
        """Rows (n, W, bands), of the sink's own depth. Raises OSError or pyvips.Error."""

    def finish(self) -> None:
        """Write what is left; all rows have come. Raises OSError or pyvips.Error."""

    def abort(self) -> None:
        """Let go of threads and descriptors, whatever state they are in; never raises."""


class WholeSink:
    """Collects all rows and encodes them at the end."""

    def __init__(self, file: BinaryIO, spec: PictureSpec, save: Save) -> None:
        self._file, self._spec, self._save = file, spec, save
        self._rows = np.empty((spec.height, spec.width, spec.bands), spec.dtype)
        self._next = 0

    def write(self, rows: NDArray[Any]) -> None:
        self._rows[self._next : self._next + len(rows)] = rows
        self._next += len(rows)

    def finish(self) -> None:
        spec = self._spec
        kind = "uchar" if spec.depth == 8 else "ushort"
        picture = pyvips.Image.new_from_memory(
            self._rows, spec.width, spec.height, spec.bands, kind
        )
        self._save(picture, self._file)

    def abort(self) -> None:
        pass


class PipeSink:
    """Encodes in a thread while rows come."""

    def __init__(self, file: BinaryIO, spec: PictureSpec, save: Save) -> None:
        self._file, self._save = file, save
        self._error: BaseException | None = None
        self._deflate = zlib.compressobj(level=0)
        read_end, write_end = os.pipe()
        self._pipe = os.fdopen(write_end, "wb", buffering=0)
        self._thread = threading.Thread(
            target=self._encode, args=(read_end,), name="encoder", daemon=True
        )
        self._thread.start()
        colour = {1: 0, 2: 4, 3: 2, 4: 6}[spec.bands]
        self._pipe.write(b"\x89PNG\r\n\x1a\n")
        self._chunk(
            b"IHDR", struct.pack(">IIBBBBB", spec.width, spec.height, spec.depth, colour, 0, 0, 0)
        )
        self._piece_rows = max(1, PIECE // spec.row_bytes)

    def write(self, rows: NDArray[Any]) -> None:
        for top in range(0, len(rows), self._piece_rows):
            part = rows[top : top + self._piece_rows]
            if part.dtype == np.uint16:
                part = part.astype(">u2")
            flat = np.ascontiguousarray(part).reshape(len(part), -1).view(np.uint8)
            lines = np.empty((len(part), 1 + flat.shape[1]), np.uint8)
            lines[:, 0], lines[:, 1:] = 0, flat  # each line is led by its filter: none
            self._chunk(b"IDAT", self._deflate.compress(lines.data))
            self._raise_error()

    def finish(self) -> None:
        self._chunk(b"IDAT", self._deflate.flush())
        self._chunk(b"IEND", b"")
        self._pipe.close()
        self._thread.join()
        self._raise_error()

    def abort(self) -> None:
        with contextlib.suppress(OSError):
            self._pipe.close()
        self._thread.join()

    def _chunk(self, name: bytes, data: bytes) -> None:
        check = zlib.crc32(data, zlib.crc32(name))
        for piece in (struct.pack(">I", len(data)) + name, data, struct.pack(">I", check)):
            view = memoryview(piece)
            while view:
                view = view[self._pipe.write(view) :]

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error

    def _encode(self, read_end: int) -> None:
        """The encoder's thread. The pipe is drained in the end, so that write() never hangs."""
        try:
            source = pyvips.Source.new_from_descriptor(read_end)
            picture = pyvips.Operation.call(
                "pngload_source", source, access="sequential", fail_on="error", unlimited=True
            )
            self._save(picture.copy(), self._file)
        except BaseException as error:  # carried over to the thread that writes
            self._error = error.with_traceback(None)
        finally:
            while os.read(read_end, PIECE):
                pass
            os.close(read_end)
