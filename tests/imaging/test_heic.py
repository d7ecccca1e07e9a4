"""Pictures from iPhones, made here by pillow-heif's own encoder where it has one."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from printroom.core.errors import BrokenPicture, NeedsMemory, PrintroomError, TooManyPixels
from printroom.imaging.image import Image
from printroom.imaging.limits import Limits
from printroom.imaging.working import srgb_profile

if not pillow_heif.libheif_info()["encoders"].get("x265"):
    pytest.skip("this pillow-heif cannot write HEIC", allow_module_level=True)

Make = Callable[..., bytes]


@pytest.fixture(scope="module")
def make() -> Make:
    def run(mode: str, rows: NDArray[Any], **options: Any) -> bytes:
        size = rows.shape[1], rows.shape[0]
        file = io.BytesIO()
        picture = pillow_heif.from_bytes(mode, size, np.ascontiguousarray(rows).tobytes())
        picture.save(file, quality=90, **options)
        return file.getvalue()

    return run


def test_colour(make: Make, photo: Any, decode: Any) -> None:
    data = make("RGB", photo)
    with Image.open(data) as image:
        assert (image.format, image.bands, image.depth) == ("heic", 3, 8)
        assert not image.need.streams
    assert np.abs(decode(data).astype(int) - photo).mean() < 4


def test_alpha(make: Make, variant: Any, decode: Any) -> None:
    rows = variant(4, 8)
    result = decode(make("RGBA", rows))
    assert np.abs(result[..., 3].astype(int) - rows[..., 3]).mean() < 2


def test_ten_bits_become_sixteen_and_white_stays_white(make: Make, decode: Any) -> None:
    rows = np.full((32, 32, 3), 65535, np.uint16)
    rows[:16] = 0
    data = make("RGB;16", rows)
    assert Image.open(data).depth == 16
    assert np.abs(decode(data).astype(int) - rows).max() < 200


def test_grey(make: Make, photo: Any, decode: Any) -> None:
    grey = photo[..., :1]
    result = decode(make("L", grey))
    assert result.shape == grey.shape
    assert np.abs(result.astype(int) - grey).mean() < 4


def test_it_is_upright_already(make: Make, photo: Any, exif: bytes, decode: Any) -> None:
    data = make("RGB", photo, exif=b"Exif\0\0" + exif)  # pillow-heif writes its quarter turn
    result = decode(data)
    expected = np.rot90(photo, -1)
    assert result.shape == expected.shape
    assert np.abs(result.astype(int) - expected).mean() < 4


def test_metadata(make: Make, photo: Any, exif: bytes, encode: Any) -> None:
    data = make("RGB", photo, exif=b"Exif\0\0" + exif, xmp=b"<x/>", icc_profile=srgb_profile())
    came = Image.open(data).metadata
    assert came.xmp == b"<x/>"
    assert came.icc == srgb_profile()
    assert b"Box camera" in (came.exif or b"")
    assert b"Box camera" in encode(photo, "jpeg", came)


def test_limits(make: Make, photo: Any) -> None:
    data = make("RGB", photo)
    with pytest.raises(TooManyPixels):
        Image.open(data, Limits(pixels=1000))
    with pytest.raises(NeedsMemory):
        Image.open(data, Limits(memory=1000))


@pytest.mark.parametrize("kept", [0.05, 0.5, 0.95])
def test_truncated(kept: float, make: Make, photo: Any, decode: Any) -> None:
    data = make("RGB", photo)
    with pytest.raises(BrokenPicture):
        decode(data[: int(kept * len(data))])


@pytest.fixture(scope="module")
def tiny(make: Make, photo: Any) -> bytes:
    return make("RGB", photo[::4, ::4])


@given(flips=st.lists(st.tuples(st.floats(0, 1), st.integers(1, 255)), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_damage_is_told_or_survived(flips: list[tuple[float, int]], tiny: bytes) -> None:
    data = bytearray(tiny)
    for place, mask in flips:
        data[int(place * (len(data) - 1))] ^= mask
    limits = Limits(pixels=10**6, memory=2**26)
    try:
        with Image.open(bytes(data), limits) as image, image.rows() as reader:
            assert reader.read(10**6).shape == (image.height, image.width, image.bands)
    except PrintroomError as error:
        assert str(error)
