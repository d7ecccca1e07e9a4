"""Trained nets -> the arrays that `runtimes.mini` runs, and what it calls familiar.

Recogniser, Codec, Decoder, Denoiser -> arrays by name, float16
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import nn

from printroom.training.portraits.album import Album
from printroom.training.portraits.codec import Codec, flat, weights_of_pixels
from printroom.training.portraits.nets import Decoder, Denoiser, Recogniser
from printroom.training.portraits.reading import PHOTOS

Floats = NDArray[Any]


def generator_arrays(
    reader: Recogniser, guard: Recogniser, codec: Codec, decoder: Decoder, denoiser: Denoiser
) -> dict[str, Floats]:
    """Of a whole generator."""
    arrays = {
        "codec.mean": codec.mean,
        "codec.basis": codec.basis,
        "codec.weights": weights_of_pixels(),
    }
    parts = {"reader": reader, "guard": guard, "decoder": decoder, "denoiser": denoiser}
    for name, net in parts.items():
        arrays |= {f"{name}.{key}": value for key, value in _state(net).items()}
    del arrays["decoder.mean"], arrays["decoder.basis"], arrays["decoder.first.bias"]
    with torch.no_grad():  # what lies still needs no convolution at each picture
        weight = decoder.first.weight
        place = F.conv2d(decoder.place, weight[:, 12:], decoder.first.bias, padding=1)[0]
    arrays |= {
        "decoder.place": place.numpy(),
        "decoder.first.weight": weight[:, :12].detach().numpy(),
    }
    return {name: array.astype(np.float16) for name, array in arrays.items()}


def judge_arrays(net: Recogniser) -> dict[str, Floats]:
    """Of a judge."""
    return {f"judge.{key}": value.astype(np.float16) for key, value in _state(net).items()}


def known(codec: Codec, told: Floats, drawn: Album) -> dict[str, Floats]:
    """What photos of people that the generator knows are like: see `runtimes.mini.sight`."""
    photos = flat(drawn.small[:, :PHOTOS].reshape(-1, 32, 32, 3))
    latents = (photos - codec.mean) @ codec.into
    missing = photos - codec.mean - latents @ codec.basis
    arrays = _spread("told", told.reshape(-1, told.shape[-1])) | _spread("latents", latents)
    return arrays | {"known.rest": _usual(np.sqrt((missing**2).mean(1)))}


def _spread(name: str, numbers: Floats) -> dict[str, Floats]:
    """Mean, what makes deviations even, and how far from the mean is usual."""
    mean = numbers.mean(0)
    spread = np.cov((numbers - mean).T) + 1e-3 * np.eye(len(mean))
    inward = np.linalg.cholesky(np.linalg.inv(spread))
    distances = np.sqrt((((numbers - mean) @ inward) ** 2).mean(1))
    found = {"mean": mean.astype(np.float16), "inward": inward.astype(np.float16)}
    return {f"known.{name}.{key}": array for key, array in found.items()} | {
        f"known.{name}": _usual(distances)
    }


def _usual(distances: Floats) -> Floats:
    """What one of a hundred is below, the median, and what one of a hundred is beyond."""
    return np.quantile(distances, [0.01, 0.5, 0.99]).astype(np.float32)


def _state(net: nn.Module) -> dict[str, Floats]:
    return {key: value.detach().numpy() for key, value in net.state_dict().items()}
