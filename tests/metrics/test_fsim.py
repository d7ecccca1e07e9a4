"""FSIM: its shrinking, its tiles, its noise model, and values that must not move."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from printroom.metrics.fsim import TileStream, fsim, fsimc, shrink_factor
from printroom.metrics.phase import Waves
from printroom.metrics.pixels import colour

Pixels = NDArray[Any]


@pytest.mark.parametrize(
    ("side", "factor"),
    [(11, 1), (383, 1), (384, 2), (639, 2), (640, 3), (641, 3), (896, 4), (20_000, 78)],
)
def test_halves_are_rounded_up_as_in_matlab(side: int, factor: int) -> None:
    assert shrink_factor(side, 2 * side) == factor == shrink_factor(2 * side, side)


@pytest.mark.parametrize(
    ("name", "size", "values"),
    [
        ("astronaut", (101, 37), (0.966677573, 0.940115647)),
        ("astronaut", (257, 383), (0.942255377, 0.877567286)),
        ("chelsea", (299, 451), (0.933119049, 0.877900020)),
        ("coffee", (399, 599), (0.966909414, 0.917478736)),
        ("astronaut", (511, 509), (0.968736994, 0.907427167)),
        ("coffee", (640, 701), (0.978309406, 0.928087016)),
        ("astronaut", (1023, 640), (0.982201075, 0.921260872)),
        ("coffee", (897, 1024), (0.982612760, 0.929680076)),
    ],
)
def test_values_do_not_move(
    name: str,
    size: tuple[int, int],
    values: tuple[float, float],
    photo: Callable[..., Pixels],
    blur: Callable[[Pixels], Pixels],
) -> None:
    """From a second program, in float64, that agrees with the authors' eight pairs to 1e-8."""
    picture = photo(*size, name)
    worse = blur(picture)
    worse[..., 0] //= 2
    ours = fsim(picture, worse), fsimc(picture, worse)
    assert ours == pytest.approx(values, abs=1e-6)


def test_chroma_does_not_count_in_grey(
    photo: Callable[..., Pixels], blur: Callable[[Pixels], Pixels]
) -> None:
    grey = photo(301, 257, "camera")
    worse = blur(grey)
    assert fsim(grey, worse) == fsimc(grey, worse)
    three = [np.dstack([x] * 3) for x in (grey, worse)]
    assert fsim(*three) == pytest.approx(fsim(grey, worse), abs=1e-6)
    assert fsimc(*three) == pytest.approx(fsim(grey, worse), abs=1e-6)


def test_pictures_without_a_feature_are_alike() -> None:
    assert fsim(np.full((64, 64), 7, np.uint8), np.full((64, 64), 9, np.uint8)) == 1


def test_noise_is_judged_as_kovesi_does() -> None:
    """His sums over products of the filters' even parts, one by one and in space."""
    height, width = 33, 40
    waves = Waves(height, width)
    for turn in range(4):
        filters = [wave.astype(np.float64) for wave in waves._filters(turn)]
        even = [np.fft.ifft2(wave).real * np.sqrt(height * width) for wave in filters]
        squares = sum((e**2).sum() for e in even)
        products = sum((even[i] * even[j]).sum() for i in range(4) for j in range(i + 1, 4))
        expected = (2 * squares + 4 * products) / 2 / (filters[0] ** 2).sum()
        assert waves._noise[turn] == pytest.approx(expected, rel=1e-9)


def test_phase_congruency_sees_a_line_whatever_its_contrast() -> None:
    picture = np.full((65, 65), 100, np.float32)
    picture[:, 32] = 110
    faint, strong = (Waves(65, 65).congruency(picture * k) for k in (1, 2))
    assert strong[:, 32].min() > 0.9
    assert strong[:, 8].max() < 0.2
    np.testing.assert_allclose(faint, strong, atol=5e-3)


def tiles(picture: Pixels, worse: Pixels) -> TileStream:
    stream = TileStream(*picture.shape[:2])
    stream.add(colour(picture), colour(worse))
    return stream


@pytest.mark.parametrize("size", [(200, 333), (512, 512), (451, 500), (30, 512)])
def test_a_picture_of_one_tile_is_that_tile(
    size: tuple[int, int], photo: Callable[..., Pixels], blur: Callable[[Pixels], Pixels]
) -> None:
    picture = photo(*size)
    worse = blur(picture)
    result = tiles(picture, worse).result()
    assert result.mean == result.min == pytest.approx(result.p5, abs=1e-12)
    assert result.mean == pytest.approx(fsim(picture, worse), abs=1e-7)


def test_tiles_are_pictures_of_their_own(
    photo: Callable[..., Pixels], blur: Callable[[Pixels], Pixels]
) -> None:
    picture = photo(700, 1100)
    worse = blur(picture)
    worse[:512, :512] = picture[:512, :512]
    parts = [
        fsim(picture[y : y + 512, x : x + 512], worse[y : y + 512, x : x + 512])
        for y in (0, 700 - 512)
        for x in (0, 512, 1100 - 512)
    ]
    result = tiles(picture, worse).result()
    assert parts[0] == 1
    assert result.mean == pytest.approx(np.mean(parts), abs=1e-6)
    assert result.p5 == pytest.approx(np.percentile(parts, 5), abs=1e-6)
    assert result.min == pytest.approx(min(parts), abs=1e-6)


def test_tiles_see_what_a_large_picture_hides(
    photo: Callable[..., Pixels], blur: Callable[[Pixels], Pixels]
) -> None:
    picture = photo(2100, 2100)
    worse = blur(picture)
    assert fsim(picture, worse) > 0.999
    assert tiles(picture, worse).result().mean < 0.99
