"""The colours of a picture, as seen by whoever asks what colour its light has.

    thumbnail (3, h, w), 0..1, samples in full resolution -> Cast

Four old opinions on what grey looks like, and three histograms of colour for a learnt one
(`grey.py`), in linear light, without what is black or clipped. And the levels at which each channel
begins and ends: a light multiplies what is white, haze and fading lift what is black. Only the
samples tell, since a thumbnail averages highlights away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Array = NDArray[Any]

GREY = np.ones(3) / np.sqrt(3)
BINS = 32
"""Along each side of a histogram, which is a torus: the bins wrap around."""
STOP = 8
"""Bins to a stop, so a histogram is four stops wide; grey is at bin 0, 0."""
FEWEST = 64
"""Pixels that must be neither black nor clipped."""
ENDS = (0.1, 1, 5, 95, 99, 99.8, 100)
"""Per cent of pixels: the darkest three levels, and the brightest four."""
LEAST_EDGE = 0.01
"""Slope in linear light, of the flattest colour, from which an edge says something of the light."""


@dataclass(frozen=True)
class Cast:
    """What is known of the light's colour. Angles in degrees from grey, in linear RGB."""

    grey_world: float
    """Of the mean (Buchsbaum 1980)."""
    shades: float
    """Of the Minkowski mean of order 6 (Finlayson & Trezzi 2004)."""
    edges: float
    """Of the Minkowski mean of the slopes (van de Weijer et al. 2007)."""
    white_patch: float
    """Of the brightest twentieth (after Land 1977)."""
    neutral: float
    """Share of pixels within 4 degrees of grey."""
    histograms: Array
    """(3, BINS, BINS) roots of shares, by stops of red and of blue over green: all pixels, bright
    ones above dark ones, and edges. All zero: the picture has no colour, or no middle tone."""
    ends: Array
    """(7, 3) encoded levels 0..1 of each channel, up to which ENDS per cent of its pixels lie."""


def cast(thumbnail: Plane, samples: Sequence[Plane]) -> Cast:
    """Measure a thumbnail, and samples (3, h, w) of 0..255."""
    ends = _ends(samples)
    pixels = np.clip(thumbnail, 0, 1)
    linear = np.asarray(to_light(pixels), np.float32)
    most, least = pixels.max(0), pixels.min(0)
    middle = (most < 0.985) & (most > 0.08) & (least > 0.02)
    if middle.sum() < FEWEST or float((most - least).max()) < 2 / 255:
        return Cast(0.0, 0.0, 0.0, 0.0, 1.0, np.zeros((3, BINS, BINS)), ends)
    seen = linear[:, middle]  # (3, n)
    slopes = _slopes(linear)[:, middle]
    total = seen.sum(0)
    cosines = total / np.sqrt(3 * (seen * seen).sum(0))
    return Cast(
        grey_world=angle(seen.mean(1)),
        shades=angle(_sixth(seen)),
        edges=angle(_sixth(slopes)),
        white_patch=angle(seen[:, total >= np.percentile(total, 95)].mean(1)),
        neutral=float((cosines > np.cos(np.radians(4))).mean()),
        histograms=_histograms(seen, slopes),
        ends=ends,
    )


def to_light(levels: Array) -> Array:
    """Encoded 0..1 -> light 0..1 (IEC 61966-2-1)."""
    bright = ((levels + 0.055) / 1.055) ** 2.4
    return np.asarray(np.where(levels <= 0.04045, levels / 12.92, bright))


def angle(colour: Array) -> float:
    """Degrees between `colour`, (3,) of any length, and grey."""
    cosine = float(colour @ GREY / (np.linalg.norm(colour) + 1e-12))
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def _ends(samples: Sequence[Plane]) -> Array:
    """By counting whole levels, which is faster than sorting."""
    ends = np.empty((len(ENDS), 3))
    for place in range(3):
        levels = np.concatenate([sample[place].ravel() for sample in samples])
        counts = np.bincount(np.rint(levels).astype(np.int64), minlength=256).cumsum()
        wanted = np.array(ENDS) / 100 * counts[-1]
        ends[:, place] = np.searchsorted(counts, np.maximum(wanted - 1e-9, 1)) / 255
    return ends


def _sixth(values: Plane) -> Array:
    """(3,) Minkowski means of order 6 of (3, n)."""
    squares = values * values
    return np.asarray((squares * squares * squares).mean(1) ** (1 / 6))


def _slopes(linear: Plane) -> Plane:
    slopes = [cv2.magnitude(cv2.Sobel(p, -1, 1, 0), cv2.Sobel(p, -1, 0, 1)) for p in linear]
    return np.asarray(slopes, np.float32)


def _histograms(seen: Plane, slopes: Plane) -> Array:
    luminance = np.array([0.2126, 0.7152, 0.0722], np.float32) @ seen
    edges = slopes[:, slopes.min(0) > LEAST_EDGE]
    shares = (
        _histogram(seen, np.ones_like(luminance)),
        _histogram(seen, luminance * luminance),
        _histogram(edges, edges.sum(0)),
    )
    return np.asarray(np.sqrt(np.stack(shares)))


def _histogram(colours: Plane, weights: Plane) -> Array:
    """(BINS, BINS) shares of `weights` by stops of red over green and of blue over green."""
    if not len(weights):
        return np.zeros((BINS, BINS))
    stops = cv2.log(colours) * np.float32(STOP / np.log(2))
    places = np.rint(stops[::2] - stops[1]).astype(np.int32)  # (2, n)
    inside = (np.abs(places) < BINS // 2).all(0)
    row, column = places[:, inside] % BINS
    counts = np.bincount(row * BINS + column, weights[inside], BINS * BINS)
    return np.asarray(counts.reshape(BINS, BINS) / (counts.sum() + 1e-12))
