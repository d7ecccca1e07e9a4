"""Graphs that harm, and odd ones that do not, built by code: no file of them is kept."""

from types import SimpleNamespace

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from printroom.catalogue.verification.report import Declared, Rules
from printroom.catalogue.verification.verifying import verify
from printroom.isolation.walls import bubblewrap

QUICK = Rules(seconds=25, tiles=(64,), sides=(64, 128), memory=1 << 30)
"""The same as always, on fewer sizes."""
MINE = Declared("acme/ink", licence="MIT")


def picture(name, shape=("n", 3, "h", "w"), kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def node(kind, inputs, outputs, **attributes):
    return helper.make_node(kind, inputs, outputs, **attributes)


def held(**arrays):
    return [numpy_helper.from_array(np.asarray(array), name) for name, array in arrays.items()]


def built(nodes, initializers=(), *, inputs=None, outputs=None, opset=17, **fields):
    """A model from `x` to `y`."""
    graph = helper.make_graph(
        nodes, "graph", inputs or [picture("x")], outputs or [picture("y")], list(initializers)
    )
    opsets = [helper.make_opsetid("", opset), *fields.pop("opsets", ())]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8, **fields)


def looping(trips, body_nodes, *, initializers=(), before=(), going=True):
    """`x` handed from turn to turn of a loop whose body makes `out` of `held`."""
    body = helper.make_graph(
        [*body_nodes, node("Identity", ["go"], ["again"])],
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            picture("held"),
        ],
        [helper.make_tensor_value_info("again", TensorProto.BOOL, []), picture("out")],
    )
    more = held(going=np.array(going))
    return built(
        [*before, node("Loop", [trips, "going", "x"], ["y"], body=body)], [*more, *initializers]
    )


def smoothing():
    """A network that mends a little: the picture, and a faint blur of it."""
    kernel = np.zeros((3, 3, 3, 3), np.float32)
    for place in range(3):
        kernel[place, place] = 1 / 90
        kernel[place, place, 1, 1] += 0.9
    return kernel


def plain():
    """What gives no cause for anything."""
    return built([node("Conv", ["x", "k"], ["y"], pads=[1] * 4)], held(k=smoothing()))


@pytest.fixture(scope="session")
def make():
    """What graphs are made with."""
    return SimpleNamespace(
        built=built, node=node, held=held, looping=looping, picture=picture, plain=plain
    )


@pytest.fixture(scope="session")
def walled():
    """Where there is no bubblewrap, nothing is tried."""
    if bubblewrap() is None:
        pytest.skip("there is no bubblewrap here")


@pytest.fixture
def report(tmp_path):
    """A model, or bytes, or a path -> its report."""

    def made(model, declared=MINE, rules=QUICK, **more):
        path = tmp_path / "model.onnx"
        if hasattr(model, "SerializeToString"):
            model = model.SerializeToString()
        if isinstance(model, bytes):
            path.write_bytes(model)
        else:
            path = model
        return verify(path, declared, rules=rules, **more)

    return made


@pytest.fixture
def refused(report):
    """A model -> the code and the reason of what refused it."""

    def why(model, **more):
        found = report(model, **more)
        assert found.verdict == "refused"
        assert found.card is None
        (last,) = [one for one in found.findings if one.verdict == "refused"]
        assert last is found.findings[-1]  # nothing is done after it
        return last.code, last.reason

    return why
