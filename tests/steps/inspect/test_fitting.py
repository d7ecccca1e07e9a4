"""Where the router of `inspect` comes from: known faults, and where one begins to count."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch", reason="training needs the extra `train`")
pytest.importorskip("sklearn", reason="training needs the extra `train`")

from printroom.steps.inspect.router import FAULTS
from printroom.training.routing.faults import TASTE, Making, variants
from printroom.training.routing.fitting import (
    CAST,
    GRADED,
    GRAVE,
    regression,
    thresholds_of,
    worth_of,
)

shares = st.floats(0.001, 0.2)


def clean(seed, mean=-3.0):
    """Odds of 1,000 clean pictures."""
    return np.random.default_rng(seed).normal(mean, 2, (1000, len(FAULTS)))


def flagged(odds, thresholds, worth):
    return np.average(odds > np.log(thresholds / (1 - thresholds)), axis=0, weights=worth)


@given(st.integers(0, 2**32 - 1), st.floats(0.3, 0.7), shares, shares)
def test_no_more_clean_pictures_are_tinted_or_harmed_than_may_be(seed, likely, tinted, harmed):
    odds, worth = clean(seed), worth_of(np.arange(1000) % 3 > 0)
    found, sure = thresholds_of(odds, worth, likely, tinted, harmed)
    one = worth.max() / len(worth)
    assert flagged(odds, found, worth)[CAST] <= tinted + one
    assert (flagged(odds, sure, worth) <= harmed + one).all()
    assert (found >= likely).all()
    assert (np.delete(found, CAST) == likely).all()
    assert (sure >= np.maximum(found, GRAVE)).all()


def test_where_clean_pictures_are_far_from_faulty_the_likely_is_enough():
    odds = clean(0, mean=-20)
    found, sure = thresholds_of(odds, np.ones_like(odds), 0.4, 0.01, 0.01)
    np.testing.assert_array_equal(found, 0.4)
    np.testing.assert_array_equal(sure, np.maximum(0.4, GRAVE))


def test_graded_photographs_say_little_of_casts_and_as_much_of_all_else():
    graded = np.array([True, False, True, True])
    worth = worth_of(graded)
    np.testing.assert_allclose(worth.mean(0), 1)
    for fault, column in zip(FAULTS, worth.T, strict=True):
        share = GRADED if fault == "cast" else 1
        np.testing.assert_allclose(column[0], share * column[1])
        assert len({*column[graded]}) == 1


def test_a_picture_of_weight_two_counts_as_two():
    random = np.random.default_rng(3)
    rows = random.normal(size=(200, 4))
    truth = (rows[:, 1] + random.normal(size=200) > 0).astype(float)
    worth = random.integers(1, 3, 200)
    often = np.repeat(np.arange(200), worth)
    np.testing.assert_allclose(
        regression(rows, truth, worth, 2.0),
        regression(rows[often], truth[often], np.ones(len(often)), 2.0),
        rtol=1e-6,
    )


@pytest.fixture
def photo():
    rows, columns = np.mgrid[0:1:400j, 0:1:500j]
    return np.stack([rows, columns, rows * columns], 2).astype(np.float32) * 0.8 + 0.1


def test_of_each_copy_so_many_stay_clean_and_each_fault_comes_alone(photo):
    made = list(variants(photo, Making(3, TASTE, clean=2), np.random.default_rng(0)))
    np.testing.assert_array_equal(made[0][1], photo)
    kinds = [faults for faults, _ in made]
    assert kinds.count(()) == 1 + 3 * 2
    for fault in FAULTS:
        assert kinds.count((fault,)) == 3
    assert sum(len(faults) == 2 for faults in kinds) == 3
    for _, picture in made:
        assert picture.dtype == np.float32
        assert min(picture.shape[:2]) >= 280


def test_the_same_chance_makes_the_same_pictures(photo):
    making = Making(1, TASTE)
    once, again = (list(variants(photo, making, np.random.default_rng(5))) for _ in range(2))
    for (faults, picture), (too, like) in zip(once, again, strict=True):
        assert faults == too
        np.testing.assert_array_equal(picture, like)
