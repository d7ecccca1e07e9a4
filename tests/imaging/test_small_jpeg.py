"""Small JPEGs are read another way than large ones, and nobody can tell."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printroom.core.errors import PrintroomError
from printroom.imaging import jpeg, small_jpeg
from printroom.imaging.image import Image
from printroom.imaging.metadata import Metadata
from printroom.imaging.vips import pyvips

SAMPLINGS = {
    "444": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    "440": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_440,
    "422": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422,
    "420": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
    "411": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_411,
}


@st.composite
def jpegs(draw: st.DrawFn) -> bytes:
    """Of OpenCV with a JFIF header, or of libvips without."""
    height, width = draw(st.integers(1, 90)), draw(st.integers(1, 90))
    bands, quality = draw(st.sampled_from([1, 3])), draw(st.integers(1, 100))
    noise = np.random.default_rng(quality).integers(0, 256, (height, width, bands))
    rows = cv2.blur(noise.astype(np.uint8), (3, 3)).reshape(noise.shape)
    if draw(st.booleans()):
        sampling = SAMPLINGS[draw(st.sampled_from(sorted(SAMPLINGS)))]
        how = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
        how += [cv2.IMWRITE_JPEG_RST_INTERVAL, draw(st.sampled_from([0, 3]))]
        return bytes(cv2.imencode(".jpg", rows, how)[1])
    picture = pyvips.Image.new_from_array(rows)
    return bytes(
        picture.jpegsave_buffer(
            Q=quality,
            interlace=draw(st.booleans()),
            optimize_coding=draw(st.booleans()),
            subsample_mode=draw(st.sampled_from(["on", "off"])),
            keep="none",
        )
    )


def opened(source: bytes | Path) -> tuple[Any, ...]:
    """All that is known of a picture, or the code of what is wrong with it."""
    try:
        image = Image.open(source)
        with image.rows() as reader:
            rows = reader.read(image.height)
    except PrintroomError as error:
        return type(error).__name__, error.code
    about = (image.width, image.height, image.bands, image.depth, image.metadata, image.need)
    return *about, rows.tobytes()


def as_file(data: bytes) -> tuple[Any, ...]:
    """Files always go through libvips."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture.jpg"
        path.write_bytes(data)
        return opened(path)


@settings(max_examples=80, deadline=None)
@given(jpegs())
def test_pixels_are_those_of_libvips(data: bytes) -> None:
    assert opened(data) == as_file(data)


@settings(max_examples=150, deadline=None)
@given(jpegs(), st.data())
def test_damage_is_found_as_libvips_finds_it(data: bytes, chance: st.DataObject) -> None:
    spoilt = bytearray(data[: chance.draw(st.integers(len(data) // 2, len(data)))])
    for _ in range(chance.draw(st.integers(0, 3))):
        spoilt[chance.draw(st.integers(2, len(spoilt) - 1))] = chance.draw(st.integers(0, 255))
    assert opened(bytes(spoilt)) == as_file(bytes(spoilt))


def test_which_are_small(photo: Any, encode: Any, tmp_path: Path) -> None:
    def small(data: bytes) -> bool:
        path = tmp_path / "one.jpg"
        path.write_bytes(data)
        with path.open("rb") as file:
            return small_jpeg.decoded(data, jpeg.read_header(file)) is not None

    assert small(encode(photo, "jpeg"))
    assert not small(encode(np.tile(photo, (4, 4, 1)), "jpeg"))
    profile = pyvips.Operation.call("profile_load", "srgb")
    assert not small(encode(photo, "jpeg", metadata=Metadata(icc=bytes(profile))))
    with pytest.raises(EOFError):
        small(encode(photo, "jpeg")[:60])
