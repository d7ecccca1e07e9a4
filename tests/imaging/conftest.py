"""Pictures to read and write, small enough to be made afresh for each test."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Pillow

from printroom.imaging.encode import Encoder, PictureSpec
from printroom.imaging.formats import format_for
from printroom.imaging.image import Image
from printroom.imaging.metadata import Metadata

Rows = NDArray[Any]
Encode = Callable[..., bytes]
Decode = Callable[..., Rows]


@pytest.fixture(scope="session")
def photo() -> Rows:
    """A real photograph, 120 x 150 RGB of 8 bit, with a smooth face and sharp edges."""
    data = pytest.importorskip("skimage.data")
    return np.ascontiguousarray(data.astronaut()[40:160, 150:300])


@pytest.fixture(scope="session")
def variant(photo: Rows) -> Callable[[int, int], Rows]:
    """The photograph with 1 to 4 bands, of 8 or 16 bit; alpha is a ramp from left to right."""

    def make(bands: int, depth: int) -> Rows:
        rows = photo if bands >= 3 else photo[..., 1:2]
        if bands in {2, 4}:
            ramp = np.broadcast_to(np.linspace(0, 255, rows.shape[1]), rows.shape[:2])
            rows = np.concatenate([rows, ramp[..., None].astype(np.uint8)], axis=2)
        if depth == 16:  # the low byte must matter, or losing it would go unseen
            noise = np.random.default_rng(0).integers(0, 256, rows.shape)
            return (rows.astype(np.uint16) * 256 + noise).astype(np.uint16)
        return rows

    return make


@pytest.fixture(scope="session")
def encode() -> Encode:
    """Rows -> a picture file's bytes, by our own encoder."""

    def run(
        rows: Rows,
        name: str,
        metadata: Metadata | None = None,
        quality: int | None = None,
        at_once: int = 37,
    ) -> bytes:
        height, width, bands = rows.shape
        spec = PictureSpec(width, height, bands, rows.itemsize * 8)
        with Encoder(None, spec, format_for(name), quality, metadata) as encoder:
            for top in range(0, height, at_once):
                encoder.write(rows[top : top + at_once])
            result = encoder.finish()
        assert isinstance(result, bytes)
        return result

    return run


@pytest.fixture(scope="session")
def decode() -> Decode:
    """A picture file -> all its rows, read in strips."""

    def run(source: bytes | Path, at_once: int = 50) -> Rows:
        with Image.open(source) as image, image.rows() as reader:
            strips = [reader.read(at_once) for _ in range(0, image.height, at_once)]
        return np.concatenate(strips)

    return run


@pytest.fixture(scope="session")
def pillow() -> Callable[..., bytes]:
    """Rows -> a picture file's bytes, by another encoder than ours."""

    def run(rows: Rows | Pillow.Image, name: str, **options: Any) -> bytes:
        picture = rows if isinstance(rows, Pillow.Image) else Pillow.fromarray(rows.squeeze())
        with io.BytesIO() as buffer:
            picture.save(buffer, name, **options)
            return buffer.getvalue()

    return run


@pytest.fixture(scope="session")
def exif() -> bytes:
    """A camera, an exposure and a place, turned by a quarter, as cameras write them."""
    tags = Pillow.Exif()
    tags[271], tags[272], tags[274] = "Printroom", "Box camera", 6
    tags.get_ifd(34665)[33434] = 0.005
    place = tags.get_ifd(34853)
    place[1], place[2], place[3], place[4] = "N", (52.0, 31.0, 12.0), "E", (13.0, 24.0, 18.0)
    return tags.tobytes().removeprefix(b"Exif\0\0")
