"""Whatever comes in, networks see grey or RGB of 8 or 16 bit, alpha last."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image as Pillow

from printroom.core.errors import NotAPicture
from printroom.imaging.image import Image
from printroom.imaging.vips import pyvips
from printroom.imaging.working import srgb_profile

Rows = NDArray[Any]


def tiff(rows: Rows, **options: Any) -> bytes:
    with io.BytesIO() as file:
        tifffile.imwrite(file, rows, **options)
        return file.getvalue()


def patches(colours: Sequence[tuple[int, ...]], dtype: Any = np.uint8) -> Rows:
    """A column of flat squares."""
    return np.repeat(np.repeat(np.array(colours, dtype)[:, None], 16, axis=0), 16, axis=1)


def centres(rows: Rows) -> list[list[int]]:
    return [colour.tolist() for colour in rows[8::16, 8]]


CMYK = [(0, 0, 0, 0), (255, 0, 0, 0), (0, 255, 0, 0), (0, 0, 255, 0), (0, 0, 0, 255)]
NAMES = ["white", "cyan", "magenta", "yellow", "black"]


def assert_inks(rows: Rows) -> None:
    """The colours are those of inks on paper, by eye rather than by number."""
    white, cyan, magenta, yellow, black = centres(rows)
    assert min(white) >= 250
    assert cyan[0] < 100
    assert min(cyan[1:]) > 140
    assert magenta[1] < 100 < magenta[0]
    assert yellow[2] < 100
    assert min(yellow[:2]) > 200
    assert max(black) < 70


@pytest.mark.parametrize("name", ["JPEG", "TIFF"])
def test_cmyk_without_a_profile_becomes_srgb(name: str, decode: Any) -> None:
    picture = Pillow.fromarray(patches(CMYK), "CMYK")
    file = io.BytesIO()
    picture.save(file, name, quality=100)
    with Image.open(file.getvalue()) as image:
        assert (image.bands, image.depth) == (3, 8)
        assert image.metadata.icc == srgb_profile()
    assert_inks(decode(file.getvalue()))


def test_cmyk_goes_through_its_own_profile(decode: Any) -> None:
    file = io.BytesIO()
    profile = bytes(pyvips.Operation.call("profile_load", "cmyk"))
    Pillow.fromarray(patches(CMYK), "CMYK").save(file, "TIFF", icc_profile=profile)
    with Image.open(file.getvalue()) as image:
        assert image.metadata.icc == srgb_profile()
    assert_inks(decode(file.getvalue()))


def test_cmyk_of_16_bit_and_with_alpha(decode: Any) -> None:
    inks = [(*ink, alpha) for ink, alpha in zip(CMYK, (255, 200, 100, 50, 0), strict=True)]
    deep = patches(inks, np.uint16) * np.uint16(257)
    rows = decode(tiff(deep, photometric="separated", extrasamples=["unassalpha"]))
    assert rows.dtype == np.uint16
    assert rows.shape[2] == 4
    assert_inks((rows[..., :3] // 257).astype(np.uint8))
    assert [colour[3] // 257 for colour in centres(rows)] == [255, 200, 100, 50, 0]


@pytest.mark.parametrize("depth", [8, 16])
def test_lab_becomes_srgb(depth: int, decode: Any) -> None:
    # L* 0..100 as all of the range, a* and b* as signed numbers: TIFF 6.0, section 23
    colours = [(100, 0, 0), (0, 0, 0), (54, 81, 70), (88, -79, 81), (30, 68, -112)]
    top = 255 if depth == 8 else 65535
    scale = 1 if depth == 8 else 256
    coded = [
        (round(light * top / 100), a * scale % (top + 1), b * scale % (top + 1))
        for light, a, b in colours
    ]
    dtype = np.uint8 if depth == 8 else np.uint16
    data = tiff(patches(coded, dtype), photometric="cielab")
    with Image.open(data) as image:
        assert (image.bands, image.metadata.icc) == (3, srgb_profile())
    rows = decode(data)
    assert rows.dtype == dtype
    levels = rows // (1 if depth == 8 else 257)
    expected = [(255, 255, 255), (0, 0, 0), (255, 0, 0), (0, 255, 0), (0, 0, 255)]
    assert np.abs(np.array(centres(levels)) - expected).max() <= 13  # Lab in whole numbers


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_lab_keeps_its_alpha(dtype: Any, decode: Any) -> None:
    top = np.iinfo(dtype).max
    rows = patches([(top, 0, 0, top), (0, 0, 0, top // 2), (top, 0, 0, 0)], dtype)
    data = tiff(rows, photometric="cielab", extrasamples=["unassalpha"])
    alpha = [colour[3] for colour in centres(decode(data))]
    assert np.abs(np.array(alpha) - [top, top // 2, 0]).max() <= 2


def test_a_lab_file_on_disk(tmp_path: Path, decode: Any) -> None:
    data = tiff(patches([(255, 0, 0), (0, 0, 0)]), photometric="cielab", byteorder=">")
    (tmp_path / "lab.tif").write_bytes(data)
    np.testing.assert_array_equal(decode(tmp_path / "lab.tif"), decode(data))


@pytest.mark.parametrize("name", ["PNG", "TIFF"])
def test_a_palette_is_expanded(name: str, photo: Any, pillow: Any, decode: Any) -> None:
    few = Pillow.fromarray(photo).quantize(16)
    np.testing.assert_array_equal(decode(pillow(few, name)), np.asarray(few.convert("RGB")))


def test_a_palette_with_transparency_gets_alpha(photo: Any, pillow: Any, decode: Any) -> None:
    few = Pillow.fromarray(photo).quantize(16)
    rows = decode(pillow(few, "PNG", transparency=3))
    np.testing.assert_array_equal(rows[..., :3], np.asarray(few.convert("RGB")))
    np.testing.assert_array_equal(rows[..., 3], np.where(np.asarray(few) == 3, 0, 255))


@pytest.mark.parametrize("name", ["PNG", "TIFF"])
def test_one_bit_becomes_black_and_white(name: str, photo: Any, pillow: Any, decode: Any) -> None:
    bits = Pillow.fromarray(photo).convert("1")
    expected = np.asarray(bits).astype(np.uint8)[..., None] * 255
    np.testing.assert_array_equal(decode(pillow(bits, name)), expected)


def test_grey_with_a_transparent_level_gets_alpha(photo: Any, pillow: Any, decode: Any) -> None:
    grey = photo[..., :1]
    level = int(grey[5, 5, 0])
    rows = decode(pillow(grey, "PNG", transparency=level))
    np.testing.assert_array_equal(rows[..., :1], grey)
    np.testing.assert_array_equal(rows[..., 1:], np.where(grey == level, 0, 255))


def test_float_is_0_to_1_and_clipped(decode: Any) -> None:
    row = np.array([[-1.0, 0.0, 0.25, 0.5, 1.0, 9.0]], np.float32)
    for rows in (row, row.astype(np.float16)):
        expected = [0, 0, 16384, 32768, 65535, 65535]
        assert decode(tiff(rows, photometric="minisblack"))[0, :, 0].tolist() == expected
    colour = np.repeat(row[..., None], 3, axis=2)
    assert decode(tiff(colour, photometric="rgb"))[0, :, 2].tolist() == expected


def test_32_bit_keeps_the_upper_half(decode: Any) -> None:
    row = np.array([[0, 65535, 65536, 2**31, 2**32 - 1]], np.uint32)
    assert decode(tiff(row))[0, :, 0].tolist() == [0, 0, 1, 32768, 65535]


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32])
def test_signed_numbers_are_no_picture(dtype: Any) -> None:
    with pytest.raises(NotAPicture, match="convert it to 8 or 16 bit"):
        Image.open(tiff(np.zeros((9, 9), dtype), photometric="minisblack"))


def test_of_many_bands_colour_and_alpha_are_taken(decode: Any) -> None:
    rows = np.random.default_rng(0).integers(0, 256, (20, 20, 7), np.uint8)
    np.testing.assert_array_equal(decode(tiff(rows, photometric="rgb")), rows[..., :4])


def test_associated_alpha_is_divided_out(decode: Any) -> None:
    rows = patches([(50, 25, 0, 100)])
    data = tiff(rows, photometric="rgb", extrasamples=["assocalpha"])
    assert centres(decode(data)) == [[127, 63, 0, 100]]


def test_white_is_zero_is_turned_over(photo: Any, decode: Any) -> None:
    grey = photo[..., 0]
    np.testing.assert_array_equal(decode(tiff(grey, photometric="miniswhite"))[..., 0], 255 - grey)


@pytest.mark.parametrize(
    "options",
    [
        {"tile": (64, 64)},
        {"compression": "zlib", "rowsperstrip": 7},
        {"byteorder": ">"},
        {"bigtiff": True},
    ],
    ids=["tiled", "deflate", "big-endian", "bigtiff"],
)
@pytest.mark.parametrize("depth", [8, 16])
def test_tiffs_of_all_makes(depth: int, options: dict[str, Any], variant: Any, decode: Any) -> None:
    rows = variant(3, depth)
    data = tiff(rows, photometric="rgb", **options)
    assert Image.open(data).need.streams
    np.testing.assert_array_equal(decode(data), rows)


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits", "tiff_adobe_deflate", "jpeg"])
def test_compressed_tiffs(compression: str, photo: Any, pillow: Any, decode: Any) -> None:
    rows = decode(pillow(photo, "TIFF", compression=compression))
    lost = 6 if compression == "jpeg" else 0
    assert np.abs(rows.astype(int) - photo).mean() <= lost


def test_planes_one_after_the_other(photo: Any, decode: Any) -> None:
    data = tiff(photo.transpose(2, 0, 1), photometric="rgb", planarconfig="separate")
    np.testing.assert_array_equal(decode(data), photo)


def test_the_first_page_is_taken(photo: Any, decode: Any) -> None:
    np.testing.assert_array_equal(decode(tiff(np.stack([photo, photo // 2]))), photo)


def test_rgb_of_another_profile_passes_unconverted(photo: Any, pillow: Any, decode: Any) -> None:
    wide = bytes(pyvips.Operation.call("profile_load", "p3"))
    data = pillow(photo, "PNG", icc_profile=wide)
    assert Image.open(data).metadata.icc == wide
    np.testing.assert_array_equal(decode(data), photo)


def test_interlaced_png(photo: Any, decode: Any) -> None:
    picture = pyvips.Image.new_from_array(photo).copy(interpretation="srgb")
    data = picture.pngsave_buffer(interlace=True)
    assert not Image.open(data).need.streams
    np.testing.assert_array_equal(decode(data), photo)


def test_progressive_jpeg_equals_baseline(photo: Any, pillow: Any, decode: Any) -> None:
    baseline, progressive = (
        decode(pillow(photo, "JPEG", quality=90, progressive=each)) for each in (False, True)
    )
    np.testing.assert_array_equal(progressive, baseline)


def test_the_srgb_profile_says_what_it_is() -> None:
    profile = srgb_profile()
    assert struct.unpack(">I", profile[:4])[0] == len(profile)
    assert profile[16:20] == b"RGB "
