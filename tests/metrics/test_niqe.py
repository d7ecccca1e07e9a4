"""NIQE: its fits recover what made the samples, its value rises with each fault, strips agree."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from printroom.core.errors import BadOption, NotFound
from printroom.metrics.niqe import (
    FEATURES,
    NiqeStream,
    Pristine,
    bundled,
    fit,
    niqe,
    niqe_of,
    normalised,
)
from printroom.metrics.pixels import grey
from printroom.recipes import niqe as recipe

Pixels = NDArray[Any]
Photo = Callable[..., Pixels]
PHOTOS = [("astronaut", 512, 512), ("coffee", 400, 600), ("chelsea", 300, 451)]


@pytest.mark.parametrize("shape", [0.5, 1.0, 2.0, 4.0])
@pytest.mark.parametrize("scale", [0.5, 3.0])
def test_a_fit_recovers_the_shape_and_the_scale(shape: float, scale: float) -> None:
    random = np.random.default_rng(0)
    size = (1, 400_000)
    magnitude = random.gamma(1 / shape, size=size) ** (1 / shape)
    samples = magnitude * random.choice([-1.0, 1.0], size) * scale
    found = [float(value[0]) for value in fit(samples)]
    assert found == pytest.approx([shape, scale, scale], rel=0.03)


def test_a_fit_tells_left_from_right() -> None:
    random = np.random.default_rng(1)
    samples = np.abs(random.standard_normal((1, 200_000)))
    left = random.random(samples.shape) < 1 / 4  # as many as a scale of 1 beside one of 3 has
    samples = np.where(left, -samples, 3 * samples)
    shape, below, above = (float(value[0]) for value in fit(samples))
    assert shape == pytest.approx(2, rel=0.03)
    assert above / below == pytest.approx(3, rel=0.02)


def test_normalising_removes_brightness_and_most_of_contrast(photo: Photo) -> None:
    picture = grey(photo(128, 128)).astype(np.float32)
    first, _ = normalised(picture)
    shifted, _ = normalised(picture / 2 + 40)
    assert np.corrcoef(first.ravel(), shifted.ravel())[0, 1] > 0.95


@pytest.mark.parametrize(("name", "height", "width"), PHOTOS)
def test_it_rises_with_blur(photo: Photo, name: str, height: int, width: int) -> None:
    picture = photo(height, width, name)
    values = [niqe(picture)] + [niqe(cv2.GaussianBlur(picture, (0, 0), s)) for s in (1, 2, 3)]
    assert values == sorted(values)
    assert values[-1] > values[0] + 3


@pytest.mark.parametrize(("name", "height", "width"), PHOTOS)
def test_it_rises_with_noise(
    photo: Photo, noise: Callable[..., Pixels], name: str, height: int, width: int
) -> None:
    picture = photo(height, width, name)
    values = [niqe(noise(picture, sigma)) for sigma in (0, 5, 10, 20, 40)]
    assert values == sorted(values)
    assert values[-1] > values[0] + 3


@pytest.mark.parametrize(("name", "height", "width"), PHOTOS)
def test_it_rises_with_compression(photo: Photo, name: str, height: int, width: int) -> None:
    picture = photo(height, width, name)
    values = [niqe(_jpeg(picture, quality)) for quality in (95, 70, 40, 20, 10, 5)]
    assert values == sorted(values)
    assert values[-1] > values[0] + 3


def _jpeg(picture: Pixels, quality: int) -> Pixels:
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_UNCHANGED))


@pytest.mark.parametrize("rows", [1, 31, 96, 400])
def test_strips_give_what_the_whole_gives(photo: Photo, rows: int) -> None:
    picture = grey(photo(300, 310))
    stream = NiqeStream(300, 310)
    for top in range(0, 300, rows):
        stream.add(picture[top : top + rows])
    assert stream.result() == niqe(picture)


def test_rows_beyond_those_kept_do_not_matter(photo: Photo) -> None:
    picture = grey(photo(384, 192))
    whole, parts = NiqeStream(384, 192), NiqeStream(288, 192)
    whole.add(picture)
    parts.add(picture[96:])
    features = [stream.patches()[0] for stream in (whole, parts)]
    # The lower rows of patches lie deeper than the margin in both.
    np.testing.assert_allclose(features[0][4:], features[1][2:], rtol=1e-3, atol=1e-4)


def test_a_file_is_judged_as_its_pixels_are(photo: Photo, save: Callable[..., Path]) -> None:
    picture = photo(200, 230)
    assert niqe_of(save(picture, "photo.png")) == niqe(picture)


def test_a_picture_under_two_patches_is_refused() -> None:
    with pytest.raises(BadOption, match="96"):
        niqe(np.zeros((96, 191), np.uint8))


def test_a_flat_picture_is_refused() -> None:
    with pytest.raises(BadOption, match="flat"):
        niqe(np.full((192, 192), 7, np.uint8))


def test_what_ships_says_where_it_comes_from() -> None:
    pristine = bundled()
    assert len(pristine.mean) == FEATURES
    assert np.linalg.eigvalsh(np.array(pristine.covariance)).min() > 0
    assert pristine.data
    assert pristine.patches > 10 * FEATURES
    assert "train niqe" in pristine.command
    assert Pristine.from_json(pristine.to_json()) == pristine


def test_the_recipe_estimates_parameters_that_can_be_used(photo: Photo, tmp_path: Path) -> None:
    data = tmp_path / "polyu_noisy"
    data.mkdir()
    for name, height, width in PHOTOS:
        cv2.imwrite(str(data / f"{name}_mean.png"), photo(height, width, name)[..., ::-1])
    (data / "broken_mean.png").write_bytes(b"no picture")
    (data / "other_real.png").write_bytes(b"not looked at")
    options = recipe.Options(scale=1.0, sharp=0.2)
    made = recipe.main(tmp_path, tmp_path / "out", options)
    assert made == Pristine.from_json((tmp_path / "out" / "niqe.json").read_text())
    assert made.pictures == len(PHOTOS)
    assert "--scale 1.0 --sharp 0.2" in made.command
    assert math.isfinite(niqe(photo(256, 256), made))
    json.loads((tmp_path / "out" / "niqe.json").read_text())


def test_the_recipe_needs_photos(tmp_path: Path) -> None:
    (tmp_path / "polyu_noisy").mkdir()
    with pytest.raises(NotFound):
        recipe.main(tmp_path, tmp_path / "out", recipe.Options())
    cv2.imwrite(str(tmp_path / "polyu_noisy" / "small_mean.png"), np.zeros((50, 50, 3), np.uint8))
    with pytest.raises(NotFound, match="too few"):
        recipe.main(tmp_path, tmp_path / "out", recipe.Options())
