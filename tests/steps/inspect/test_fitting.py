"""Where the thresholds of the router come from: clean pictures are spent where they buy most."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch", reason="training needs the extra `train`")

from printroom.steps.inspect.router import FAULTS
from printroom.training.routing.fitting import LEAST, MOST, spend


def drawn(seed, apart):
    """Odds and faults of 300 clean pictures, and 40 of each fault, so far `apart`."""
    random = np.random.default_rng(seed)
    faults = np.vstack([np.zeros((300, 6), bool), np.repeat(np.eye(6, dtype=bool), 40, 0)])
    return random.normal(-1, 1, faults.shape) + faults * apart, faults


def found(odds, thresholds):
    return odds >= np.log(thresholds / (1 - thresholds))


@given(st.integers(0, 2**32 - 1), st.floats(0, 4), st.floats(0.01, 0.2))
def test_no_more_clean_pictures_are_flagged_than_may_be(seed, apart, share):
    odds, faults = drawn(seed, apart)
    thresholds = spend(odds, faults, share)
    assert thresholds.shape == (len(FAULTS),)
    assert ((thresholds >= LEAST) & (thresholds <= MOST + 1e-6)).all()
    certain = (odds[:300] > np.log(MOST / (1 - MOST))).any(1).mean()
    assert found(odds[:300], thresholds).any(1).mean() <= max(share, certain)


@given(st.integers(0, 2**32 - 1))
def test_who_may_flag_more_finds_more(seed):
    odds, faults = drawn(seed, 2.5)
    few, many = (found(odds, spend(odds, faults, share))[faults].mean() for share in (0.02, 0.1))
    assert many >= few


def test_what_is_easily_told_costs_nothing():
    odds, faults = drawn(0, 20)
    thresholds = spend(odds, faults, 0.05)
    assert found(odds, thresholds)[faults].all()
    assert not found(odds[:300], thresholds).any()
