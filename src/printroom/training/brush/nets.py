"""One small net that paints in several hands at once, without looking further than it must.

    (n, 3, h, w) in a painting's colours, the number of its hand -> (n, 3, h, w) in its texture

A chain of convolutions at a quarter of the size, as in `training.nets`; what differs between hands
is a factor and an offset for each channel of each layer (conditional scaling, Dumoulin et al. 2017,
but without the normalisation, which would look at the whole picture). So tiles fit exactly. Sides
are multiples of `FOLD`. At first it answers the picture itself.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from printroom.training.brush.features import SLOPE

Array = NDArray[Any]
FOLD = 4
"""Side of the squares of pixels that it takes as one."""


class Hands(nn.Module):  # type: ignore[misc]
    """The net for so many hands."""

    def __init__(self, hands: int, channels: int = 48, layers: int = 6) -> None:
        super().__init__()
        folded = 3 * FOLD**2
        sizes = [folded, *[channels] * (layers + 1)]
        self.inner = nn.ModuleList([nn.Conv2d(a, b, 3, bias=False) for a, b in pairwise(sizes)])
        self.last = nn.Conv2d(channels, folded, 3)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)
        self.gains = nn.Parameter(torch.ones(hands, layers + 1, channels))
        self.offsets = nn.Parameter(torch.zeros(hands, layers + 1, channels))

    def forward(self, x: Tensor, hand: int) -> Tensor:
        inner = F.pixel_unshuffle(x - 0.5, FOLD)
        for place, layer in enumerate(self.inner):
            seen = layer(F.pad(inner, (1, 1, 1, 1), mode="replicate"))
            gain, offset = self.gains[hand, place], self.offsets[hand, place]
            seen = F.leaky_relu(seen * gain[:, None, None] + offset[:, None, None], SLOPE)
            inner = seen + inner if place else seen
        told = self.last(F.pad(inner, (1, 1, 1, 1), mode="replicate"))
        return x + F.pixel_shuffle(told, FOLD)

    def parts(self) -> dict[str, Array]:
        """Weights by name, as the step reads them."""
        found = {f"kernel{place}": layer.weight for place, layer in enumerate(self.inner)}
        found |= {f"kernel{len(self.inner)}": self.last.weight, "bias": self.last.bias}
        found |= {"gains": self.gains, "offsets": self.offsets}
        return {
            name: part.detach().cpu().numpy().astype(np.float16) for name, part in found.items()
        }
