"""A trained net -> a plain ONNX graph of its folded kernels, any size of picture.

Written node by node: no exporter, no dead nodes, nothing that a runtime cannot fuse.
"""

from __future__ import annotations

from typing import Any

import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor

from printroom.training.nets import FOLD, SLOPE, Chain, Net, Upscaler

OPSET = 17
IR_VERSION = 8


class Graph:
    """Nodes and weights as they come; each method returns the name of its result."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def node(self, kind: str, inputs: list[str], name: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def convolution(self, name: str, source: str, kernel: Tensor, bias: Tensor | None) -> str:
        tensors = {f"{name}.weight": kernel} | ({f"{name}.bias": bias} if bias is not None else {})
        for key, tensor in tensors.items():
            self.weights.append(numpy_helper.from_array(tensor.detach().cpu().numpy(), key))
        return self.node("Conv", [source, *tensors], name, pads=[kernel.shape[-1] // 2] * 4)

    def chain(self, chain: Chain, value: str) -> str:
        kernels = chain.kernels()
        for place, (kernel, bias) in enumerate(kernels, 1):
            value = self.convolution(f"conv{place}", value, kernel, bias)
            if place < len(kernels):
                value = self.node("LeakyRelu", [value], f"act{place}", alpha=SLOPE)
        return value

    def model(self, name: str, result: str, scale: int) -> onnx.ModelProto:
        def picture(title: str, height: str, width: str) -> onnx.ValueInfoProto:
            shape: list[str | int | None] = ["n", 3, height, width]
            return helper.make_tensor_value_info(title, TensorProto.FLOAT, shape)

        times = "" if scale == 1 else str(scale)
        ports = picture("image", "h", "w"), picture(result, f"{times}h", f"{times}w")
        graph = helper.make_graph(self.nodes, name, [ports[0]], [ports[1]], self.weights)
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)
        onnx.checker.check_model(model)
        return model


def to_onnx(net: Net, name: str) -> onnx.ModelProto:
    """`net` as a graph called `name`: input `image`, output `upscaled` or `restored`."""
    graph = Graph()
    if isinstance(net, Upscaler):
        skip = graph.convolution("skip", "image", net.skip, None)
        mixed = graph.node("Add", [graph.chain(net.chain, "image"), skip], "mixed")
        order = {"blocksize": net.scale, "mode": "CRD"}
        return graph.model(
            name, graph.node("DepthToSpace", [mixed], "upscaled", **order), net.scale
        )
    folded = graph.node("SpaceToDepth", ["image"], "folded", blocksize=FOLD)
    unfolded = graph.chain(net.chain, folded)
    change = graph.node("DepthToSpace", [unfolded], "change", blocksize=FOLD, mode="CRD")
    return graph.model(name, graph.node("Add", ["image", change], "restored"), 1)
