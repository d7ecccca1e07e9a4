"""A picture made smaller as its rows come: the Lanczos filter, in memory for the result alone.

    rows of a picture, Cut -> rows of the smaller one, from the top

Each side is filtered by itself: rows across by libvips, then down, where a row that came is added,
weighted, to the few rows of the result that it belongs to. Transparent pixels have no colour: they
are weighted by their opacity.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from printroom.delivery.options import Options
from printroom.imaging.vips import pyvips

_LOBES = 3
_STEEP = 4
"""Times that a side is made smaller by the filter; what is beyond that is done by means."""
_CHUNK = 1 << 20
_LEAST = 16


class Rows(Protocol):
    """Where rows come from, in order."""

    def read(self, rows: int) -> NDArray[Any]:
        """The next ones, (n, W, bands) uint8 or uint16; fewer at the bottom."""


@dataclass(frozen=True)
class Cut:
    """A part of a picture, and the size it is brought to; never a larger one."""

    left: int
    top: int
    width: int
    height: int
    out_width: int
    out_height: int


def cut_of(options: Options, width: int, height: int) -> Cut:
    """What `options` take of a picture of that size.

    >>> cut_of(Options(width=320, height=320, fit="cover"), 1600, 800)
    Cut(left=400, top=0, width=800, height=800, out_width=320, out_height=320)
    """
    left, top = 0, 0
    if (crop := options.crop) is not None:
        left, top = min(crop.left, width - 1), min(crop.top, height - 1)
        width, height = min(crop.width, width - left), min(crop.height, height - top)
    if options.fit == "cover" and options.width and options.height:
        across, down = options.width / width, options.height / height
        scale = max(across, down)
        wide = min(width, max(1, round(options.width / scale)))
        high = min(height, max(1, round(options.height / scale)))
        left, top = left + (width - wide) // 2, top + (height - high) // 2
        width, height = wide, high
    scale = min(1.0, (options.width or width) / width, (options.height or height) / height)
    return Cut(
        left, top, width, height, max(1, round(width * scale)), max(1, round(height * scale))
    )


def reduced(rows: Rows, cut: Cut, row_bytes: int, alpha: bool) -> Iterator[NDArray[Any]]:
    """The rows of the result; `row_bytes`: of a row that comes in."""
    step = max(_LEAST, _CHUNK // row_bytes)
    _pass_over(rows, cut.top, step)
    down = _Down(cut.height, cut.out_height)
    left = cut.height
    while left:
        part = rows.read(min(step, left))
        left -= len(part)
        part = part[:, cut.left : cut.left + cut.width]
        across = _across(_weighted(part) if alpha else part, cut)
        yield from _finished(down.add(across), part.dtype, alpha)


def _pass_over(rows: Rows, count: int, step: int) -> None:
    while count:
        count -= len(rows.read(min(step, count)))


def _across(part: NDArray[Any], cut: Cut) -> NDArray[np.float32]:
    if cut.width == cut.out_width:
        return part.astype(np.float32)
    if cut.width > _STEEP * cut.out_width:
        part = _averaged(part, _STEEP * cut.out_width)
    picture = pyvips.Image.new_from_array(np.ascontiguousarray(part))
    small = picture.reduceh(part.shape[1] / cut.out_width, kernel="lanczos3").numpy()
    return np.asarray(small, np.float32).reshape(len(part), -1, part.shape[2])[:, : cut.out_width]


def _averaged(part: NDArray[Any], width: int) -> NDArray[np.float32]:
    """Rows of `width` pixels, each the mean of its area. libvips filters by hundreds of pixels in
    whole numbers that are too small, and by more not at all.
    """
    rows = np.ascontiguousarray(part, np.float32)
    small = cv2.resize(rows, (width, len(rows)), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32).reshape(len(rows), width, part.shape[2])


def _weighted(part: NDArray[Any]) -> NDArray[np.float32]:
    """Colours times opacity, which is the last band."""
    found = part.astype(np.float32)
    found[..., :-1] *= found[..., -1:] / np.iinfo(part.dtype).max
    return found


def _finished(
    rows: NDArray[np.float32] | None, dtype: np.dtype[Any], alpha: bool
) -> Iterator[NDArray[Any]]:
    """As they came in: whole numbers, colours as they are."""
    if rows is None:
        return
    most = np.iinfo(dtype).max
    if alpha:
        opacity = np.clip(rows[..., -1:], 0, most)
        rows[..., :-1] *= most / np.maximum(opacity, 0.5)
    yield np.clip(np.rint(rows), 0, most).astype(dtype)


class _Down:
    """Makes `after` rows of `before`, which come in order."""

    def __init__(self, before: int, after: int) -> None:
        self._before, self._after = before, after
        self._scale = before / after
        self._reach = _LOBES * self._scale
        self._next = 0  # of the rows that come
        self._first = 0  # of those that are not done
        self._sums: NDArray[np.float32] | None = None
        self._summed: NDArray[Any] = np.zeros(0)

    def add(self, rows: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """Take rows, and give those that are done now; None if there are none."""
        if self._before == self._after:
            return rows
        begin, end = self._next, self._next + len(rows)
        self._next = end
        last = min(self._after, floor((end + self._reach) / self._scale) + 1)
        flat = rows.reshape(len(rows), -1)
        sums = self._grown(last - self._first, flat.shape[1])
        sums += self._weights(self._first, last, begin, end) @ flat
        done = self._done(end)
        ready, self._sums = sums[: done - self._first], sums[done - self._first :]
        self._first = done
        return ready.reshape(len(ready), *rows.shape[1:]) if len(ready) else None

    def _grown(self, count: int, width: int) -> NDArray[np.float32]:
        sums = np.zeros((count, width), np.float32)
        if self._sums is not None:
            sums[: len(self._sums)] = self._sums
        return sums

    def _done(self, end: int) -> int:
        """The first row of the result that waits for a row from `end` on."""
        if end == self._before:
            return self._after
        row = self._first
        while row < self._after and ceil((row + 0.5) * self._scale - 0.5 + self._reach) < end:
            row += 1
        return row

    def _weights(self, first: int, last: int, begin: int, end: int) -> NDArray[np.float32]:
        """(rows of the result, rows that came); each row of the result sums to 1 in the end."""
        centres = (np.arange(first, last) + 0.5) * self._scale - 0.5
        found = _lanczos((np.arange(begin, end)[None] - centres[:, None]) / self._scale)
        return np.asarray(found / self._totals(first, last, centres)[:, None], np.float32)

    def _totals(self, first: int, last: int, centres: NDArray[Any]) -> NDArray[Any]:
        """What the weights of each row sum to; each is summed once, as there may be millions."""
        if (known := len(self._summed)) < last:
            fresh = centres[known - first :]
            span = np.arange(-ceil(self._reach), ceil(self._reach) + 1)
            places = np.rint(fresh)[:, None] + span[None]
            inside = (places >= 0) & (places < self._before)
            every = _lanczos((places - fresh[:, None]) / self._scale) * inside
            self._summed = np.concatenate([self._summed, every.sum(1)])
        return self._summed[first:last]


def _lanczos(at: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(np.sinc(at) * np.sinc(at / _LOBES) * (np.abs(at) < _LOBES))
