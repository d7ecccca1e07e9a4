"""The loop that a good engineer would write around onnxruntime, to hold the engine against.

    picture (H, W, 3) uint8 -> tiles with the net's halo -> (2H, 2W, 3) uint8

Tiles are cut, run and put down by as many threads as `Way` says; nothing is read or written, and
memory is not limited. With `floats`, it takes and gives (3, H, W) float32 and converts nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from printroom.imaging.tiling import Geometry, Tile, TileGrid

SIDES = (128, 192, 256, 384, 512, 768, 1024)
"""Tile sides to try, in input pixels without the halo."""


@dataclass(frozen=True)
class Way:
    """One way to run the loop."""

    side: int
    """Of a tile's core, in input pixels."""
    workers: int
    """Threads that take tiles; all share one session."""
    threads: int
    """Threads of onnxruntime inside one run."""

    def __str__(self) -> str:
        return f"tile {self.side}, {self.workers} x {self.threads} threads"


def ways(sides: tuple[int, ...] = SIDES) -> list[Way]:
    """Two workers with one thread each, and one with two, at every size."""
    return [Way(side, *both) for both in ((2, 1), (1, 2)) for side in sides]


class Plain:
    """Sessions of a net for both ways of threading."""

    def __init__(self, weights: Path, geometry: Geometry) -> None:
        self.geometry = geometry
        self._sessions = {threads: _session(weights, threads) for threads in (1, 2)}

    def run(self, picture: NDArray[Any], way: Way, floats: bool = False) -> NDArray[Any]:
        """The whole picture through the net."""
        height, width = picture.shape[1:] if floats else picture.shape[:2]
        grid = TileGrid(width, height, self.geometry, way.side, way.side)
        shape = (3, grid.out_height, grid.out_width)
        result: NDArray[Any] = (
            np.empty(shape, np.float32) if floats else np.empty((*shape[1:], 3), np.uint8)
        )
        put = self._floats(way, picture, result) if floats else self._bytes(way, picture, result)
        with ThreadPoolExecutor(way.workers) as pool:
            for _ in pool.map(put, [tile for row in grid for tile in row]):
                pass
        return result

    def _bytes(
        self, way: Way, picture: NDArray[Any], result: NDArray[Any]
    ) -> Callable[[Tile], None]:
        def put(tile: Tile) -> None:
            (left, top, right, bottom), crop, target = tile.window, tile.crop, tile.target
            pixels = picture[top:bottom, left:right].transpose(2, 0, 1)[None]
            batch = np.multiply(pixels, np.float32(1 / 255), order="C", dtype=np.float32)
            planes = self._net(way, batch)[:, crop.top : crop.bottom, crop.left : crop.right]
            levels = np.multiply(planes, np.float32(255))
            np.rint(levels, out=levels)
            np.clip(levels, 0, 255, out=levels)
            rows = slice(target.top, target.bottom)
            result[rows, target.left : target.right] = levels.astype(np.uint8).transpose(1, 2, 0)

        return put

    def _floats(
        self, way: Way, picture: NDArray[Any], result: NDArray[Any]
    ) -> Callable[[Tile], None]:
        def put(tile: Tile) -> None:
            (left, top, right, bottom), crop, target = tile.window, tile.crop, tile.target
            batch = np.ascontiguousarray(picture[None, :, top:bottom, left:right])
            planes = self._net(way, batch)[:, crop.top : crop.bottom, crop.left : crop.right]
            result[:, target.top : target.bottom, target.left : target.right] = planes

        return put

    def _net(self, way: Way, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        session = self._sessions[way.threads]
        planes: NDArray[np.float32] = session.run(None, {session.get_inputs()[0].name: batch})[0][0]
        return planes


def _session(weights: Path, threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
