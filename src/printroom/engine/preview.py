"""What steps may know of a picture before its pixels stream: a thumbnail, and samples of it.

    Raster -> survey() -> Preview                   one pass over its rows, memory bounded
    Preview, link -> Passed                         what the next step sees: passed through the link

The thumbnail is the mean over areas, its long side at most 256. The samples, up to 16, are parts in
full resolution at places that follow from the picture's size, spread evenly, their origins at
multiples of 16 (where blocks of JPEG begin). A small picture is its own sample.

A preview passes through a link as pictures of their own: the thumbnail, and each sample; only when
somebody looks. Raises what reading the picture and running the link raise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import product
from math import log
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from printroom.engine.channels import FLOATS, Rows, colours, columns, empty, has_alpha, reveal, show
from printroom.engine.rasters import Raster
from printroom.imaging.encode import PictureSpec
from printroom.imaging.tiling import Region, scaled
from printroom.pipelines.step import Planes, Preview, Sample

LONGEST = 256
"""Pixels of a thumbnail's long side, and of a sample's sides, at most."""
SAMPLES = 16
ORIGIN = 16
"""Origins of samples are multiples of it."""
CHUNK = 1 << 20
"""Bytes of rows that are read at once, about."""
HELD = 32 << 20
"""Bytes that a survey takes beside the decoder, at most, of pictures 100,000 pixels wide."""

Through = Callable[[Planes], Planes]
"""Sends planes (1, 3, h, w) through a link, as a picture of their own."""


def survey(raster: Raster, check: Callable[[], None]) -> Preview:
    """Read a picture once, from the top; `check` is called now and then and may raise."""
    spec = raster.spec
    thumbnail = _Thumbnail(spec)
    samples = [_Sampled(place, spec, raster.bits) for place in spots(spec.width, spec.height)]
    step, top = max(16, CHUNK // (spec.width * spec.bands * raster.bits // 8)), 0
    with raster.open() as reader:
        while top < spec.height:
            check()
            rows = reader.read(step)
            thumbnail.add(rows)
            for sample in samples:
                sample.add(top, rows)
            top += len(rows)
    taken = tuple(sample.finish() for sample in samples)
    return Preview(spec.width, spec.height, thumbnail.finish(), taken, dict(raster.about))


def spots(width: int, height: int) -> Iterator[Region]:
    """Where samples are taken: in the middle of even cells, as square as can be."""
    wide, high = min(width, LONGEST), min(height, LONGEST)
    across, down = max(
        (
            (across, down)
            for across in range(1, min(width // LONGEST or 1, SAMPLES) + 1)
            for down in range(1, min(height // LONGEST or 1, SAMPLES // across) + 1)
        ),
        key=lambda cut: (cut[0] * cut[1], -abs(log(width * cut[1] / (height * cut[0])))),
    )
    for row, column in product(range(down), range(across)):
        left, top = (
            min(length - side, (2 * index + 1) * length // (2 * parts) - side // 2)
            // ORIGIN
            * ORIGIN
            for index, parts, length, side in (
                (column, across, width, wide),
                (row, down, height, high),
            )
        )
        yield Region(left, top, left + wide, top + high)


class Passed(Preview):
    """A preview behind a link; it passes through when it is looked at."""

    def __init__(self, before: Preview, scale: Fraction, through: Through) -> None:
        size = scaled(before.width, scale), scaled(before.height, scale)
        known = {"width": size[0], "height": size[1], "about": before.about}
        passing = _Passing(before, scale, through)
        for name, value in (known | {"_passing": passing}).items():
            object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        """Thumbnail and samples, made when first asked for."""
        if name not in ("thumbnail", "samples"):
            raise AttributeError(name)
        passing: _Passing = self.__dict__["_passing"]
        value = passing.thumbnail() if name == "thumbnail" else passing.samples()
        object.__setattr__(self, name, value)
        return value


class _Passing(NamedTuple):
    """What passes, and through what."""

    before: Preview
    scale: Fraction
    through: Through

    def thumbnail(self) -> Planes:
        return shrunk(self.through(self.before.thumbnail))

    def samples(self) -> tuple[Sample, ...]:
        return tuple(self._passed(sample) for sample in self.before.samples)

    def _passed(self, sample: Sample) -> Sample:
        """Its middle, where it grew."""
        pixels = self.through(sample.pixels)
        down, right = (max(0, side - LONGEST) // 2 for side in pixels.shape[2:])
        middle = pixels[:, :, down : down + LONGEST, right : right + LONGEST]
        left, top = scaled(sample.left, self.scale) + right, scaled(sample.top, self.scale) + down
        return Sample(left, top, np.ascontiguousarray(middle))


def shrunk(planes: Planes) -> Planes:
    """The thumbnail of planes (1, 3, h, w)."""
    height, width = planes.shape[2:]
    if max(height, width) <= LONGEST:
        return planes
    thumbnail = _Thumbnail(PictureSpec(width, height, 3, 8))
    thumbnail.add(planes[0].transpose(1, 0, 2))
    return thumbnail.finish()


class _Thumbnail:
    """Sums up areas as rows come. Pixel x of `width` falls to column x * across // width."""

    def __init__(self, spec: PictureSpec) -> None:
        self._bands = spec.bands
        longest = max(spec.width, spec.height)
        wide, high = (
            side if longest <= LONGEST else max(1, side * LONGEST // longest)
            for side in (spec.width, spec.height)
        )
        self._right, self._bottom = (
            -(-np.arange(parts + 1) * side // parts)
            for parts, side in ((wide, spec.width), (high, spec.height))
        )
        self._means = np.empty((high, spec.bands, wide), np.float32)
        self._sums: NDArray[np.float64] | None = None
        self._row = self._line = 0
        self._white = 1.0

    def add(self, rows: Rows) -> None:
        if has_alpha(self._bands) and rows.dtype != FLOATS:
            rows = reveal(show(rows, 3), self._bands, FLOATS)
        self._white = 1.0 if rows.dtype == FLOATS else float(np.iinfo(rows.dtype).max)
        while len(rows):
            part = rows[: self._bottom[self._line + 1] - self._row]
            sums = np.add.reduce(part, axis=0, dtype=np.float64)
            self._sums = sums if self._sums is None else self._sums + sums
            self._row += len(part)
            rows = rows[len(part) :]
            if self._row == self._bottom[self._line + 1]:
                self._end_line(floats=part.dtype == FLOATS)

    def _end_line(self, *, floats: bool) -> None:
        assert self._sums is not None
        sums = self._sums if floats else self._sums.T
        area = np.diff(self._right) * (self._row - self._bottom[self._line])
        line = np.add.reduceat(sums, self._right[:-1], axis=1)
        self._means[self._line] = line / (area * self._white)
        self._line, self._sums = self._line + 1, None

    def finish(self) -> Planes:
        return colours(self._means)


class _Sampled:
    """Keeps a part of the rows as they come."""

    def __init__(self, place: Region, spec: PictureSpec, bits: int) -> None:
        dtype = FLOATS if bits == 32 else spec.dtype
        self._place = place
        self._rows = empty(place.height, place.width, spec.bands, dtype)

    def add(self, top: int, rows: Rows) -> None:
        place = self._place
        first, last = max(top, place.top), min(top + len(rows), place.bottom)
        if first < last:
            part = columns(rows[first - top : last - top], slice(place.left, place.right))
            self._rows[first - place.top : last - place.top] = part

    def finish(self) -> Sample:
        return Sample(self._place.left, self._place.top, colours(self._rows))
