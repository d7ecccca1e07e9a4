"""libvips, set up once for a program that reads hostile pictures and counts its memory.

Import `pyvips` from here, so that no operation runs before these settings.
"""

from __future__ import annotations

import ctypes
import logging
import sys
from typing import Any

import pyvips

LOADERS = ("Jpeg", "Png", "Webp", "Tiff", "Heif")
"""Families of libvips loaders that may run; `formats.sniff` picks one of them by name."""
BUFFERED_ROWS = 520
"""Rows that libvips holds while a picture streams through it; measured with one thread."""
MMAP_THRESHOLD = 256 * 1024
"""Bytes from which glibc gives a freed buffer back to the system."""


def _return_freed_buffers() -> None:
    """Keep glibc from holding on to freed line buffers.

    libvips frees and takes buffers of a few hundred KB all the time. By default glibc learns from
    that to keep them in its heap, in pieces: a 20,000 pixels wide JPEG then holds 120 MB for
    30 MB of buffers.
    """
    m_mmap_threshold = -3
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(m_mmap_threshold, MMAP_THRESHOLD)


def _text(found: Any) -> str:
    """A text of libvips, whatever bytes a damaged file put into it."""
    data = pyvips.ffi.string(found) if found != pyvips.ffi.NULL else b""
    return data.decode("utf-8", "replace") if isinstance(data, bytes) else str(data)


_return_freed_buffers()
# What an error says may quote the file: pyvips would fail to read it, with an error of its own.
sys.modules["pyvips.error"]._to_string = _text  # type: ignore[attr-defined]
# What matters of libvips' warnings comes back as an error.
logging.getLogger("pyvips").setLevel(logging.ERROR)
# Operations are not repeated here, so a cache of them would only hold pictures in memory.
pyvips.cache_set_max(0)
# One thread per picture: the engine already keeps every core busy, and a second thread costs
# libvips a second set of line buffers.
pyvips.concurrency_set(1)
# Text formats, PDF, SVG, ImageMagick and the rest stay shut: we never ask for them by name, and
# this keeps libvips from reaching them by itself.
pyvips.operation_block_set("VipsForeignLoad", True)
for family in LOADERS:
    pyvips.operation_block_set(f"VipsForeignLoad{family}", False)


def last_line(error: Exception) -> str:
    """The reason at the end of a decoder's or encoder's complaint."""
    lines = str(getattr(error, "detail", "") or error).strip().splitlines()
    return lines[-1].strip() if lines else "no reason given"


__all__ = ["BUFFERED_ROWS", "LOADERS", "last_line", "pyvips"]
