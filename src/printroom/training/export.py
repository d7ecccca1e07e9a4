"""A trained net -> a plain ONNX graph of its folded kernels, any size of picture."""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from torch import Tensor

from printroom.runtimes.onnx import ours
from printroom.training.nets import Net, Upscaler
from printroom.training.unet import UNet

OPSET, IR_VERSION = ours.OPSET, ours.IR_VERSION
Array = NDArray[np.float32]


def to_onnx(net: Net | UNet, name: str) -> onnx.ModelProto:
    """`net` as a graph called `name`: input `image`, output `upscaled` or `restored`."""
    if isinstance(net, UNet):
        return _unet(net, name)
    kernels = [(_plain(kernel), _plain(bias)) for kernel, bias in net.chain.kernels()]
    skip = _plain(net.skip) if isinstance(net, Upscaler) else None
    return ours.assembled(name, net.scale, kernels, skip)


def _unet(net: UNet, name: str) -> onnx.ModelProto:
    """As `UNet.forward`, node by node."""
    graph = ours.Graph()
    kernels = {key: (_plain(kernel), _plain(bias)) for key, (kernel, bias) in net.kernels().items()}

    def convolved(key: str, value: str, stride: int = 1) -> str:
        return graph.convolution(key, value, *kernels[key], strides=[stride] * 2)

    def active(key: str, value: str) -> str:
        return graph.active(value, f"{key}.act")

    def through(key: str, value: str, count: int) -> str:
        for place in range(count):
            value = active(f"{key}.{place}", convolved(f"{key}.{place}", value))
        return value

    value = graph.node("SpaceToDepth", ["image"], "folded", blocksize=ours.FOLD)
    value, beside = active("first", convolved("first", value)), []
    for number, level in enumerate(net.going_down):
        if number:
            beside.append(value)
            key = f"halve.{number - 1}"
            value = active(key, convolved(key, value, 2))
        value = through(f"going_down.{number}", value, len(level))
    for number in reversed(range(len(net.going_up))):
        key = f"double.{number}"
        larger = graph.node(
            "DepthToSpace", [convolved(key, value)], f"{key}.larger", blocksize=2, mode="CRD"
        )
        value = active(key, graph.node("Add", [larger, beside.pop()], f"{key}.sum"))
        value = through(f"going_up.{number}", value, len(net.going_up[number]))
    answer = convolved("last", value)
    change = graph.node("DepthToSpace", [answer], "change", blocksize=ours.FOLD, mode="CRD")
    return graph.model(name, graph.node("Add", ["image", change], "restored"), 1)


def _plain(tensor: Tensor) -> Array:
    found: Array = tensor.detach().cpu().numpy()
    return found
