"""The segments that lead a JPEG file, which libvips tells too little about.

stream -> read_header() -> JpegHeader       EOFError: it ends before its first scan
"""

from __future__ import annotations

import struct
from typing import BinaryIO, NamedTuple

_STANDALONE = {0x01, *range(0xD0, 0xD8)}
_NOT_FRAMES = {0xC4, 0xC8, 0xCC}
_PLAIN = {0xE0, 0xDB, 0xC0, 0xC4, 0xDD}
"""JFIF, tables, baseline frame, restart interval: all that a picture needs."""


class JpegHeader(NamedTuple):
    """What the segments before the first scan say."""

    width: int
    height: int
    bands: int
    """As stored: 1 grey, 3 colour, 4 CMYK."""
    tidy: bool
    """Whether each segment follows the one before; some cameras leave bytes between them."""
    plain: bool
    """Tidy, 8 bit, baseline, and without metadata of any kind."""


def read_header(file: BinaryIO) -> JpegHeader:
    """Walk the segments of a JPEG stream that stands at its start."""
    file.seek(2)
    width = height = bands = 0
    tidy = plain = True
    while True:
        marker, skipped = _next_marker(file)
        tidy = tidy and not skipped
        if marker in _STANDALONE:
            continue
        if marker in {0xD9, 0xDA}:  # end of image, start of scan
            return JpegHeader(width, height, bands, tidy, plain and tidy)
        plain = plain and marker in _PLAIN
        size = int.from_bytes(_exactly(file, 2), "big")
        if 0xC0 <= marker <= 0xCF and marker not in _NOT_FRAMES:
            bits, height, width, bands = struct.unpack(">BHHB", _exactly(file, 6))
            plain = plain and bits == 8
            size -= 6
        file.seek(max(0, size - 2), 1)


def _next_marker(file: BinaryIO) -> tuple[int, bool]:
    """The next marker's code, and whether there was anything but fill bytes before it."""
    lead, code = _exactly(file, 2)
    skipped = False
    while lead != 0xFF:
        skipped = True
        lead, code = code, _exactly(file, 1)[0]
    while code == 0xFF:
        code = _exactly(file, 1)[0]
    return code, skipped


def _exactly(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise EOFError("the JPEG ends before its first scan")
    return data
