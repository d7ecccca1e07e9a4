"""Operators that look at a window round each place: convolutions, pools, pads, resampling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil, floor
from typing import Any

from printroom.runtimes.onnx.reach import Untraceable
from printroom.runtimes.onnx.rules import Inputs, rule
from printroom.runtimes.onnx.values import Feature, Node, Value, feature, numbers, put, weights

SUMMED_ALIKE = 9
"""Smallest side of a convolution's result whose bits do not depend on the size of the tile.

For 64 values or fewer onnxruntime's matrix product adds up in another order.
"""
STEPS = 64
"""Largest denominator of a scale that is given as a decimal."""


def strided(
    source: Feature, axis: int, side: int, *, stride: int = 1, left: int = 0, span: int = 0
) -> Feature:
    """Each of `side` results sees `span` + 1 values, `stride` apart, the first `left` before 0."""
    return _resampled(
        source,
        axis,
        side,
        Fraction(1, stride),
        lambda o: o * stride - left,
        lambda o: o * stride - left + span,
    )


def _resampled(
    source: Feature,
    axis: int,
    side: int,
    factor: Fraction,
    first: Callable[[int], int],
    last: Callable[[int], int],
) -> Feature:
    """`factor` results per value; result o sees the values first(o) to last(o)."""
    reach = [
        old.mapped(factor, first, last) if place == axis else old
        for place, old in zip(source.places, source.reach, strict=True)
    ]
    return replace(source, shape=put(source.shape, axis, side), reach=(reach[0], reach[1]))


@rule("Conv", "MaxPool", "AveragePool", bits=True)
@rule("LpPool", bits=False)
def _window(node: Node, inputs: Inputs) -> list[Value]:
    source = _image(inputs[0])
    kernel, channels = _kernel(node, inputs, source)
    strides, dilations = _pair(node, "strides"), _pair(node, "dilations")
    pads = node.get("pads", [0, 0, 0, 0])
    if node.outputs > 1:
        raise Untraceable("gives the places it picked")
    result = replace(source, shape=put(source.shape, 1, channels))
    for place, axis in enumerate((2, 3)):
        stride, span = strides[place], dilations[place] * (kernel[place] - 1)
        before, after = _auto(node, source.shape[axis], stride, span, pads[place], pads[place + 2])
        free = source.shape[axis] + before + after - span - 1
        rounded = ceil if node.get("ceil_mode", 0) else floor
        side = rounded(Fraction(free, stride)) + 1
        result = strided(result, axis, side, stride=stride, left=before, span=span)
    return [_wide(result) if node.op == "Conv" else result]


def _wide(source: Feature) -> Feature:
    """The same, for pictures in which it is wide enough to be summed alike."""
    least = max(ceil(SUMMED_ALIKE / reach.scale) for reach in source.reach)
    return replace(source, least=max(source.least, least))


def _kernel(node: Node, inputs: Inputs, source: Feature) -> tuple[Sequence[int], int]:
    """(height, width) of the window, and the channels of the result."""
    if node.op != "Conv":
        return node.get("kernel_shape"), source.shape[1]
    for bias in inputs[2:]:
        if bias is not None:
            weights(bias)
    shape = weights(inputs[1]).shape
    return shape[2:], shape[0]


def _auto(node: Node, side: int, stride: int, span: int, *pads: int) -> tuple[int, int]:
    """Pads before and after, as `auto_pad` would have them."""
    mode = node.get("auto_pad", "NOTSET")
    if mode in ("NOTSET", "VALID"):
        return (pads[0], pads[1]) if mode == "NOTSET" else (0, 0)
    total = max(0, (ceil(Fraction(side, stride)) - 1) * stride + span + 1 - side)
    small, large = total // 2, total - total // 2
    return (small, large) if mode == "SAME_UPPER" else (large, small)


@rule("ConvTranspose", bits=True)
def _transposed(node: Node, inputs: Inputs) -> list[Value]:
    source = _image(inputs[0])
    shape = weights(inputs[1]).shape
    if node.get("auto_pad", "NOTSET") != "NOTSET" or node.get("output_shape"):
        raise Untraceable("chooses its pads by the size of the picture")
    strides, dilations = _pair(node, "strides"), _pair(node, "dilations")
    extra, pads = node.get("output_padding", [0, 0]), node.get("pads", [0, 0, 0, 0])
    result = replace(_wide(source), shape=put(source.shape, 1, shape[1] * node.get("group", 1)))
    for place, axis in enumerate((2, 3)):
        stride, span = strides[place], dilations[place] * (shape[2 + place] - 1)
        before, after = pads[place], pads[place + 2]
        side = (source.shape[axis] - 1) * stride + extra[place] + span + 1 - before - after
        result = _spread(result, axis, side, stride=stride, left=before, span=span)
    return [result]


def _spread(
    source: Feature, axis: int, side: int, *, stride: int, left: int = 0, span: int
) -> Feature:
    """Value i is added to the results i * stride - left and `span` further on."""
    return _resampled(
        source,
        axis,
        side,
        Fraction(stride),
        lambda o: min(-((span - o - left) // stride), (o + left) // stride),
        lambda o: (o + left) // stride,
    )


@rule("Pad", bits=True)
def _pad(node: Node, inputs: Inputs) -> list[Value]:
    source = feature(inputs[0])
    given = inputs[1] if len(inputs) > 1 else None
    pads = node.get("pads") if given is None else numbers(given).tolist()
    rank = len(source.shape)
    axes = numbers(inputs[3]).tolist() if len(inputs) > 3 and inputs[3] else list(range(rank))
    mode = node.get("mode", "constant")
    result = source
    for place, axis in enumerate(axis % rank for axis in axes):
        before, after = int(pads[place]), int(pads[place + len(axes)])
        side = source.shape[axis] + before + after
        if axis not in source.places:
            result = replace(result, shape=put(result.shape, axis, side))
        elif before or after:
            result = _bordered(result, axis, mode, (before, after))
    return [result]


def _bordered(source: Feature, axis: int, mode: str, pads: tuple[int, int]) -> Feature:
    if mode not in ("constant", "reflect", "edge"):
        raise Untraceable("joins opposite borders of the picture")
    if mode != "constant":
        place = source.places.index(axis)
        reach = [old.mirrored() if i == place else old for i, old in enumerate(source.reach)]
        beyond = max(*pads, 0) + 1 if mode == "reflect" else 1
        least = ceil(beyond / source.reach[place].scale)
        source = replace(source, reach=(reach[0], reach[1]), least=max(source.least, least))
    return strided(source, axis, source.shape[axis] + sum(pads), left=pads[0])


@rule("DepthToSpace", bits=True)
def _shuffle(node: Node, inputs: Inputs) -> list[Value]:
    source, block = _image(inputs[0]), int(node.get("blocksize"))
    result = replace(source, shape=put(source.shape, 1, source.shape[1] // block**2))
    for axis in (2, 3):
        result = _spread(result, axis, source.shape[axis] * block, stride=block, span=block - 1)
    return [result]


@rule("SpaceToDepth", bits=True)
def _unshuffle(node: Node, inputs: Inputs) -> list[Value]:
    source, block = _image(inputs[0]), int(node.get("blocksize"))
    result = replace(source, shape=put(source.shape, 1, source.shape[1] * block**2))
    for axis in (2, 3):
        result = strided(result, axis, source.shape[axis] // block, stride=block, span=block - 1)
    return [result]


@rule("Resize", "Upsample", bits=True)
def _resize(node: Node, inputs: Inputs) -> list[Value]:
    source = feature(inputs[0])
    result = source
    for axis, scale in _scales(node, inputs, source).items():
        if scale == 1:
            continue
        if axis not in source.places:
            raise Untraceable("resizes other axes than height and width")
        result = _resized(node, result, axis, scale)
    return [result]


def _scales(node: Node, inputs: Inputs, source: Feature) -> dict[int, Fraction]:
    """Axis -> results per value."""
    rank = len(source.shape)
    scales, sizes = (inputs[1], None) if len(inputs) < 3 else (inputs[2], (*inputs, None)[3])
    if node.op == "Upsample" and node.opset < 9:
        return _axes(node, rank, [_fraction(scale) for scale in node.get("scales")])
    if scales is not None and numbers(scales).size:
        return _axes(node, rank, [_fraction(scale) for scale in numbers(scales).tolist()])
    if node.get("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise Untraceable("chooses its scale by the size of the picture")
    axes = _axes(node, rank, numbers(sizes).tolist())
    return {axis: Fraction(int(size), source.shape[axis]) for axis, size in axes.items()}


def _axes(node: Node, rank: int, values: list[Any]) -> dict[int, Any]:
    axes = node.get("axes") or range(rank)
    return {axis % rank: value for axis, value in zip(axes, values, strict=True)}


def _fraction(scale: float) -> Fraction:
    found = Fraction(scale).limit_denominator(STEPS)
    if found <= 0 or abs(found - Fraction(scale)) > Fraction(1, 10**6):
        raise Untraceable("resizes by an odd scale")
    return found


def _resized(node: Node, source: Feature, axis: int, scale: Fraction) -> Feature:
    """Interpolation by other scales than powers of two rounds places in float32.

    The untiled result then drifts with the place: by 3e-5 at 1,000 pixels, 1e-4 at 4,000, 1e-3 at
    20,000; in tiles it does not, so that the two agree within `LOOSE` up to about 4,000 pixels.
    """
    if not _power_of_two(scale.denominator) or scale.denominator > STEPS:
        raise Untraceable("resizes by a scale that a float cannot hold")
    side = floor(source.shape[axis] * scale)
    place, mode = _placed(node, scale), node.get("mode", "nearest")
    if mode == "nearest":
        chosen = _nearest(node, place)
        return _resampled(source, axis, side, scale, chosen, chosen)
    before, after = {"linear": (0, 1), "bilinear": (0, 1), "cubic": (1, 2)}[mode]
    if node.get("antialias", 0) and scale < 1:
        before = after = ceil(after / scale)
    result = _resampled(
        source,
        axis,
        side,
        scale,
        lambda o: floor(place(o)) - before,
        lambda o: floor(place(o)) + after,
    )
    return replace(result, loose=result.loose or not _power_of_two(scale.numerator))


def _power_of_two(number: int) -> bool:
    return number & (number - 1) == 0


def _placed(node: Node, scale: Fraction) -> Callable[[int], Fraction]:
    """Result -> its place among the values."""
    mode, half = node.get("coordinate_transformation_mode", "half_pixel"), Fraction(1, 2)
    if node.op == "Upsample" or node.opset < 11 or mode == "asymmetric":
        return lambda o: o / scale
    if mode == "pytorch_half_pixel" and scale > 1:
        mode = "half_pixel"
    if mode in ("half_pixel", "half_pixel_symmetric"):
        return lambda o: (o + half) / scale - half
    if mode == "tf_half_pixel_for_nn":
        return lambda o: (o + half) / scale
    raise Untraceable(f"resizes with {mode}, which depends on the size of the picture")


def _nearest(node: Node, place: Callable[[int], Fraction]) -> Callable[[int], int]:
    """Result -> the value it repeats."""
    half, old = Fraction(1, 2), node.op == "Upsample" or node.opset < 11
    choices: dict[str, Callable[[int], int]] = {
        "round_prefer_floor": lambda o: ceil(place(o) - half),
        "round_prefer_ceil": lambda o: floor(place(o) + half),
        "floor": lambda o: floor(place(o)),
        "ceil": lambda o: ceil(place(o)),
    }
    return choices["floor" if old else node.get("nearest_mode", "round_prefer_floor")]


def _image(value: Value | None) -> Feature:
    """The picture, with height and width last."""
    source = feature(value)
    if source.places != (2, 3) or len(source.shape) != 4:
        raise Untraceable("looks along other axes than height and width")
    return source


def _pair(node: Node, name: str) -> Sequence[int]:
    pair: Sequence[int] = node.get(name) or (1, 1)
    if min(pair) < 1:
        raise Untraceable(f"has {name} below 1")
    return pair
