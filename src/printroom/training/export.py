"""A trained net -> a plain ONNX graph of its folded kernels, any size of picture."""

from __future__ import annotations

import onnx

from printroom.runtimes.onnx.ours.graph import graph
from printroom.training.nets import Net


def to_onnx(net: Net, name: str) -> onnx.ModelProto:
    """`net` as a graph called `name`: input `image`, output `upscaled` or `restored`."""
    weights = {key: value.cpu().numpy() for key, value in net.state_dict().items()}
    return graph(net.network, name, weights)
