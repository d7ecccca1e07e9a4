"""Trees as they are walked here, against scikit-learn that grew them; and crooked ones."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printroom.steps.inspect.forest import Forest

STUMP = {
    "base": -1.0,
    "feature": [[1, 0, 0]],
    "first": [[1, 0, 0]],
    "number": [[0.5, 2, 4]],
}


def test_a_stump_asks_once():
    odds = Forest.of_json(STUMP, 2).odds(np.array([[9, 0.4], [9, 0.5], [-9, 0.6]]))
    assert odds.tolist() == [1, 1, 3]


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.95))
def test_it_says_what_grew_it_says(seed, share):
    ensemble = pytest.importorskip("sklearn.ensemble", reason="training needs the extra `train`")
    from printroom.training.routing.fitting import BOOSTING, grown

    random = np.random.default_rng(seed)
    rows = random.normal(size=(300, 7))
    truth = rows[:, 0] * rows[:, 1] + random.normal(0, 0.3, 300) > np.quantile(rows[:, 0], share)
    truth[:2] = False, True
    worth = random.uniform(0.1, 2, 300)
    forest = grown(rows, truth, worth, seeds=2)
    expected = [
        ensemble.GradientBoostingClassifier(**BOOSTING, random_state=seed)
        .fit(rows, truth, worth)
        .decision_function(rows)
        for seed in range(2)
    ]
    np.testing.assert_allclose(forest.odds(rows), np.mean(expected, 0), atol=1e-6)
    read = Forest.of_json(json.loads(json.dumps(forest.to_json())), 7)
    np.testing.assert_allclose(read.number, forest.number, atol=5.1e-5)
    for name in ("feature", "first"):
        np.testing.assert_array_equal(getattr(read, name), getattr(forest, name))


@pytest.mark.parametrize(
    "wrong",
    [
        {"feature": [[2, 0, 0]]},
        {"feature": [[-1, 0, 0]]},
        {"first": [[1, 1, 0]]},
        {"first": [[1, -1, 0]]},
        {"first": [[2, 0, 0]]},
        {"number": [[0, 2]]},
        {"number": "none"},
        {"base": None},
    ],
)
def test_crooked_trees_are_refused(wrong):
    with pytest.raises((ValueError, TypeError)):
        Forest.of_json(STUMP | wrong, 2)
