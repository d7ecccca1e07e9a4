"""Writes `generator.onnx`: random numbers and the name of a class in, a picture of 256 x 256 out.

    python make.py generator.onnx

Nothing is learnt. Each class is a formula over the plane (rings, dunes, marble, cloth, a sky,
cells), whose frequencies, places and colours come from the latent: sixteen numbers, drawn from a
normal distribution. The graph holds plain operators of ONNX and two small tables.

    latent float32 (1, 16), class int64 (1) -> picture float32 (1, 3, 256, 256), 0..1
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike
from onnx import ModelProto, NodeProto, TensorProto, checker, helper, numpy_helper

SIDE, LATENT = 256, 16
CLASSES = ("rings", "dunes", "marble", "cloth", "sky", "cells")
PALETTES = (  # of each class: where in a turn red, green and blue are brightest
    (0.00, 0.10, 0.20),
    (0.05, 0.12, 0.25),
    (0.60, 0.55, 0.45),
    (0.95, 0.30, 0.60),
    (0.70, 0.60, 0.45),
    (0.30, 0.20, 0.55),
)


class Value(str):
    """The name of a tensor, with the arithmetic of a graph that grows as it is written."""

    graph: "Graph"

    def __add__(self, other: "Value | float") -> "Value":
        return self.graph.node("Add", self, other)

    def __sub__(self, other: "Value | float") -> "Value":
        return self.graph.node("Sub", self, other)

    def __mul__(self, other: "Value | float") -> "Value":
        return self.graph.node("Mul", self, other)


class Graph:
    """Nodes and constants, one after the other."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def named(self, name: str) -> Value:
        value = Value(name)
        value.graph = self
        return value

    def constant(self, array: ArrayLike, kind: DTypeLike = np.float32) -> Value:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array, kind), name))
        return self.named(name)

    def node(self, operator: str, *inputs: ArrayLike, **attributes: Any) -> Value:
        names = [one if isinstance(one, Value) else self.constant(one) for one in inputs]
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, names, [name], **attributes))
        return self.named(name)

    def sin(self, value: Value) -> Value:
        return self.node("Sin", value)


def fields(graph: Graph, x: Value, y: Value, latent: Value) -> list[Value]:
    """(1, 1, side, side) for each class, about 0..1."""

    def knob(number: int, middle: float, room: float) -> Value:
        """A number that the latent chooses: `middle`, give or take `room`."""
        one = graph.node("Gather", latent, graph.constant(number, np.int64), axis=1)
        return graph.node("Tanh", one) * room + middle

    def apart(across: Value, down: Value) -> Value:
        """The distance from a place."""
        one, other = x - across, y - down
        return graph.node("Sqrt", one * one + other * other + 1e-6)

    turn = knob(0, 0.0, 3.1)
    waves = graph.sin(x * knob(1, 4, 2) + turn) + graph.sin(y * knob(2, 5, 2) - turn)
    rings = graph.sin(apart(knob(3, 0, 0.6), knob(4, 0, 0.6)) * knob(5, 22, 12) + waves * 0.3)
    ridge = y * knob(1, 5, 2) + graph.sin(x * knob(2, 3, 1.5) + turn) + waves * 0.35
    dunes = ridge - graph.node("Floor", ridge)
    marble = graph.sin(x * knob(3, 3, 2) + waves * 1.6 + graph.sin(waves * 3.0 + y * 4.0))
    slope = knob(6, 0, 0.5)
    warp, weft = x + y * slope, y - x * slope
    cloth = graph.sin(warp * knob(1, 26, 10)) * graph.sin(weft * knob(2, 26, 10))
    sun = graph.node("Exp", apart(knob(3, 0, 0.6), knob(4, 0, 0.4)) * -4.0)
    sky = y * 0.25 + sun * 0.3 + graph.sin(y * knob(5, 14, 6) + waves) * 0.06
    places = [apart(knob(2 * i, 0, 0.95), knob(2 * i + 1, 0, 0.95)) for i in range(8)]
    near = graph.node("ReduceMin", graph.node("Concat", *places, axis=1), axes=[1], keepdims=1)
    cells = near * 2.2
    return [rings * 0.5 + 0.5, dunes, marble * 0.5 + 0.5, cloth * 0.5 + 0.5, sky + 0.3, cells]


def made() -> ModelProto:
    """The whole graph."""
    graph = Graph()
    down, across = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    x, y = graph.constant(across[None, None]), graph.constant(down[None, None])
    flat, number = graph.named("latent"), graph.named("class")
    latent = graph.node("Reshape", flat, graph.constant([1, LATENT, 1, 1], np.int64))
    all_fields = graph.node("Concat", *fields(graph, x, y, latent), axis=1)
    field = graph.node("Gather", all_fields, number, axis=1)
    palettes = graph.constant(np.reshape(PALETTES, (1, len(CLASSES), 3, 1)))
    chosen = graph.node("Gather", palettes, number, axis=1)
    palette = graph.node("Reshape", chosen, graph.constant([1, 3, 1, 1], np.int64))
    last = graph.node("Gather", latent, graph.constant(LATENT - 1, np.int64), axis=1)
    tint = graph.node("Reshape", last, graph.constant([1, 1, 1, 1], np.int64)) * 0.06
    light = graph.node("Cos", (field * 0.55 + palette + tint) * float(2 * np.pi)) * 0.45 + 0.5
    graph.nodes.append(helper.make_node("Clip", [light, *_ends(graph)], ["picture"]))
    ports = helper.make_tensor_value_info
    whole = helper.make_graph(
        graph.nodes,
        "generator",
        [
            ports("latent", TensorProto.FLOAT, [1, LATENT]),
            ports("class", TensorProto.INT64, [1]),
        ],
        [ports("picture", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        graph.constants,
    )
    model = helper.make_model(whole, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {"classes": json.dumps(CLASSES)})
    checker.check_model(model, full_check=True)
    return model


def _ends(graph: Graph) -> list[Value]:
    return [graph.constant(0.0), graph.constant(1.0)]


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(made().SerializeToString())
