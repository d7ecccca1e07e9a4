"""What `run` steps leave is the same when it comes back, and they are not run again."""

import shutil
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from printroom.core.errors import Cancelled
from printroom.core.settings import Settings
from printroom.engine.flow import Desk
from printroom.engine.order import Order
from printroom.engine.pipeline import Running
from printroom.pipelines.graph import Graph
from printroom.pipelines.ports import Picture
from printroom.pipelines.registry import Registry
from printroom.pipelines.spec import PipelineSpec
from printroom.pipelines.step import StepContext, step
from printroom.workshop import Workshop

RAN: list[str] = []


class Several(NamedTuple):
    """All sorts of outputs."""

    image: Picture
    word: str
    number: float
    table: NDArray[np.float32]
    none: str | None
    pictures: list[Picture]


@step(name="several")
def several(context: StepContext, image: Picture) -> Several:
    RAN.append("several")
    return Several(1 - image, "käse", 0.1, np.ones((2, 3), np.float32), None, [image, image / 2])


@step(name="last")
def last(context: StepContext, image: Picture, word: str, number: float) -> Picture:
    RAN.append("last")
    return image * np.float32(number)


TEXT = """
name: chain
inputs: {image: picture}
steps:
  first: {use: several, with: {image: $image}}
  each: {use: several, each: $first.pictures, with: {image: $each}}
  last: {use: last, with: {image: $first.image, word: $first.word, number: $first.number}}
outputs: {image: $last.result, table: $first.table, word: $first.word, all: $each.image}
"""


class Folder:
    """A keeper in a folder; `stops` before that many steps have begun."""

    previews = False

    def __init__(self, folder, stops=100):
        self.folder, self.stops = folder, stops
        self.values: dict[str, Any] = {}
        self.begun: list[str] = []

    def begins(self, node):
        if len(self.begun) == self.stops:
            raise Cancelled("enough")
        self.begun.append(node.name)

    def kept(self, name):
        return self.values.get(name)

    def keep(self, name, value):
        self.values[name] = value

    def store(self, path):
        name = f"file-{len(list(self.folder.iterdir()))}"
        shutil.copy(path, self.folder / name)
        return name

    def fetch(self, file, path):
        shutil.copy(self.folder / file, path)


@pytest.fixture
def workshop(tmp_path, models):
    with Workshop(Settings(data=tmp_path / "data", models=(models,), workers=1)) as made:
        yield made


@pytest.fixture
def graph():
    return Graph.check(PipelineSpec.from_yaml(TEXT), Registry([several, last]))


def run(workshop, graph, image, keeper):
    RAN.clear()
    desk = Desk(workshop.floor, Order())
    try:
        found = Running(graph, desk, keeper=keeper).run({"image": image})
        return {
            name: [one.raster().planes() for one in value]
            if isinstance(value, list)
            else value.raster().planes()
            if hasattr(value, "raster")
            else value
            for name, value in found.items()
        }
    finally:
        desk.close()


@pytest.mark.parametrize("stops", range(5))
def test_a_run_goes_on_behind_what_was_kept_with_the_same_bits(workshop, graph, tmp_path, stops):
    image = np.random.default_rng(0).random((1, 3, 37, 51), np.float32)
    whole = run(workshop, graph, image, None)
    folder = tmp_path / "kept"
    folder.mkdir()
    keeper = Folder(folder, stops)
    try:
        run(workshop, graph, image, keeper)
    except Cancelled:
        assert stops < 4
    done = len(RAN)
    keeper.stops, keeper.begun = 100, []
    again = run(workshop, graph, image, keeper)
    assert done + len(RAN) == 4  # several, each of two, last: none of them twice
    assert again.keys() == whole.keys()
    for name, value in whole.items():
        for one, other in zip(
            value if isinstance(value, list) else [value],
            again[name] if isinstance(value, list) else [again[name]],
            strict=True,
        ):
            assert np.array_equal(one, other), name
