"""Chains: three networks as one rolling chain, beside the same ones after another; and dispatch.

Both ways give the same picture, floats from one network to the next, under the same memory; decode
and encode are left out. CPU seconds of neighbouring runs. The peaks are those of processes of their
own. `enhance --fix` is a whole run, file to file, over what its networks take in a plain
onnxruntime loop.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pyvips
from numpy.typing import NDArray

from bench import cache, nets, pictures
from bench.lines import Lines
from bench.plain import Plain, Way
from bench.processes import BenchError, checked
from bench.rows import Row, at_most, paired
from printroom.catalogue.card import Model, Task
from printroom.catalogue.importing import import_onnx
from printroom.core.settings import Settings
from printroom.engine.channels import Rows
from printroom.engine.enhancement import EnhanceOptions
from printroom.engine.floor import Floor
from printroom.engine.flow import Desk
from printroom.engine.links import Link
from printroom.engine.order import Order
from printroom.engine.pipeline import Running
from printroom.engine.rasters import Raster
from printroom.engine.stages import stages
from printroom.imaging.encode import PictureSpec
from printroom.pipelines.graph import Graph
from printroom.pipelines.registry import Registry
from printroom.pipelines.spec import PipelineSpec
from printroom.pipelines.step import Step
from printroom.workshop import Workshop

MIB = 2**20
MEMORY = 700 * MIB
SIZE, QUICK = (6000, 4000), (1500, 1000)
PHOTO, QUICK_PHOTO = (4000, 3000), (1200, 900)
TASKS: tuple[Task, ...] = ("dejpeg", "denoise", "deblur")


def bench(quick: bool) -> list[Row]:
    size = QUICK if quick else SIZE
    return [
        _time_row(size, rounds=2 if quick else 3),
        _memory_row(size),
        _dispatch_row(300 if quick else 2000),
        _fix_row(QUICK_PHOTO if quick else PHOTO, rounds=2 if quick else 3),
    ]


def _time_row(size: tuple[int, int], rounds: int) -> Row:
    fused: list[float] = []
    apart: list[float] = []
    with _floor() as floor:
        links, source = _links(floor), _source(*size)
        ways: list[tuple[list[float], Callable[..., Rows]]] = [(fused, _fused), (apart, _apart)]
        small = _source(600, 400)
        if not np.array_equal(_fused(floor, small, links), _apart(floor, small, links)):
            raise BenchError("the chain and its links one by one do not return the same picture")
        for index in range(rounds):
            for seconds, way in ways if index % 2 else ways[::-1]:
                began = time.process_time()
                way(floor, source, links)
                seconds.append(time.process_time() - began)
    what = (
        f"3 networks on {size[0]} x {size[1]}, memory {MEMORY // MIB} MiB: {median(fused):.2f} "
        f"CPU-s over {median(apart):.2f} one by one; {rounds} rounds in turns"
    )
    return Row("fused chain: CPU time / one by one", paired(fused, apart), at_most(1.05), "x", what)


def _memory_row(size: tuple[int, int]) -> Row:
    peaks = {}
    for way in ("fused", "alone", "nothing"):
        command = [sys.executable, "-m", "bench.fusion", way, *map(str, size)]
        peaks[way] = checked(command).peak / MIB
    grown = peaks["fused"] - peaks["alone"]
    what = (
        f"peak of a process that streams {size[0]} x {size[1]} through 3 networks, "
        f"{peaks['fused']:.0f} MiB, over the memory allowed; through the first alone "
        f"{peaks['alone']:.0f} (grown by {grown:.0f}), idle {peaks['nothing']:.0f}"
    )
    measured = peaks["fused"] * MIB / MEMORY
    return Row("fused chain: peak memory / allowed", measured, at_most(1.0), "x", what)


def _dispatch_row(repeats: int) -> Row:
    """Ten steps that do nothing, one after the other, of values."""
    steps = {"s0": {"use": "idle", "with": {"value": "$value"}}}
    steps |= {
        f"s{index}": {"use": "idle", "with": {"value": f"$s{index - 1}.result"}}
        for index in range(1, 10)
    }
    spec = PipelineSpec.from_dict({"name": "idle", "inputs": {"value": "number"}, "steps": steps})
    graph = Graph.check(spec, Registry([Idle]))
    with _floor() as floor:
        _dispatch(graph, floor)
        began = time.process_time()
        for _ in range(repeats):
            _dispatch(graph, floor)
        spent = (time.process_time() - began) / repeats * 1000
    what = f"CPU-ms to plan and run a pipeline of 10 empty steps; mean of {repeats}"
    return Row("dispatch of 10 empty steps", spent, at_most(1.0), "ms", what)


class Idle(Step):
    """Does nothing."""

    name = "idle"

    def run(self, context: Any, value: float) -> float:  # noqa: ARG002
        return value


def _dispatch(graph: Graph, floor: Floor) -> None:
    stages(graph)
    with closing(Desk(floor, Order())) as desk:
        Running(graph, desk).run({"value": 1.0})


def _fix_row(size: tuple[int, int], rounds: int) -> Row:
    source, target = _photo(*size), cache.folder() / "fixed.jpg"
    picture = np.asarray(pyvips.Image.new_from_file(str(source)).numpy())
    ours: list[float] = []
    theirs: list[float] = []
    with Workshop(Settings(workers=2)) as workshop:
        options = EnhanceOptions(scale=1, fix=",".join(TASKS))
        models = [workshop.catalogue.for_task(task) for task in TASKS]
        loops = [Plain(model.weights, model.card.geometry) for model in models]
        planes = np.ascontiguousarray(picture.transpose(2, 0, 1), np.float32) / np.float32(255)
        workshop.enhance(_photo(300, 200), target, options)
        for _ in range(rounds):
            began = time.process_time()
            workshop.enhance(source, target, options)
            ours.append(time.process_time() - began)
            began = time.process_time()
            for loop in loops:
                loop.run(planes, Way(512, 2, 1), floats=True)
            theirs.append(time.process_time() - began)
    target.unlink(missing_ok=True)
    names = ", ".join(model.card.id for model in models)
    what = (
        f"CPU-s of `enhance --fix {options.fix} --scale 1`, {size[0]} x {size[1]} JPEG to JPEG, "
        f"{median(ours):.2f}, over {median(theirs):.2f} of its networks in plain loops ({names})"
    )
    return Row("enhance --fix / its networks", paired(ours, theirs), at_most(1.5), "x", what)


def _fused(floor: Floor, source: Raster, links: list[Link]) -> Rows:
    return floor.send(source, tuple(links), Lines(), Order()).result


def _apart(floor: Floor, source: Raster, links: list[Link]) -> Rows:
    for link in links[:-1]:
        source = Raster.of_lines(floor.send(source, (link,), Lines(), Order()).result)
    return floor.send(source, (links[-1],), Lines(), Order()).result


class _Nowhere:
    """Drops the result."""

    bits, held = 8, 0

    @contextmanager
    def open(self) -> Iterator[_Nowhere]:
        yield self

    def write(self, rows: Rows) -> None:
        pass

    def finish(self) -> None:
        pass


@contextmanager
def _floor() -> Iterator[Floor]:
    with closing(Floor(Settings(workers=2, memory=MEMORY))) as floor:
        yield floor


def _links(floor: Floor) -> list[Link]:
    return [floor.link(model) for model in _models()]


def _models() -> list[Model]:
    """Three networks of one size and of different weights."""
    made = [nets.chain(f"task{index}", 1, 16, 8 + index) for index in range(len(TASKS))]
    return [import_onnx(path, cache.folder() / "imported") for path in made]


def _source(width: int, height: int) -> Raster:
    """A picture that is made as it is read: it takes no memory."""
    row = np.random.default_rng(0).integers(0, 256, (64, width, 3), np.uint8)
    return Raster(PictureSpec(width, height, 3, 8), 8, lambda: nullcontext(_Repeat(row, height)))


class _Repeat:
    """Gives the same rows again and again."""

    def __init__(self, rows: NDArray[Any], height: int) -> None:
        self._rows, self._left = rows, height

    def read(self, rows: int) -> Rows:
        taken = self._rows[: min(rows, self._left)]
        self._left -= len(taken)
        return taken


def _photo(width: int, height: int) -> Path:
    """A JPEG with content like a photo's."""
    path = cache.folder() / f"photo-{width}x{height}.jpg"
    if not path.exists():
        square = pyvips.Image.new_from_file(str(pictures.jpeg(2000)))
        square.replicate(2, 2).crop(0, 0, width, height).jpegsave(str(path), Q=90)
    return path


def _peak(way: str, width: int, height: int) -> None:
    """In a process of its own: stream, and drop the result."""
    with _floor() as floor:
        links = _links(floor)[: {"fused": 3, "alone": 1, "nothing": 0}[way]]
        if links:
            floor.send(_source(width, height), tuple(links), _Nowhere(), Order())


if __name__ == "__main__":
    _peak(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
