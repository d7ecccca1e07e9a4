"""What a tile costs in memory where a model runs in a process of its own.

session, sides -> {side: bytes one worker needs}
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import numpy as np
import psutil

from printroom.core.errors import ModelFailed
from printroom.imaging.tiling import Geometry, ceil_to
from printroom.isolation.session import IsolatedSession
from printroom.runtimes.onnx.cost import LONGEST, MARGIN, TILES

POLL = 0.005
"""Seconds between two looks at the process."""


def weigh(
    session: IsolatedSession, planes: int, geometry: Geometry, tiles: Sequence[int] = TILES
) -> dict[int, int]:
    """Side of a square tile -> bytes beyond the loaded model, in its process and handed over.

    Large sides are left out when memory or time runs out; a model of fixed size has one entry.
    """
    sizes = [(side, side) for side in {ceil_to(side, geometry.align) for side in tiles}]
    sizes = [geometry.fixed] if geometry.fixed is not None else sorted(sizes)
    base, started, costs = _resident(session), time.monotonic(), dict[int, int]()
    for height, width in sizes:
        with _Watch(session) as watch:
            try:
                made = session.run(np.ones((1, planes, height, width), np.float32))
            except (ModelFailed, MemoryError):
                break
        grown = max(0, watch.most - base) + made.nbytes + planes * height * width * 4
        costs[round((height * width) ** 0.5)] = round(grown * MARGIN)
        if time.monotonic() - started > LONGEST:
            break
    return costs


class _Watch:
    """The most memory that a session's process took while inside."""

    def __init__(self, session: IsolatedSession) -> None:
        self.most = 0
        self._session = session
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self.most = max(self.most, _resident(self._session))

    def _look(self) -> None:
        while not self._over.wait(POLL):
            self.most = max(self.most, _resident(self._session))


def _resident(session: IsolatedSession) -> int:
    total = 0
    for pid in session.pids:
        try:
            total += psutil.Process(pid).memory_info().rss
        except psutil.Error:
            continue
    return total
