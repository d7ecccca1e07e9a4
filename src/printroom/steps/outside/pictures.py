"""Pictures that go to another server and come from one.

planes -> png -> bytes            bytes -> planes_of -> planes       PictureError
"""

from __future__ import annotations

from typing import Any

import numpy as np

from printroom.imaging.image import Image
from printroom.imaging.limits import Limits
from printroom.imaging.vips import pyvips
from printroom.pipelines.step import Planes

PIXELS = 2**24
"""Largest picture that is taken from another server: it is held as a whole."""
DECODING = 2**29
"""Bytes that decoding one may take."""


def png(planes: Planes) -> bytes:
    """(1, 3 or 4, h, w), 0..1 -> a PNG of 8 bits; what lies beyond is clipped."""
    levels = np.rint(np.clip(planes[0], 0, 1) * np.float32(255)).astype(np.uint8)
    rows = np.ascontiguousarray(levels.transpose(1, 2, 0))
    picture = pyvips.Image.new_from_array(rows).copy(interpretation="srgb")
    data: bytes = picture.write_to_buffer(".png", compression=1)
    return data


def planes_of(data: bytes) -> Planes:
    """The picture in `data`, decoded under limits. Raises PictureError."""
    with Image.open(data, Limits(PIXELS, DECODING)) as image, image.rows() as rows:
        read = rows.read(image.height)
    return planar(read)


def planar(rows: np.ndarray[Any, Any]) -> Planes:
    """(h, w, 1 to 4 bands) -> (1, 3 or 4, h, w), 0..1; grey three times over."""
    scaled = rows.astype(np.float32) / np.float32(np.iinfo(rows.dtype).max)
    bands = scaled.transpose(2, 0, 1)
    if len(bands) < 3:
        bands = np.concatenate([bands[:1]] * 3 + [bands[1:]])
    return np.ascontiguousarray(bands[None])
