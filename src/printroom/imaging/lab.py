"""TIFFs of 8 bit CIE Lab, as Photoshop writes them, which libvips' loader fails on.

    file -> relabelled() -> file that claims to be RGB -> libvips picture -> as_lab() -> Lab picture

Lightness is 0..255 for 0..100; a* and b* are signed bytes (TIFF 6.0, section 23).
"""

from __future__ import annotations

import struct
from typing import Any, BinaryIO

from printroom.imaging import ifd

PHOTOMETRIC, BITS = 262, 258
RGB, CIELAB = 2, 8


class Relabelled:
    """A file of which two bytes read as others."""

    def __init__(self, file: BinaryIO, at: int, patch: bytes) -> None:
        self._file, self._at, self._patch = file, at, patch

    def read(self, size: int) -> bytes:
        start = self._file.tell()
        data = self._file.read(size)
        if start + len(data) <= self._at or start >= self._at + len(self._patch):
            return data
        patched = bytearray(data)
        for offset, byte in enumerate(self._patch, self._at - start):
            if 0 <= offset < len(patched):
                patched[offset] = byte
        return bytes(patched)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)


def relabelled(file: BinaryIO) -> Relabelled | None:
    """The TIFF under another label, if it is one of 8 bit Lab; `file` is left at its start."""
    order = "<" if file.read(2) == b"II" else ">"
    file.seek(0)
    try:
        tags = ifd.read(file).entries
    except ValueError:
        return None  # for libvips to complain of
    finally:
        file.seek(0)
    kind, bits = tags.get(PHOTOMETRIC), tags.get(BITS)
    if kind is None or bits is None or kind.kind != ifd.SHORT or bits.kind != ifd.SHORT:
        return None
    if kind.numbers()[0] != CIELAB or set(bits.numbers()) != {8}:
        return None
    return Relabelled(file, kind.at, struct.pack(order + "H", RGB))


def as_lab(picture: Any) -> Any:
    """The libvips picture of a relabelled file as float Lab, with further bands as they are."""
    lightness = picture[0] * (100 / 255)
    rest = picture[1:3].copy(format="char")
    bands = [rest, picture[3]] if picture.bands > 3 else [rest]
    return lightness.bandjoin(bands).copy(interpretation="lab")
