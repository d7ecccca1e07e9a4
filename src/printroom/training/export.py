"""A trained net -> a plain ONNX graph of its folded kernels, any size of picture."""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from torch import Tensor

from printroom.runtimes.onnx import ours
from printroom.training.nets import Net, Upscaler

OPSET, IR_VERSION = ours.OPSET, ours.IR_VERSION


def to_onnx(net: Net, name: str) -> onnx.ModelProto:
    """`net` as a graph called `name`: input `image`, output `upscaled` or `restored`."""
    kernels = [(_plain(kernel), _plain(bias)) for kernel, bias in net.chain.kernels()]
    skip = _plain(net.skip) if isinstance(net, Upscaler) else None
    return ours.assembled(name, net.scale, kernels, skip)


def _plain(tensor: Tensor) -> NDArray[np.float32]:
    found: NDArray[np.float32] = tensor.detach().cpu().numpy()
    return found
