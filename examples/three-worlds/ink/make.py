"""Writes ink.safetensors: two Gaussian kernels, by formula, and the slope of the ink.

    python make.py

Their difference answers to edges (the eXtended difference of Gaussians of Winnemoeller et al.,
2012, Computers & Graphics 36).
"""

import torch
from safetensors.torch import save_file

RADIUS = 6


def gaussian(sigma: float) -> torch.Tensor:
    """(1, 1, 13, 13), with a sum of one."""
    x = torch.arange(-RADIUS, RADIUS + 1, dtype=torch.float32)
    line = torch.exp(-(x**2) / (2 * sigma**2))
    plane = line[:, None] * line[None, :]
    return (plane / plane.sum())[None, None]


if __name__ == "__main__":
    weights = {"fine": gaussian(1.0), "coarse": gaussian(1.6), "slope": torch.tensor(18.0)}
    save_file(weights, "ink.safetensors")
