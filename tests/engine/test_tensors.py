"""Tensors through a model's own graph: exact, beside pictures, within the memory."""

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from onnx import TensorProto, helper, save_model

from printroom.catalogue.card import ModelCard
from printroom.core.errors import Cancelled, ModelFailed, NeedsMemory
from printroom.core.settings import Settings
from printroom.engine.floor import Floor
from printroom.engine.order import Order
from printroom.engine.tensors import Tensors, extent
from printroom.imaging.tiling import Geometry
from printroom.runtimes.reading import Pixels, Reading


@pytest.fixture
def shelf_of_graphs(tmp_path: Path) -> Path:
    """`test/sum@1`: a + b, which is no model of pictures."""
    home = tmp_path / "graphs" / "sum" / "1"
    home.mkdir(parents=True)
    sides = ["n", "k"]
    graph = helper.make_graph(
        [helper.make_node("Add", ["a", "b"], ["sum"])],
        "sum",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, sides) for name in "ab"],
        [helper.make_tensor_value_info("sum", TensorProto.FLOAT, sides)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    save_model(model, home / "net.onnx")
    card = ModelCard(
        name="test/sum",
        version=1,
        title="Adds",
        weights="net.onnx",
        digest=hashlib.sha256((home / "net.onnx").read_bytes()).hexdigest(),
        geometry=Geometry(),
        parameters=0,
        licence="CC0-1.0",
        reading=Reading(input=Pixels(range=(0, 255))),
    )
    (home / "card.json").write_text(card.to_json())
    return tmp_path / "graphs"


@pytest.fixture
def floor(models: Path, shelf_of_graphs: Path, tmp_path: Path) -> Iterator[Floor]:
    settings = Settings(
        data=tmp_path / "data",
        models=(models, shelf_of_graphs),
        workers=2,
        memory=psutil.Process().memory_info().rss + 2**30,
    )
    floor = Floor(settings, serving=True)
    yield floor
    floor.close()


def test_pictures_item_by_item(floor: Floor) -> None:
    model = floor.model("test/double@1")
    tensors = Tensors(floor)
    ports = tensors.ports(model, Order())
    assert [port.name for port in ports.inputs] == ["image"]
    batch = np.random.default_rng(0).random((5, 3, 9, 7), np.float32)
    result = tensors.infer(model, {"image": batch}, ["result"], Order())["result"]
    assert np.array_equal(result, batch.repeat(2, 2).repeat(2, 3))
    assert floor.scheduler.snapshot().tiles == 5
    assert floor.ledger.granted == 0


def test_a_graph_that_is_read_is_loaded_once(floor: Floor) -> None:
    model = floor.model("test/double@1")
    floor.link(model)
    Tensors(floor).infer(model, {"image": np.zeros((1, 3, 8, 8), np.float32)}, ["result"], Order())
    [facts] = floor.residency.facts()
    assert (facts.model, facts.loads) == ("test/double@1", 1)


def test_any_other_graph_is_loaded_apart_and_let_go(floor: Floor) -> None:
    model, tensors = floor.model("test/sum@1"), Tensors(floor)
    feed = {name: np.full((2, 3), value, np.float32) for name, value in (("a", 1), ("b", 2))}
    result = tensors.infer(model, feed, ["sum"], Order())["sum"]
    assert np.array_equal(result, np.full((2, 3), 3, np.float32))
    [facts] = floor.residency.facts()
    assert (facts.model, facts.leases, facts.bytes > 0) == ("test/sum@1#graph", 0, True)
    floor.residency.shrink()
    assert floor.residency.let_go()
    assert floor.ledger.kept == 0


def test_what_a_graph_refuses(floor: Floor) -> None:
    feed = {"a": np.zeros((2, 3), np.float32), "b": np.zeros((2, 4), np.float32)}
    with pytest.raises(ModelFailed):
        Tensors(floor).infer(floor.model("test/sum@1"), feed, ["sum"], Order())
    assert floor.ledger.granted == 0


def test_what_never_fits_is_refused_before_it_runs(floor: Floor) -> None:
    model, tensors = floor.model("test/double@1"), Tensors(floor)
    large = np.broadcast_to(np.float32(0), (1, 3, 20_000, 20_000))
    with pytest.raises(NeedsMemory, match="test/double@1 would take"):
        tensors.infer(model, {"image": large}, ["result"], Order())
    assert floor.residency.facts() == []


def test_what_was_taken_back_does_not_run(floor: Floor) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        Tensors(floor).infer(
            floor.model("test/double@1"),
            {"image": np.zeros((1, 3, 8, 8), np.float32)},
            ["result"],
            Order(cancel=cancel),
        )


def test_many_at_once_wait_for_the_memory(models: Path, tmp_path: Path) -> None:
    """Each takes a good part of what there is; never is more granted than that."""
    memory = psutil.Process().memory_info().rss + 450 * 2**20  # the budget is the process's
    settings = Settings(data=tmp_path, models=(models,), workers=2, memory=memory)
    floor = Floor(settings, serving=True)
    tensors, model = Tensors(floor), floor.model("test/double@1")
    batch = np.random.default_rng(0).random((1, 3, 700, 700), np.float32)
    wrong: list[object] = []

    def call() -> None:
        try:
            for _ in range(3):
                result = tensors.infer(model, {"image": batch}, ["result"], Order())["result"]
                if floor.ledger.granted + floor.ledger.kept > floor.ledger.total:
                    wrong.append("more is granted than there is")
                if not np.array_equal(result[:, :, ::2, ::2], batch):
                    wrong.append("a result is not its caller's")
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=call) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert floor.ledger.granted == 0
    floor.close()


def test_extents() -> None:
    assert extent(np.empty((2, 3, 8, 9))) == (2, 72)
    assert extent(np.empty((2, 8, 9, 3))) == (2, 72)
    assert extent(np.empty((4, 5))) == (1, 20)
    assert extent(np.empty(())) == (1, 1)
