"""A model behind walls beside the same model in a plain process of its own, and beside none.

The net that doubles, one thread, tiles as the engine cuts them; the two processes take turns. Then
how long a fresh child takes until it has loaded the net: what follows a run that crossed a limit.
Last, how long a stranger's net is verified.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import nets
from bench.processes import BenchError
from bench.rows import Row, at_most, paired
from printroom.catalogue.models import Catalogue
from printroom.catalogue.verification.report import Declared
from printroom.catalogue.verification.verifying import verify
from printroom.core.errors import NoSandbox
from printroom.isolation.arena import Arena
from printroom.isolation.policy import Policy
from printroom.isolation.process import Process
from printroom.isolation.sandboxed import CHILD, SandboxedSession
from printroom.isolation.worker import Worker
from printroom.runtimes.onnx.session import OnnxSession
from printroom.runtimes.reading import Reading

SIDES = (64, 256)
"""Of the tiles, in pixels."""


def bench(quick: bool) -> list[Row]:
    net, rounds = nets.upscale(), 6 if quick else 30
    here = OnnxSession(net)
    plain = _Plain(net)
    started = time.perf_counter()
    try:
        walled = SandboxedSession(net, Reading(), name="bench")
    except NoSandbox as error:
        raise BenchError(str(error)) from error
    start = time.perf_counter() - started
    rows = []
    for side in SIDES:
        batch = np.random.default_rng(0).random((1, 3, side, side), np.float32)
        behind, beside, inside = _turns((walled, plain, here), batch, rounds * 256 // side)
        detail = " / ".join(f"{1000 * median(one):.1f} ms" for one in (behind, beside, inside))
        name = f"a tile of {side} behind walls / in a plain process"
        rows.append(Row(name, paired(behind, beside), at_most(1.10), "x", detail))
        rows.append(
            Row(f"the same / in our process, {side}", paired(behind, inside), None, "x", "")
        )
    rows.append(Row("a fresh child until it is ready", start, None, "s", ""))
    rows.append(_verified())
    for session in (walled, plain, here):
        session.close()
    return rows


def _verified() -> Row:
    """Of the largest of the nets that come with the package."""
    net = max((model.weights for model in Catalogue().models), key=lambda path: path.stat().st_size)
    started = time.perf_counter()
    report = verify(net, Declared("bench/net", "MIT"))
    seconds = time.perf_counter() - started
    if report.verdict != "passed":
        raise BenchError(f"a net of ours was not let in: {report.reasons}")
    size = f"{net.stat().st_size / 1e6:.1f} MB"
    return Row(f"verification of a net of {size}", seconds, at_most(15.0), "s", "all stages")


class _Plain:
    """The same child, without walls."""

    def __init__(self, net: Path) -> None:
        self._arena = Arena(2**32)
        process = Process(Path(sys.executable), Path("/"), name="bench", cpu=1, most=0)
        self._worker = Worker(process, "bench", Policy(), self._arena)
        self._worker.load(CHILD, None, {"path": str(net), "reading": Reading().raw(), "threads": 1})

    def run(self, batch: NDArray[Any]) -> Any:
        return self._worker.run({"batch": batch}, ["result"])["result"]

    def close(self) -> None:
        self._worker.close()
        self._arena.close()


def _turns(sessions: Sequence[Any], batch: NDArray[Any], rounds: int) -> list[list[float]]:
    """Seconds of each, in turns, each as often first; the first few are not counted."""
    taken: list[list[float]] = [[] for _session in sessions]
    for number in range(rounds + 3):
        for place in range(len(sessions)):
            turn = (number + place) % len(sessions)
            started = time.perf_counter()
            sessions[turn].run(batch)
            if number >= 3:
                taken[turn].append(time.perf_counter() - started)
    return taken
