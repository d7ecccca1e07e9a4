"""Smaller pictures, held to libvips' own, and to laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.delivery.options import Options, parse_options
from printroom.delivery.reducing import Cut, cut_of, reduced
from printroom.imaging.vips import pyvips


class Reader:
    """Rows of an array, as a picture gives them."""

    def __init__(self, pixels):
        self.pixels, self.next = pixels, 0

    def read(self, rows):
        part = self.pixels[self.next : self.next + rows]
        self.next += len(part)
        return part


def shrink(pixels, cut, row_bytes=None, alpha=False):
    size = row_bytes or pixels[0].nbytes
    return np.concatenate(list(reduced(Reader(pixels), cut, size, alpha)))


def noise(height, width, bands=3, dtype=np.uint8):
    return np.random.default_rng(0).integers(0, np.iinfo(dtype).max, (height, width, bands), dtype)


def whole(width, height, out_width, out_height):
    return Cut(0, 0, width, height, out_width, out_height)


@pytest.mark.parametrize("sizes", [(400, 300, 100, 75), (401, 303, 128, 97), (97, 64, 96, 63)])
def test_it_is_what_libvips_makes_of_the_whole(sizes):
    width, height, out_width, out_height = sizes
    pixels = noise(height, width)
    pixels = np.asarray(pyvips.Image.new_from_array(pixels).gaussblur(1.5).numpy())
    ours = shrink(pixels, whole(*sizes))
    picture = pyvips.Image.new_from_array(pixels)
    theirs = picture.reduceh(width / out_width).reducev(height / out_height).numpy()
    assert ours.shape == (out_height, out_width, 3)
    inner = (slice(4, -4), slice(4, -4))  # at the borders libvips repeats pixels, we do not
    off = np.abs(ours[inner].astype(int) - theirs[:out_height, :out_width][inner])
    assert off.max() <= 3
    assert off.mean() < 0.6


@given(
    st.integers(1, 60), st.integers(1, 60), st.integers(1, 60), st.integers(1, 60),
    st.integers(0, 255), st.sampled_from([1, 2, 3, 4]),
)  # fmt: skip
def test_one_colour_stays_that_colour(width, height, out_width, out_height, value, bands):
    out_width, out_height = min(width, out_width), min(height, out_height)
    pixels = np.full((height, width, bands), value, np.uint8)
    if bands in (2, 4):
        pixels[..., -1] = 200
    found = shrink(pixels, whole(width, height, out_width, out_height), alpha=bands in (2, 4))
    assert found.shape == (out_height, out_width, bands)
    assert np.abs(found.astype(int) - pixels[0, 0]).max() <= 1


@pytest.mark.parametrize("width", [49, 1000, 20_000])
def test_a_very_wide_picture_can_be_very_narrow(width):
    pixels = np.broadcast_to(np.linspace(0, 255, width)[None, :, None], (3, width, 3))
    for out_width in (1, 16):
        cut = Cut(0, 0, width, 3, out_width, 1)
        found = shrink(np.ascontiguousarray(pixels, np.uint8), cut)[0, :, 0].astype(int)
        expected = (np.arange(out_width) + 0.5) * 255 / out_width
        assert np.abs(found - expected).max() <= 255 / out_width / 4 + 2
        assert (np.diff(found) > 0).all()


def test_how_rows_come_makes_no_difference():
    pixels = noise(500, 40, dtype=np.uint16)
    cut = whole(40, 500, 20, 77)
    few, many = shrink(pixels, cut, 2**16), shrink(pixels, cut, 1)
    assert np.abs(few.astype(int) - many).max() <= 1


def test_what_cannot_be_seen_has_no_colour():
    pixels = np.zeros((64, 64, 4), np.uint8)
    pixels[:, ::2] = (200, 100, 50, 255)
    pixels[:, 1::2] = (0, 255, 255, 0)
    found = shrink(pixels, whole(64, 64, 16, 16), alpha=True)[4:-4, 4:-4].astype(int)
    assert np.abs(found[..., :3] - (200, 100, 50)).max() <= 2
    assert np.abs(found[..., 3] - 127).max() <= 2


def test_a_part_is_what_it_is_in_the_whole():
    pixels = noise(90, 80)
    found = shrink(pixels, Cut(10, 20, 30, 40, 30, 40))
    assert np.array_equal(found, pixels[20:60, 10:40])


PARTS = st.lists(
    st.sampled_from(["w:100", "h:300", "fit:cover", "c:10,20,300,200", "c:5000,5000,9,9", "w:16"]),
    unique_by=lambda part: part[0],
)


@given(PARTS, st.integers(1, 3000), st.integers(1, 3000))
def test_cuts_lie_inside_and_are_never_larger(parts, width, height):
    options = parse_options(parts)
    cut = cut_of(options, width, height)
    assert 0 <= cut.left < cut.left + cut.width <= width
    assert 0 <= cut.top < cut.top + cut.height <= height
    assert 1 <= cut.out_width <= min(cut.width, options.width or cut.width)
    assert 1 <= cut.out_height <= min(cut.height, options.height or cut.height)


@pytest.mark.parametrize(
    ("options", "size", "expected"),
    [
        (Options(width=320), (640, 400), (320, 200)),
        (Options(height=320), (640, 640), (320, 320)),
        (Options(width=320, height=320), (640, 400), (320, 200)),
        (Options(width=320, height=320, fit="cover"), (640, 400), (320, 320)),
        (Options(width=320, height=320, fit="cover"), (200, 100), (100, 100)),
        (Options(width=3840), (640, 400), (640, 400)),
        (Options(), (7, 5), (7, 5)),
    ],
)
def test_sizes(options, size, expected):
    cut = cut_of(options, *size)
    assert (cut.out_width, cut.out_height) == expected
