"""The step that brightens: laws of its curve, and what the shipped network makes of photographs."""

from pathlib import Path

import numpy as np
import pytest
import skimage
from hypothesis import given
from hypothesis import strategies as st

from printroom.core.errors import NotFound
from printroom.pipelines.step import Preview
from printroom.steps.builtin import builtin
from printroom.steps.enhance.lowlight import (
    BRIGHT,
    PLAIN,
    SMALL,
    STEEPEST,
    Curve,
    LowLight,
    gentle,
    settled,
)
from printroom.training.degradations.light import to_linear, to_srgb
from printroom.training.photos import read_rgb

PHOTOS = Path(skimage.__file__).parent / "data"
LEVELS = np.linspace(0, 1, 65536, dtype=np.float32)
bends = st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=8).map(tuple)
amounts = st.floats(0, 1, width=32)


def planes(picture):
    """(H, W, 3) -> (1, 3, H, W)."""
    return np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32)


def photo(name):
    """(1, 3, H, W) in 0..1, every other pixel."""
    return planes(read_rgb(PHOTOS / name)[::2, ::2] / 255)


def preview(picture):
    return Preview(picture.shape[3], picture.shape[2], picture, (), {})


def brightened(context, picture, **parameters):
    step = LowLight(**parameters)
    return step.apply(picture.copy(), step.prepare(context, preview(picture)))


def db(reference, picture):
    return -10 * np.log10(np.mean((np.clip(picture, 0, 1) - reference) ** 2))


@given(bends, amounts, st.integers(0, 2**32 - 1), st.integers(1, 29), st.integers(1, 23))
def test_any_tile_gives_the_bits_of_the_whole(bends, amount, seed, down, across):
    picture = np.random.default_rng(seed).normal(0.5, 0.4, (2, 3, 30, 24)).astype(np.float32)
    curve, step = Curve(bends, amount), LowLight()
    whole = step.apply(picture.copy(), curve)
    for rows in (slice(None, down), slice(down, None)):
        for columns in (slice(None, across), slice(across, None)):
            tile = picture[..., rows, columns].copy()
            np.testing.assert_array_equal(step.apply(tile, curve), whole[..., rows, columns])


@given(bends, amounts)
def test_tones_keep_their_order_and_black_and_white_their_place(bends, amount):
    result = LEVELS + Curve(bends, amount).change(LEVELS)
    assert (np.diff(result) >= -2e-6).all()  # bits of floats near 1; a bend may double each
    assert result[[0, -1]].tolist() == pytest.approx([0, 1], abs=1e-6)


@given(bends, amounts)
def test_greys_stay_grey(bends, amount):
    tile = np.broadcast_to(LEVELS[:4096].reshape(64, 64), (1, 3, 64, 64)).copy()
    result = LowLight().apply(tile, Curve(bends, amount))
    np.testing.assert_array_equal(result[0, 0], result[0, 1])
    np.testing.assert_array_equal(result[0, 0], result[0, 2])


def test_what_lies_outside_is_neither_cut_off_nor_bent():
    tile = np.array([-0.25, 1.5, 2.0], np.float32).reshape(1, 3, 1, 1)
    result = LowLight().apply(tile.copy(), Curve((0.9,) * 8))
    np.testing.assert_allclose(result, tile, atol=1e-6)


def test_a_view_into_a_larger_picture_is_a_tile_too():
    picture = np.random.default_rng(0).random((1, 3, 20, 20)).astype(np.float32)
    curve = Curve((0.5, 0.25))
    expected = LowLight().apply(picture[..., 3:9, 4:11].copy(), curve)
    np.testing.assert_array_equal(LowLight().apply(picture[..., 3:9, 4:11], curve), expected)


def test_sixteen_bits_stay_sixteen_bits():
    curve = Curve((0.5,) * 4)  # a dark picture about two stops up
    result = np.rint((LEVELS + curve.change(LEVELS)) * 65535)
    assert len(np.unique(result)) > 30_000
    assert len(np.unique(result[:8192])) == 8192  # shadows are spread, none is lost


def test_a_curve_that_is_hardly_seen_is_not_applied():
    faint, plain = Curve((SMALL * 3.9,)), Curve((PLAIN * 4.1,))  # a bend b changes by b / 4 at most
    assert settled(faint) is None
    assert settled(plain) == plain
    between = settled(Curve((SMALL * 2 + PLAIN * 2,)))
    assert between is not None
    assert between.amount == pytest.approx(0.5, abs=0.01)


def test_strength_is_how_far_to_go():
    curve = Curve((0.6,))
    assert settled(curve, 0) is None
    half = settled(curve, 0.5)
    assert half is not None
    np.testing.assert_allclose(half.change(LEVELS), curve.change(LEVELS) / 2, atol=1e-7)


def test_it_is_on_the_menu():
    assert builtin().get("lowlight").name == "lowlight"


def test_without_a_network_it_says_so(bare):
    with pytest.raises(NotFound, match="lowlight"):
        LowLight().prepare(bare, preview(photo("chelsea.png")))


@pytest.mark.parametrize("name", ["astronaut.png", "chelsea.png", "coffee.png"])
@pytest.mark.parametrize("stops", [2, 3, 4])
def test_dark_photographs_come_back(context, name, stops):
    good = photo(name)
    dark = to_srgb(to_linear(good) / 2**stops)
    assert db(good, brightened(context, dark)) > db(good, dark) + 4


@pytest.mark.parametrize(
    "name", ["astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png"]
)
def test_well_lit_photographs_stay_as_they_are(context, name):
    good = photo(name)
    assert db(good, brightened(context, good) + 1e-6) >= 40


def test_black_and_white_pictures_pass(context):
    for level in (0, 1):
        flat = np.full((1, 3, 40, 30), level, np.float32)
        np.testing.assert_allclose(brightened(context, flat), level, atol=1e-6)


def test_tiny_thumbnails_will_do(context):
    dark = np.full((1, 3, 1, 2), 0.05, np.float32)
    result = brightened(context, dark)
    assert np.isfinite(result).all()
    assert result.min() >= 0.05 - 1e-6


@given(bends, amounts, st.floats(0, 1, width=32))
def test_gently_it_goes_no_further_than_bright_parts_may_come(bends, amount, bright):
    curve = Curve(bends, amount)
    held = gentle(curve, bright)
    if bright >= BRIGHT:
        assert held is None
        return
    at = np.array([bright], np.float32)
    assert float((at + held.change(at))[0]) <= BRIGHT + 1e-5
    assert 0 <= held.amount <= amount
    near_black = np.array([1e-4], np.float32)
    assert float(held.change(near_black)[0]) <= (STEEPEST - 1) * 1e-4 + 1e-7
    if (at + curve.change(at))[0] <= BRIGHT and np.prod(1 + np.array(bends)) <= STEEPEST:
        assert held == curve


def spotlit(name):
    """As a studio shows it: the middle as it was, all around black."""
    good = photo(name)
    height, width = good.shape[2:]
    down, across = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    near = 1 / (1 + np.exp(12 * (np.hypot(down, across) - 0.6)))
    return (good * near).astype(np.float32)


@pytest.mark.parametrize("name", ["astronaut.png", "chelsea.png", "coffee.png"])
def test_gently_it_leaves_what_is_meant_to_be_dark(context, name):
    low_key = spotlit(name)
    assert db(low_key, brightened(context, low_key)) < 25  # asked for, it does go on
    assert db(low_key, brightened(context, low_key, gentle=True) + 1e-6) >= 32


@pytest.mark.parametrize("name", ["astronaut.png", "chelsea.png", "coffee.png"])
@pytest.mark.parametrize("stops", [2, 3, 4])
def test_gently_it_still_brightens_what_was_exposed_too_little(context, name, stops):
    good = photo(name)
    dark = to_srgb(to_linear(good) / 2**stops)
    assert db(good, brightened(context, dark, gentle=True)) > db(good, dark) + 3
