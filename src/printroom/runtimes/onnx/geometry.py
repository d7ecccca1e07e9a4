"""The tile geometry of a model, derived from its graph: nobody types it.

    onnx.ModelProto -> Geometry          BadModel: not one from picture to picture

The graph is walked twice, for two large sizes of picture. Shapes are then plain numbers, constants
and shape computations are folded, and what remains are the operators that touch pixels; each has a
rule in the table `rules.RULES` that says what a value may depend on. A model is exact when every
operator on the way is in the table, stays local, and both walks agree; it is bit for bit so
(`tolerance` 0) when all of them are in `rules.BIT_EQUAL`.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np
from onnx import AttributeProto, ModelProto, NodeProto, helper, numpy_helper

from printroom.core.errors import BadModel
from printroom.imaging.tiling import Geometry, ceil_to
from printroom.runtimes.onnx import moves, pointwise, windows
from printroom.runtimes.onnx.folding import folded
from printroom.runtimes.onnx.parse import ports
from printroom.runtimes.onnx.reach import Reach, Untraceable
from printroom.runtimes.onnx.rules import BIT_EQUAL, LOOSE, RULES
from printroom.runtimes.onnx.signature import signature
from printroom.runtimes.onnx.values import Feature, Folded, Lost, Node, Value

SIZES = ((2**8 * 27 * 35, 2**8 * 27 * 55), (2**9 * 27 * 25, 2**9 * 27 * 49))
"""(height, width) of the walks: multiples of every likely alignment, and of nothing else alike."""
TABLES = (moves, pointwise, windows)
"""The modules that enter their rules when imported."""


def derive(model: ModelProto) -> Geometry:
    """Scale, halo and alignment; `exact` False and `why` where tiling cannot be exact."""
    signed = signature(*ports(model))
    batch = signed.batch or 1
    if signed.fixed is not None:
        height, width = signed.fixed
        geometry = _walked(model, (batch, signed.channels, height, width))
        why = f"it takes pictures of {width} x {height} only"
        halo = min(geometry.halo, min(height, width) // 4)
        return replace(geometry, fixed=signed.fixed, exact=False, why=why, align=1, halo=halo)
    first, second = (_walked(model, (batch, signed.channels, *size)) for size in SIZES)
    if first == second or not first.exact:
        return first
    return replace(first, exact=False, why="what it does depends on the size of the picture")


def _walked(model: ModelProto, shape: tuple[int, int, int, int]) -> Geometry:
    result = _walk(model, shape)
    if isinstance(result, Lost):
        return Geometry(exact=False, why=result.why)
    if not isinstance(result, Feature):
        raise BadModel("the result does not depend on the picture", "use another model")
    return _concluded(result, shape[2:])


def _concluded(result: Feature, size: tuple[int, int]) -> Geometry:
    down, across = result.reach
    align = lcm(down.period, across.period)
    geometry = Geometry(
        scale=down.scale,
        halo=ceil_to(max(down.halo(), across.halo()), align),
        align=align,
        least=result.least,
        tolerance=LOOSE if result.loose else 0.0,
    )
    given = [Fraction(result.shape[place]) for place in result.places]
    wanted = [size[0] * down.scale, size[1] * across.scale]
    why = result.why
    if result.places != (2, 3) or len(result.shape) != 4:
        why = "its result does not have height and width last"
    elif down.scale != across.scale:
        why = "it scales height and width differently"
    elif given != wanted:
        missing = [float(want - got) for want, got in zip(wanted, given, strict=True)]
        why = (
            f"it drops border pixels: its result lacks {missing[0]:g} rows, {missing[1]:g} columns"
        )
    return replace(geometry, exact=not why, why=why)


def _walk(model: ModelProto, shape: tuple[int, int, int, int]) -> Value:
    """What is known of the model's result when it is shown a picture of `shape`."""
    graph = model.graph
    opset = max(
        (item.version for item in model.opset_import if item.domain in ("", "ai.onnx")), default=1
    )
    known: dict[str, Value] = {
        tensor.name: Folded(numpy_helper.to_array(tensor)) for tensor in graph.initializer
    }
    (name,) = (port.name for port in graph.input if port.name not in known)
    known[name] = Feature(shape, (2, 3), (Reach.start(), Reach.start()))
    for node in graph.node:
        inputs = [known.get(name) if name else None for name in node.input]
        results = _followed(node, inputs, opset)
        known.update(zip(node.output, results, strict=False))
    return known.get(graph.output[0].name, Lost("its result is never computed"))


def _followed(proto: NodeProto, inputs: list[Value | None], opset: int) -> list[Value]:
    label = f"{proto.op_type} at node {proto.name or ', '.join(proto.output)}"
    try:
        return _ruled(proto, label, inputs, opset)
    except Untraceable as reason:
        why = f"{label} {reason}"
    except Exception as error:  # rules read attributes of a file that anyone may have written
        why = f"{label} cannot be followed ({type(error).__name__}: {error})"
    lost = next((value.why for value in inputs if isinstance(value, Lost)), why)
    return [Lost(lost) for _ in proto.output]


def _ruled(proto: NodeProto, label: str, inputs: list[Value | None], opset: int) -> list[Value]:
    if proto.op_type == "Shape" and isinstance(inputs[0], Feature):
        return [_shape(proto, inputs[0])]
    constants = [value for value in inputs if value is None or isinstance(value, Folded)]
    if len(constants) == len(inputs):
        return list(folded(proto, constants, opset))
    if proto.domain not in ("", "ai.onnx") or proto.op_type not in RULES:
        raise Untraceable(_unknown(proto.op_type))
    node = Node(proto.op_type, label, _attributes(proto), len(proto.output), opset)
    blame = next((value.why for value in inputs if isinstance(value, Lost)), "")
    results = RULES[node.op](node, inputs)
    loose = node.op not in BIT_EQUAL
    return [
        replace(value, loose=value.loose or loose, why=value.why or blame)
        if isinstance(value, Feature)
        else value
        for value in results
    ]


def _unknown(operator: str) -> str:
    if operator.startswith("Global"):
        return "looks at the whole picture"
    return "is an operator whose tiling is not known"


def _shape(proto: NodeProto, source: Feature) -> Folded:
    given = _attributes(proto)
    sides = source.shape[given.get("start", 0) : given.get("end", None)]
    return Folded(np.array(sides, np.int64), sized=True)


def _attributes(proto: NodeProto) -> dict[str, Any]:
    return {item.name: _attribute(item) for item in proto.attribute}


def _attribute(item: AttributeProto) -> Any:
    value = helper.get_attribute_value(item)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return list(value) if item.type in (AttributeProto.INTS, AttributeProto.FLOATS) else value
