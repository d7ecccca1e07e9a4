"""Where grey lies in a histogram of colours: a belief about the light.

    Cast.histograms -> belief -> Light's colour in stops, and how likely it is off grey

After Barron 2015 ("Convolutional color constancy"): a light multiplies all colours, so it shifts a
histogram of log-chroma. Correlated with filters that were fitted to well-balanced photographs, the
histograms vote for each shift; a softmax makes the votes a belief. The torus and the Fourier
transform are those of Barron & Tsai 2017.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.steps.inspect.cast import BINS, STOP, angle

Array = NDArray[Any]
PLACES = (np.arange(BINS) + BINS // 2) % BINS - BINS // 2
"""Of each bin, -16..15 from grey."""
DISTANCE = np.hypot(PLACES[:, None], PLACES) / STOP
"""(BINS, BINS) stops from grey."""


@dataclass(frozen=True)
class Tint:
    """What is believed of the light."""

    angle: float
    """Degrees between it and grey, in linear RGB: of the mean of the belief."""
    red: float
    """Stops over green."""
    blue: float
    slight: float
    """Belief that it is more than 0.3 stops off grey."""
    strong: float
    """Belief that it is more than 0.6 stops off grey."""
    sure: float
    """0 = all shifts alike, 1 = one shift only."""


def votes(histograms: Array, filters: Array) -> Array:
    """Correlation over the torus: (..., n, BINS, BINS) and (n, BINS, BINS) -> (..., BINS, BINS)."""
    spectra = np.fft.fft2(histograms) * np.conj(np.fft.fft2(filters))
    return np.asarray(np.fft.ifft2(spectra.sum(-3)).real)


def belief(histograms: Array, filters: Array) -> Array:
    """Softmax of the votes: (..., BINS, BINS), each with sum 1."""
    return softmax(votes(histograms, filters))


def softmax(cast: Array) -> Array:
    """Votes (..., BINS, BINS) -> shares of each, with sum 1."""
    shares = np.exp(cast - cast.max((-2, -1), keepdims=True))
    return np.asarray(shares / shares.sum((-2, -1), keepdims=True))


def tint(histograms: Array, filters: Array) -> Tint:
    """The belief about one picture, summed up."""
    if not histograms.any():
        return Tint(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    shares = belief(histograms, filters)
    red, blue = (_middle(shares.sum(axis)) for axis in (1, 0))
    entropy = -float((shares * np.log(shares + 1e-12)).sum()) / np.log(BINS * BINS)
    return Tint(
        angle=angle(2.0 ** np.array([red, 0, blue])),
        red=red,
        blue=blue,
        slight=float(shares[DISTANCE > 0.3].sum()),
        strong=float(shares[DISTANCE > 0.6].sum()),
        sure=1 - entropy,
    )


def _middle(shares: Array) -> float:
    """The mean on a circle of BINS bins, in stops."""
    turn = 2 * np.pi * PLACES / BINS
    return float(np.angle((shares * np.exp(1j * turn)).sum()) / (2 * np.pi) * BINS / STOP)
