"""What a tile costs in memory, measured where nothing else runs: in a child process.

    weights, sides -> {side: bytes one worker needs}          BadModel ModelFailed

The child loads the model and, for each side, has two workers run tiles of several shapes at once on
one session, as the engine does: inner tiles, those at borders, and remainders. What the process
grew by at its peak, halved, is the cost; it holds the arena's fragmentation, which one shape alone
would not show. Costs add up: n workers on one session need n times as much.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from math import ceil, sqrt
from pathlib import Path

import numpy as np
import psutil

from printroom.core.errors import ModelFailed
from printroom.imaging.tiling import Geometry, ceil_to
from printroom.runtimes.onnx.session import OnnxSession

TILES = (64, 96, 128, 192, 256, 384, 512, 768)
"""Sides that are measured, in input pixels; windows with their halo, not cores."""
ANY = Geometry()
WORKERS = 2
"""Threads that run tiles at once while memory is measured."""
ENOUGH = 1 << 17
"""Small tiles are repeated up to this many pixels a tile, four times at most."""
MARGIN = 1.1
"""What pictures of many tiles were seen to take more than the few tiles of a measurement."""
LONGEST = 30.0
"""Seconds after which no larger side is begun."""
POLL = 0.002
"""Seconds between two looks at the memory; the arena keeps its peak, so none is missed."""


def measure(
    weights: Path, tiles: Sequence[int] = TILES, geometry: Geometry = ANY
) -> dict[int, int]:
    """Side of a square tile -> bytes that one worker needs to run it, beyond the loaded model.

    Sides are rounded up to the alignment; those too small for the model are left out (where all
    are, the least that is not is taken), and large ones when memory or time runs out: what is
    missing was not measured. A model of fixed size has one entry, for the square of the same area.
    """
    least = 2 * geometry.least
    wanted = [side for side in tiles if side >= least] or [least]
    sides = sorted({ceil_to(side, geometry.align) for side in wanted})
    if geometry.fixed is not None:
        sides = [ceil(sqrt(geometry.fixed[0] * geometry.fixed[1]))]
    with tempfile.TemporaryDirectory() as empty:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                __name__,
                str(weights.resolve()),
                str(geometry.align),
                *map(str, sides),
            ],
            cwd=empty,
            capture_output=True,
            text=True,
            check=False,
        )
    lines = [line for line in done.stdout.splitlines() if line.startswith("[")]
    if not lines:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ModelFailed(f"the memory that {weights} takes could not be measured", reason)
    return {int(side): int(cost) for side, cost in map(json.loads, lines)}


def _child(weights: Path, align: int, sides: Sequence[int]) -> None:
    """Print a line for each side: [side, bytes]."""
    session = OnnxSession(weights)
    session.shrink()
    base, started = _resident(), time.monotonic()
    for side in sides:
        session.shrink()
        with _Peak() as peak:
            if not _all_run(session, side, align):
                return
        cost = max(0, peak.bytes - base) * MARGIN / WORKERS
        print(json.dumps([side, round(cost)]), flush=True)
        if time.monotonic() - started > LONGEST:
            return


def _all_run(session: OnnxSession, side: int, align: int) -> bool:
    """Whether the workers got through all tiles."""
    fixed, failed = session.signature.fixed, list[MemoryError]()
    turns = min(4, max(1, ENOUGH // side**2))
    shapes = iter(_shapes(side, align) * turns if fixed is None else [fixed] * 2 * WORKERS)
    taking = threading.Lock()

    def work() -> None:
        while not failed:
            with taking:
                shape = next(shapes, None)
            if shape is None:
                return
            try:
                session.run(np.ones((1, session.signature.channels, *shape), np.float32))
            except MemoryError as error:
                failed.append(error)

    workers = [threading.Thread(target=work) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return not failed


def _shapes(side: int, align: int) -> list[tuple[int, int]]:
    """Tiles of a picture row by row: borders are shorter, the last row and column are remainders.

    The order matters: what one shape leaves in the arena must fit the next.
    """
    border, rest, low = (ceil_to(ceil(side * part), align) for part in (15 / 16, 2 / 3, 1 / 8))
    columns = (border, side, side, rest)
    return [(height, width) for height in (border, side, low, side) for width in columns]


class _Peak:
    """The most memory that the process took while inside."""

    def __init__(self) -> None:
        self.bytes = 0
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look)

    def __enter__(self) -> _Peak:
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watch.join()
        self.bytes = max(self.bytes, _resident())

    def _look(self) -> None:
        while not self._over.wait(POLL):
            self.bytes = max(self.bytes, _resident())


def _resident() -> int:
    return int(psutil.Process().memory_info().rss)


if __name__ == "__main__":
    _child(Path(sys.argv[1]), int(sys.argv[2]), [int(side) for side in sys.argv[3:]])
