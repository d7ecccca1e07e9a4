"""A walk that is written down: an ONNX graph of plain convolutions, as it ships."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from printroom.runtimes.onnx.ours.coordinates import changes
from printroom.runtimes.onnx.ours.network import SLOPE, Array, Network, Weights

if TYPE_CHECKING:  # 0.1 CPU seconds, for who only looks at names and shapes
    import onnx

OPSET = 17
IR_VERSION = 8


def graph(network: Network, name: str, weights: Weights) -> onnx.ModelProto:
    """Called `name`, of pictures of any size: input `image`, output `upscaled` or `restored`."""
    from onnx import TensorProto, checker, helper

    def picture(title: str, height: str, width: str) -> onnx.ValueInfoProto:
        shape: list[str | int | None] = ["n", 3, height, width]
        return helper.make_tensor_value_info(title, TensorProto.FLOAT, shape)

    nodes = Nodes(network, weights)
    network.walk(nodes, "image")
    result, times = ("restored", "") if network.scale == 1 else ("upscaled", str(network.scale))
    nodes.nodes[-1].output[0] = result
    ports = picture("image", "h", "w"), picture(result, f"{times}h", f"{times}w")
    made = helper.make_graph(nodes.nodes, name, [ports[0]], [ports[1]], nodes.weights)
    opset = helper.make_opsetid("", OPSET)
    model = helper.make_model(made, opset_imports=[opset], ir_version=IR_VERSION)
    checker.check_model(model)
    return model


class Nodes:
    """`Operations` on names of values, each the result of a node of that name."""

    def __init__(self, network: Network, weights: Weights) -> None:
        self.convolutions, self.kernels = network.convolutions, _shipped(network, weights)
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def convolved(self, name: str, value: str) -> str:
        from onnx import numpy_helper

        one, (kernel, bias) = self.convolutions[name], self.kernels[name]
        tensors = {f"{name}.weight": kernel} | ({} if one.whole else {f"{name}.bias": bias})
        for key, tensor in tensors.items():
            plain = np.ascontiguousarray(tensor, np.float32)
            self.weights.append(numpy_helper.from_array(plain, key))
        room = {"pads": [one.reach] * 4, "strides": [one.stride] * 2}
        return self._node("Conv", [value, *tensors], name, **room)

    def active(self, value: str) -> str:
        return self._node("LeakyRelu", [value], alpha=SLOPE)

    def smaller(self, value: str, scale: int) -> str:
        return self._node("SpaceToDepth", [value], blocksize=scale)

    def larger(self, value: str, scale: int) -> str:
        return self._node("DepthToSpace", [value], blocksize=scale, mode="CRD")

    def sum(self, one: str, other: str) -> str:
        return self._node("Add", [one, other])

    def _node(self, kind: str, inputs: list[str], name: str = "", **attributes: Any) -> str:
        from onnx import helper

        name = name or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name


def _shipped(network: Network, weights: Weights) -> dict[str, tuple[Array, Array]]:
    """The kernels, changes of coordinates folded into the first and the last."""
    kernels = network.kernels(weights)
    if network.ends:
        (seen, shown), (first, last) = changes(), network.ends
        kernel, bias = kernels[first]
        kernels[first] = np.einsum("oskl,si->oikl", kernel, seen), bias
        kernel, bias = kernels[last]
        kernels[last] = np.einsum("os,sikl->oikl", shown, kernel), shown @ bias
    return kernels
