"""The convolutional parts of the small generator, as ONNX graphs made of its arrays.

    arrays -> decoder: latents (n, latents) -> picture (n, 3, side, side), 0..1
    arrays -> recogniser: picture (n, 3, side, side), 0..1 -> told (n, numbers), answers

Written node by node; the weights are those of `training.portraits.nets`, whose laws they follow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import onnx

OPSET, IR_VERSION = 17, 8
FOLDED = 16
"""Side of the decoder's planes."""
SKETCH = 32
"""Side of what the latents hold."""
Arrays = Mapping[str, NDArray[np.float32]]


class Graph:
    """Nodes and weights as they come; each method returns the name of its result."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def node(self, kind: str, inputs: Sequence[str], **attributes: Any) -> str:
        """One result."""
        from onnx import helper

        name = f"{kind}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def keep(self, array: NDArray[Any]) -> str:
        """A constant."""
        from onnx import numpy_helper

        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.array(array, order="C"), name))
        return name

    def numbers(self, *values: int) -> str:
        """A constant shape."""
        return self.keep(np.array(values, np.int64))

    def linear(self, value: str, weight: NDArray[Any], bias: NDArray[Any]) -> str:
        """`weight`: (out, in)."""
        return self.node("Gemm", [value, self.keep(weight), self.keep(bias)], transB=1)

    def conv(
        self, value: str, weight: NDArray[Any], bias: NDArray[Any] | None, stride: int = 1
    ) -> str:
        """A convolution that keeps the size, over `stride`."""
        kept = [self.keep(weight)] + ([] if bias is None else [self.keep(bias)])
        pads = [weight.shape[-1] // 2] * 4
        return self.node("Conv", [value, *kept], pads=pads, strides=[stride, stride])

    def silu(self, value: str) -> str:
        """The product of x and its sigmoid."""
        return self.node("Mul", [value, self.node("Sigmoid", [value])])

    def model(self, entry: tuple[str, Sequence[Any]], results: Mapping[str, str]) -> bytes:
        """The whole; `results`: names that it shows -> names of nodes."""
        from onnx import TensorProto, helper

        for shown, name in results.items():
            self.nodes.append(helper.make_node("Identity", [name], [shown], name=f"give {shown}"))
        ports = [helper.make_tensor_value_info(shown, TensorProto.FLOAT, None) for shown in results]
        entered = helper.make_tensor_value_info(entry[0], TensorProto.FLOAT, list(entry[1]))
        graph = helper.make_graph(self.nodes, "mini", [entered], ports, self.weights)
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
        content: bytes = model.SerializeToString()
        return content


def decoder(arrays: Arrays) -> bytes:
    """From `codec.*` and `decoder.*`."""
    graph = Graph()
    first, skip = arrays["decoder.first.weight"], arrays["decoder.skip.weight"]
    fold = round((skip.shape[0] / 3) ** 0.5)
    basis = arrays["codec.basis"]
    sketch = graph.linear("latents", basis.T, arrays["codec.mean"])
    planes = graph.node("Reshape", [sketch, graph.numbers(-1, 3, SKETCH, SKETCH)])
    folded = graph.node("SpaceToDepth", [planes], blocksize=2)
    h = graph.conv(folded, first[:, UNFOLDED], None)
    h = graph.node("Add", [h, graph.keep(arrays["decoder.place"][None])])
    for layer in range(_count(arrays, "decoder.convs")):
        h = _filmed(graph, h, arrays, layer)
    last = graph.conv(graph.silu(h), arrays["decoder.last.weight"], arrays["decoder.last.bias"])
    plain = graph.conv(folded, skip[:, UNFOLDED], arrays["decoder.skip.bias"])
    unfolded = graph.node(
        "DepthToSpace", [graph.node("Add", [last, plain])], blocksize=fold, mode="CRD"
    )
    ends = [graph.keep(np.array(end, np.float32)) for end in (0, 1)]
    picture = graph.node("Clip", [unfolded, *ends])
    return graph.model(("latents", ("n", len(basis))), {"picture": picture})


UNFOLDED = [c * 4 + place for place in range(4) for c in range(3)]
"""Where SpaceToDepth's channels were in training: that goes by colour first."""


def _filmed(graph: Graph, h: str, arrays: Arrays, layer: int) -> str:
    film, conv = f"decoder.films.{layer}", f"decoder.convs.{layer}"
    weight, bias = arrays[f"{film}.weight"], arrays[f"{film}.bias"].copy()
    planes = len(bias) // 2
    bias[:planes] += 1  # scales are about one
    told = graph.linear("latents", weight, bias)
    spread = graph.node("Reshape", [told, graph.numbers(-1, 2, planes, 1, 1)])
    scale, shift = (
        graph.node("Gather", [spread, graph.keep(np.array(at, np.int64))], axis=1) for at in (0, 1)
    )
    moved = graph.node("Add", [graph.node("Mul", [h, scale]), shift])
    change = graph.conv(graph.silu(moved), arrays[f"{conv}.weight"], arrays[f"{conv}.bias"])
    return graph.node("Add", [h, change])


def recogniser(arrays: Arrays, name: str, side: int) -> bytes:
    """From `name`.*: what it tells, and its answers."""
    graph = Graph()
    gain, offset = (graph.keep(np.array(number, np.float32)) for number in (4, -2))
    h = graph.node("Add", [graph.node("Mul", ["picture", gain]), offset])
    for layer in range(_count(arrays, f"{name}.convs")):
        conv = f"{name}.convs.{layer}"
        h = graph.conv(h, arrays[f"{conv}.weight"], arrays[f"{conv}.bias"], stride=2)
        h = graph.node("Relu", [h])
    flat = graph.node("Flatten", [h])
    told = graph.linear(flat, arrays[f"{name}.told.weight"], arrays[f"{name}.told.bias"])
    told = graph.node("Tanh", [told])
    answers = graph.linear(told, arrays[f"{name}.answer.weight"], arrays[f"{name}.answer.bias"])
    entry = ("picture", ("n", 3, side, side))
    return graph.model(entry, {"told": told, "answers": answers})


def _count(arrays: Arrays, name: str) -> int:
    return sum(key.startswith(f"{name}.") and key.endswith(".weight") for key in arrays)
