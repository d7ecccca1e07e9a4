"""A router out of a table: filters of grey, two judges for each fault, and thresholds.

    Table -> fit -> Router, without a card

Two judges a fault: a logistic regression, fitted by Newton's method, and boosted trees. The filters
of grey are fitted to clean photographs as in Barron 2015. So that the judges see beliefs about
pictures that their filters do not know, the photographs are dealt into two halves, and each is
looked at with the filters of the other; thresholds are set the same way.

Who grades a photograph chooses its colours: what a cast is, is learnt from graded ones at a tenth
of the weight.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import GradientBoostingClassifier

from printroom.core.errors import BadModel
from printroom.steps.inspect.cast import BINS
from printroom.steps.inspect.forest import Forest
from printroom.steps.inspect.grey import DISTANCE, softmax
from printroom.steps.inspect.router import FAULTS, FILTER_UNIT, Router, judged, terms
from printroom.training.routing.table import Table

Array = NDArray[Any]
GRAVE = np.array([{"noise": 0.9, "cast": 0.97}.get(fault, 0.0) for fault in FAULTS])
"""(faults,): the probability below which nothing is mended unasked. Fur and grass look like noise,
and what is taken away with it is gone; a sunset looks like a lamp's light."""
BOOSTING: dict[str, Any] = {
    "n_estimators": 150,
    "learning_rate": 0.08,
    "max_leaf_nodes": 8,
    "max_depth": None,
    "min_samples_leaf": 20,
    "max_features": 0.1,
    "subsample": 0.6,
}
"""Few leaves, each of many pictures, and few features to choose from: they come from a few hundred
photographs only."""
CAST = FAULTS.index("cast")
GRADED = 0.1
"""Weight of a graded photograph where casts are concerned; others weigh 1, and it elsewhere."""
SEEDS = 4
"""Boosted forests whose mean is taken."""
Grow = Callable[
    [Callable[[Array, Array], Forest], Iterable[Array], Iterable[Array]], Iterable[Forest]
]
"""`map`, or one that has processes: forests take most of the time."""


def fit(
    table: Table, ridge: float, likely: float, tinted: float, harmed: float, grow: Grow
) -> Router:
    """Filters, judges and thresholds. The card is empty.

    `ridge`: weight of the squares of the regressions' weights; `grow`: see `Grow`; the others: see
    `thresholds_of`.
    """
    half = table.photos % 2 == 0
    folds = [(rows, fit_filters(table[~rows & table.clean].histograms)) for rows in (half, ~half)]
    features = np.empty((len(table.photos), 0))
    names: tuple[str, ...] = ()
    for rows, filters in folds:
        found, names = table[rows].features(filters)
        features = features if features.size else np.empty((len(table.photos), len(names)))
        features[rows] = found
    mean, deviation = features.mean(0), features.std(0) + 1e-9
    rows, worth = terms(features, mean, deviation), worth_of(table.graded)
    odds = np.empty(table.faults.shape)
    for seen, _ in folds:
        judges = _judges(rows[~seen], table.faults[~seen], worth[~seen], ridge, grow)
        odds[seen] = judged(rows[seen], *judges)
    clean = table.clean
    thresholds, sure = thresholds_of(odds[clean], worth[clean], likely, tinted, harmed)
    weights, forests = _judges(rows, table.faults, worth, ridge, grow)
    return Router(
        card={},
        names=names,
        mean=mean,
        deviation=deviation,
        weights=weights,
        forests=forests,
        thresholds=thresholds,
        sure=sure,
        filters=np.rint(fit_filters(table[table.clean].histograms) / FILTER_UNIT) * FILTER_UNIT,
    )


def worth_of(graded: Array) -> Array:
    """(n, faults) weights of pictures for each fault, with mean 1: (n,) bool -> weights."""
    worth = np.ones((len(graded), len(FAULTS)))
    worth[graded, CAST] = GRADED
    return np.asarray(worth / worth.mean(0))


def thresholds_of(
    clean: Array, worth: Array, likely: float, tinted: float, harmed: float
) -> tuple[Array, Array]:
    """(faults,) probabilities from which a fault is found, and from which it is mended unasked.

    `clean` (n, faults): odds of clean pictures that were not fitted to, of the weights `worth`.
    A fault is found where it is `likely`, a cast only where it would be found on a share `tinted`
    of them, for they are tinted to taste. What is mended may be found on a share `harmed`, for each
    fault.
    """
    found = np.full(len(FAULTS), likely)
    found[CAST] = max(likely, _spared(clean, worth, tinted)[CAST])
    return found, np.maximum(np.maximum(found, GRAVE), _spared(clean, worth, harmed))


def _spared(clean: Array, worth: Array, share: float) -> Array:
    """(faults,) probabilities that no more than a `share` of clean pictures exceeds."""
    level = np.quantile(clean, 1 - share, axis=0, weights=worth, method="inverted_cdf")
    return logistic(level)


def _judges(
    rows: Array, faults: Array, worth: Array, ridge: float, grow: Grow
) -> tuple[Array, tuple[Forest, ...]]:
    scaled = rows[:, 1 : 1 + rows.shape[1] // 2]
    regressions = [
        regression(rows, truth, weights, ridge)
        for truth, weights in zip(faults.T.astype(float), worth.T, strict=True)
    ]
    return np.stack(regressions), tuple(grow(partial(grown, scaled), faults.T, worth.T))


def grown(rows: Array, truth: Array, worth: Array, seeds: int = SEEDS) -> Forest:
    """Trees for `truth` (n,) bool over standardised features (n, features), weighed (n,)."""
    boosted = [
        GradientBoostingClassifier(**BOOSTING, random_state=seed).fit(rows, truth, worth)
        for seed in range(seeds)
    ]
    trees = [stage[0].tree_ for one in boosted for stage in one.estimators_]
    rate = BOOSTING["learning_rate"] / seeds
    shape = (len(trees), max(tree.node_count for tree in trees))
    feature, first, number = np.zeros(shape, int), np.zeros(shape, int), np.zeros(shape)
    for place, tree in enumerate(trees):
        own, inner = slice(tree.node_count), tree.children_left >= 0
        if not (tree.children_right == tree.children_left + inner).all():
            raise BadModel(
                "the trees of this scikit-learn do not lie as ours",
                "pip install scikit-learn==1.9.1",
            )
        feature[place, own] = np.where(inner, tree.feature, 0)
        first[place, own] = np.where(inner, tree.children_left, 0)
        number[place, own] = np.where(inner, tree.threshold, tree.value[:, 0, 0] * rate)
    share = float(np.clip(np.average(truth, weights=worth), 1e-6, 1 - 1e-6))
    return Forest(math.log(share / (1 - share)), feature, first, number)


def regression(rows: Array, truth: Array, worth: Array, ridge: float) -> Array:
    """Weights (terms,) of the logistic regression of `truth`, weighed (n,), by Newton's method."""
    weights = np.zeros(rows.shape[1])
    damping = ridge * np.eye(rows.shape[1])
    damping[0, 0] = 1e-6  # the bias is free
    for _ in range(50):
        chance = logistic(rows @ weights)
        slope = rows.T @ (worth * (chance - truth)) + damping @ weights
        curvature = (rows * (worth * chance * (1 - chance))[:, None]).T @ rows + damping
        step = np.linalg.solve(curvature, slope)
        weights -= step
        if abs(step).max() < 1e-6:
            break
    return weights


def logistic(odds: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))))


def fit_filters(histograms: Array, rounds: int = 300) -> Array:
    """(3, BINS, BINS) filters with which clean pictures vote for grey.

    Minimises the cross-entropy to a small disc around no shift, and the filters' size and
    roughness, with Adam. Turned lights need no pictures of their own: a shift of the histogram
    shifts the votes, and nothing else.
    """
    aim = np.exp(-((DISTANCE * 8) ** 2) / (2 * 0.8**2))
    aim = (aim / aim.sum()).astype(np.float32)
    wave = 2 - 2 * np.cos(2 * np.pi * np.arange(BINS) / BINS)
    price = (3e-5 + 3e-4 * (wave[:, None] + wave))[:, : BINS // 2 + 1]
    seen = np.fft.rfft2(histograms.astype(np.float32))
    filters = np.zeros(histograms.shape[1:])
    drift, scale = np.zeros_like(filters), np.zeros_like(filters)
    for turn in range(rounds):
        wanted = np.fft.rfft2(filters)
        cast = np.einsum("nkij,kij->nij", seen, np.conj(wanted).astype(seen.dtype))
        miss = np.fft.rfft2(softmax(np.fft.irfft2(cast)) - aim) / len(histograms)
        pull = np.einsum("nij,nkij->kij", np.conj(miss), seen) + price * wanted
        slope = np.fft.irfft2(pull)
        drift = 0.9 * drift + 0.1 * slope
        scale = 0.99 * scale + 0.01 * slope**2
        mean, root = drift / (1 - 0.9 ** (turn + 1)), np.sqrt(scale / (1 - 0.99 ** (turn + 1)))
        filters -= 0.05 * (1 - turn / rounds) * mean / (root + 1e-9)
    return filters
