"""Folders of pictures -> arrays, for measuring. Names are for people, files are hostile.

folder -> files in natural order              NotFound
file   -> (H, W, 1 or 3) uint8                PictureError NotFound
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import NotFound
from printroom.imaging.formats import FORMATS
from printroom.imaging.image import Image
from printroom.imaging.limits import Limits

Pixels = NDArray[np.uint8]
"""(H, W, 1 or 3), grey or RGB."""
Picture = NDArray[np.float32]
"""(H, W, 1 or 3), grey or RGB in 0..1; noise may leave that range."""

LIMITS = Limits(pixels=64 * 10**6, memory=2**30)
"""Pictures are held whole here, several times over."""
SUFFIXES = {suffix for known in FORMATS for suffix in known.suffixes} | {".bmp", ".ppm", ".pgm"}
"""Files that are looked at; those that no decoder knows are then named as skipped."""


@dataclass(frozen=True)
class Skipped:
    """A file that was left out."""

    set: str
    file: str
    reason: str


def files_in(folder: Path) -> list[Path]:
    """The pictures in `folder` by their suffix, not hidden, `2.png` before `10.png`.

    Raises NotFound where there is no such folder, or no picture in it.
    """
    if not folder.is_dir():
        raise NotFound(f"there is no folder {printable(folder)}", "name one with pictures in it")
    try:
        found = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES]
    except OSError as error:
        reason = error.strerror or str(error)
        raise NotFound(f"{printable(folder)} cannot be read", reason) from error
    files = [path for path in found if not path.name.startswith(".") and path.is_file()]
    if not files:
        raise NotFound(
            f"there are no pictures in {printable(folder)}",
            "name a folder with JPEG, PNG, TIFF, WebP, AVIF or HEIC files",
        )
    return sorted(files, key=_natural)


def set_names(folders: Sequence[Path]) -> list[str]:
    """What to call each folder: its own name, or its path where two share a name."""
    names = [printable(folder.resolve().name) for folder in folders]
    paths = [printable(folder) for folder in folders]
    return [p if names.count(n) > 1 else n for n, p in zip(names, paths, strict=True)]


def read(path: Path) -> Pixels:
    """Decode a file: upright, sRGB, 16 bit rounded to 8, alpha left out."""
    with Image.open(path, LIMITS) as image, image.rows() as reader:
        rows = reader.read(image.height)
    bands = 3 if image.bands >= 3 else 1
    plain: NDArray[Any] = rows[..., :bands]
    if plain.dtype == np.uint16:
        plain = (plain.astype(np.uint32) + 128) // 257
    return np.ascontiguousarray(plain, np.uint8)


def as_picture(pixels: Pixels) -> Picture:
    """0..255 -> 0..1."""
    return pixels.astype(np.float32) / np.float32(255)


def as_pixels(picture: Picture) -> Pixels:
    """0..1 -> 0..255, clipped and rounded half to even, as the engine does."""
    return np.asarray(np.rint(np.clip(picture, 0, 1) * np.float32(255)), np.uint8)


def as_grey(pixels: Pixels) -> Pixels:
    """MATLAB's rounded `rgb2gray`, (H, W, 1)."""
    from printroom.metrics.pixels import grey

    return np.ascontiguousarray(grey(pixels)[..., None], np.uint8)


def printable(name: Path | str) -> str:
    r"""`name` without what could steer a terminal or break UTF-8: such characters as `\x1b`."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in str(name)
    )


def _natural(path: Path) -> tuple[list[tuple[int, int, str]], str]:
    """Numbers within names compare as numbers; the name itself settles ties."""
    parts = re.findall(r"[0-9]+|[^0-9]+", path.name.lower())
    key = [(0, int(part[:18]), "") if part[0].isdecimal() else (1, 0, part) for part in parts]
    return key, path.name
