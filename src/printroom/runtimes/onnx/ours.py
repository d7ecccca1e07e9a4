"""The networks that printroom trains, told by names and shapes of their weights, and as graphs.

    names and shapes -> told_apart -> Sizes         ValueError: they are of none of these networks
    Sizes, weights by name -> folded -> kernels     what ships: plain convolutions
    kernels -> assembled -> ONNX                    node by node: no dead ones, any size of picture
    Sizes, weights, picture -> wide -> picture      what was trained, unfolded: to compare with

What they are is said in `training.nets`: a chain of 3x3 convolutions, each the product of an
expansion, a projection back and an identity, beside interpolation (`printroom-upscaler`) or the
picture itself at half the resolution (`printroom-restorer`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:  # 0.1 CPU seconds, for who only looks at names and shapes
    import onnx

UPSCALER, RESTORER = "printroom-upscaler", "printroom-restorer"
ARCHITECTURES = (UPSCALER, RESTORER)
SLOPE = 0.1
"""Of the leaky ReLU below zero."""
FOLD = 2
"""Side of the squares of pixels that a net at scale 1 takes as one."""
SKIP = 5
"""Side of the kernel that interpolates."""
OPSET = 17
IR_VERSION = 8
SCALES = (2, 3, 4)
LAYERS, CHANNELS, WIDE = 64, 512, 1024
"""Most of each."""
Array = NDArray[np.float32]
Kernels = Sequence[tuple[Array, Array]]
"""(outputs, inputs, 3, 3) and (outputs) of each convolution."""


@dataclass(frozen=True)
class Sizes:
    """Of one network."""

    architecture: str
    scale: int
    channels: int
    layers: int
    """Convolutions between the first and the last."""
    wide: int
    """Channels of the expansions."""

    @property
    def convolutions(self) -> list[tuple[int, int]]:
        """(inputs, outputs) of each."""
        ends = (3, 3 * self.scale**2) if self.scale > 1 else (3 * FOLD**2, 3 * FOLD**2)
        return list(pairwise([ends[0], *[self.channels] * (self.layers + 1), ends[1]]))

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each of its weights, by name."""
        found: dict[str, tuple[int, ...]] = {}
        for place, (inputs, outputs) in enumerate(self.convolutions):
            found[f"chain.layers.{place}.expand"] = (self.wide, inputs, 3, 3)
            found[f"chain.layers.{place}.project"] = (outputs, self.wide)
            found[f"chain.layers.{place}.bias"] = (outputs,)
        if self.scale > 1:
            found["skip"] = (3 * self.scale**2, 3, SKIP, SKIP)
        return found


def told_apart(shapes: Mapping[str, tuple[int, ...]]) -> Sizes:
    """The network that weights of those names and shapes are of. Raises ValueError."""
    first, skip = shapes.get("chain.layers.0.expand", ()), shapes.get("skip")
    if len(first) != 4:
        raise ValueError("there is no chain.layers.0.expand of four axes")
    count = sum(1 for name in shapes if name.endswith(".bias"))
    scale = 1
    if skip is not None:
        scale = next((one for one in SCALES if skip[:1] == (3 * one**2,)), 0)
        if not scale:
            raise ValueError(f"skip is {list(skip)}, which enlarges by none of {SCALES}")
    project = shapes.get("chain.layers.0.project", ())
    channels, wide, layers = project[0] if project else 0, first[0], count - 2
    sizes = Sizes(UPSCALER if scale > 1 else RESTORER, scale, channels, layers, wide)
    within = 0 <= layers <= LAYERS and 0 < channels <= CHANNELS and 0 < wide <= WIDE
    if not within:
        reason = f"{layers + 2} convolutions of {channels} channels, {wide} wide"
        raise ValueError(f"there are {reason}: up to {LAYERS}, {CHANNELS}, {WIDE} are taken")
    wanted = sizes.shapes
    for name in sorted(wanted.keys() | shapes.keys()):
        if wanted.get(name) != shapes.get(name):
            expected, given = (_shown(some.get(name)) for some in (wanted, shapes))
            raise ValueError(f"{name[:80]} is {given}, and {sizes.architecture} has {expected}")
    return sizes


def coordinates() -> Array:
    """(12, 4, 3), orthonormal: Haar's of a square's four places, times grey and two opponents."""
    haar = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]], np.float32) / 2
    colours = np.array([[1, 1, 1], [1, 0, -1], [1, -2, 1]], np.float32)
    colours /= np.linalg.norm(colours, axis=1, keepdims=True)
    products: Array = np.einsum("ap,bc->abpc", haar, colours).reshape(-1, 4, 3)
    return products


def amplified() -> Array:
    """(12, 1): how much stronger each coordinate is seen, about as photographs need it."""
    gains = np.ones((4, 3), np.float32)
    gains[1:] *= 8
    gains[:, 1:] *= 2
    return gains.reshape(-1, 1)


def folded(sizes: Sizes, weights: Mapping[str, Array]) -> Kernels:
    """What ships of weights that `told_apart` took."""
    kernels, biases = [], []
    for place, (inputs, outputs) in enumerate(sizes.convolutions):
        expand, project, bias = _layer(weights, place)
        kernel = (project @ expand.reshape(len(expand), -1)).reshape(outputs, inputs, 3, 3)
        kernels.append(_identity(kernel, inputs, outputs))
        biases.append(bias)
    if sizes.scale == 1:
        seen, shown = changes()
        kernels[0] = np.einsum("oskl,si->oikl", kernels[0], seen)
        kernels[-1] = np.einsum("os,sikl->oikl", shown, kernels[-1])
        biases[-1] = shown @ biases[-1]
    return list(zip(kernels, biases, strict=True))


def wide(sizes: Sizes, weights: Mapping[str, Array], picture: Array) -> Array:
    """(3, h, w) -> (3, s h, s w), layer by layer as it was trained; slow, for a small picture."""
    value = picture if sizes.scale > 1 else _unshuffled(picture)
    if sizes.scale == 1:
        seen, shown = changes()
        value = np.einsum("si,ihw->shw", seen, value)
    for place, (inputs, outputs) in enumerate(sizes.convolutions):
        expand, project, bias = _layer(weights, place)
        found = np.einsum("os,shw->ohw", project, _convolved(value, expand))
        found = found + bias[:, None, None] + (value if inputs == outputs else 0)
        last = place == len(sizes.convolutions) - 1
        value = found if last else np.where(found > 0, found, SLOPE * found)
    if sizes.scale == 1:
        return picture + _shuffled(np.einsum("os,shw->ohw", shown, value), FOLD)
    return _shuffled(value + _convolved(picture, weights["skip"]), sizes.scale)


def assembled(name: str, scale: int, kernels: Kernels, skip: Array | None) -> onnx.ModelProto:
    """A graph called `name`: input `image`, output `upscaled` or `restored`."""
    graph = Graph()
    if skip is not None:
        beside = graph.convolution("skip", "image", skip, None)
        mixed = graph.node("Add", [graph.chain(kernels, "image"), beside], "mixed")
        order = {"blocksize": scale, "mode": "CRD"}
        return graph.model(name, graph.node("DepthToSpace", [mixed], "upscaled", **order), scale)
    small = graph.node("SpaceToDepth", ["image"], "folded", blocksize=FOLD)
    unfolded = graph.chain(kernels, small)
    change = graph.node("DepthToSpace", [unfolded], "change", blocksize=FOLD, mode="CRD")
    return graph.model(name, graph.node("Add", ["image", change], "restored"), 1)


class Graph:
    """Nodes and weights as they come; each method returns the name of its result."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def node(self, kind: str, inputs: list[str], name: str, **attributes: Any) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def convolution(
        self, name: str, source: str, kernel: Array, bias: Array | None, **attributes: Any
    ) -> str:
        """Of odd kernels the result is as large as the source."""
        from onnx import numpy_helper

        tensors = {f"{name}.weight": kernel} | ({f"{name}.bias": bias} if bias is not None else {})
        for key, tensor in tensors.items():
            plain = np.ascontiguousarray(tensor, np.float32)
            self.weights.append(numpy_helper.from_array(plain, key))
        attributes |= {"pads": [kernel.shape[-1] // 2] * 4} if kernel.shape[-1] % 2 else {}
        return self.node("Conv", [source, *tensors], name, **attributes)

    def active(self, source: str, name: str) -> str:
        return self.node("LeakyRelu", [source], name, alpha=SLOPE)

    def chain(self, kernels: Kernels, value: str) -> str:
        for place, (kernel, bias) in enumerate(kernels, 1):
            value = self.convolution(f"conv{place}", value, kernel, bias)
            if place < len(kernels):
                value = self.active(value, f"act{place}")
        return value

    def model(self, name: str, result: str, scale: int) -> onnx.ModelProto:
        from onnx import TensorProto, checker, helper

        def picture(title: str, height: str, width: str) -> onnx.ValueInfoProto:
            shape: list[str | int | None] = ["n", 3, height, width]
            return helper.make_tensor_value_info(title, TensorProto.FLOAT, shape)

        times = "" if scale == 1 else str(scale)
        ports = picture("image", "h", "w"), picture(result, f"{times}h", f"{times}w")
        graph = helper.make_graph(self.nodes, name, [ports[0]], [ports[1]], self.weights)
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)
        checker.check_model(model)
        return model


def _layer(weights: Mapping[str, Array], place: int) -> tuple[Array, Array, Array]:
    parts = (weights[f"chain.layers.{place}.{one}"] for one in ("expand", "project", "bias"))
    expand, project, bias = parts
    return expand, project, bias


def _identity(kernel: Array, inputs: int, outputs: int) -> Array:
    if inputs == outputs:
        kernel[range(outputs), range(inputs), 1, 1] += 1
    return kernel


def changes() -> tuple[Array, Array]:
    """What changes coordinates on the way in, places first, and out, colours first."""
    basis, size = coordinates(), 3 * FOLD**2
    return amplified() * basis.reshape(size, size), basis.transpose(0, 2, 1).reshape(size, size).T


def _convolved(planes: Array, kernel: Array) -> Array:
    """(i, h, w) -> (o, h, w), zeros around it."""
    reach = kernel.shape[-1] // 2
    padded = np.pad(planes, [(0, 0), (reach, reach), (reach, reach)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape[2:], axis=(1, 2))
    found: Array = np.einsum("oikl,ihwkl->ohw", kernel, windows, optimize=True)
    return found


def _shuffled(planes: Array, scale: int) -> Array:
    """(c s², h, w) -> (c, s h, s w), as ONNX orders it in the mode CRD."""
    _, height, width = planes.shape
    parts = planes.reshape(-1, scale, scale, height, width).transpose(0, 3, 1, 4, 2)
    return parts.reshape(-1, height * scale, width * scale)


def _unshuffled(picture: Array) -> Array:
    """(c, h, w) -> (c s², h / s, w / s): a place in all colours, then the next."""
    colours, height, width = picture.shape
    parts = picture.reshape(colours, height // FOLD, FOLD, width // FOLD, FOLD)
    return parts.transpose(2, 4, 0, 1, 3).reshape(-1, height // FOLD, width // FOLD)


def _shown(shape: tuple[int, ...] | None) -> str:
    return "absent" if shape is None else str(list(shape))
