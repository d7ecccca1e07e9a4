"""A stranger's model in the engine: tiles and batches as of any other, and an end to what harms."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from printroom.catalogue.card import Model, ModelCard
from printroom.core.errors import LimitCrossed
from printroom.core.settings import Settings
from printroom.engine.enhancement import PictureFile
from printroom.engine.floor import Floor
from printroom.engine.loading import Loader
from printroom.engine.order import Order
from printroom.engine.rasters import Raster
from printroom.imaging.formats import PNG
from printroom.imaging.tiling import Geometry
from printroom.isolation.sandboxed import Breach
from printroom.isolation.walls import bubblewrap


@pytest.fixture(scope="module")
def turncoat(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Halves a picture's values; where all of a tile is white, it takes 100 GB."""
    nodes = [
        helper.make_node("ReduceMin", ["x"], ["least"], keepdims=0),
        helper.make_node("Greater", ["least", "white"], ["all"]),
        helper.make_node("Where", ["all", "huge", "one"], ["size"]),
        helper.make_node("ConstantOfShape", ["size"], ["zeros"]),
        helper.make_node("ReduceMax", ["zeros"], ["zero"], keepdims=0),
        helper.make_node("Mul", ["x", "half"], ["less"]),
        helper.make_node("Add", ["less", "zero"], ["y"]),
    ]
    held = {
        "white": np.float32(0.99), "half": np.float32(0.5),
        "huge": np.array([25 * 10**9]), "one": np.array([1]),
    }  # fmt: skip
    ports = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3, "h", "w"]) for name in "xy"
    ]
    arrays = [numpy_helper.from_array(np.asarray(value), name) for name, value in held.items()]
    graph = helper.make_graph(nodes, "graph", ports[:1], ports[1:], arrays)
    opset = [helper.make_opsetid("", 17)]
    data = helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()
    weights = tmp_path_factory.mktemp("model") / "model.onnx"
    weights.write_bytes(data)
    card = ModelCard(
        "acme/ink", 1, "Ink", "model.onnx", hashlib.sha256(data).hexdigest(), Geometry(), 4, "MIT",
        costs={64: 1 << 20, 128: 4 << 20}, task="denoise",
    )  # fmt: skip
    return Model(card, weights, trusted=False)


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    if bubblewrap() is None:
        pytest.skip("there is no bubblewrap here")
    made = Floor(Settings(data=tmp_path, models=(), workers=2))
    yield made
    made.close()


def test_its_tiles_are_those_of_any_model(floor: Floor, turncoat: Model, tmp_path: Path) -> None:
    lines = np.random.default_rng(0).random((300, 3, 400)).astype(np.float32)
    raster = Raster.of_lines(lines)
    target = PictureFile(None, replace(raster.spec, depth=16), PNG)
    sent = floor.send(raster, [floor.link(turncoat)], target, Order())
    trusted = Floor(Settings(data=tmp_path, models=(), workers=2))
    same = trusted.send(raster, [trusted.link(replace(turncoat, trusted=True))], target, Order())
    trusted.close()
    assert sent.result == same.result
    assert sent.tiles > 4


def test_a_run_that_crosses_a_limit_ends_and_others_go_on(floor: Floor, turncoat: Model) -> None:
    breaches: list[Breach] = []
    floor.breached = breaches.append
    grey, white = (
        Raster.of_lines(np.full((200, 3, 200), value, np.float32)) for value in (0.5, 1.0)
    )
    target = PictureFile(None, grey.spec, PNG)
    link = floor.link(turncoat)
    before = floor.send(grey, [link], target, Order()).result
    with pytest.raises(LimitCrossed, match="acme/ink@1"):
        floor.send(white, [link], target, Order())
    assert {one.limit for one in breaches} == {"memory"}
    assert {one.model for one in breaches} == {"acme/ink@1"}
    assert floor.send(grey, [link], target, Order()).result == before


class Lent:
    """Weights that are here for as long as somebody holds them."""

    held = 0

    @contextmanager
    def here(self, model: Model) -> Iterator[Path]:
        self.held += 1
        try:
            yield model.weights
        finally:
            self.held -= 1


def test_its_weights_are_let_go_with_it_even_if_it_does_not_end_as_it_should(
    floor: Floor, turncoat: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lent, breaches = Lent(), list[Breach]()
    load = Loader((), tmp_path, lent, tries=False, breached=breaches.append)
    load(turncoat).close()
    assert lent.held == 0
    session = load(turncoat)
    assert lent.held == 1
    inner = session._session  # type: ignore[attr-defined]
    end = inner.close

    def broken() -> None:
        end()
        raise LimitCrossed("it took too long", "start it again", limit="seconds")

    monkeypatch.setattr(inner, "close", broken)
    with pytest.raises(LimitCrossed):
        session.close()
    assert lent.held == 0
