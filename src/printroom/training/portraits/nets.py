"""The nets behind the small generator, as they are trained; `runtimes.mini` runs the same in numpy.

small photos -> Recogniser -> what is told of a person        (n, 128)
latents -> Decoder -> pictures                                (n, 3, side, side)
noisy latents, time, condition -> Denoiser -> velocities      (n, latents)
features of words, readings -> Denoiser.condition             (n, condition)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from printroom.runtimes.generation import STYLES
from printroom.runtimes.mini.words import FEATURES
from printroom.training.portraits.people import CHOICES, MEASURES

READ = 128
"""Numbers that a reader tells of a person."""
FOLDED = 16
"""Side of the decoder's planes."""
TIMES = 32
"""Frequencies that tell the time."""


@dataclass(frozen=True)
class Shape:
    """How large a generator is."""

    side: int
    """Of its pictures, in pixels."""
    latents: int
    width: int
    """Of the denoiser."""
    condition: int
    blocks: int
    planes: int
    """Of the decoder."""
    layers: int
    """Of the decoder."""


SHAPES = {
    32: Shape(side=32, latents=160, width=256, condition=128, blocks=3, planes=48, layers=2),
    64: Shape(side=64, latents=320, width=416, condition=256, blocks=5, planes=96, layers=4),
}


class Recogniser(nn.Module):  # type: ignore[misc]
    """(n, 3, side, side), 0..1 -> what is told of a portrait; `answer` names things from it."""

    def __init__(self, side: int, planes: tuple[int, ...], told: int, answers: int) -> None:
        super().__init__()
        pairs = pairwise((3, *planes))
        self.convs = nn.ModuleList([nn.Conv2d(a, b, 3, 2, 1) for a, b in pairs])
        self.told = nn.Linear(planes[-1] * (side >> len(planes)) ** 2, told)
        self.answer = nn.Linear(told, answers)

    def forward(self, x: Tensor) -> Tensor:
        x = x * 4 - 2
        for conv in self.convs:
            x = F.relu(conv(x))
        return torch.tanh(self.told(x.flatten(1)))


def reader() -> Recogniser:
    """Reads small photos: attributes, then measures."""
    return Recogniser(32, (32, 64, 96), READ, sum(CHOICES.values()) + len(MEASURES))


class Decoder(nn.Module):  # type: ignore[misc]
    """Latents -> pictures: a linear sketch at 32 px, then what a sketch cannot hold."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        fold, p = shape.side // FOLDED, shape.planes
        self.fold = fold
        self.register_buffer("mean", torch.zeros(3 * 32 * 32))
        self.register_buffer("basis", torch.zeros(shape.latents, 3 * 32 * 32))
        self.place = nn.Parameter(torch.randn(1, 8, FOLDED, FOLDED) * 0.1)
        self.first = nn.Conv2d(20, p, 3, padding=1)
        self.films = nn.ModuleList([nn.Linear(shape.latents, 2 * p) for _ in range(shape.layers)])
        self.convs = nn.ModuleList([nn.Conv2d(p, p, 3, padding=1) for _ in range(shape.layers)])
        self.last = nn.Conv2d(p, 3 * fold**2, 3, padding=1)
        self.skip = nn.Conv2d(12, 3 * fold**2, 1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)
        for film in self.films:
            nn.init.normal_(film.weight, std=0.02)
        self.skip.weight.data = nearest(fold)[:, :, None, None]
        nn.init.zeros_(self.skip.bias)

    def sketch(self, z: Tensor) -> Tensor:
        """The linear part: (n, 3, 32, 32)."""
        return (z @ self.basis + self.mean).view(-1, 3, 32, 32)

    def forward(self, z: Tensor) -> Tensor:
        folded = F.pixel_unshuffle(self.sketch(z), 2)
        h = self.first(torch.cat([folded, self.place.expand(len(z), -1, -1, -1)], 1))
        for film, conv in zip(self.films, self.convs, strict=True):
            scale, shift = film(z)[:, :, None, None].chunk(2, 1)
            h = h + conv(F.silu(h * (1 + scale) + shift))
        return F.pixel_shuffle(self.last(F.silu(h)) + self.skip(folded), self.fold)


def nearest(fold: int) -> Tensor:
    """(3 fold^2, 12): planes folded by two -> by `fold`, each pixel repeated."""
    weight = torch.zeros(3, fold, fold, 3, 2, 2)
    for c in range(3):
        for y in range(fold):
            for x in range(fold):
                weight[c, y, x, c, y * 2 // fold, x * 2 // fold] = 1
    return weight.view(3 * fold**2, 12)


class Block(nn.Module):  # type: ignore[misc]
    """A residual layer that the condition scales, shifts and gates."""

    def __init__(self, width: int, condition: int) -> None:
        super().__init__()
        self.c = nn.Linear(condition, 3 * width)
        self.a = nn.Linear(width, 2 * width)
        self.b = nn.Linear(2 * width, width)
        nn.init.zeros_(self.c.weight)
        nn.init.zeros_(self.c.bias)

    def forward(self, h: Tensor, c: Tensor) -> Tensor:
        scale, shift, gate = self.c(c).chunk(3, 1)
        normal = F.layer_norm(h, h.shape[1:])
        return h + gate * self.b(F.silu(self.a(normal * (1 + scale) + shift)))


class Denoiser(nn.Module):  # type: ignore[misc]
    """Velocities of a flow from noise (t = 0) to latents (t = 1)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        d, c = shape.width, shape.condition
        self.words = nn.Parameter(torch.randn(len(FEATURES) + len(STYLES), c) * 0.3)
        self.person = nn.Linear(READ, c)
        self.mix = nn.Linear(c, 2 * c)
        self.mixed = nn.Linear(2 * c, c)
        self.time = nn.Linear(2 * TIMES, c)
        self.timed = nn.Linear(c, c)
        self.enter = nn.Linear(shape.latents, d)
        self.blocks = nn.ModuleList([Block(d, c) for _ in range(shape.blocks)])
        self.leave = nn.Linear(d, shape.latents)

    def condition(self, said: Tensor, person: Tensor) -> Tensor:
        """`said`: (n, features and styles), 0 or 1; `person`: (n, condition), 0 = nobody's."""
        total = said @ self.words + person
        return total + self.mixed(F.silu(self.mix(total)))

    def forward(self, z: Tensor, t: Tensor, condition: Tensor) -> Tensor:
        angles = t[:, None] * 40 * torch.exp(-torch.arange(TIMES) / TIMES * math.log(1e3))
        waves = torch.cat([angles.sin(), angles.cos()], 1)
        c = F.silu(condition + self.timed(F.silu(self.time(waves))))
        h = self.enter(z)
        for block in self.blocks:
            h = block(h, c)
        return self.leave(F.layer_norm(h, h.shape[1:]))
