"""Writes `guided-filter.onnx`: a photograph in, the same in flat tones with dark contours out.

    python make.py guided-filter.onnx

No weight of it is learnt. The guided filter (He, Sun and Tang 2010, with the picture as its own
guide) smooths what varies little and leaves edges: over windows of 2 r + 1 pixels it fits
q = a x + b, with a = var / (var + eps), and averages what the windows say. It is made of means over
boxes, which are `AveragePool` along rows and columns; so a tile sees exactly the pixels that it
needs, and printroom derives from the graph how far that is.

    picture float32 (n, 3, h, w), 0..1 -> the same size
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, checker, helper, numpy_helper

RADIUS, EPS = 5, 0.005
"""Of the guided filter: pixels, and the variance (of 0..1) from which on something is an edge."""
TONES, SOFTNESS = 7.0, 4.0
"""Steps of light, and how sharply one turns into the next."""
LUMA = (0.299, 0.587, 0.114)


class Graph:
    """Nodes and constants, one after the other; values are names."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def constant(self, value: Any) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, np.float32), name))
        return name

    def node(self, operator: str, *inputs: Any, **attributes: Any) -> str:
        names = [one if isinstance(one, str) else self.constant(one) for one in inputs]
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, names, [name], **attributes))
        return name

    def add(self, one: Any, other: Any) -> str:
        return self.node("Add", one, other)

    def sub(self, one: Any, other: Any) -> str:
        return self.node("Sub", one, other)

    def mul(self, one: Any, other: Any) -> str:
        return self.node("Mul", one, other)

    def div(self, one: Any, other: Any) -> str:
        return self.node("Div", one, other)

    def mean(self, value: str, radius: int) -> str:
        """Over a square; at the borders over what there is of it."""
        across = {"kernel_shape": [1, 2 * radius + 1], "pads": [0, radius, 0, radius]}
        down = {"kernel_shape": [2 * radius + 1, 1], "pads": [radius, 0, radius, 0]}
        return self.node("AveragePool", self.node("AveragePool", value, **across), **down)


def guided(graph: Graph, x: str, radius: int, eps: float) -> str:
    """The guided filter, each channel with itself as its guide."""
    mean, square = graph.mean(x, radius), graph.mean(graph.mul(x, x), radius)
    variance = graph.node("Relu", graph.sub(square, graph.mul(mean, mean)))
    a = graph.div(variance, graph.add(variance, eps))
    b = graph.sub(mean, graph.mul(a, mean))
    return graph.add(graph.mul(graph.mean(a, radius), x), graph.mean(b, radius))


def stylised(graph: Graph, picture: str) -> str:
    """Flat areas, steps of light, contours."""
    smooth = guided(graph, guided(graph, picture, RADIUS, EPS), RADIUS, EPS)
    light = graph.node("Conv", smooth, np.reshape(LUMA, (1, 3, 1, 1)))
    steps = graph.mul(light, TONES)
    whole = graph.node("Floor", steps)
    within = graph.mul(graph.sub(graph.sub(steps, whole), 0.5), SOFTNESS)
    turn = graph.div(graph.node("Tanh", within), float(2 * np.tanh(SOFTNESS / 2)))
    toned = graph.div(graph.add(graph.add(whole, 0.5), turn), TONES)
    ratio = graph.div(graph.add(toned, 0.03), graph.add(light, 0.03))
    bright = graph.mul(smooth, ratio)
    richer = graph.add(toned, graph.mul(graph.sub(bright, toned), 1.2))
    darker = graph.sub(graph.mean(light, 1), graph.mean(light, 4))  # than what is around it
    line = graph.node("Clip", graph.add(graph.mul(darker, 9.0), 1.06), 0.35, 1.0)
    return graph.mul(richer, line)


def made() -> ModelProto:
    """The whole graph."""
    graph = Graph()
    result = stylised(graph, "picture")
    ends = [graph.constant(0.0), graph.constant(1.0)]
    graph.nodes.append(helper.make_node("Clip", [result, *ends], ["stylised"]))

    def port(name: str) -> Any:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3, "h", "w"])

    whole = helper.make_graph(
        graph.nodes, "guided-filter", [port("picture")], [port("stylised")], graph.constants
    )
    model = helper.make_model(whole, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(model, full_check=True)
    return model


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(made().SerializeToString())
