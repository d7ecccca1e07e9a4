"""The hop to a step in another process beside a copy of the same array in memory.

The step runs in an environment of its own, with another Python where there is one. Each round is
a memcpy and a hop, one after the other; the arrays have been touched before.

    in place        the array was made in shared memory; the step reads it there and gives a number
    in and out      an array of ours: copied in by us, copied out by the step, as any caller has it
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from bench import cache
from bench.processes import BenchError
from bench.rows import Row, at_most, paired
from printroom.core.errors import PrintroomError
from printroom.isolation.environments import EnvironmentSpec
from printroom.isolation.folder import StepSource
from printroom.isolation.house import Isolation
from printroom.isolation.isolated import IsolatedStep
from printroom.isolation.policy import Policy
from printroom.isolation.pythons import Pythons

MB = 10**6
STEP = """
from printroom_step import Array, empty, step


@step
def hop(array: Array("uint8"), copy: bool = False) -> Array("uint8"):
    if not copy:
        return array[:1]
    made = empty(array.shape, array.dtype)
    made[:] = array
    return made
"""


def bench(quick: bool) -> list[Row]:
    rounds = 10 if quick else 60
    rows = []
    with TemporaryDirectory() as folder, _step(Path(folder)) as step:
        for size in (12 * MB, 100 * MB):
            rows += _rows(step, size, rounds)
    with TemporaryDirectory() as folder, _step(Path(folder), shared=False) as step:
        rows += _plain(step, 12 * MB, rounds)
    return rows


def _step(folder: Path, *, shared: bool = True) -> IsolatedStep:
    file = folder / "step.py"
    file.write_text(STEP)
    ours = f"3.{sys.version_info[1]}"
    python = next((one for one in Pythons().versions()[::-1] if one != ours), ours)
    spec = EnvironmentSpec(python, ("numpy",))
    source = StepSource("hop", file, spec, folder=folder, policy=Policy(retries=0))
    try:
        return Isolation(cache.folder() / "isolation", shared=shared).open(source)
    except PrintroomError as error:
        raise BenchError(str(error)) from error


def _rows(step: IsolatedStep, size: int, rounds: int) -> list[Row]:
    there = step.empty((size,), np.uint8)
    there[:] = 1
    copied, read = _turns(lambda: step.run({"array": there}), size, rounds)
    bound = [0.5 * seconds + 0.001 for seconds in copied]
    both, hop = _turns(_copies(step, size), size, rounds)
    name = f"{size // MB} MB"
    return [
        Row(
            f"{name} read in place / (0.5 memcpy + 1 ms)",
            paired(read, bound),
            at_most(1.0),
            "x",
            _detail(read, copied, rounds),
        ),
        Row(
            f"{name} copied in and out / memcpy",
            paired(hop, both),
            at_most(5.0 if size < 50 * MB else 3.0),
            "x",
            _detail(hop, both, rounds),
        ),
    ]


def _plain(step: IsolatedStep, size: int, rounds: int) -> list[Row]:
    copied, hop = _turns(_copies(step, size), size, rounds)
    name = f"{size // MB} MB over the socket, in and out / memcpy"
    return [Row(name, paired(hop, copied), None, "x", _detail(hop, copied, rounds))]


def _copies(step: IsolatedStep, size: int) -> Callable[[], Any]:
    array = np.ones(size, np.uint8)
    return lambda: step.run({"array": array, "copy": True})


def _turns(work: Callable[[], Any], size: int, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds of a memcpy of `size` bytes, and of the work, in turns."""
    source, target = np.ones(size, np.uint8), np.ones(size, np.uint8)
    copied, worked = [], []
    for number in range(rounds + 3):
        started = time.perf_counter()
        np.copyto(target, source)
        between = time.perf_counter()
        work()
        ended = time.perf_counter()
        if number >= 3:  # memory has been touched by then
            copied.append(between - started)
            worked.append(ended - between)
    return copied, worked


def _detail(hop: list[float], copied: list[float], rounds: int) -> str:
    return (
        f"{1000 * median(hop):.2f} ms beside a memcpy of {1000 * median(copied):.2f} ms; "
        f"median of {rounds} rounds in turns"
    )
