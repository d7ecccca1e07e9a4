"""A router out of a table: filters of grey, a regression for each fault, and thresholds.

    Table -> fit -> Router, without a card

One logistic regression a fault is fitted by Newton's method; the filters of grey to clean
photographs as in Barron 2015. So that the regressions see beliefs about pictures that their
filters do not know, the photographs are dealt into two halves, and each is looked at with the
filters of the other; thresholds are set the same way.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.steps.inspect.cast import BINS
from printroom.steps.inspect.grey import DISTANCE, belief
from printroom.steps.inspect.router import FAULTS, FILTER_UNIT, Router, terms
from printroom.training.routing.table import Table

Array = NDArray[Any]
LEAST, MOST = 0.2, 0.95
"""Probability from which a fault may count as found, and from which it always does."""
GRAVE = np.array([0.9 if fault == "noise" else 0.0 for fault in FAULTS])
"""(faults,): the probability below which nothing is mended unasked. Fur and grass look like noise,
and what is taken away with it is gone."""
AHEAD = 8
"""Clean pictures that one step of a threshold may cost."""


def fit(table: Table, ridge: float, clean: float, harmed: float) -> Router:
    """Filters, regressions and thresholds. The card is empty.

    `ridge`: weight of the squares of the regressions' weights. `clean`: share of clean pictures, of
    the half that was not fitted to, that anything may be found on; `harmed`: that is mended.
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
    rows = terms(features, mean, deviation)
    odds = np.empty(table.faults.shape)
    for seen, _ in folds:
        odds[seen] = rows[seen] @ _regressions(rows[~seen], table.faults[~seen], ridge).T
    thresholds = spend(odds, table.faults, clean)
    surer = np.maximum(spend(odds, table.faults, harmed), GRAVE)
    return Router(
        card={},
        names=names,
        mean=mean,
        deviation=deviation,
        weights=_regressions(rows, table.faults, ridge),
        thresholds=thresholds,
        sure=np.maximum(thresholds, surer),
        filters=np.rint(fit_filters(table[table.clean].histograms) / FILTER_UNIT) * FILTER_UNIT,
    )


def _regressions(rows: Array, faults: Array, ridge: float) -> Array:
    return np.stack([regression(rows, fault, ridge) for fault in faults.T.astype(float)])


def regression(rows: Array, truth: Array, ridge: float) -> Array:
    """Weights (terms,) of the logistic regression of `truth` (n,), by Newton's method."""
    weights = np.zeros(rows.shape[1])
    damping = ridge * np.eye(rows.shape[1])
    damping[0, 0] = 1e-6  # the bias is free
    for _ in range(50):
        chance = logistic(rows @ weights)
        slope = rows.T @ (chance - truth) + damping @ weights
        curvature = (rows * (chance * (1 - chance))[:, None]).T @ rows + damping
        step = np.linalg.solve(curvature, slope)
        weights -= step
        if abs(step).max() < 1e-6:
            break
    return weights


def logistic(odds: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))))


def spend(odds: Array, faults: Array, share: float) -> Array:
    """(faults,) probabilities from which a fault counts as found.

    `odds` and `faults` are (n, faults). Each threshold begins above all clean pictures. Then the
    one is lowered, again and again, that finds most more of its fault for each clean picture more
    on which anything is found, until these are a `share` of the clean ones.
    """
    clean, alone = ~faults.any(1), faults.sum(1) == 1
    guilty = [np.sort(odds[alone & fault, place]) for place, fault in enumerate(faults.T)]
    innocent = odds[clean]
    floor, top = (math.log(chance / (1 - chance)) for chance in (LEAST, MOST))
    limits = np.clip(innocent.max(0), floor, top)
    left = int(share * len(innocent)) - int((innocent > limits).any(1).sum())
    while left > 0:
        kept = innocent[(innocent <= limits).all(1)]
        best = (0.0, 0, 0, 0.0)
        for place, found in enumerate(guilty):
            steps = np.sort(kept[:, place])[::-1][: min(left, AHEAD) + 1]
            for cost, limit in enumerate(steps[1:], 1):
                more = np.searchsorted(found, limits[place]) - np.searchsorted(found, limit)
                if more / len(found) / cost > best[0] and limit >= floor:
                    best = (more / len(found) / cost, cost, place, float(limit))
        if not best[1]:
            break
        _, cost, place, limits[place] = best
        left -= cost
    return logistic(limits + 1e-6)


def fit_filters(histograms: Array, rounds: int = 300) -> Array:
    """(3, BINS, BINS) filters with which clean pictures vote for grey.

    Minimises the cross-entropy to a small disc around no shift, and the filters' size and
    roughness, with Adam. Turned lights need no pictures of their own: a shift of the histogram
    shifts the votes, and nothing else.
    """
    aim = np.exp(-((DISTANCE * 8) ** 2) / (2 * 0.8**2))
    aim /= aim.sum()
    wave = 2 - 2 * np.cos(2 * np.pi * np.arange(BINS) / BINS)
    price = 3e-5 + 3e-4 * (wave[:, None] + wave)
    seen = np.fft.fft2(histograms.astype(np.float64))
    filters = np.zeros(histograms.shape[1:])
    drift, scale = np.zeros_like(filters), np.zeros_like(filters)
    for turn in range(rounds):
        miss = np.fft.fft2((belief(histograms, filters) - aim) / len(histograms))
        pull = (np.conj(miss)[:, None] * seen).sum(0) + price * np.fft.fft2(filters)
        slope = np.fft.ifft2(pull).real
        drift = 0.9 * drift + 0.1 * slope
        scale = 0.99 * scale + 0.01 * slope**2
        mean, root = drift / (1 - 0.9 ** (turn + 1)), np.sqrt(scale / (1 - 0.99 ** (turn + 1)))
        filters -= 0.05 * (1 - turn / rounds) * mean / (root + 1e-9)
    return filters
