"""Trying a derived geometry on small random pictures: what the graph says must hold when it runs.

    session, geometry -> the geometry as it proved to be        BadModel ModelFailed MemoryError

`run_tiled` is the smallest executor of a TileGrid; the engine's streaming one is held to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import BadModel, ModelFailed
from printroom.core.session import Session
from printroom.imaging.tiling import Geometry, TileGrid, ceil_to
from printroom.runtimes.onnx.rules import LOOSE

Pixels = NDArray[Any]
"""(N, C, H, W) float32, values 0..1."""
ROOM = 24
"""Input pixels by which a probe picture exceeds what its halo takes."""
LARGEST = 640
"""Side of the largest probe picture; wider halos are tried at one border only."""


def padded(picture: Pixels, grid: TileGrid) -> Pixels:
    """The picture mirrored at its right and bottom, as the model is shown it. Any size will do."""
    down, across = grid.padded_height - grid.height, grid.padded_width - grid.width
    return np.pad(picture, ((0, 0), (0, 0), (0, down), (0, across)), mode="reflect")


def run_whole(session: Session, picture: Pixels, grid: TileGrid) -> Pixels:
    """The model's result on the whole picture at once."""
    return session.run(padded(picture, grid))[..., : grid.out_height, : grid.out_width]


def run_tiled(session: Session, picture: Pixels, grid: TileGrid) -> Pixels:
    """The same, tile by tile."""
    source = padded(picture, grid)
    result: Pixels | None = None
    for tile in (tile for row in grid for tile in row):
        left, top, right, bottom = tile.window
        given = session.run(np.ascontiguousarray(source[..., top:bottom, left:right]))
        if result is None:
            shape = (*given.shape[:2], grid.out_height, grid.out_width)
            result = np.empty(shape, given.dtype)
        (x, y, x2, y2), target = tile.crop, tile.target
        result[..., target.top : target.bottom, target.left : target.right] = given[..., y:y2, x:x2]
    if result is None:
        raise ValueError("a picture has at least one pixel")
    return result


def confirm(session: Session, geometry: Geometry, channels: int = 3, seed: int = 0) -> Geometry:
    """The geometry, less what a trial on random pictures contradicts.

    Bits that differ by no more than 1e-4 set `tolerance`; larger differences make it not exact.
    A result that is no whole multiple of the picture is refused with BadModel.
    """
    random = np.random.default_rng(seed)
    scale = measured_scale(session, geometry, channels, random)
    if not geometry.exact:
        return replace(geometry, scale=scale)
    if scale != geometry.scale:
        raise BadModel(
            f"the model enlarges by {scale}, but its graph says {geometry.scale}",
            "this is a fault of printroom; please report the model",
        )
    worst = max(_differences(session, geometry, channels, random))
    if worst > LOOSE:
        why = f"tiles differ by {worst:.2g} from the whole picture in a trial"
        return replace(geometry, exact=False, tolerance=0.0, why=why)
    return replace(geometry, tolerance=max(geometry.tolerance, LOOSE if worst else 0.0))


def difference(one: Pixels, other: Pixels) -> float:
    """The largest difference; what is not a number equals itself and nothing else."""
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    return float(np.nan_to_num(np.abs(one - other)[~same], nan=np.inf).max(initial=0.0))


def measured_scale(
    session: Session, geometry: Geometry, channels: int, random: np.random.Generator
) -> Fraction:
    """Output pixels per input pixel, from one run. BadModel where there is no such number."""
    side = ceil_to(max(64, geometry.least), geometry.align)
    height, width = geometry.fixed or (side, ceil_to(side + 1, geometry.align))
    try:
        result = session.run(random.random((1, channels, height, width), np.float32))
    except ModelFailed as error:
        raise BadModel(f"the model fails on a picture of {width} x {height}", str(error)) from error
    if result.ndim != 4 or result.shape[1] != channels:
        raise BadModel(
            f"the model turns a picture with {channels} channels into shape {result.shape}",
            "printroom takes models whose result has the same channels",
        )
    scales = {Fraction(result.shape[2], height), Fraction(result.shape[3], width)}
    if len(scales) > 1 or next(iter(scales)).denominator > geometry.align:
        raise BadModel(
            f"the model turns {width} x {height} pixels into {result.shape[3]} x {result.shape[2]}",
            geometry.why or "its result must be the picture's size times one scale",
        )
    return scales.pop()


def _differences(
    session: Session, geometry: Geometry, channels: int, random: np.random.Generator
) -> Iterator[float]:
    for grid in _grids(geometry):
        picture = random.random((1, channels, grid.height, grid.width), np.float32)
        whole, tiled = run_whole(session, picture, grid), run_tiled(session, picture, grid)
        yield difference(whole, tiled)


def _grids(geometry: Geometry) -> Iterator[TileGrid]:
    """Pictures with inner tiles, unaligned ones, and ones that are smaller than the halo."""
    align, halo = geometry.align, geometry.halo
    large = min(LARGEST, 2 * halo + ceil_to(ROOM, align) + 2 * align)
    yield TileGrid(large, large + align, geometry, ceil_to(ROOM // 2, align), align)
    yield TileGrid(large + 1, large - 1, geometry, align, large)
    yield TileGrid(large, large + 3, geometry, large // 2, large // 3 or 1)
    for side in {1, max(1, halo // 2), halo + 1}:
        yield TileGrid(min(side, LARGEST), side + 1, geometry, align, align * 2)
