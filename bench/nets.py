"""Networks for the benches, as ONNX files with random weights, and the bundled one.

    shape of a chain -> ONNX file in the cache

All take pictures of any size, as (N, 3, H, W) float32 in 0..1.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from numpy.random import Generator
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from bench import cache
from printroom.catalogue.models import Catalogue


def upscale() -> Path:
    """Weights of the net that doubles, as it comes with the package."""
    return Catalogue().for_scale(2).weights


def option(net: Path) -> list[str]:
    """The arguments that make `printroom enhance` use `net`: none for the one that doubles."""
    return [] if net == upscale() else ["--model", str(net)]


def depth() -> int:
    """Number of 3x3 convolutions in the net that doubles."""
    graph = onnx.load(upscale()).graph
    kernels = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    return sum(kernels[node.input[1]][2:] == [3, 3] for node in convolutions)


def same_size() -> Path:
    """A scale-1 net as wide and as deep as the bundled one."""
    return chain("same-size", scale=1, channels=32, layers=depth())


def trivial() -> Path:
    """Two convolutions of 16 channels: about 0.2 CPU-ms at 64 x 64, so that serving dominates."""
    return chain("trivial", scale=1, channels=16, layers=2)


def chain(name: str, scale: int, channels: int, layers: int) -> Path:
    """3x3 convolutions with leaky ReLUs between them, then depth-to-space."""
    path = cache.folder() / f"{name}-{channels}x{layers}-x{scale}.onnx"
    if not path.exists():
        part = path.with_suffix(".part")
        onnx.save(_chain(scale, channels, layers), part)
        part.replace(path)
    return path


def _chain(scale: int, channels: int, layers: int) -> onnx.ModelProto:
    random = np.random.default_rng(0)
    widths = [3, *[channels] * (layers - 1), 3 * scale**2]
    nodes, weights, value = [], [], "image"
    for index in range(layers):
        last = index == layers - 1
        kernel = _kernel(random, widths[index], widths[index + 1])
        bias = np.full(widths[index + 1], 0.5 if last else 0.0, np.float32)
        names = [f"conv{index}.weight", f"conv{index}.bias"]
        weights += [numpy_helper.from_array(kernel, names[0])]
        weights += [numpy_helper.from_array(bias, names[1])]
        nodes.append(helper.make_node("Conv", [value, *names], [f"conv{index}"], pads=[1] * 4))
        value = f"conv{index}"
        if not last:
            nodes.append(helper.make_node("LeakyRelu", [value], [f"act{index}"], alpha=0.1))
            value = f"act{index}"
    nodes.append(helper.make_node("DepthToSpace", [value], ["out"], blocksize=scale, mode="CRD"))
    floats = TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "chain",
        [helper.make_tensor_value_info("image", floats, ["n", 3, "h", "w"])],
        [helper.make_tensor_value_info("out", floats, ["n", 3, "oh", "ow"])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def _kernel(random: Generator, inputs: int, outputs: int) -> NDArray[np.float32]:
    """He initialisation, halved: results stay within a few units of 0..1."""
    scale = 0.5 * (2 / (9 * inputs)) ** 0.5
    return np.asarray(random.normal(size=(outputs, inputs, 3, 3)) * scale, np.float32)
