"""Operators that move values about: joins, cuts, transpositions, reshapes (pixel shuffles)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import prod

from printroom.runtimes.onnx.reach import Reach, Untraceable
from printroom.runtimes.onnx.rules import Inputs, rule
from printroom.runtimes.onnx.values import (
    Feature,
    Node,
    Value,
    feature,
    merged,
    numbers,
    put,
    without,
)
from printroom.runtimes.onnx.windows import strided


@rule("Concat", bits=True)
def _concat(node: Node, inputs: Inputs) -> list[Value]:
    pieces = [feature(value) for value in inputs]
    result = merged(pieces)
    axis = int(node.get("axis", 0)) % len(result.shape)
    if not result.local([axis]):
        raise Untraceable("puts pictures side by side")
    total = sum(piece.shape[axis] for piece in pieces)
    return [replace(result, shape=put(result.shape, axis, total))]


@rule("Split", bits=True)
def _split(node: Node, inputs: Inputs) -> list[Value]:
    source = feature(inputs[0])
    axis = int(node.get("axis", 0)) % len(source.shape)
    if not source.local([axis]):
        raise Untraceable("cuts the picture in pieces")
    given = inputs[1] if len(inputs) > 1 else None
    parts = node.get("split") if given is None else numbers(given).tolist()
    if parts is None:
        side = -(-source.shape[axis] // node.outputs)
        parts = [side] * (node.outputs - 1) + [source.shape[axis] - side * (node.outputs - 1)]
    return [replace(source, shape=put(source.shape, axis, int(part))) for part in parts]


@rule("Gather", bits=True)
def _gather(node: Node, inputs: Inputs) -> list[Value]:
    source, indices = feature(inputs[0]), numbers(inputs[1])
    axis = int(node.get("axis", 0)) % len(source.shape)
    if not source.local([axis]) or indices.ndim > 1:
        raise Untraceable("picks places of the picture")
    picked = replace(source, shape=put(source.shape, axis, indices.size))
    return [picked if indices.ndim else without(picked, [axis])]


@rule("Slice", bits=True)
def _slice(node: Node, inputs: Inputs) -> list[Value]:
    source = feature(inputs[0])
    listed = [node.get(name) for name in ("starts", "ends", "axes", "steps")]
    for place, value in enumerate(inputs[1:]):
        listed[place] = None if value is None else numbers(value).tolist()
    starts, ends, axes, steps = listed
    axes = range(len(starts)) if axes is None else axes
    steps = [1] * len(starts) if steps is None else steps
    result = source
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        taken = range(*slice(start, end, step).indices(source.shape[axis]))
        result = _taken(result, axis % len(source.shape), taken)
    return [result]


def _taken(source: Feature, axis: int, taken: range) -> Feature:
    if axis not in source.places:
        return replace(source, shape=put(source.shape, axis, len(taken)))
    if taken.step < 0:
        raise Untraceable("turns the picture round")
    return strided(source, axis, len(taken), stride=taken.step, left=-taken.start)


@rule("Transpose", bits=True)
def _transpose(node: Node, inputs: Inputs) -> list[Value]:
    source = feature(inputs[0])
    order = list(node.get("perm") or reversed(range(len(source.shape))))
    y, x = source.places
    shape = tuple(source.shape[axis] for axis in order)
    return [replace(source, shape=shape, places=(order.index(y), order.index(x)))]


@rule("Squeeze", "Unsqueeze", bits=True)
def _squeeze(node: Node, inputs: Inputs) -> list[Value]:
    source = feature(inputs[0])
    given = inputs[1] if len(inputs) > 1 else None
    axes = node.get("axes") if given is None else numbers(given).tolist()
    if node.op == "Squeeze":
        if axes is None:
            axes = [axis for axis, side in enumerate(source.shape) if side == 1]
        return [without(source, [axis % len(source.shape) for axis in axes])]
    rank = len(source.shape) + len(axes)
    new = {axis % rank for axis in axes}
    old = [axis for axis in range(rank) if axis not in new]
    shape = tuple(1 if axis in new else source.shape[old.index(axis)] for axis in range(rank))
    y, x = source.places
    return [replace(source, shape=shape, places=(old[y], old[x]))]


@rule("Reshape", "Flatten", bits=True)
def _reshape(node: Node, inputs: Inputs) -> list[Value]:
    source = feature(inputs[0])
    if node.op == "Flatten":
        axis = int(node.get("axis", 1)) % (len(source.shape) + 1)
        shape = [prod(source.shape[:axis]), prod(source.shape[axis:])]
    else:
        shape = [int(side) for side in numbers(inputs[1]).tolist()]
        if not node.get("allowzero", 0):
            shape = [source.shape[i] if side == 0 else side for i, side in enumerate(shape)]
        if -1 in shape:
            rest = -prod(shape)
            shape[shape.index(-1)] = prod(source.shape) // rest if rest else 0
    if prod(shape) != prod(source.shape):
        raise Untraceable("does not fit the picture")
    return [_regrouped(source, shape)]


def _regrouped(source: Feature, shape: list[int]) -> Feature:
    """Axes are followed where a run of old ones becomes a run of new ones of the same size."""
    reach, places = source.axes, dict[int, int]()
    found = dict[int, Reach]()
    for old, new in _runs(source.shape, shape):
        inside = [axis for axis in old if axis in reach]
        if len(inside) > 1:
            raise Untraceable("joins the rows of the picture")
        if inside:
            axis = inside[0]
            at, found[axis] = _resided(source, axis, old, new, shape)
            places[axis] = at
    y, x = source.places
    return replace(
        source,
        shape=tuple(shape),
        places=(places[y], places[x]),
        reach=(found[y], found[x]),
    )


def _resided(
    source: Feature, axis: int, old: list[int], new: list[int], shape: list[int]
) -> tuple[int, Reach]:
    """Where height or width is after a reshape, and its reach: kept, split (H/r, r) or joined."""
    side = source.shape[axis]
    outer = prod(source.shape[a] for a in old if a < axis)
    inner = prod(source.shape[a] for a in old if a > axis)
    wide = [a for a in new if shape[a] > 1] or new[:1]
    if not wide or outer != 1 or (inner > 1 and len(wide) > 1):
        raise Untraceable("deals the picture out anew")
    reach, at = source.axes[axis], wide[0]
    if inner > 1:
        return at, reach.mapped(Fraction(inner), lambda o: o // inner, lambda o: o // inner)
    block = side // shape[at]
    return at, reach.mapped(
        1 / Fraction(block), lambda o: o * block, lambda o: o * block + block - 1
    )


def _runs(old: Sequence[int], new: Sequence[int]) -> list[tuple[list[int], list[int]]]:
    """The shortest runs of axes with equal products."""
    runs = list[tuple[list[int], list[int]]]()
    i = j = 0
    while i < len(old) or j < len(new):
        left, right = list[int](), list[int]()
        a = b = 1
        while not (left or right) or a != b:
            if a <= b and i < len(old):
                left.append(i)
                a, i = a * old[i], i + 1
            elif j < len(new):
                right.append(j)
                b, j = b * new[j], j + 1
            else:
                left.append(i)
                a, i = a * old[i], i + 1
        runs.append((left, right))
    return runs
