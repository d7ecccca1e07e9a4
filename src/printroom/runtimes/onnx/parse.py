"""Reading ONNX files that anyone may have written.

    path -> bytes -> onnx.ModelProto        NotFound BadModel

Nothing is executed, and no second file is opened: weights that lie outside the file are refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import onnx
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto

from printroom.core.errors import BadModel, NotFound
from printroom.runtimes.onnx.signature import Port

LARGEST = 1 << 30
"""Most bytes of a model file; protobuf itself ends at 2 GiB."""
DEEPEST = 16
"""Most levels of graphs within graphs."""


def read(path: Path, largest: int = LARGEST) -> bytes:
    """The bytes of a model file."""
    try:
        size = path.stat().st_size
        if size > largest:
            raise BadModel(f"{path} has {size} bytes, more than {largest}", "use a smaller model")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {path}", "give the path of an ONNX model") from error
    except OSError as error:
        raise BadModel(f"{path} cannot be read", str(error)) from error


def parse(data: bytes) -> ModelProto:
    """The graph. Raises BadModel unless it is whole in itself."""
    try:
        model = onnx.load_model_from_string(data)
    except Exception as error:  # protobuf's own kind, which onnx does not name
        raise BadModel("this is not an ONNX model", "export the network as .onnx") from error
    if not model.graph.node or not model.graph.output:
        raise BadModel("this ONNX model has no graph", "export the network again")
    if model.functions:
        raise BadModel("this ONNX model defines functions", "export it with them inlined")
    if any(tensor.data_location == TensorProto.EXTERNAL for tensor in _tensors(model.graph, 0)):
        raise BadModel("this ONNX model keeps weights in other files", "export it as one file")
    return model


def ports(model: ModelProto) -> tuple[Sequence[Port], Sequence[Port]]:
    """Inputs (weights left out) and outputs."""
    held = {tensor.name for tensor in model.graph.initializer}
    inputs = [_port(info) for info in model.graph.input if info.name not in held]
    return inputs, [_port(info) for info in model.graph.output]


def _port(info: ValueInfoProto) -> Port:
    tensor = info.type.tensor_type
    dtype = TensorProto.DataType.Name(tensor.elem_type).lower()
    if not tensor.HasField("shape"):
        return Port(info.name, dtype, None)
    sides = [side.dim_value if side.HasField("dim_value") else None for side in tensor.shape.dim]
    return Port(info.name, dtype, sides)


def _tensors(graph: GraphProto, depth: int) -> Iterator[TensorProto]:
    if depth > DEEPEST:
        raise BadModel("this ONNX model nests graphs too deeply", "use another model")
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        yield from _held(node, depth)


def _held(node: NodeProto, depth: int) -> Iterator[TensorProto]:
    for item in node.attribute:
        yield from (item.t, *item.tensors)
        for graph in (item.g, *item.graphs):
            yield from _tensors(graph, depth + 1) if graph.node else ()
