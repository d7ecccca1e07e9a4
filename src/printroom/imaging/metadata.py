"""What a picture file carries beside its pixels: EXIF, XMP and the colour profile.

    fields of a libvips picture, or the tags of a TIFF file -> Metadata

A damaged block is left out: the picture itself may be sound.
"""

from __future__ import annotations

import io
import re
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal, get_args

from printroom.core.errors import BadOption
from printroom.imaging import ifd
from printroom.imaging.vips import pyvips

Keep = Literal["keep", "strip", "copyright"]
"""What of the metadata goes with a result: all, nothing, or who made it and whose it is."""
KEEPS: tuple[Keep, ...] = get_args(Keep)
PREFIX = b"Exif\0\0"
RESOLUTION = (282, 283, 296)
"""Tags of the pixels per unit across and down, and of the unit."""
DESCRIPTIVE = frozenset(
    {269, 270, 271, 272, 285, *RESOLUTION, 305, 306, 315, 316, 18246, 18249, 33432}
    | set(range(40091, 40096))
)
"""Tags of a TIFF file's directory that tell of the picture; the others tell of its pixels."""
_RIGHTS = (315, 33432)
"""Tags of the artist and of the copyright."""
_XMP_ORIENTATION = re.compile(rb"(tiff:Orientation(?:\s*=\s*[\"']|>))[2-8]")


@dataclass(frozen=True)
class Metadata:
    """The blocks that a result inherits from its source; None = the source has none."""

    exif: bytes | None = None
    """A TIFF structure, without the prefix "Exif"; its orientation tag is 1 or missing."""
    xmp: bytes | None = None
    """An XMP packet, UTF-8."""
    icc: bytes | None = None
    """The profile of the pixels' colours; None = sRGB, or grey with sRGB's curve."""

    def stripped(self) -> Metadata:
        """Nothing but the profile: without it the same numbers would be other colours."""
        return Metadata(icc=self.icc)

    def only(self, keep: Keep) -> Metadata:
        """What `keep` says; of who made it and whose it is, what EXIF says."""
        if keep == "keep":
            return self
        return Metadata(_rights(self.exif) if keep == "copyright" else None, None, self.icc)


def keep_of(text: str) -> Keep:
    """Raises BadOption for what cannot be kept."""
    for keep in KEEPS:
        if text == keep:
            return keep
    raise BadOption(f"metadata cannot be {text[:64]!r}", f"say {' or '.join(KEEPS)}")


def metadata_of(picture: Any, icc: bytes | None) -> Metadata:
    """EXIF and XMP from the fields of a libvips picture, with the profile its pixels ended in."""
    return Metadata(
        exif=neutral(blob(picture, "exif-data")), xmp=blob(picture, "xmp-data"), icc=icc
    )


def blob(picture: Any, field: str) -> bytes | None:
    """A block among the fields of a libvips picture."""
    return bytes(picture.get(field)) or None if picture.get_typeof(field) else None


def neutral(exif: bytes | None) -> bytes | None:
    """EXIF, with or without prefix, with its orientation made 1; None when it cannot be read."""
    exif = (exif or b"").removeprefix(PREFIX)
    try:
        orientation = ifd.read(io.BytesIO(exif)).entries.get(ifd.ORIENTATION)
    except ValueError:
        return None
    if orientation is None or orientation.kind != ifd.SHORT:
        return exif
    patched = bytearray(exif)
    one = struct.pack("<H" if exif.startswith(b"II") else ">H", 1)
    patched[orientation.at : orientation.at + 2] = one
    return bytes(patched)


def _rights(exif: bytes | None) -> bytes | None:
    """EXIF with the artist and the copyright alone; None where it names neither."""
    try:
        tags = ifd.read(io.BytesIO(exif or b"")).entries
    except ValueError:
        return None
    found = ifd.Directory({tag: tags[tag] for tag in _RIGHTS if tag in tags})
    return _written(found) if found.entries else None


def _written(directory: ifd.Directory) -> bytes:
    return b"II*\0" + (8).to_bytes(4, "little") + ifd.dump(directory, 8)


def neutral_xmp(xmp: bytes | None) -> bytes | None:
    """XMP with the copy of the orientation that it may hold made 1."""
    return _XMP_ORIENTATION.sub(rb"\g<1>1", xmp) if xmp else None


def exif_of_tiff(file: BinaryIO) -> bytes | None:
    """The EXIF block that a TIFF file's tags amount to, which libvips does not read."""
    try:
        tags = ifd.read(file)
    except ValueError:
        return None
    found = ifd.Directory(
        {tag: entry for tag, entry in tags.entries.items() if tag in DESCRIPTIVE}, tags.children
    )
    if not found.children and not found.entries.keys() - set(RESOLUTION):
        return None  # a resolution alone is no news
    return _written(found)


def attach(picture: Any, meaning: str, metadata: Metadata) -> None:
    """Make the libvips picture, which nobody else may have, carry `metadata`.

    `meaning` is libvips' name for what its bands are.
    """
    across, down = _pixels_per_mm(metadata.exif)
    # libvips writes its resolution over the EXIF's
    header = {"interpretation": meaning, "xres": across, "yres": down}
    for name, value in header.items():
        pyvips.VipsObject.set(picture, name, value)
    blocks = {
        "exif-data": metadata.exif and PREFIX + metadata.exif,
        "xmp-data": metadata.xmp,
        "icc-profile-data": metadata.icc,
    }
    for name, block in blocks.items():
        if block:
            picture.set_type(pyvips.GValue.blob_type, name, block)


def kept(metadata: Metadata) -> str:
    """Which blocks libvips shall write, in its words; by itself it would make up an EXIF block."""
    names = {"exif": metadata.exif, "xmp": metadata.xmp, "icc": metadata.icc}
    return ":".join(name for name, block in names.items() if block) or "none"


def _pixels_per_mm(exif: bytes | None) -> tuple[float, float]:
    """The resolution that EXIF names, or 72 dpi, its own default (Exif 2.32, 4.6.4)."""
    try:
        tags = ifd.read(io.BytesIO(exif or b"")).entries
        unit = {2: 25.4, 3: 10.0}[tags[RESOLUTION[2]].numbers()[0]]
        (over_x, under_x), (over_y, under_y) = (tags[tag].numbers() for tag in RESOLUTION[:2])
        return over_x / under_x / unit, over_y / under_y / unit
    except (ValueError, KeyError, IndexError, ZeroDivisionError):
        return 72 / 25.4, 72 / 25.4
