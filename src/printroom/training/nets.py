"""The nets that recipes train: plain chains of 3x3 convolutions, trained in a wider form.

(N, 3, H, W) RGB in 0..1 -> (N, 3, s H, s W), unclipped

Each kernel is the product of a 256-channel 3x3 expansion, a projection back, and an identity
(SESR, Bhardwaj et al. 2022), folded before every step: the wide form costs next to nothing, and the
graph that ships holds plain convolutions only, which CPUs run at full speed. The chain learns what
a simple way beside it misses: interpolation where the net enlarges, the picture itself where it
mends.

A net that mends works at half the resolution, each pixel the four of a square, so that it costs a
quarter and sees twice as far. It sees and answers in coordinates where pictures have little in
common between channels (Haar's sums and differences of grey and two opponent colours), the faint
ones amplified; without that, faults as faint as JPEG's are hardly learnt at all. Both changes of
coordinates are folded into the first and the last kernel.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from printroom.imaging.bicubic import bicubic
from printroom.runtimes.onnx import ours
from printroom.runtimes.onnx.ours import FOLD, SLOPE

REACH = 2
"""Bicubic interpolation looks so many pixels to each side."""


class Collapsed(nn.Module):  # type: ignore[misc]
    """A 3x3 convolution whose kernel is (project @ expand) + identity."""

    def __init__(self, inputs: int, outputs: int, wide: int = 256) -> None:
        super().__init__()
        self.expand = nn.Parameter(torch.empty(wide, inputs, 3, 3))
        self.project = nn.Parameter(torch.empty(outputs, wide))
        self.bias = nn.Parameter(torch.zeros(outputs))
        nn.init.normal_(self.expand, std=(2 / (9 * inputs)) ** 0.5)
        nn.init.normal_(self.project, std=0.5 * wide**-0.5)
        identity = torch.zeros(outputs, inputs, 3, 3)
        if inputs == outputs:
            identity[range(outputs), range(inputs), 1, 1] = 1
        self.register_buffer("identity", identity, persistent=False)

    def kernel(self) -> Tensor:
        """(outputs, inputs, 3, 3)."""
        product = self.project @ self.expand.reshape(self.expand.shape[0], -1)
        return product.reshape(self.identity.shape) + self.identity


class Chain(nn.Module):  # type: ignore[misc]
    """Collapsed convolutions with leaky ReLUs between them; at first it answers zero.

    `seen` (inputs, inputs) and `shown` (outputs, outputs) change the coordinates of what goes in
    and comes out.
    """

    halved = False
    """Whether to compute in bfloat16, which CPUs that know it do in half the time. Weights stay
    floats, and so does what is beside the chain: its result is small, and so are its errors."""

    def __init__(
        self,
        inputs: int,
        channels: int,
        layers: int,
        outputs: int,
        seen: Tensor | None = None,
        shown: Tensor | None = None,
    ) -> None:
        super().__init__()
        sizes = [inputs, *[channels] * (layers + 1), outputs]
        self.layers = nn.ModuleList([Collapsed(*pair) for pair in pairwise(sizes)])
        nn.init.zeros_(self.layers[-1].project)
        self.register_buffer("seen", seen, persistent=False)
        self.register_buffer("shown", shown, persistent=False)

    def kernels(self) -> list[tuple[Tensor, Tensor]]:
        """(kernel, bias) of each convolution, all folded: what ships."""
        kernels = [layer.kernel() for layer in self.layers]
        biases = [layer.bias for layer in self.layers]
        if self.seen is not None:
            kernels[0] = torch.einsum("oskl,si->oikl", kernels[0], self.seen)
        if self.shown is not None:
            kernels[-1] = torch.einsum("os,sikl->oikl", self.shown, kernels[-1])
            biases[-1] = self.shown @ biases[-1]
        return list(zip(kernels, biases, strict=True))

    def forward(self, x: Tensor) -> Tensor:
        kernels = self.kernels()
        if self.halved:
            x = x.to(torch.bfloat16, memory_format=torch.channels_last)
            kernels = [(kernel.bfloat16(), bias.bfloat16()) for kernel, bias in kernels]
        *inner, last = kernels
        for kernel, bias in inner:
            x = F.leaky_relu(F.conv2d(x, kernel, bias, padding=1), SLOPE)
        return F.conv2d(x, *last, padding=1).float()


def bicubic_kernel(scale: int) -> Tensor:
    """(3 s^2, 3, 5, 5): the phases of bicubic interpolation by `scale`, a channel at a time."""
    middle, side = 2 * REACH, 2 * REACH + 1
    impulse = np.zeros((2 * middle + 1, 2 * middle + 1))
    impulse[middle, middle] = 1
    response = bicubic(impulse, scale)
    kernel = torch.zeros(3 * scale**2, 3, side, side)
    seen = slice(middle - REACH, middle + REACH + 1)
    for phase in range(scale**2):
        taps = response[phase // scale :: scale, phase % scale :: scale][seen, seen]
        flipped = torch.from_numpy(taps[::-1, ::-1].copy())
        for colour in range(3):
            kernel[colour * scale**2 + phase, colour] = flipped
    return kernel


class Upscaler(nn.Module):  # type: ignore[misc]
    """`scale` times the size: at first bicubic interpolation, whose kernel is learnt on too."""

    def __init__(self, scale: int, channels: int, layers: int) -> None:
        super().__init__()
        self.scale = scale
        self.chain = Chain(3, channels, layers, 3 * scale**2)
        self.skip = nn.Parameter(bicubic_kernel(scale))

    def forward(self, x: Tensor) -> Tensor:
        return F.pixel_shuffle(self.chain(x) + F.conv2d(x, self.skip, padding=REACH), self.scale)


def fold(x: Tensor) -> Tensor:
    """(N, C, H, W) -> (N, 4 C, H/2, W/2), as ONNX orders it: a place in all colours, the next."""
    count, colours = x.shape[:2]
    folded = F.pixel_unshuffle(x, FOLD).unflatten(1, (colours, FOLD**2)).transpose(1, 2)
    return folded.reshape(count, colours * FOLD**2, *folded.shape[-2:])


def changes() -> tuple[Tensor, Tensor]:
    """The matrices (12, 12) that change coordinates on the way in and out."""
    seen, shown = ours.changes()
    return torch.from_numpy(seen), torch.from_numpy(shown)


class Restorer(nn.Module):  # type: ignore[misc]
    """The same size: at first the picture as it is. Sides must be multiples of `FOLD`."""

    scale = 1

    def __init__(self, channels: int, layers: int) -> None:
        super().__init__()
        folded = 3 * FOLD**2
        self.chain = Chain(folded, channels, layers, folded, *changes())

    def forward(self, x: Tensor) -> Tensor:
        return x + F.pixel_shuffle(self.chain(fold(x)), FOLD)


Net = Upscaler | Restorer


def make_net(scale: int, channels: int, layers: int) -> Net:
    """A net at `scale`, with `layers` convolutions of `channels` between the first and last."""
    return Restorer(channels, layers) if scale == 1 else Upscaler(scale, channels, layers)
