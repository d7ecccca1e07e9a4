"""An ONNX graph whose ports are not as the house has them, given ports that are.

    bytes, Reading -> bytes: one input (N, C, H, W) float32, one such output        BadModel

Further inputs become constants, other results are dropped, channels that come last are moved, and
other types of number are converted: in the graph itself, so that tile geometry is derived from what
is run. The file of the model stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from onnx import GraphProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from printroom.core.errors import BadModel
from printroom.runtimes.onnx.parse import parse, ports
from printroom.runtimes.onnx.signature import Port
from printroom.runtimes.reading import Pixels, Reading, needs_refit

OURS = "printroom_"
"""Begins the names that are added."""
TAKEN = {"float": TensorProto.FLOAT, "float16": TensorProto.FLOAT16, "uint8": TensorProto.UINT8}
TO_LAST, TO_SECOND = (0, 2, 3, 1), (0, 3, 1, 2)


def refit(data: bytes, reading: Reading) -> bytes:
    """The graph as the house has it; the same bytes where there is nothing to do."""
    if not needs_refit(reading):
        return data
    model = parse(data)
    inputs, outputs = ports(model)
    source = _chosen(inputs, reading.input, {name for name, _value in reading.constants})
    result = _chosen(outputs, reading.output, set())
    graph = model.graph
    for name, value in reading.constants:
        _hold(graph, name, value)
    _lead_in(graph, source, reading.input)
    _lead_out(graph, result, reading.output)
    return bytes(model.SerializeToString())


def _chosen(found: Sequence[Port], pixels: Pixels, held: set[str]) -> Port:
    left = [port for port in found if port.name not in held]
    named = [port for port in left if port.name == pixels.name] if pixels.name else left
    if len(named) != 1:
        have = ", ".join(port.name for port in found)
        raise BadModel(f"it is not said which of {have} is the picture", "name it in the reading")
    if named[0].dtype not in TAKEN:
        raise BadModel(f"{named[0].name!r} holds {named[0].dtype}", f"it may be {', '.join(TAKEN)}")
    return named[0]


def _hold(graph: GraphProto, name: str, value: float) -> None:
    """Make an input a constant."""
    place = next((i for i, info in enumerate(graph.input) if info.name == name), None)
    if place is None:
        raise BadModel(f"the model has no input {name!r}", "mend the reading")
    kind = graph.input[place].type.tensor_type
    shape = [max(1, side.dim_value) for side in kind.shape.dim]
    dtype = helper.tensor_dtype_to_np_dtype(kind.elem_type)
    if int(np.prod(shape, dtype=np.int64)) > 2**20:
        raise BadModel(f"the input {name!r} is too large for a constant", "use another model")
    graph.initializer.append(numpy_helper.from_array(np.full(shape, value, dtype), name))
    del graph.input[place]


def _lead_in(graph: GraphProto, port: Port, pixels: Pixels) -> None:
    nodes, name = [], f"{OURS}picture"
    if pixels.layout == "nhwc":
        nodes.append(_node("Transpose", name, f"{OURS}last", perm=TO_LAST))
    if port.dtype == "uint8":
        nodes.append(_node("Round", _end(nodes, name), f"{OURS}round"))
        nodes.append(_clip(graph, _end(nodes, name)))
    if port.dtype != "float":
        nodes.append(_node("Cast", _end(nodes, name), f"{OURS}cast", to=TAKEN[port.dtype]))
    if nodes:
        nodes[-1].output[0] = port.name
        for place, node in enumerate(nodes):
            graph.node.insert(place, node)
    _replace(graph.input, [_info(name if nodes else port.name, port, pixels)])


def _lead_out(graph: GraphProto, port: Port, pixels: Pixels) -> None:
    nodes, name = [], port.name
    if port.dtype != "float":
        nodes.append(_node("Cast", name, f"{OURS}float", to=TensorProto.FLOAT))
    if pixels.layout == "nhwc":
        nodes.append(_node("Transpose", _end(nodes, name), f"{OURS}result", perm=TO_SECOND))
    graph.node.extend(nodes)
    _replace(graph.output, [_info(_end(nodes, name), port, pixels)])


def _end(nodes: Sequence[NodeProto], name: str) -> str:
    return str(nodes[-1].output[0]) if nodes else name


def _node(kind: str, source: str, result: str, **attributes: Any) -> NodeProto:
    return helper.make_node(kind, [source], [result], name=result, **attributes)


def _clip(graph: GraphProto, source: str) -> NodeProto:
    for name, value in ((f"{OURS}black", 0), (f"{OURS}white", 255)):
        graph.initializer.append(numpy_helper.from_array(np.array(value, np.float32), name))
    ends = [source, f"{OURS}black", f"{OURS}white"]
    return helper.make_node("Clip", ends, [f"{OURS}clip"], name=f"{OURS}clip")


def _replace(held: object, infos: Sequence[ValueInfoProto]) -> None:
    del held[:]  # type: ignore[attr-defined]  # a field of protobuf
    held.extend(infos)  # type: ignore[attr-defined]


def _info(name: str, port: Port, pixels: Pixels) -> ValueInfoProto:
    """Float32 with height and width last; what the graph does not say stays unsaid."""
    shape: list[int | str | None] | None = None if port.shape is None else list(port.shape)
    if shape is not None and len(shape) == 4 and pixels.layout == "nhwc":
        shape = [shape[place] for place in TO_SECOND]
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def metadata(data: bytes) -> Mapping[str, str]:
    """What the file says of itself, for people: name -> text."""
    return {item.key: item.value for item in parse(data).metadata_props}
