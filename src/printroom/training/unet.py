"""A U-Net that mends: it sees far, at the cost of a plain chain that does not.

(N, 3, H, W) RGB in 0..1, sides multiples of `ALIGN` -> the same, unclipped

    a square of four pixels as one -> 3x3s -> halved -> 3x3s -> halved -> 3x3s
    the picture plus the answer    <- 3x3s <- doubled + <- 3x3s <- doubled +

Three levels, at a half, a quarter and an eighth of the resolution; what a level saw on the way down
is added on the way up. Halving is a convolution of 2x2 by 2, doubling one of 1x1 and a shuffle, so
that tiles come out exact (Ronneberger et al. 2015, without what looks at a whole picture).
Coordinates are changed as in `nets`. Kernels are matrices, which `Muon` learns several times faster
than Adam does the wide form of `nets`.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from printroom.runtimes.onnx.ours import FOLD, SLOPE
from printroom.training.nets import changes, fold

LEVELS = 3
ALIGN = FOLD * 2 ** (LEVELS - 1)


class Convolution(nn.Module):  # type: ignore[misc]
    """A square kernel, kept as a matrix without what passes a value on as it is."""

    def __init__(self, inputs: int, outputs: int, side: int = 3) -> None:
        super().__init__()
        self.shape = outputs, inputs, side, side
        self.weight = nn.Parameter(torch.empty(outputs, inputs * side**2))
        self.bias = nn.Parameter(torch.zeros(outputs))
        passing = torch.zeros(self.shape)
        if inputs == outputs and side % 2:
            passing[range(outputs), range(inputs), side // 2, side // 2] = 1
        self.register_buffer("passing", passing, persistent=False)
        spread = (2 / (inputs * side**2)) ** 0.5
        nn.init.normal_(self.weight, std=spread / 2 if passing.any() else spread)

    def kernel(self) -> Tensor:
        """(outputs, inputs, side, side)."""
        return self.weight.view(self.shape) + self.passing


class UNet(nn.Module):  # type: ignore[misc]
    """At first the picture as it is."""

    scale = 1
    orthogonal = True
    """Whether its matrices are learnt by Muon."""
    halved = False
    """Whether to compute in bfloat16; see `nets.Chain`."""

    def __init__(self, channels: int, layers: int) -> None:
        """`channels` of the upper level, a third more of those below; there, each way, `layers`."""
        super().__init__()
        folded = 3 * FOLD**2
        widths = channels, *[channels * 4 // 3] * (LEVELS - 1)
        depths = 1, *[layers] * (LEVELS - 1)
        seen, shown = changes()
        self.register_buffer("seen", seen, persistent=False)
        self.register_buffer("shown", shown, persistent=False)
        self.first = Convolution(folded, widths[0])
        self.last = Convolution(widths[0], folded)
        nn.init.zeros_(self.last.weight)
        pairs = list(zip(widths, depths, strict=True))
        self.going_down = nn.ModuleList([_level(*pair) for pair in pairs])
        self.going_up = nn.ModuleList([_level(*pair) for pair in pairs[:-1]])
        steps = list(pairwise(widths))
        self.halve = nn.ModuleList([Convolution(upper, lower, 2) for upper, lower in steps])
        self.double = nn.ModuleList([Convolution(lower, 4 * upper, 1) for upper, lower in steps])

    def kernels(self) -> dict[str, tuple[Tensor, Tensor]]:
        """Name -> (kernel, bias) of each convolution, in plain coordinates: what ships."""
        found = {}
        for name, part in self.named_modules():
            if isinstance(part, Convolution):
                found[name] = part.kernel(), part.bias
        kernel, bias = found["first"]
        found["first"] = torch.einsum("oskl,si->oikl", kernel, self.seen), bias
        kernel, bias = found["last"]
        found["last"] = torch.einsum("os,sikl->oikl", self.shown, kernel), self.shown @ bias
        return found

    def forward(self, picture: Tensor) -> Tensor:
        kernels = self.kernels()
        x = fold(picture)
        if self.halved:
            x = x.to(torch.bfloat16, memory_format=torch.channels_last)
            kernels = {name: (k.bfloat16(), b.bfloat16()) for name, (k, b) in kernels.items()}

        def convolved(x: Tensor, name: str) -> Tensor:
            kernel, bias = kernels[name]
            return F.conv2d(x, kernel, bias, padding=kernel.shape[-1] // 2)

        def active(x: Tensor) -> Tensor:
            return F.leaky_relu(x, SLOPE)

        def through(x: Tensor, name: str, level: nn.ModuleList) -> Tensor:
            for place in range(len(level)):
                x = active(convolved(x, f"{name}.{place}"))
            return x

        x, beside = active(convolved(x, "first")), []
        for number, level in enumerate(self.going_down):
            if number:
                beside.append(x)
                kernel, bias = kernels[f"halve.{number - 1}"]
                x = active(F.conv2d(x, kernel, bias, stride=2))
            x = through(x, f"going_down.{number}", level)
        for number in reversed(range(len(self.going_up))):
            x = active(F.pixel_shuffle(convolved(x, f"double.{number}"), 2) + beside.pop())
            x = through(x, f"going_up.{number}", self.going_up[number])
        return picture + F.pixel_shuffle(convolved(x, "last").float(), FOLD)


def _level(width: int, depth: int) -> nn.ModuleList:
    return nn.ModuleList([Convolution(width, width) for _ in range(depth)])
