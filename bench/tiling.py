"""The engine beside a plain onnxruntime loop: pixels per second of a picture in memory.

Both take uint8 rows and give uint8 rows; decode and encode are left out of both. The plain loop
is tried at many tile sizes and in two ways of threading; the best three then take turns with the
engine, and the one that proves quickest is what the engine is held against.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import Any

import numpy as np
import pyvips
from numpy.typing import NDArray

from bench import pictures
from bench.engine import Engine
from bench.plain import Plain, Way, ways
from bench.processes import BenchError
from bench.rows import Limit, Row, at_least, paired

SIDE, QUICK = 2000, 1000
FINALISTS = 3
WORKERS = 2


@dataclass
class Contender:
    """One way to do the work, and what it took: a value per round."""

    name: str
    work: Callable[[], object]
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def take(self) -> None:
        wall, cpu = time.perf_counter(), time.process_time()
        self.work()
        self.wall.append(time.perf_counter() - wall)
        self.cpu.append(time.process_time() - cpu)


def bench(quick: bool) -> list[Row]:
    side = QUICK if quick else SIDE
    picture = _picture(side)
    with Engine(WORKERS) as engine:
        net = engine.model
        plain = Plain(net.weights, net.card.geometry)
        best = _screen(plain, picture, ways((256, 512)) if quick else ways())
        _agree(engine.run(picture), plain.run(picture, best[0]))
        ours = Contender(engine.describe(picture), partial(engine.run, picture))
        theirs = [Contender(str(way), partial(plain.run, picture, way)) for way in best]
        floats = np.ascontiguousarray(picture.transpose(2, 0, 1), np.float32) / np.float32(255)
        bare = Contender(
            f"{best[0]}, floats in and out", partial(plain.run, floats, best[0], floats=True)
        )
        _alternate([ours, *theirs, bare], rounds=2 if quick else 7)
    quickest = min(theirs, key=lambda one: median(one.wall))
    what = f"{side} x {side} in memory, {net.card.id}"
    return [
        _row("pixels/s / plain loop", what, ours, quickest, at_least(0.95)),
        _row("pixels/s / plain loop without conversion", what, ours, bare, None),
        _cpu_row(what, ours, quickest),
    ]


def _row(name: str, what: str, ours: Contender, theirs: Contender, limit: Limit | None) -> Row:
    detail = (
        f"{what}: {ours.name}, {median(ours.wall):.2f} s; plain loop at {theirs.name}, "
        f"{median(theirs.wall):.2f} s; median of {len(ours.wall)} rounds in turns"
    )
    return Row(name, paired(theirs.wall, ours.wall), limit, "x", detail)


def _cpu_row(what: str, ours: Contender, theirs: Contender) -> Row:
    detail = f"{what}: {median(ours.cpu):.2f} CPU-s over {median(theirs.cpu):.2f} at {theirs.name}"
    return Row("CPU time / plain loop", paired(ours.cpu, theirs.cpu), None, "x", detail)


def _picture(side: int) -> NDArray[Any]:
    return np.asarray(pyvips.Image.new_from_file(str(pictures.jpeg(side))).numpy())


def _agree(ours: NDArray[Any], theirs: NDArray[Any]) -> None:
    """Both must have done the work: results differ by rounding at most."""
    if ours.shape != theirs.shape or np.abs(ours.astype(np.int16) - theirs).max() > 1:
        raise BenchError("the engine and the plain loop do not return the same picture")


def _screen(plain: Plain, picture: NDArray[Any], tried: list[Way]) -> list[Way]:
    """The quickest ways, each run once."""
    plain.run(picture[:256, :256], tried[0])
    seconds = {}
    for way in tried:
        contender = Contender(str(way), partial(plain.run, picture, way))
        contender.take()
        seconds[way] = contender.wall[0]
    return sorted(tried, key=lambda way: seconds[way])[:FINALISTS]


def _alternate(contenders: list[Contender], rounds: int) -> None:
    for index in range(rounds):
        start = index % len(contenders)
        for contender in [*contenders[start:], *contenders[:start]]:
            contender.take()
