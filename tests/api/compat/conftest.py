"""A server with models of several shapes, for clients of other services."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from onnx import TensorProto, helper, save_model

from printroom.catalogue.card import ModelCard
from printroom.imaging.tiling import Geometry
from printroom.runtimes.reading import Pixels, Reading

Info = tuple[str, int, list[Any]]


def _save(folder: Path, name: str, nodes: list[Any], given: list[Info], made: list[Info]) -> None:
    """`test/<name>@1`: a graph that is not from picture to picture."""
    home = folder / name / "1"
    home.mkdir(parents=True)
    infos = [[helper.make_tensor_value_info(*one) for one in some] for some in (given, made)]
    graph = helper.make_graph(nodes, name, *infos)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    save_model(model, home / "net.onnx")
    card = ModelCard(
        name=f"test/{name}",
        version=1,
        title=name,
        weights="net.onnx",
        digest=hashlib.sha256((home / "net.onnx").read_bytes()).hexdigest(),
        geometry=Geometry(),
        parameters=0,
        licence="CC0-1.0",
        reading=Reading(input=Pixels(range=(0, 255))),
    )
    (home / "card.json").write_text(card.to_json())


@pytest.fixture(scope="session")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`test/two`: a + b and a - b; `test/bytes`: 255 - x, channels last; `test/words`: the same."""
    folder = tmp_path_factory.mktemp("shapes")
    floats = [("a", TensorProto.FLOAT, ["n", "k"]), ("b", TensorProto.FLOAT, ["n", "k"])]
    _save(
        folder,
        "two",
        [
            helper.make_node("Add", ["a", "b"], ["sum"]),
            helper.make_node("Sub", ["a", "b"], ["difference"]),
        ],
        floats,
        [("sum", TensorProto.FLOAT, ["n", "k"]), ("difference", TensorProto.FLOAT, ["n", "k"])],
    )
    _save(
        folder,
        "bytes",
        [
            helper.make_node("Cast", ["x"], ["wide"], to=TensorProto.INT32),
            helper.make_node("Constant", [], ["most"], value_int=255),
            helper.make_node("Cast", ["most"], ["top"], to=TensorProto.INT32),
            helper.make_node("Sub", ["top", "wide"], ["less"]),
            helper.make_node("Cast", ["less"], ["y"], to=TensorProto.UINT8),
        ],
        [("x", TensorProto.UINT8, [1, "h", "w", 3])],
        [("y", TensorProto.UINT8, [1, "h", "w", 3])],
    )
    _save(
        folder,
        "words",
        [helper.make_node("Identity", ["word"], ["same"])],
        [("word", TensorProto.STRING, ["n"])],
        [("same", TensorProto.STRING, ["n"])],
    )
    return folder


@pytest.fixture(scope="session")
def server(start: Callable[..., Any], drawings: Path, drawing: Path, shapes: Path) -> Iterator[Any]:
    """One server for all clients."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRINTROOM_MEMORY", "1GB")
        patch.setenv("PYTHONPATH", str(drawing))
        made = start(data=drawings, more=(shapes,), body=24 * 2**20, buffer=2**20)
    with made as server:
        yield server
