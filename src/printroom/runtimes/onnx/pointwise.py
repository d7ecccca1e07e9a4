"""Operators that compute each place of the picture from that place alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from printroom.runtimes.onnx.reach import Untraceable
from printroom.runtimes.onnx.rules import Inputs, rule
from printroom.runtimes.onnx.values import (
    Feature,
    Folded,
    Node,
    Value,
    feature,
    merged,
    numbers,
    weights,
    without,
)

WHOLE = "looks at the whole picture"


@rule(
    "Identity", "Dropout", "Cast", "Relu", "LeakyRelu", "Clip", "Abs", "Neg", "Sigmoid", bits=True
)
@rule("Tanh", "HardSigmoid", "HardSwish", "Sqrt", "Erf", "Gelu", "Floor", "Ceil", "Sign", bits=True)
@rule("Reciprocal", "ThresholdedRelu", "Round", bits=True)
@rule("Elu", "Selu", "Celu", "Softplus", "Softsign", "Mish", "Swish", "Exp", "Log", bits=False)
@rule("Sin", "Cos", "QuantizeLinear", "DequantizeLinear", bits=False)
def _each(_: Node, inputs: Inputs) -> list[Value]:
    for value in inputs[1:]:
        if value is not None:
            weights(value)
    return [feature(inputs[0])]


@rule("Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "PRelu", "Where", bits=True)
@rule("Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Equal", "And", "Or", "Not", bits=True)
@rule("Mean", "Pow", "Mod", bits=False)
def _joined(_: Node, inputs: Inputs) -> list[Value]:
    """Operands broadcast; those that are not pictures must be the same at every place."""
    present = [value for value in inputs if isinstance(value, Feature | Folded)]
    shapes = [value.shape if isinstance(value, Feature) else value.value.shape for value in present]
    rank = max(map(len, shapes))
    pieces = [_widened(value, rank) for value in present if isinstance(value, Feature)]
    result = merged(pieces)
    for value in present:
        if isinstance(value, Folded):
            shape = (1,) * (rank - value.value.ndim) + weights(value).shape
            if any(shape[place] != 1 for place in result.places):
                raise Untraceable("adds a map made for one size of picture")
    broadcast = np.broadcast_shapes(*shapes)
    return [replace(result, shape=tuple(map(int, broadcast)))]


def _widened(piece: Feature, rank: int) -> Feature:
    more = rank - len(piece.shape)
    y, x = piece.places
    return replace(piece, shape=(1,) * more + piece.shape, places=(y + more, x + more))


@rule("BatchNormalization", bits=True)
def _batch_norm(node: Node, inputs: Inputs) -> list[Value]:
    for value in inputs[1:]:
        weights(value)
    if node.get("training_mode", 0):
        raise Untraceable("learns while it runs")
    return [feature(inputs[0])]


@rule("Softmax", "LogSoftmax", "LpNormalization", "Hardmax", bits=False)
def _along(node: Node, inputs: Inputs) -> list[Value]:
    source = feature(inputs[0])
    if node.op != "LpNormalization" and node.opset < 13:
        axis = int(node.get("axis", 1))
        axes = list(range(axis % len(source.shape), len(source.shape)))
    else:
        axes = [int(node.get("axis", -1))]
    return [source if source.local(axes) else source.blamed(f"{node.label} {WHOLE}")]


@rule("LayerNormalization", "RMSNormalization", bits=False)
def _layer_norm(node: Node, inputs: Inputs) -> list[Value]:
    source = feature(inputs[0])
    rank = len(source.shape)
    for value in inputs[1:]:
        if value is not None:
            weights(value)
    axes = range(int(node.get("axis", -1)) % rank, rank)
    return [source if source.local(axes) else source.blamed(f"{node.label} {WHOLE}")]


@rule("InstanceNormalization", "GroupNormalization", "MeanVarianceNormalization", bits=False)
def _over_picture(node: Node, inputs: Inputs) -> list[Value]:
    return [feature(inputs[0]).blamed(f"{node.label} {WHOLE}")]


@rule("LRN", bits=False)
def _same(_: Node, inputs: Inputs) -> list[Value]:
    return [feature(inputs[0])]


@rule("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL2", "ReduceL1", bits=False)
@rule("ReduceSumSquare", "ArgMax", bits=False)
def _reduced(node: Node, inputs: Inputs) -> list[Value]:
    source = feature(inputs[0])
    rank = len(source.shape)
    given = inputs[1] if len(inputs) > 1 else None
    axes = node.get("axes") if given is None else numbers(given).tolist()
    if node.op == "ArgMax":
        axes = [node.get("axis", 0)]
    axes = [axis % rank for axis in (range(rank) if axes is None else axes)]
    if not source.local(axes):
        raise Untraceable(WHOLE)
    kept = tuple(1 if axis in axes else side for axis, side in enumerate(source.shape))
    reduced = replace(source, shape=kept)
    return [reduced if node.get("keepdims", 1) else without(reduced, axes)]


@rule("MatMul", bits=False)
def _matmul(_: Node, inputs: Inputs) -> list[Value]:
    source, matrix = feature(inputs[0]), weights(inputs[1])
    if matrix.ndim != 2 or not source.local([-1]):
        raise Untraceable("mixes places of the picture")
    return [replace(source, shape=(*source.shape[:-1], matrix.shape[1]))]
