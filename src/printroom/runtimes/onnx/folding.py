"""Computing what does not depend on pixels: constants, and shapes made from the picture's size.

(ONNX node, folded inputs) -> folded outputs           Untraceable
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper
from onnx.reference import ReferenceEvaluator

from printroom.runtimes.onnx.reach import Untraceable
from printroom.runtimes.onnx.values import Folded

LARGEST = 1 << 22
"""Most elements that a folded tensor may have: weights may be large, maps of a picture not."""
GROWING = ("ConstantOfShape", "Range", "Expand", "Tile", "OneHot", "Pad", "Resize", "Upsample")
"""Operators whose result may be far larger than what they are given."""


def folded(node: NodeProto, inputs: Sequence[Folded | None], opset: int) -> list[Folded]:
    """What the node gives, computed by the reference implementation of ONNX."""
    if node.op_type in GROWING:
        _check_size(node, inputs)
    elif any(attribute.HasField("g") for attribute in node.attribute):
        raise Untraceable("branches on the size of the picture")
    feed = {
        name: given.value
        for name, given in zip(node.input, inputs, strict=True)
        if given is not None
    }
    sized = any(given is not None and given.sized for given in inputs)
    return [Folded(np.asarray(value), sized) for value in _evaluated(node, feed, opset)]


def _evaluated(node: NodeProto, feed: dict[str, Any], opset: int) -> Sequence[Any]:
    outputs = [name for name in node.output if name]
    graph = helper.make_graph(
        [node],
        "node",
        [helper.make_tensor_value_info(name, TensorProto.UNDEFINED, None) for name in feed],
        [helper.make_tensor_value_info(name, TensorProto.UNDEFINED, None) for name in outputs],
    )
    model: ModelProto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    with np.errstate(all="ignore"):
        return list(ReferenceEvaluator(model).run(None, feed))


def _check_size(node: NodeProto, inputs: Sequence[Folded | None]) -> None:
    values = [given.value for given in inputs if given is not None]
    if node.op_type == "Range":
        start, limit, delta = (float(value) for value in values)
        size = (limit - start) / delta
    elif node.op_type == "ConstantOfShape":
        size = prod(int(side) for side in values[0])
    elif node.op_type == "Expand":
        size = max(values[0].size, 1) * prod(int(side) for side in values[1])
    elif node.op_type == "Tile":
        size = values[0].size * prod(int(side) for side in values[1])
    else:
        raise Untraceable("makes a map of its own")
    if not 0 <= size <= LARGEST:
        raise Untraceable("makes a map of its own")
