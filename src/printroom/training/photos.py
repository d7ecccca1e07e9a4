"""Folders of photographs -> arrays in memory, for the recipes.

folders -> list of RGB uint8 arrays: NotFound. Broken files, also ones that end too soon, are
skipped and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyvips
from numpy.typing import NDArray

from printroom.core.errors import NotFound

Array = NDArray[Any]
SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"}


@dataclass
class Photos:
    """Decoded photographs and what could not be read."""

    pictures: list[Array] = field(default_factory=list)
    """Each (H, W, 3) uint8."""
    names: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    """Files that could not be decoded, with the reason."""


def read_rgb(path: Path) -> Array:
    """Decode `path` to (H, W, 3) uint8; grey is repeated, alpha dropped. Raises pyvips.Error."""
    image = pyvips.Image.new_from_file(str(path), fail_on="truncated").colourspace("srgb")
    if image.hasalpha():
        image = image.flatten()
    array: Array = image.cast("uchar").numpy()
    return array[:, :, :3].copy()


def cropped(picture: Array, multiple: int) -> Array:
    """`picture` (H, W, ...) without what is over a multiple of each side. A view."""
    height, width = (side - side % multiple for side in picture.shape[:2])
    return picture[:height, :width]


def every(name: str) -> bool:  # noqa: ARG001
    """Takes any file."""
    return True


def read_folders(
    folders: Iterable[Path], multiple: int = 1, wanted: Callable[[str], bool] = every
) -> Photos:
    """Read every picture in `folders`, cropped so that both sides are multiples of `multiple`.

    Files whose name is not `wanted` are passed over.

    Raises NotFound when a folder is missing or not one picture in all could be read.
    """
    photos = Photos()
    folders = list(folders)
    for folder in folders:
        if not folder.is_dir():
            raise NotFound(f"no folder {folder}", "name one with photographs in it")
        files = (p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)
        for path in sorted(p for p in files if wanted(p.name)):
            try:
                picture = read_rgb(path)
            except pyvips.Error as error:
                photos.skipped.append(f"{path.name}: {str(error).strip()}")
                continue
            photos.pictures.append(np.ascontiguousarray(cropped(picture, multiple)))
            photos.names.append(path.name)
    if not photos.pictures:
        raise NotFound(
            f"no readable picture in {', '.join(map(str, folders))}",
            f"{len(photos.skipped)} broken; put photographs there",
        )
    return photos
