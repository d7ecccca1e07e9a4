"""Pictures <-> latents: principal components of small pictures, and a decoder that draws.

small pictures -> Codec: mean, axes, spreads -> latents of standard deviation about 1
latents, large pictures -> a trained Decoder
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from printroom.training.portraits.loop import Course, Say, fit, half
from printroom.training.portraits.nets import Decoder, Shape

Floats = NDArray[Any]
"""float32."""
SHAKE = 0.08
"""Noise on the latents that a decoder learns from: those of a generator are not exact."""
BATCH = 16


@dataclass(frozen=True)
class Codec:
    """Linear, both ways."""

    mean: Floats
    """(3 * 32 * 32,)."""
    into: Floats
    """(3 * 32 * 32, latents)."""
    basis: Floats
    """(latents, 3 * 32 * 32)."""

    def encode(self, pictures: NDArray[np.uint8]) -> Floats:
        """(n, 32, 32, 3) -> (n, latents)."""
        parts = [
            (flat(pictures[at : at + 2048]) - self.mean) @ self.into
            for at in range(0, len(pictures), 2048)
        ]
        return np.concatenate(parts)


def flat(pictures: NDArray[np.uint8]) -> Floats:
    """(n, 32, 32, 3) uint8 -> (n, 3 * 32 * 32), 0..1, plane by plane."""
    planes = pictures.transpose(0, 3, 1, 2).reshape(len(pictures), -1)
    return planes.astype(np.float32) / 255


def codec_of(pictures: NDArray[np.uint8], latents: int) -> Codec:
    """From a sample of pictures; what lies in the middle of the face counts more.

    Half whitened: a component's spread grows with the root of its own, so that the loss of a flow
    neither drowns in small ones nor forgets them.
    """
    x = flat(pictures)
    mean = x.mean(0)
    weights = weights_of_pixels()
    scaled = (x - mean) * weights
    axes, spread = _components(scaled, latents)
    halved = np.sqrt(spread * spread.mean())
    halved = halved * np.sqrt(np.mean((spread / halved) ** 2))
    into = (weights[:, None] * axes / halved).astype(np.float32)
    basis = ((axes * halved).T / weights).astype(np.float32)
    return Codec(mean, into, basis)


def _components(x: Floats, count: int) -> tuple[Floats, Floats]:
    """The axes of greatest spread (columns), and the spreads, falling."""
    few = len(x) < x.shape[1]  # then the pictures' own products are the smaller matrix
    values, vectors = np.linalg.eigh((x @ x.T if few else x.T @ x) / len(x))
    spread = np.sqrt(np.maximum(values[::-1][:count], 1e-8))
    axes = vectors[:, ::-1][:, :count]
    return (x.T @ axes / (spread * np.sqrt(len(x))) if few else axes), spread


def weights_of_pixels() -> Floats:
    line = (np.arange(32) + 0.5) / 16 - 1
    y, x = np.meshgrid(line, line, indexing="ij")
    middle = 1 + 1.5 * np.exp(-(x**2 / 0.15 + (y - 0.05) ** 2 / 0.15))
    return np.tile(middle.ravel(), 3).astype(np.float32)


def train_decoder(
    codec: Codec,
    latents: Floats,
    pictures: NDArray[np.uint8],
    shape: Shape,
    course: Course,
    kept: Path,
    say: Say,
) -> Decoder:
    """`pictures`: (n, side, side, 3) of those `latents`."""
    net = Decoder(shape)
    net.mean.copy_(torch.from_numpy(codec.mean))
    net.basis.copy_(torch.from_numpy(codec.basis))

    def loss(random: np.random.Generator) -> Tensor:
        chosen = random.integers(len(latents), size=BATCH)
        z = torch.from_numpy(latents[chosen])
        truth = torch.from_numpy(pictures[chosen]).permute(0, 3, 1, 2).float() / 255
        with half():
            made = net(z + SHAKE * torch.randn_like(z) * torch.rand(len(z), 1))
        return apart(made.float(), truth)

    return fit(net, loss, course, kept, say)


def apart(made: Tensor, truth: Tensor) -> Tensor:
    """Mean absolute difference, of the levels and of their steps from pixel to pixel."""
    error = made - truth
    across, down = error.diff(dim=3).abs().mean(), error.diff(dim=2).abs().mean()
    return error.abs().mean() + across + down + F.relu(made.abs() - 1.1).mean()
