"""The step that balances colours: laws of its gains, what the shipped network makes of casts."""

from pathlib import Path

import numpy as np
import pytest
import skimage
from hypothesis import given
from hypothesis import strategies as st

from printroom.core.errors import NotFound
from printroom.pipelines.step import Preview
from printroom.steps.builtin import builtin
from printroom.steps.enhance.colour import LUMA, PLAIN, SMALL, Balance, Colour, settled
from printroom.training.degradations.light import to_linear, to_srgb
from printroom.training.photos import read_rgb

PHOTOS = Path(skimage.__file__).parent / "data"
LEVELS = np.linspace(0, 1, 65536, dtype=np.float32)
gains = st.floats(0.4, 2.5)
balances = st.tuples(gains, gains, gains).map(Balance)


def photo(name):
    """(1, 3, H, W) in 0..1, every other pixel."""
    picture = read_rgb(PHOTOS / name)[::2, ::2].transpose(2, 0, 1)[None]
    return np.ascontiguousarray(picture, np.float32) / np.float32(255)


def preview(picture):
    return Preview(picture.shape[3], picture.shape[2], picture, (), {})


def balanced(context, picture, **parameters):
    step = Colour(**parameters)
    return step.apply(picture.copy(), step.prepare(context, preview(picture)))


def in_light(picture, *factors):
    """`picture` with red, green and blue of its light multiplied, clipped."""
    light = to_linear(picture) * np.array(factors, np.float32)[:, None, None]
    return to_srgb(np.clip(light, 0, 1))


def angle(result, truth):
    """Degrees of the cast that is left, over pixels that are neither dark nor clipped."""
    where = ((truth > 0.02) & (truth < 0.98) & (result > 0.02) & (result < 0.98)).all(axis=(0, 1))
    a, b = (to_linear(np.clip(p, 0, 1))[0][:, where].astype(float) for p in (result, truth))
    left = (a * b).sum(1) / (b * b).sum(1)
    return np.degrees(np.arccos(min(1, left.sum() / np.linalg.norm(left) / np.sqrt(3))))


@given(balances, st.integers(0, 2**32 - 1), st.integers(1, 29), st.integers(1, 23))
def test_any_tile_gives_the_bits_of_the_whole(balance, seed, down, across):
    picture = np.random.default_rng(seed).normal(0.5, 0.4, (2, 3, 30, 24)).astype(np.float32)
    whole = Colour().apply(picture.copy(), balance)
    for rows in (slice(None, down), slice(down, None)):
        for columns in (slice(None, across), slice(across, None)):
            tile = Colour().apply(picture[..., rows, columns].copy(), balance)
            np.testing.assert_array_equal(tile, whole[..., rows, columns])


@given(balances)
def test_the_two_lines_are_a_gain_in_linear_light(balance):
    levels = LEVELS[LEVELS < 0.9][::16]
    tile = np.broadcast_to(levels, (1, 3, 1, levels.size)).copy()
    result = Colour().apply(tile.copy(), balance)
    exact = np.array(balance.gains)[:, None, None] * to_linear(tile)
    low = exact <= 1  # beyond white the encoding is not defined
    np.testing.assert_allclose(result[low], to_srgb(exact.astype(np.float32))[low], atol=0.004)


@given(balances)
def test_tones_keep_their_order_and_black_its_place(balance):
    tile = np.broadcast_to(LEVELS[LEVELS < 0.92], (1, 3, 1, 60293)).copy()
    result = Colour().apply(tile, balance)
    assert (np.diff(result, axis=3) >= -2e-7).all()
    assert not result[..., 0].any()


@given(balances)
def test_white_stays_white(balance):
    white = np.ones((1, 3, 2, 2), np.float32)
    np.testing.assert_array_equal(Colour().apply(white.copy(), balance), white)


def test_sixteen_bits_stay_sixteen_bits():
    tile = np.broadcast_to(LEVELS, (1, 3, 1, LEVELS.size)).copy()
    result = np.rint(Colour().apply(tile, Balance((1.4, 0.95, 0.7))) * 65535)
    assert all(len(np.unique(channel)) > 40_000 for channel in result[0])


def test_a_faint_cast_is_left_alone():
    direction = np.array([1, 0, -1]) / np.sqrt(2)
    assert settled(direction * SMALL * 0.99) is None
    full = settled(direction * PLAIN)
    assert full is not None
    assert np.log2(full.gains[0] / full.gains[2]) == pytest.approx(-np.sqrt(2) * PLAIN)


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_greys_keep_their_luminance(red, blue):
    balance = settled(np.array([red, 0, blue]) - (red + blue) / 3)
    if balance is not None:
        assert LUMA @ balance.gains == pytest.approx(1)


def test_strength_is_how_far_to_go():
    light = np.array([0.8, 0, -0.8])
    assert settled(light, 0) is None
    half = settled(light, 0.5)
    assert half is not None
    assert np.log2(half.gains[0] / half.gains[2]) == pytest.approx(-0.8)


def test_it_is_on_the_menu():
    assert builtin().get("colour").name == "colour"


def test_without_a_network_it_says_so(bare):
    with pytest.raises(NotFound, match="colour"):
        Colour().prepare(bare, preview(photo("chelsea.png")))


@pytest.mark.parametrize("name", ["astronaut.png", "coffee.png", "motorcycle_left.png"])
def test_strong_casts_become_weaker(context, name):
    good = photo(name)
    for factors in ((1.5, 1, 0.6), (0.65, 1, 1.5)):
        tinted = in_light(good, *factors)
        assert angle(balanced(context, tinted), good) < 0.85 * angle(tinted, good)


@pytest.mark.parametrize("name", ["astronaut.png", "chelsea.png", "motorcycle_left.png"])
def test_balanced_photographs_stay_as_they_are(context, name):
    good = photo(name)
    assert np.mean((balanced(context, good) - good) ** 2) <= 1e-4  # 40 dB


def test_a_grey_picture_stays_grey(context):
    grey = np.broadcast_to(photo("camera.png")[:, :1], (1, 3, 256, 256)).copy()
    result = balanced(context, grey)
    np.testing.assert_allclose(result[0, 0], result[0, 2], atol=1e-6)


@pytest.mark.parametrize("level", [0, 1])
def test_black_and_white_pictures_pass(context, level):
    flat = np.full((1, 3, 40, 30), level, np.float32)
    np.testing.assert_array_equal(balanced(context, flat), flat)
