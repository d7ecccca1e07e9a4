"""Every format in, every format out, with every kind of pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from printroom.imaging import encode as encoding
from printroom.imaging.fitting import PictureSpec, fitted
from printroom.imaging.image import Image

LOSSLESS = ("png", "tiff")
LOSSY = {"jpeg": 3.0, "webp": 3.5, "avif": 4.0}
"""Format -> mean error allowed, in levels of 8 bit, at its default quality."""


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("bands", [1, 2, 3, 4])
@pytest.mark.parametrize("name", LOSSLESS)
def test_lossless_formats_keep_every_bit(
    name: str, bands: int, depth: int, variant: Any, encode: Any, decode: Any
) -> None:
    rows = variant(bands, depth)
    data = encode(rows, name)
    with Image.open(data) as image:
        assert (image.format, image.bands, image.depth) == (name, bands, depth)
        assert (image.width, image.height) == rows.shape[1::-1]
        assert image.need.streams
    np.testing.assert_array_equal(decode(data), rows)


@pytest.mark.parametrize("bands", [1, 3])
@pytest.mark.parametrize("name", LOSSY)
def test_lossy_formats_stay_near(
    name: str, bands: int, variant: Any, encode: Any, decode: Any
) -> None:
    rows = variant(bands, 8).astype(int)
    result = decode(encode(rows.astype(np.uint8), name)).astype(int)
    assert np.abs(result - rows).mean() < LOSSY[name]


@pytest.mark.parametrize("name", ["webp", "avif"])
def test_alpha_survives_where_the_format_has_it(
    name: str, variant: Any, encode: Any, decode: Any
) -> None:
    rows = variant(4, 8)
    result = decode(encode(rows, name, quality=100))
    assert np.abs(result[..., 3].astype(int) - rows[..., 3]).mean() < 1


@pytest.mark.parametrize("bands", [2, 4])
def test_jpeg_lays_alpha_on_white(bands: int, variant: Any, encode: Any, decode: Any) -> None:
    rows = variant(bands, 8)
    alpha = rows[..., -1:] / 255
    expected = rows[..., :-1] * alpha + 255 * (1 - alpha)
    result = decode(encode(rows, "jpeg", quality=100))
    assert result.shape[2] == bands - 1
    assert np.abs(result - expected).mean() < 1


@pytest.mark.parametrize("name", LOSSY)
def test_sixteen_bits_become_eight_where_they_must(
    name: str, variant: Any, encode: Any, decode: Any
) -> None:
    deep = variant(3, 16)
    result = decode(encode(deep, name))
    # AVIF keeps 10 bits, which come back as 16
    assert result.dtype == (np.uint16 if name == "avif" else np.uint8)
    top = np.iinfo(result.dtype).max
    assert np.abs(result / top - deep / 65535).mean() * 255 < LOSSY[name]


def test_ten_bit_avif_keeps_white_white(encode: Any, decode: Any) -> None:
    white = np.full((16, 16, 3), 65535, np.uint16)
    np.testing.assert_array_equal(decode(encode(white, "avif", quality=100)), white)


def test_sixteen_bits_are_rounded_not_cut() -> None:
    every = np.arange(65536, dtype=np.uint16).reshape(256, 256, 1)
    expected = np.rint(every / 257).astype(np.uint8)
    np.testing.assert_array_equal(fitted(every, PictureSpec(256, 256, 1, 8)), expected)


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("bands", [1, 2, 3, 4])
@pytest.mark.parametrize("name", ["png", "jpeg"])
def test_large_results_through_the_pipe_equal_small_ones(
    name: str, bands: int, depth: int, variant: Any, encode: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = variant(bands, depth)
    at_once = encode(rows, name)
    monkeypatch.setattr(encoding, "WHOLE", 0)
    assert encode(rows, name) == at_once


def test_quality_is_heeded(photo: Any, encode: Any) -> None:
    for name in LOSSY:
        assert len(encode(photo, name, quality=20)) < len(encode(photo, name, quality=95))


@pytest.mark.parametrize("name", [*LOSSLESS, *LOSSY])
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (17, 16)])
def test_the_smallest_pictures(name: str, shape: tuple[int, int], encode: Any, decode: Any) -> None:
    rows = np.full((*shape, 3), 128, np.uint8)
    assert np.abs(decode(encode(rows, name)).astype(int) - rows).max() <= 2


@pytest.mark.parametrize("strip", [1, 16, 17, 119, 120, 500])
def test_rows_do_not_depend_on_how_many_are_read_at_once(
    strip: int, photo: Any, encode: Any, decode: Any
) -> None:
    for name in ("jpeg", "png", "tiff"):
        data = encode(photo, name)
        np.testing.assert_array_equal(decode(data, at_once=strip), decode(data, at_once=1000))


def test_a_picture_can_be_read_twice(photo: Any, encode: Any) -> None:
    with Image.open(encode(photo, "png")) as image:
        for _ in range(2):
            with image.rows() as reader:
                np.testing.assert_array_equal(reader.read(1000), photo)
                assert len(reader.read(5)) == 0
