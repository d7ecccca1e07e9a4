"""A picture stands upright, however its camera was held."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageOps

from printroom.imaging import image as imaging
from printroom.imaging import turning
from printroom.imaging.image import Image
from printroom.imaging.turning import TURNS, Scratch

ORIENTATIONS = range(1, 9)


def tagged(orientation: int) -> Pillow.Exif:
    tags = Pillow.Exif()
    tags[274] = orientation
    return tags


@pytest.mark.parametrize("name", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_orientation_is_applied_as_another_reader_does(
    orientation: int, name: str, photo: Any, pillow: Any, decode: Any
) -> None:
    options = {"lossless": True} if name == "WEBP" else {}
    data = pillow(photo, name, exif=tagged(orientation), **options)
    picture = Pillow.fromarray(photo)
    picture.getexif()[274] = orientation
    expected = np.asarray(ImageOps.exif_transpose(picture))
    with Image.open(data) as image:
        assert (image.height, image.width) == expected.shape[:2]
    np.testing.assert_array_equal(decode(data), expected)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_avif_which_libheif_turns_is_not_turned_twice(
    orientation: int, photo: Any, pillow: Any, decode: Any
) -> None:
    data = pillow(photo, "AVIF", exif=tagged(orientation), quality=95, speed=9)
    picture = Pillow.fromarray(photo)
    picture.getexif()[274] = orientation
    expected = np.asarray(ImageOps.exif_transpose(picture))
    result = decode(data)
    assert result.shape == expected.shape
    assert np.abs(result.astype(int) - expected).mean() < 5


def test_only_a_mirror_from_left_to_right_streams(photo: Any, pillow: Any) -> None:
    needs = [Image.open(pillow(photo, "PNG", exif=tagged(each))).need for each in ORIENTATIONS]
    assert [need.streams for need in needs] == [True, True] + [False] * 6


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_picture_too_large_for_memory_is_turned_on_disk(
    orientation: int, photo: Any, pillow: Any, decode: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = pillow(photo, "PNG", exif=tagged(orientation))
    in_memory = decode(data)
    monkeypatch.setattr(turning, "SPOOL", 1)
    monkeypatch.setattr(imaging, "STRIP", 1)
    np.testing.assert_array_equal(decode(data, at_once=7), in_memory)


@given(
    orientation=st.sampled_from(ORIENTATIONS),
    width=st.integers(1, 20),
    height=st.integers(1, 20),
    strip=st.integers(1, 7),
    at_once=st.integers(1, 9),
    bands=st.integers(1, 4),
)
@settings(deadline=None)
def test_scratch_equals_turning_the_whole(
    orientation: int, width: int, height: int, strip: int, at_once: int, bands: int
) -> None:
    turn = TURNS[orientation]
    stored = np.random.default_rng(0).integers(0, 65536, (height, width, bands), np.uint16)
    upright = turn(stored)
    scratch = Scratch(turn, width, height)
    scratch.fill(stored[top : top + strip] for top in range(0, height, strip))
    result = np.zeros_like(upright)
    for top in range(0, len(upright), at_once):
        scratch.read(top, result[top : top + at_once])
    scratch.close()
    np.testing.assert_array_equal(result, upright)
