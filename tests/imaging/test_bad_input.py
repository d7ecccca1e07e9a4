"""What must not get in, and what it is told."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printroom.core.errors import (
    BrokenPicture,
    EmptyPicture,
    NeedsMemory,
    NotAPicture,
    NotFound,
    PrintroomError,
    TooManyPixels,
)
from printroom.imaging.image import Image
from printroom.imaging.limits import Limits
from printroom.imaging.vips import pyvips

NAMES = ("jpeg", "png", "tiff", "webp", "avif")


def _png_promising(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + check

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kept", [0.02, 0.3, 0.6, 0.9, 0.99])
def test_a_truncated_picture_is_broken(
    name: str, kept: float, photo: Any, encode: Any, decode: Any
) -> None:
    data = encode(photo, name)
    with pytest.raises(BrokenPicture, match="the picture is truncated or corrupt"):
        decode(data[: int(len(data) * kept)])


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
def test_a_jpeg_cut_short_but_ended_properly_is_never_filled_with_grey(
    kept: float, photo: Any, encode: Any, decode: Any
) -> None:
    data = encode(photo, "jpeg", quality=95)
    with pytest.raises(BrokenPicture):
        decode(data[: int(len(data) * kept)] + b"\xff\xd9")


def test_stray_bytes_between_the_segments_of_a_sound_jpeg_do_no_harm(
    photo: Any, pillow: Any, decode: Any
) -> None:
    data = pillow(photo, "JPEG")
    table = data.index(b"\xff\xdb")
    untidy = data[:table] + bytes(3) + data[table:]
    np.testing.assert_array_equal(decode(untidy), decode(data))


def test_the_message_names_the_file(tmp_path: Path, photo: Any, encode: Any, decode: Any) -> None:
    file = tmp_path / "holiday.png"
    file.write_bytes(encode(photo, "png")[:5000])
    with pytest.raises(BrokenPicture, match=r"holiday\.png is truncated or corrupt below row"):
        decode(file)


@pytest.mark.parametrize(
    "data",
    [
        b"hello, I am a text\n" * 20,
        bytes(1000),
        b"x",
        os.urandom(64) + b"\xff\xd8\xff",
        b"%PDF-1.7\n1 0 obj\n",
        b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
        b"GIF89a\1\0\1\0\0\0\0",
        b"MATLAB 5.0 MAT-file".ljust(200, b"\0"),
        b"#!/bin/sh\n",
    ],
    ids=["text", "zeros", "x", "random", "pdf", "svg", "gif", "matlab", "script"],
)
def test_what_is_not_a_picture_is_refused(data: bytes, tmp_path: Path) -> None:
    file = tmp_path / "renamed.jpg"
    file.write_bytes(data)
    for source in (data, file):
        with pytest.raises(NotAPicture, match="send JPEG, PNG, WebP, TIFF, AVIF and HEIC"):
            Image.open(source)


@pytest.mark.parametrize("loader", ["svgload", "gifload", "matrixload", "csvload", "vipsload"])
def test_loaders_that_we_do_not_offer_are_shut(loader: str, tmp_path: Path) -> None:
    file = tmp_path / "1.csv"
    file.write_text("1 1\n1\n")
    with pytest.raises(pyvips.Error, match="operation is blocked"):
        pyvips.Operation.call(loader, str(file))


def test_an_empty_file_is_empty(tmp_path: Path) -> None:
    file = tmp_path / "nothing.png"
    file.touch()
    with pytest.raises(EmptyPicture, match=r"nothing\.png is empty"):
        Image.open(file)
    with pytest.raises(EmptyPicture, match="the picture is empty"):
        Image.open(b"")


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (0, 0)])
def test_a_png_without_pixels_is_empty(size: tuple[int, int]) -> None:
    with pytest.raises(EmptyPicture, match="pixels"):
        Image.open(_png_promising(*size))


def test_a_jpeg_without_pixels_is_empty(photo: Any, encode: Any) -> None:
    data = bytearray(encode(photo, "jpeg"))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = bytes(4)
    with pytest.raises(EmptyPicture):
        Image.open(bytes(data))


@pytest.mark.parametrize("size", [(100_000, 100_000), (2**31 - 1, 2**31 - 1), (90_000_000, 12)])
def test_a_bomb_is_refused_from_its_header(size: tuple[int, int]) -> None:
    with pytest.raises(TooManyPixels, match="over the"):
        Image.open(_png_promising(*size))


@pytest.mark.parametrize("name", NAMES)
def test_the_pixel_limit_is_exact(name: str, photo: Any, encode: Any) -> None:
    data = encode(photo, name)
    pixels = photo.shape[0] * photo.shape[1]
    Image.open(data, Limits(pixels=pixels))
    with pytest.raises(TooManyPixels, match="120"):
        Image.open(data, Limits(pixels=pixels - 1))


def test_a_missing_file_a_folder_and_a_locked_file_are_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"there is no file .*absent\.jpg"):
        Image.open(tmp_path / "absent.jpg")
    with pytest.raises(NotFound, match="cannot be read"):
        Image.open(tmp_path)


@pytest.mark.parametrize(
    ("name", "options"),
    [("JPEG", {"progressive": True}), ("WEBP", {"method": 0}), ("AVIF", {"speed": 10})],
    ids=["progressive", "webp", "avif"],
)
def test_what_cannot_stream_says_what_it_needs(
    name: str, options: dict[str, Any], photo: Any, pillow: Any
) -> None:
    big = np.tile(photo, (3, 3, 1))
    data = pillow(big, name, **options)
    need = Image.open(data).need
    assert not need.streams
    assert need.bytes >= big.nbytes
    Image.open(data, Limits(memory=need.bytes))
    with pytest.raises(NeedsMemory, match="MiB") as caught:
        Image.open(data, Limits(memory=need.bytes - 1))
    assert caught.value.needed == need.bytes


def test_what_streams_needs_the_same_at_any_height(photo: Any, encode: Any) -> None:
    low, high = (np.tile(photo, (times, 1, 1)) for times in (10, 20))
    for name in ("jpeg", "png", "tiff"):
        needs = [Image.open(encode(rows, name)).need for rows in (low, high)]
        assert needs[0] == needs[1]
        assert needs[0].streams


@pytest.fixture(scope="module")
def small(photo: Any, encode: Any, exif: bytes) -> dict[str, bytes]:
    from printroom.imaging.metadata import Metadata

    metadata = Metadata(exif=exif, xmp=b"<x/>")
    return {name: encode(photo[::4, ::4], name, metadata) for name in NAMES}


@given(
    name=st.sampled_from(NAMES),
    flips=st.lists(st.tuples(st.floats(0, 1), st.integers(1, 255)), max_size=6),
    kept=st.floats(0.01, 1),
)
@settings(max_examples=300, deadline=None)
def test_damage_is_told_or_survived_never_worse(
    name: str, flips: list[tuple[float, int]], kept: float, small: dict[str, bytes]
) -> None:
    data = bytearray(small[name])
    for place, mask in flips:
        data[int(place * (len(data) - 1))] ^= mask
    damaged = bytes(data[: max(1, int(kept * len(data)))])
    try:
        with (
            Image.open(damaged, Limits(pixels=10**6, memory=2**26)) as image,
            image.rows() as reader,
        ):
            assert reader.read(10**6).shape == (image.height, image.width, image.bands)
    except PrintroomError as error:
        assert str(error)
