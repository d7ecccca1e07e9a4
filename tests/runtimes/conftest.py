"""Small nets, built node by node with random weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper, numpy_helper


class Net:
    """A graph in the making. Each method adds a node and returns the name of its result."""

    def __init__(self, channels: int = 3, seed: int = 0, opset: int = 20) -> None:
        self.channels = channels
        self.random = np.random.default_rng(seed)
        self.opset = opset
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, value: NDArray[Any] | Sequence[Any], dtype: str = "float32") -> str:
        name = f"k{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def weights(self, *shape: int, gain: float = 1.0) -> str:
        """Random numbers that keep values near 0..1."""
        spread = gain / np.sqrt(np.prod(shape[1:], initial=1.0))
        return self.constant(self.random.normal(0, spread, shape))

    def node(self, op: str, inputs: Sequence[str], **attributes: Any) -> str:
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], **attributes))
        return name

    def conv(self, source: str, given: int, wanted: int, kernel: int = 3, **attributes: Any) -> str:
        """A convolution that keeps the size unless `pads` or `strides` say otherwise."""
        pad = attributes.get("dilations", [1])[0] * (kernel - 1)
        attributes.setdefault("pads", [pad // 2, pad // 2, pad - pad // 2, pad - pad // 2])
        group = attributes.get("group", 1)
        weight = self.weights(wanted, given // group, kernel, kernel)
        return self.node("Conv", [source, weight, self.weights(wanted, gain=0.1)], **attributes)

    def model(self, result: str, sides: tuple[int | str, int | str] = ("h", "w")) -> ModelProto:
        shape = ["n", self.channels, *sides]
        graph = helper.make_graph(
            self.nodes,
            "net",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info(result, TensorProto.FLOAT, ["n", None, None, None])],
            self.constants,
        )
        opsets = [helper.make_opsetid("", self.opset)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10)

    def upscaler(self, scale: int = 2, layers: int = 3, width: int = 16) -> ModelProto:
        """A plain chain of convolutions with a pixel shuffle at its end."""
        tensor, given = "x", self.channels
        for _ in range(layers - 1):
            tensor = self.node("Relu", [self.conv(tensor, given, width)])
            given = width
        tensor = self.conv(tensor, given, self.channels * scale**2)
        return self.model(self.node("DepthToSpace", [tensor], blocksize=scale, mode="CRD"))


@pytest.fixture(scope="session")
def new_net() -> Callable[..., Net]:
    return Net
