"""Codes of pictures out of noise, as attributes ask for.

code with noise (n, CODE, 16, 16), time 0..1, attributes (n, values) -> Painter -> velocity

Flow matching: a code is noise at 0 and a picture's at 1; the net learns the straight way between
them.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from printroom.training.scenes.autoencoder import CODE, PLACES
from printroom.training.scenes.spec import GROUPS, VALUES

BATCH = 128
SILENT = 0.1
"""Share of a batch that nothing is asked of: what guidance is measured from."""
FREQUENCIES = 32
LEAD = 256
"""Numbers in which all layers are told what is asked for, and the time."""
STARTS = np.cumsum([0, *(len(values) for values in GROUPS.values())])[:-1]
"""Where each group begins among the values."""


class Glance(nn.Module):
    """A change to a whole code at once, led by what is asked for."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.lead = nn.Linear(LEAD, 3 * width)
        self.normal = nn.LayerNorm(width, elementwise_affine=False)
        self.wide = nn.Linear(width, 2 * width)
        self.narrow = nn.Linear(2 * width, width)
        nn.init.zeros_(self.lead.weight)
        nn.init.zeros_(self.lead.bias)

    def forward(self, x: Tensor, lead: Tensor) -> Tensor:
        scale, shift, gate = self.lead(lead).chunk(3, 1)
        change = self.narrow(F.silu(self.wide(self.normal(x) * (1 + scale) + shift)))
        return x + (1 + gate) * change


class Touch(nn.Module):
    """A change to each place by what is around it, led by what is asked for."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.lead = nn.Linear(LEAD, 2 * width)
        self.near = nn.Conv2d(width, width, 3, padding=1)
        self.own = nn.Conv2d(width, width, 1)
        nn.init.zeros_(self.lead.weight)
        nn.init.zeros_(self.lead.bias)

    def forward(self, x: Tensor, lead: Tensor) -> Tensor:
        scale, shift = self.lead(lead)[:, :, None, None].chunk(2, 1)
        seen = F.silu(self.near(F.silu(x)) * (1 + scale) + shift)
        return x + self.own(seen)


class Painter(nn.Module):
    """The velocity of a code, from where it is.

    A wide net sees the code as one and lays out the picture; convolutions work that out, place by
    place, with the noisy code at hand.
    """

    def __init__(
        self, layout: int = 448, glances: int = 3, width: int = 144, touches: int = 3
    ) -> None:
        super().__init__()
        size = CODE * PLACES**2
        self.asked = nn.Linear(len(VALUES), LEAD)
        self.when = nn.Linear(2 * FREQUENCIES, LEAD)
        self.both = nn.Linear(LEAD, LEAD)
        self.start = nn.Linear(size, layout)
        self.glances = nn.ModuleList(Glance(layout) for _ in range(glances))
        self.normal = nn.LayerNorm(layout, elementwise_affine=False)
        self.laid = nn.Linear(layout, size)
        self.first = nn.Conv2d(8 * CODE, width, 3, padding=1)
        self.touches = nn.ModuleList(Touch(width) for _ in range(touches))
        self.last = nn.Conv2d(width, 4 * CODE, 3, padding=1)
        steps = torch.exp(-torch.arange(FREQUENCIES) / FREQUENCIES * math.log(1000)) * 40
        self.register_buffer("frequencies", steps)

    def forward(self, code: Tensor, time: Tensor, asked: Tensor) -> Tensor:
        turns = time[:, None] * self.frequencies
        lead = self.asked(asked) + self.when(torch.cat([turns.sin(), turns.cos()], 1))
        lead = F.silu(self.both(F.silu(lead)))
        size = _size(time)
        scaled = code / size
        x = self.start(scaled.flatten(1))
        for glance in self.glances:
            x = glance(x, lead)
        laid = self.laid(self.normal(x)).view(-1, CODE, PLACES, PLACES)
        tokens = F.pixel_unshuffle(torch.cat([laid, scaled], 1), 2)
        y = self.first(tokens)
        for touch in self.touches:
            y = touch(y, lead)
        change = laid + F.pixel_shuffle(self.last(F.silu(y)), 2)
        way: Tensor = (change + (2 * time[:, None, None, None] - 1) * scaled) / size
        return way


def _size(time: Tensor) -> Tensor:
    """How large a code is at a time, being noise and a picture."""
    return (time.square() + (1 - time).square()).sqrt()[:, None, None, None]


def asked_of(marks: NDArray[np.int8], random: np.random.Generator) -> Tensor:
    """(n, values): a one for each value of a scene; of some scenes nothing is told."""
    told = (marks >= 0) & (random.random(len(marks)) >= SILENT)[:, None]
    asked = np.zeros((len(marks), len(VALUES)), np.float32)
    rows, groups = np.nonzero(told)
    asked[rows, STARTS[groups] + marks[rows, groups]] = 1
    return torch.from_numpy(asked)


def loss_on(
    codes: Tensor, marks: NDArray[np.int8], net: Painter, random: np.random.Generator
) -> Tensor:
    """Error of the velocity for a batch, at times near the middle more often."""
    taken = random.integers(len(codes), size=BATCH)
    code = codes[torch.from_numpy(taken)].float()
    noise = torch.randn_like(code)
    time = torch.sigmoid(torch.randn(BATCH))
    share = time[:, None, None, None]
    with torch.autocast("cpu", torch.bfloat16):
        way = net((1 - share) * noise + share * code, time, asked_of(marks[taken], random))
    return (way.float() - (code - noise)).square().mean()
