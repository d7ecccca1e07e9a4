"""Graphs whose ports are not the house's, given ports that are: the same function otherwise."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from printroom.core.errors import BadModel
from printroom.runtimes.onnx.geometry import derive
from printroom.runtimes.onnx.parse import parse
from printroom.runtimes.onnx.refit import refit
from printroom.runtimes.onnx.session import OnnxSession
from printroom.runtimes.reading import Pixels, Reading

KERNEL = np.random.default_rng(0).normal(0, 0.3, (3, 3, 3, 3)).astype(np.float32)


def graph(nodes, inputs, outputs, weights=()):
    """A model's bytes; ports are (name, type, shape)."""
    ports = [[helper.make_tensor_value_info(*port) for port in side] for side in (inputs, outputs)]
    held = [numpy_helper.from_array(array, name) for name, array in weights]
    made = helper.make_graph(nodes, "net", *ports, held)
    opsets = [helper.make_opsetid("", 17)]
    return helper.make_model(made, opset_imports=opsets, ir_version=8).SerializeToString()


@pytest.fixture
def plain():
    """A 3x3 convolution as the house has it."""
    data = graph(
        [helper.make_node("Conv", ["x", "k"], ["y"], pads=[1, 1, 1, 1])],
        [("x", TensorProto.FLOAT, ["n", 3, "h", "w"])],
        [("y", TensorProto.FLOAT, ["n", 3, "h", "w"])],
        [("k", KERNEL)],
    )
    return OnnxSession(data)


@pytest.fixture
def shown():
    return np.random.default_rng(1).random((2, 3, 12, 9), np.float32)


def test_channels_that_come_last_are_moved_and_geometry_is_derived(plain, shown):
    data = graph(
        [
            helper.make_node("Transpose", ["x"], ["a"], perm=[0, 3, 1, 2]),
            helper.make_node("Conv", ["a", "k"], ["b"], pads=[1, 1, 1, 1]),
            helper.make_node("Transpose", ["b"], ["y"], perm=[0, 2, 3, 1]),
        ],
        [("x", TensorProto.FLOAT, ["n", "h", "w", 3])],
        [("y", TensorProto.FLOAT, ["n", "h", "w", 3])],
        [("k", KERNEL)],
    )
    last = Pixels(layout="nhwc")
    made = refit(data, Reading(last, last))
    assert np.array_equal(OnnxSession(made).run(shown), plain.run(shown))
    geometry = derive(parse(made))
    assert (geometry.halo, geometry.exact) == (1, True)


def test_numbers_of_other_types_are_converted(shown):
    data = graph(
        [
            helper.make_node("Cast", ["x"], ["a"], to=TensorProto.FLOAT16),
            helper.make_node("Cast", ["a"], ["y"], to=TensorProto.FLOAT16),
        ],
        [("x", TensorProto.UINT8, ["n", 3, "h", "w"])],
        [("y", TensorProto.FLOAT16, ["n", 3, "h", "w"])],
    )
    way = Reading(Pixels(numbers="uint8", range=(0, 255)), Pixels(numbers="float16"))
    result = OnnxSession(refit(data, way)).run(shown * 300)
    assert result.dtype == np.float32
    assert np.array_equal(result, np.clip(np.rint(shown * 300), 0, 255))


def test_further_inputs_are_held_and_further_results_dropped(shown):
    data = graph(
        [
            helper.make_node("Mul", ["x", "strength"], ["y"]),
            helper.make_node("ReduceMean", ["x"], ["mean"]),
        ],
        [
            ("x", TensorProto.FLOAT, ["n", 3, "h", "w"]),
            ("strength", TensorProto.FLOAT, [1, 1, 1, 1]),
        ],
        [("mean", TensorProto.FLOAT, None), ("y", TensorProto.FLOAT, ["n", 3, "h", "w"])],
    )
    way = Reading(output=Pixels(name="y"), constants=(("strength", 0.5),))
    assert np.array_equal(OnnxSession(refit(data, way)).run(shown), shown * np.float32(0.5))
    with pytest.raises(BadModel, match="'sigma'"):
        refit(data, Reading(output=Pixels(name="y"), constants=(("strength", 1.0), ("sigma", 1.0))))
    with pytest.raises(BadModel, match="which of"):
        refit(data, Reading(output=Pixels(name="y")))


def test_a_graph_as_the_house_has_it_stays_as_it_is():
    assert refit(b"not even read", Reading()) == b"not even read"
