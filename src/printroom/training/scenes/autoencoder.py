"""Pictures as small codes, and back.

(n, 3, 128, 128) in 0..1 -> Encoder -> (n, CODE, 16, 16) -> Decoder -> (n, 3, 128, 128)

Codes are learnt with noise on them, so that the decoder forgives a code that is not quite right.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from printroom.training.scenes.data import Scenes

CODE = 8
"""Numbers for each place of a code."""
PLACES = 16
"""Along a side of a code."""
NOISE = 0.1
BATCH = 16


class Block(nn.Module):
    """What it is given, and a change to it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(F.silu(self.first(F.silu(x))))


class Autoencoder(nn.Module):
    """Both ways; `encode` is needed in training alone."""

    def __init__(self, fine: int = 64, coarse: int = 128) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.PixelUnshuffle(4), nn.Conv2d(48, fine, 3, padding=1), nn.SiLU(),
            nn.PixelUnshuffle(2), nn.Conv2d(4 * fine, coarse, 1),
            Block(coarse), nn.SiLU(), nn.Conv2d(coarse, CODE, 1),
        )  # fmt: skip
        self.decoder = nn.Sequential(
            nn.Conv2d(CODE, coarse, 3, padding=1), Block(coarse), Block(coarse),
            nn.Conv2d(coarse, 4 * fine, 1), nn.PixelShuffle(2), Block(fine), Block(fine),
            nn.SiLU(), nn.Conv2d(fine, 48, 3, padding=1), nn.PixelShuffle(4),
        )  # fmt: skip

    def encode(self, pictures: Tensor) -> Tensor:
        """(n, 3, 128, 128) in 0..1 -> codes."""
        codes: Tensor = self.encoder(pictures * 2 - 1)
        return codes

    def decode(self, codes: Tensor) -> Tensor:
        """Codes -> pictures, about 0..1."""
        pictures: Tensor = self.decoder(codes) * 0.5 + 0.5
        return pictures


def pictures_at(scenes: Scenes, places: np.ndarray) -> Tensor:
    """(n, 3, side, side) in 0..1."""
    taken = torch.from_numpy(np.ascontiguousarray(scenes.pictures[np.sort(places)]))
    return taken.permute(0, 3, 1, 2).float() / 255


def loss_on(scenes: Scenes, net: Autoencoder, random: np.random.Generator) -> Tensor:
    """Error of a batch, and that of its edges; codes are kept near 0..1 in size."""
    x = pictures_at(scenes, random.integers(len(scenes.pictures), size=BATCH))
    with torch.autocast("cpu", torch.bfloat16):
        code = net.encode(x)
        y = net.decode(code + NOISE * torch.randn_like(code))
    y, code = y.float(), code.float()
    error = y - x
    edges = sum(error.diff(dim=side).abs().mean() for side in (2, 3))
    size = (code.square().mean() - 1).clamp(min=0)
    return error.abs().mean() + 2 * error.square().mean() + 0.5 * edges + 0.01 * size
