"""What a preview promises: means over areas, true samples, places that follow from the size."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.core.errors import Cancelled
from printroom.engine.flow import Desk, Flow
from printroom.engine.preview import LONGEST, SAMPLES, spots, survey
from printroom.engine.rasters import Raster
from printroom.imaging.image import Image
from printroom.imaging.vips import pyvips


def noise(width: int, height: int, bands: int) -> Any:
    return np.random.default_rng(width).random((1, bands, height, width)).astype(np.float32)


def png(pixels: Any) -> bytes:
    picture = pyvips.Image.new_from_array(pixels).copy(interpretation="srgb")
    return bytes(picture.write_to_buffer(".png"))


@given(st.integers(1, 30_000), st.integers(1, 30_000))
def test_samples_lie_inside_and_apart(width: int, height: int) -> None:
    places = list(spots(width, height))
    assert 1 <= len(places) <= SAMPLES
    for place in places:
        assert place.left >= 0
        assert place.top >= 0
        assert place.right <= width
        assert place.bottom <= height
        assert (place.width, place.height) == (min(width, LONGEST), min(height, LONGEST))
    for index, one in enumerate(places):
        for other in places[:index]:
            apart = max(one.left - other.left, other.left - one.left) >= LONGEST - 16
            below = max(one.top - other.top, other.top - one.top) >= LONGEST - 16
            assert apart or below


def test_a_large_picture_is_sampled_all_over() -> None:
    places = list(spots(6000, 4000))
    assert len(places) == SAMPLES
    assert {place.left // 1500 for place in places} == {0, 1, 2, 3}
    assert {place.top // 1000 for place in places} == {0, 1, 2, 3}


@pytest.mark.parametrize("size", [(700, 500), (300, 900), (257, 1), (40, 30)])
def test_the_thumbnail_is_the_mean_over_areas(desk: Desk, size: tuple[int, int]) -> None:
    picture = noise(*size, 3)
    preview = Flow(desk, desk.raster(picture, None)).preview
    height, width = preview.thumbnail.shape[2:]
    assert max(height, width) <= LONGEST
    rows, columns = (np.arange(size[1]) * height // size[1], np.arange(size[0]) * width // size[0])
    for row, column in ((0, 0), (height - 1, width - 1), (height // 2, width // 3)):
        area = picture[0, :, rows == row][:, :, columns == column]
        expected = area.mean((0, 2), dtype=np.float64)
        np.testing.assert_allclose(preview.thumbnail[0, :, row, column], expected, atol=1e-6)


def test_samples_are_the_picture_at_their_place(desk: Desk) -> None:
    picture = noise(1300, 900, 3)
    preview = Flow(desk, desk.raster(picture, None)).preview
    assert len(preview.samples) == 5 * 3
    for sample in preview.samples:
        height, width = sample.pixels.shape[2:]
        there = picture[:, :, sample.top :, sample.left :][:, :, :height, :width]
        np.testing.assert_array_equal(sample.pixels, there)


def test_a_small_picture_is_its_own_sample(desk: Desk) -> None:
    picture = noise(200, 100, 3)
    preview = Flow(desk, desk.raster(picture, None)).preview
    (sample,) = preview.samples
    np.testing.assert_array_equal(sample.pixels, picture)
    np.testing.assert_allclose(preview.thumbnail, picture, atol=1e-7)


@pytest.mark.parametrize("bands", [1, 2, 3, 4])
def test_bytes_are_read_twice(bands: int) -> None:
    """The preview has its own pass; the picture is read from the top after it."""
    pixels = np.random.default_rng(0).integers(0, 256, (300, 400, bands), np.uint8)
    with Image.open(png(pixels)) as image:
        raster = Raster.of_image(image)
        preview = survey(raster, lambda: None)
        with raster.open() as reader:
            np.testing.assert_array_equal(reader.read(300), pixels)
    assert preview.about == {"format": "png", "depth": 8, "bands": bands}
    assert preview.thumbnail.shape == (1, 3, 192, 256)
    colours = pixels[..., : 3 - 2 * (bands < 3)].astype(float)
    weight = pixels[..., -1:] if bands in {2, 4} else np.ones((300, 400, 1))
    means = (colours * weight).sum((0, 1)) / weight.sum() / 255
    thumbnail = preview.thumbnail.mean((0, 2, 3))
    np.testing.assert_allclose(thumbnail, np.broadcast_to(means, 3), atol=0.02)


def test_what_lies_under_transparency_does_not_count(desk: Desk) -> None:
    picture = np.zeros((1, 4, 600, 600), np.float32)
    picture[:, :3, :, :] = 0.9  # bright, but not to be seen
    picture[:, :3, :, 300:] = 0.2
    picture[:, 3, :, 300:] = 1
    thumbnail = Flow(desk, desk.raster(picture, None)).preview.thumbnail
    np.testing.assert_allclose(thumbnail[..., 130:], 0.2, atol=1e-5)
    np.testing.assert_allclose(thumbnail[..., :126], 0, atol=1e-5)


def test_a_survey_can_be_cancelled(desk: Desk) -> None:
    def stop() -> None:
        raise Cancelled("stop")

    with pytest.raises(Cancelled):
        survey(desk.raster(noise(300, 300, 3), None), stop)


def test_a_preview_passes_through_a_network_as_pictures_of_their_own(desk: Desk) -> None:
    picture = noise(700, 600, 3)
    flow = Flow(desk, desk.raster(picture, None))
    link = desk.floor.link(desk.floor.model("test/double@1"))
    before, after = flow.preview, flow.then(link).preview
    assert (after.width, after.height) == (1400, 1200)
    np.testing.assert_allclose(after.thumbnail, before.thumbnail, atol=1e-6)
    for old, new in zip(before.samples, after.samples, strict=True):
        doubled = old.pixels.repeat(2, 2).repeat(2, 3)[:, :, 128:384, 128:384]
        np.testing.assert_array_equal(new.pixels, doubled)
        assert (new.left, new.top) == (2 * old.left + 128, 2 * old.top + 128)


def test_nothing_passes_through_before_somebody_looks(desk: Desk) -> None:
    flow = Flow(desk, desk.raster(noise(700, 600, 3), None))
    link = desk.floor.link(desk.floor.model("test/denoise@1"))
    tiles = desk.floor.scheduler.snapshot().tiles
    preview = flow.then(link).preview
    assert preview.width == 700
    assert desk.floor.scheduler.snapshot().tiles == tiles
    assert preview.thumbnail.shape[2:] == (219, 256)
    assert desk.floor.scheduler.snapshot().tiles > tiles
