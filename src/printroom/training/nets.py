"""The nets that recipes train: convolutions, as `runtimes.onnx.ours` walks through them.

(N, 3, H, W) RGB in 0..1 -> (N, 3, s H, s W), unclipped

A net learns what a simple way beside it misses: interpolation where it enlarges, the picture itself
where it mends, and that is all it gives at first. Graphs hold plain convolutions only, which CPUs
run at full speed. Kernels are kept as matrices, without what passes a value on as it is, and Muon
learns them: farther than Adam in the same steps (docs/decisions/0005).

A net that mends works at half the resolution, each pixel the four of a square, so that it costs a
quarter and sees twice as far. It sees and answers in coordinates where pictures have little in
common between channels (Haar's sums and differences of grey and two opponent colours), the faint
ones amplified; without that, faults as faint as JPEG's are hardly learnt at all. Both changes of
coordinates are folded into the first and the last kernel.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from printroom.imaging.bicubic import bicubic
from printroom.runtimes.onnx.ours import coordinates
from printroom.runtimes.onnx.ours.chain import SIDE, Chain
from printroom.runtimes.onnx.ours.network import SLOPE, Convolution, Network
from printroom.runtimes.onnx.ours.unet import LEVELS, UNet

REACH = SIDE // 2
"""Bicubic interpolation looks so many pixels to each side."""


class Matrix(nn.Module):  # type: ignore[misc]
    """A kernel as a matrix, without what passes a value on, and its bias."""

    def __init__(self, one: Convolution, silent: bool) -> None:
        """`silent`: it answers zero at first; others keep about how strong a value is."""
        super().__init__()
        self.shape = one.shape
        spread = (2 / (one.inputs * one.side**2)) ** 0.5
        matrix = torch.empty(one.outputs, one.inputs * one.side**2)
        nn.init.normal_(matrix, std=spread / 2 if one.passes else spread)
        self.weight = nn.Parameter(torch.zeros_like(matrix) if silent else matrix)
        self.bias = nn.Parameter(torch.zeros(one.outputs))
        self.register_buffer("passing", torch.from_numpy(one.passing()), persistent=False)

    def kernel(self) -> Tensor:
        """(outputs, inputs, side, side)."""
        return self.weight.view(self.shape) + self.passing


class Net(nn.Module):  # type: ignore[misc]
    """A network that learns. Its `state_dict` has the weights as `Network.shapes` names them."""

    orthogonal = True
    """Whether its matrices are learnt by Muon."""
    halved = False
    """Whether to compute in bfloat16, which CPUs that know it do in half the time. Weights stay
    floats, and so does what is beside the chain: its result is small, and so are its errors."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network, self.scale = network, network.scale
        self.convolutions = network.convolutions
        self.ending = [name for name, one in self.convolutions.items() if not one.whole][-1]
        for name, one in self.convolutions.items():
            if one.whole:
                self.register_parameter(name, nn.Parameter(bicubic_kernel(network.scale)))
            else:
                self._add(name, Matrix(one, silent=name == self.ending))
        if network.ends:
            seen, shown = changes()
            self.register_buffer("seen", seen, persistent=False)
            self.register_buffer("shown", shown, persistent=False)

    def kernels(self) -> dict[str, tuple[Tensor, Tensor]]:
        """Name -> (kernel, bias) of each convolution, in plain coordinates: what ships."""
        found: dict[str, tuple[Tensor, Tensor]] = {}
        for name, one in self.convolutions.items():
            if one.whole:
                kernel = self.get_parameter(name)
                found[name] = kernel, kernel.new_zeros(one.outputs)
            else:
                part = self.get_submodule(name)
                found[name] = part.kernel(), part.bias
        if self.network.ends:
            first, last = self.network.ends
            kernel, bias = found[first]
            found[first] = torch.einsum("oskl,si->oikl", kernel, self.seen), bias
            kernel, bias = found[last]
            found[last] = torch.einsum("os,sikl->oikl", self.shown, kernel), self.shown @ bias
        return found

    def forward(self, picture: Tensor) -> Tensor:
        return self.network.walk(_Tensors(self), picture)

    def _add(self, name: str, part: nn.Module) -> None:
        """Below modules that are there for its name."""
        *above, own = name.split(".")
        module = self
        for one in above:
            if not hasattr(module, one):
                module.add_module(one, nn.Module())
            module = getattr(module, one)
        module.add_module(own, part)


class _Tensors:
    """`Operations` on tensors."""

    def __init__(self, net: Net) -> None:
        self.convolutions, self.kernels = net.convolutions, net.kernels()
        self.ending, self.halved = net.ending, net.halved

    def convolved(self, name: str, value: Tensor) -> Tensor:
        one, (kernel, bias) = self.convolutions[name], self.kernels[name]
        halved = self.halved and not one.whole
        if halved:
            value = value.to(torch.bfloat16, memory_format=torch.channels_last)
            kernel, bias = kernel.bfloat16(), bias.bfloat16()
        found = F.conv2d(value, kernel, bias, stride=one.stride, padding=one.reach)
        return found.float() if halved and name == self.ending else found

    def active(self, value: Tensor) -> Tensor:
        return F.leaky_relu(value, SLOPE)

    def smaller(self, value: Tensor, scale: int) -> Tensor:
        return fold(value, scale)

    def larger(self, value: Tensor, scale: int) -> Tensor:
        return F.pixel_shuffle(value, scale)

    def sum(self, one: Tensor, other: Tensor) -> Tensor:
        return one + other


def bicubic_kernel(scale: int) -> Tensor:
    """(3 s^2, 3, 5, 5): the phases of bicubic interpolation by `scale`, a channel at a time."""
    middle = 2 * REACH
    impulse = np.zeros((2 * middle + 1, 2 * middle + 1))
    impulse[middle, middle] = 1
    response = bicubic(impulse, scale)
    kernel = torch.zeros(3 * scale**2, 3, SIDE, SIDE)
    seen = slice(middle - REACH, middle + REACH + 1)
    for phase in range(scale**2):
        taps = response[phase // scale :: scale, phase % scale :: scale][seen, seen]
        flipped = torch.from_numpy(taps[::-1, ::-1].copy())
        for colour in range(3):
            kernel[colour * scale**2 + phase, colour] = flipped
    return kernel


def fold(x: Tensor, scale: int = coordinates.FOLD) -> Tensor:
    """(N, C, s H, s W) -> (N, s² C, H, W), as ONNX orders it: a place in all colours, the next."""
    count, colours = x.shape[:2]
    folded = F.pixel_unshuffle(x, scale).unflatten(1, (colours, scale**2)).transpose(1, 2)
    return folded.reshape(count, colours * scale**2, *folded.shape[-2:])


def changes() -> tuple[Tensor, Tensor]:
    """The matrices (12, 12) that change coordinates on the way in and out."""
    seen, shown = coordinates.changes()
    return torch.from_numpy(seen), torch.from_numpy(shown)


def make_net(scale: int, channels: int, layers: int) -> Net:
    """A net at `scale`, with `layers` convolutions of `channels` between the first and last."""
    return Net(Chain(scale, channels, layers))


def make_unet(channels: int, layers: int, upper: int) -> Net:
    """A U-Net with `channels` at its upper level, a third more below; `upper` and `layers` deep."""
    below = LEVELS - 1
    return Net(UNet((channels, *[channels * 4 // 3] * below), (upper, *[layers] * below)))
