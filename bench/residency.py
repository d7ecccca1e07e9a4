"""Two models under a budget for one, asked for in turns: nothing fails, and nothing grows.

Each request is a picture of 64 x 64 through the engine, as a server would send it, trial of each
load and all; each one lets the other's model go. The memory is that of a process of its own. What a
swap costs is set beside requests that find their model loaded.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import psutil

from bench import cache, nets
from bench.lines import Lines
from bench.processes import checked
from bench.rows import Row, at_most
from printroom.catalogue.importing import import_onnx
from printroom.core.errors import PrintroomError
from printroom.core.settings import Settings
from printroom.engine.channels import Rows
from printroom.engine.floor import Floor
from printroom.engine.order import Order
from printroom.engine.rasters import Raster

MIB = 2**20
MEMORY = 700 * MIB
SWAPS, QUICK = 500, 60
SETTLED = 20
"""Requests after which the process has all that it keeps."""
SIDE = 64


def bench(quick: bool) -> list[Row]:
    swaps = QUICK if quick else SWAPS
    _models()  # imported before anything is measured
    command = [sys.executable, "-m", "bench.residency", str(swaps)]
    found: dict[str, Any] = json.loads(checked(command).output.splitlines()[-1])
    before, after = found["before"] / MIB, found["after"] / MIB
    first, second, limit = (size / MIB for size in (*found["bytes"], found["limit"]))
    what = (
        f"{swaps} requests in turns for two models of {first:.1f} and {second:.1f} MiB under "
        f"{limit:.1f}: {found['loads']} loads, {found['evictions']} evictions"
    )
    grown = f"resident bytes after {swaps} swaps, {after:.1f} MiB, over {SETTLED}: {before:.1f} MiB"
    cost = (
        f"CPU-ms of a request that swaps, {found['swap']:.1f}, over one that finds its model, "
        f"{found['found']:.1f}; medians"
    )
    return [
        Row("two models, room for one: failures", found["failures"], at_most(0), "", what),
        Row("two models, room for one: growth", after / before, at_most(1.05), "x", grown),
        Row("swap / request", found["swap"] / found["found"], None, "x", cost),
    ]


def _models() -> list[Path]:
    """Two networks of some weight and little work."""
    return [nets.chain(f"swap{index}", 1, 96, 12 + index) for index in range(2)]


def _swaps(count: int) -> None:
    """In a process of its own: print what came of it."""
    sizes, expected, found = _measured()
    limit = int(max(sizes) * 1.5)
    spent: list[float] = []
    failures = before = 0
    with _floor(limit) as floor:
        models = [import_onnx(path, _imported()) for path in _models()]
        for index in range(count):
            began = time.process_time()
            try:
                result = _sent(floor, models[index % 2])
                failures += not np.array_equal(result, expected[index % 2])
            except PrintroomError as error:
                print(error, file=sys.stderr)
                failures += 1
            spent.append((time.process_time() - began) * 1000)
            before = _resident() if index + 1 == SETTLED else before
        after, facts = _resident(), floor.residency.facts()
    told = {
        "bytes": sizes,
        "limit": limit,
        "failures": failures,
        "before": before,
        "after": after,
        "loads": sum(one.loads for one in facts),
        "evictions": sum(one.evictions for one in facts),
        "swap": median(spent[SETTLED:]),
        "found": found,
    }
    print(json.dumps(told))


def _measured() -> tuple[list[int], list[Rows], float]:
    """Bytes of each model, what it makes, and CPU-ms of a request that finds it loaded."""
    spent: list[float] = []
    with _floor(None) as floor:
        models = [import_onnx(path, _imported()) for path in _models()]
        expected = [_sent(floor, model) for model in models]
        for model in models * 10:
            began = time.process_time()
            _sent(floor, model)
            spent.append((time.process_time() - began) * 1000)
        floor.residency.let_go()
        for model in models:  # the first load brought the framework, too
            _sent(floor, model)
        sizes = {one.model: one.bytes for one in floor.residency.facts()}
        return [sizes[model.card.id] for model in models], expected, median(spent)


def _sent(floor: Floor, model: Any) -> Rows:
    return floor.send(_picture(), (floor.link(model),), Lines(), Order()).result


def _picture() -> Raster:
    return Raster.of_lines(np.random.default_rng(0).random((SIDE, 3, SIDE), np.float32))


@contextmanager
def _floor(most: int | None) -> Iterator[Floor]:
    settings = Settings(workers=2, memory=MEMORY, model_memory=most)
    with closing(Floor(settings, serving=True)) as floor:
        yield floor


def _imported() -> Path:
    return cache.folder() / "imported"


def _resident() -> int:
    return int(psutil.Process().memory_info().rss)


if __name__ == "__main__":
    _swaps(int(sys.argv[1]))
