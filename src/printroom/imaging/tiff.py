"""TIFF and BigTIFF, written row by row as they come.

    rows -> TiffSink -> stream      OSError

The layout is known before the first row: header, tags, then the pixels in strips, uncompressed.
So nothing is held, nothing is written twice, any program reads it, and it can be read at random as
well as from the top; PNG is there for who wants it smaller. BigTIFF where 32 bit offsets end.
"""

from __future__ import annotations

import io
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from printroom.imaging import ifd
from printroom.imaging.fitting import PictureSpec
from printroom.imaging.ifd import BYTE, LONG, LONG8, SHORT, UNDEFINED, Directory, Entry
from printroom.imaging.metadata import DESCRIPTIVE, Metadata

STRIP = 1 << 20
"""Bytes of pixels to a strip, about."""
CLASSIC = 2**32 - 2**24
"""Most bytes of pixels in a TIFF of 32 bit offsets, less room for tags and metadata."""


class TiffSink:
    """Writes a TIFF of `spec` into a stream that stands at its start."""

    def __init__(self, file: BinaryIO, spec: PictureSpec, metadata: Metadata) -> None:
        self._file = file
        file.write(_head(spec, metadata, big=spec.raw_bytes > CLASSIC))

    def write(self, rows: NDArray[Any]) -> None:
        little = np.ascontiguousarray(rows, rows.dtype.newbyteorder("<"))
        self._file.write(little.reshape(-1).data)

    def finish(self) -> None:
        pass

    def abort(self) -> None:
        pass


def _head(spec: PictureSpec, metadata: Metadata, big: bool) -> bytes:
    """All that comes before the pixels, filled up to a multiple of 16 bytes."""
    if big:
        start = b"II+\0" + (8).to_bytes(2, "little") + bytes(2) + (16).to_bytes(8, "little")
    else:
        start = b"II*\0" + (8).to_bytes(4, "little")
    inherited = _inherited(metadata)
    # The first pass only measures: values change with the offset, their sizes do not.
    size = len(start) + len(ifd.dump(_tags(spec, metadata, inherited, 0, big), len(start), big))
    size += -size % 16
    tags = ifd.dump(_tags(spec, metadata, inherited, size, big), len(start), big)
    return (start + tags).ljust(size, b"\0")


def _tags(
    spec: PictureSpec, metadata: Metadata, inherited: Directory, pixels_at: int, big: bool
) -> Directory:
    rows = max(1, STRIP // spec.row_bytes)
    tops = np.arange(0, spec.height, rows)
    offsets = (pixels_at + tops.astype(np.uint64) * spec.row_bytes).tolist()
    lengths = (np.minimum(rows, spec.height - tops).astype(np.uint64) * spec.row_bytes).tolist()
    entries = {
        256: Entry.of(LONG, spec.width),
        257: Entry.of(LONG, spec.height),
        258: Entry.of(SHORT, *[spec.depth] * spec.bands),
        259: Entry.of(SHORT, 1),  # not compressed
        262: Entry.of(SHORT, 2 if spec.bands >= 3 else 1),  # RGB, or grey with 0 black
        273: Entry.of(LONG8 if big else LONG, *offsets),
        ifd.ORIENTATION: Entry.of(SHORT, 1),
        277: Entry.of(SHORT, spec.bands),
        278: Entry.of(LONG, rows),
        279: Entry.of(LONG, *lengths),
        284: Entry.of(SHORT, 1),  # bands interleaved
        339: Entry.of(SHORT, *[1] * spec.bands),  # unsigned
    }
    if spec.alpha:
        entries[338] = Entry.of(SHORT, 2)  # alpha, colours not multiplied by it
    if metadata.xmp:
        entries[700] = Entry(BYTE, metadata.xmp)
    if metadata.icc:
        entries[34675] = Entry(UNDEFINED, metadata.icc)
    return Directory(inherited.entries | entries, inherited.children)


def _inherited(metadata: Metadata) -> Directory:
    """The source's EXIF: its first directory joins the TIFF's own, the others hang below it."""
    try:
        exif = ifd.read(io.BytesIO(metadata.exif or b""))
    except ValueError:
        return Directory()
    kept = {tag: entry for tag, entry in exif.entries.items() if tag in DESCRIPTIVE}
    return Directory(kept, exif.children)
