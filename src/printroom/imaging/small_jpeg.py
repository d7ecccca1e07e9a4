"""Small JPEGs without libvips' threads: the same pixels and bytes for a tenth of the time.

    JPEG without metadata -> decoded() -> rows
    rows -> SmallJpegSink -> JPEG without metadata

libvips reads and writes through a pool of threads, which costs a third of a CPU millisecond each
way however small the picture is: more than the rest of serving a thumbnail. simplejpeg and OpenCV
call the same libjpeg-turbo in the caller's thread. The one reads, since it refuses what libjpeg
warns of; the other writes, since the first one's transform is a rougher one below quality 96. It
writes a JFIF header that libvips leaves out, and nothing else differs.
"""

from __future__ import annotations

from typing import Any, BinaryIO

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from printroom.imaging.fitting import PictureSpec
from printroom.imaging.jpeg import JpegHeader
from printroom.imaging.metadata import Metadata

LARGEST = 3 << 16
"""Bytes of raw pixels up to which a picture is small: beyond, threads cost little beside it."""
JFIF = slice(2, 20)
"""Where the header lies that is left out: after the start of the image."""
FULL_CHROMA = 90
"""The quality from which chroma is not halved; as libvips has it."""
_SPACES = {1: "GRAY", 3: "RGB"}


def decoded(data: bytes, header: JpegHeader) -> NDArray[np.uint8] | None:
    """(H, W, bands) of a small, plain picture; None = libvips should look at it.

    That is also the answer to anything that libjpeg warns of: libvips says what is wrong.
    """
    space = _SPACES.get(header.bands)
    if not header.plain or space is None or header.width * header.height * header.bands > LARGEST:
        return None
    try:
        rows: NDArray[np.uint8] = simplejpeg.decode_jpeg(data, space)
    except ValueError:
        return None
    return rows


def is_small(spec: PictureSpec, metadata: Metadata) -> bool:
    """Whether a JPEG of that shape can go this way."""
    plain = not (metadata.exif or metadata.xmp or metadata.icc)
    return plain and spec.depth == 8 and spec.bands in (1, 3) and spec.raw_bytes <= LARGEST


class SmallJpegSink:
    """Collects all rows and encodes them at the end: a `sinks.Sink`."""

    def __init__(self, file: BinaryIO, spec: PictureSpec, quality: int) -> None:
        self._file, self._quality = file, quality
        self._rows = np.empty((spec.height, spec.width, spec.bands), np.uint8)
        self._next = 0

    def write(self, rows: NDArray[Any]) -> None:
        self._rows[self._next : self._next + len(rows)] = rows
        self._next += len(rows)

    def finish(self) -> None:
        import cv2  # takes a tenth of a second to load, which one large picture need not pay

        full = self._quality >= FULL_CHROMA
        chroma = (
            cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444 if full else cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420
        )
        how = [cv2.IMWRITE_JPEG_QUALITY, self._quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, chroma]
        rows = self._rows
        stored = cv2.cvtColor(rows, cv2.COLOR_RGB2BGR) if rows.shape[2] == 3 else rows
        done, data = cv2.imencode(".jpg", stored, how)
        if not done:
            raise OSError("the JPEG could not be encoded")
        encoded = data.data
        self._file.write(encoded[: JFIF.start])
        self._file.write(encoded[JFIF.stop :])

    def abort(self) -> None:
        pass
