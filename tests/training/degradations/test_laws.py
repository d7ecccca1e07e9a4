"""Laws of every degradation: reproducible, harmless to its input, in range, named in full."""

import copy
import dataclasses
import inspect
import math
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printroom.core.errors import BadOption
from printroom.training.degradations import (
    base,
    blur,
    cast,
    compose,
    compress,
    grading,
    light,
    noise,
    resize,
    second_order,
)
from printroom.training.degradations.base import Degradation, Range
from printroom.training.degradations.blur import DefocusBlur, GaussianBlur, MotionBlur, Ringing
from printroom.training.degradations.cast import ColourCast, ColourMatrix
from printroom.training.degradations.compose import Chain, Choice, Maybe
from printroom.training.degradations.compress import EightBits, Jpeg, WebP
from printroom.training.degradations.grading import Contrast, Fog, Saturation, Sharpened
from printroom.training.degradations.light import Exposure, Gamma, InLinearLight, low_light
from printroom.training.degradations.noise import (
    CorrelatedNoise,
    Demosaiced,
    GaussianNoise,
    ShotReadNoise,
)
from printroom.training.degradations.resize import Resize, Sized, Within
from printroom.training.degradations.second_order import second_order as two_rounds

MODULES: list[ModuleType] = [
    base, blur, cast, compose, compress, grading, light, noise, resize, second_order,
]  # fmt: skip
SWAP = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
UNIT = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
RANDOM: list[Degradation] = [
    GaussianBlur(Range(0, 3), ratio=Range(0.1, 1), angle=Range(0, 180)),
    DefocusBlur(Range(0, 4), softness=Range(1, 2)),
    MotionBlur(Range(0, 15), angle=Range(0, 360), bend=Range(-90, 90)),
    Ringing(Range(math.pi / 3, math.pi)),
    GaussianNoise(Range(1, 50)),
    GaussianNoise(Range(1, 50, log=True), grey=True),
    ShotReadNoise(Range(1e-4, 1e-1, log=True), read=Range(0, 0.1)),
    CorrelatedNoise(Range(1, 50), grain=Range(0, 2), shared=Range(0, 1)),
    Demosaiced(ShotReadNoise(0.02, 0.02)),
    Resize(Range(0.3, 1.5)),
    Resize(Range(0.3, 1.5), "area"),
    Resize(Range(0.3, 1.5), "bilinear"),
    Sized(Resize(Range(0.3, 1.5)), 0.5),
    Within(Range(30, 200)),
    Within(Range(30, 200), "area"),
    Contrast(Range(-1, 1)),
    Saturation(Range(0, 3)),
    Gamma(Range(0.5, 2), apart=True),
    Fog(Range(0, 0.1)),
    Fog(Range(0, 0.1), apart=0.5),
    Sharpened(Range(0, 2), Range(0.5, 2)),
    Jpeg(Range(5, 95)),
    WebP(Range(5, 95)),
    EightBits(),
    Exposure(Range(-1, 4)),
    Gamma(Range(0.5, 2)),
    low_light(),
    ColourCast(Range(-2, 2), tint=Range(-1, 1)),
    ColourMatrix(SWAP, amount=Range(0, 1)),
    InLinearLight(ColourCast(1.0)),
    Chain(GaussianBlur(1.0), GaussianNoise(5.0)),
    Choice(GaussianBlur(1.0), GaussianNoise(5.0), weights=(1, 2)),
    Maybe(0.5, GaussianNoise(5.0)),
    two_rounds(0.5),
]
NEUTRAL: list[Degradation] = [
    GaussianBlur(0),
    DefocusBlur(0),
    DefocusBlur(0, softness=2),
    MotionBlur(0, angle=30, bend=90),
    GaussianNoise(0),
    ShotReadNoise(0),
    CorrelatedNoise(0, grain=1, shared=0.5),
    Demosaiced(GaussianNoise(0)),
    Resize(1),
    Sized(Chain()),
    Within(96),
    Contrast(0),
    Saturation(1),
    Gamma(1, apart=True),
    Fog(0),
    Sharpened(0),
    EightBits(),
    Exposure(0),
    Gamma(1),
    InLinearLight(Chain()),
    ColourCast(0, tint=0),
    ColourMatrix(UNIT),
    ColourMatrix(SWAP, amount=0),
    Chain(),
    Maybe(0, Exposure(9)),
]


def named(degradation: Degradation) -> str:
    return repr(degradation)[:60]


def test_every_kind_is_tried_here():
    kinds = {
        kind
        for module in MODULES
        for kind in vars(module).values()
        if inspect.isclass(kind) and issubclass(kind, Degradation) and not inspect.isabstract(kind)
    }
    assert kinds == {type(degradation) for degradation in RANDOM} | {Choice}


@pytest.mark.parametrize("degradation", RANDOM, ids=named)
class TestEvery:
    def test_same_state_same_pixels(self, degradation, photo):
        first, second = (degradation(photo, np.random.default_rng(3)) for _ in range(2))
        np.testing.assert_array_equal(first, second)

    def test_float32_in_range_and_input_unharmed(self, degradation, photo, random):
        before = photo.copy()
        for _ in range(4):
            result = degradation(photo, random)
            assert result.dtype == np.float32
            assert result.ndim == 3
            assert result.shape[2] == 3
            assert result.min() >= 0
            assert result.max() <= 1
        np.testing.assert_array_equal(photo, before)

    def test_size_is_kept_unless_it_resizes(self, degradation, photo, random):
        size = degradation(photo, random).shape[:2]
        if isinstance(degradation, Sized) or degradation == two_rounds(0.5):
            assert size == (48, 64)
        elif not isinstance(degradation, Resize | Within):
            assert size == photo.shape[:2]

    def test_repr_makes_it_again(self, degradation):
        names = {name: thing for module in MODULES for name, thing in vars(module).items()}
        assert eval(repr(degradation), names) == degradation

    def test_it_is_a_frozen_value(self, degradation):
        assert hash(degradation) == hash(copy.deepcopy(degradation))
        with pytest.raises(dataclasses.FrozenInstanceError):
            degradation.other = 1

    def test_a_single_pixel_is_a_picture(self, degradation, flat, random):
        assert degradation(flat(1, 1, 0.5), random).size >= 3

    @pytest.mark.parametrize(
        "wrong",
        [np.zeros((4, 4, 3)), np.zeros((4, 4), np.float32), np.zeros((0, 4, 3), np.float32)],
    )
    def test_what_is_no_picture_is_refused(self, degradation, wrong, random):
        with pytest.raises(BadOption):
            degradation(wrong, random)


@pytest.mark.parametrize("degradation", NEUTRAL, ids=named)
def test_neutral_parameters_change_nothing(degradation, photo, random):
    np.testing.assert_allclose(degradation(photo, random), photo, atol=2e-7)


@given(low=st.floats(1e-3, 10), width=st.floats(0, 10), log=st.booleans(), seed=st.integers(0, 99))
def test_a_range_draws_within_itself(low, width, log, seed):
    value = Range(low, low + width, log)
    drawn = value.draw(np.random.default_rng(seed))
    assert low * (1 - 1e-12) <= drawn <= (low + width) * (1 + 1e-12)


def test_a_logarithmic_range_draws_each_decade_as_often(random):
    drawn = np.array([Range(1e-4, 1, log=True).draw(random) for _ in range(4000)])
    counts = np.histogram(np.log10(drawn), bins=4, range=(-4, 0))[0]
    assert counts == pytest.approx(1000, abs=5 * math.sqrt(750))  # five standard deviations


def test_a_number_draws_nothing(photo, random):
    state = random.bit_generator.state
    GaussianBlur(1.5, ratio=0.5, angle=20)(photo, random)
    assert random.bit_generator.state == state


@pytest.mark.parametrize(
    "make",
    [
        lambda: Range(2, 1),
        lambda: Range(0, 1, log=True),
        lambda: Range(math.nan, 1),
        lambda: GaussianBlur(-1),
        lambda: GaussianBlur(Range(-1, 1)),
        lambda: GaussianBlur(1, ratio=0),
        lambda: DefocusBlur(1, softness=5),
        lambda: MotionBlur(1000),
        lambda: Ringing(0.1),
        lambda: GaussianNoise(math.nan),
        lambda: ShotReadNoise(-0.1),
        lambda: CorrelatedNoise(1, shared=1.1),
        lambda: Resize(0),
        lambda: Resize(1, "lanczos"),  # type: ignore[arg-type]
        lambda: Sized(Chain(), 100),
        lambda: Within(0),
        lambda: Contrast(2),
        lambda: Saturation(-1),
        lambda: Fog(1),
        lambda: Sharpened(1, 0),
        lambda: Jpeg(0),
        lambda: Jpeg(50, "4:1:0"),  # type: ignore[arg-type]
        lambda: WebP(101),
        lambda: Exposure(math.inf),
        lambda: Gamma(0),
        lambda: ColourCast(9),
        lambda: ColourMatrix(((1.0, 0.0), (0.0, 1.0))),  # type: ignore[arg-type]
        lambda: Maybe(1.5, Chain()),
        Choice,
        lambda: Choice(Chain(), weights=(1, 2)),
        lambda: Choice(Chain(), Chain(), weights=(0, 0)),
    ],
)
def test_parameters_out_of_range_are_refused_when_given(make):
    with pytest.raises(BadOption):
        make()


def test_a_chain_works_in_order(photo, random):
    dim, bend = Exposure(1), Gamma(2)
    np.testing.assert_array_equal(Chain(dim, bend)(photo, random), bend(dim(photo, random), random))
    assert not np.allclose(Chain(dim, bend)(photo, random), Chain(bend, dim)(photo, random))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(RANDOM[:10]), min_size=3, max_size=3), st.integers(0, 99))
def test_chains_may_be_grouped_at_will(photo, steps, seed):
    first, second, third = steps
    grouped = [Chain(Chain(first, second), third), Chain(first, Chain(second, third))]
    results = [chain(photo, np.random.default_rng(seed)) for chain in [*grouped, Chain(*steps)]]
    np.testing.assert_array_equal(results[0], results[2])
    np.testing.assert_array_equal(results[1], results[2])


def test_choices_and_chances_come_as_often_as_promised(flat, random):
    picture = flat(1, 1, 0.8)
    choice = Choice(Exposure(1), Exposure(2), Exposure(3), weights=(1, 2, 1))
    drawn = [round(float(choice(picture, random)[0, 0, 0]), 3) for _ in range(2000)]
    assert drawn.count(0.4) == pytest.approx(500, abs=5 * math.sqrt(375))
    assert drawn.count(0.2) == pytest.approx(1000, abs=5 * math.sqrt(500))
    dark = sum(Maybe(0.3, Exposure(10))(picture, random).max() < 0.1 for _ in range(2000))
    assert dark == pytest.approx(600, abs=5 * math.sqrt(420))
