"""The weights of a small generator, from its file.

    safetensors file -> Weights: arrays as float32, its digest, its measures       BadModel

They come with the package and were trained by `printroom train portraits`.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from printroom.core.errors import BadModel, BadOption
from printroom.runtimes.mini.denoiser import Floats
from printroom.runtimes.mini.graphs import FOLDED
from printroom.runtimes.mini.tensors import read

FOLDER = Path(__file__).parent / "weights"
RANK = 4
"""Of a person's corrections."""


@dataclass(frozen=True)
class Weights:
    """All numbers of a base."""

    arrays: dict[str, Floats]
    digest: str
    """`sha256:...` of the file."""

    @property
    def side(self) -> int:
        """Of its pictures in pixels."""
        return math.isqrt(len(self.arrays["decoder.last.bias"]) // 3) * FOLDED

    @cached_property
    def into(self) -> Floats:
        """(3 * 32 * 32, latents): what the codec's basis undoes."""
        basis, weights = self.arrays["codec.basis"], self.arrays["codec.weights"]
        scaled = basis * weights
        lengths = np.square(scaled).sum(1, keepdims=True)
        return np.ascontiguousarray((scaled * weights / lengths).T)

    @cached_property
    def learnt(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of what a person's file holds."""
        found: dict[str, tuple[int, ...]] = {"person": self.arrays["denoiser.person.bias"].shape}
        for name, array in self.arrays.items():
            parts = name.split(".")
            if name.startswith("denoiser.blocks.") and parts[-1] == "weight":
                out, entered = array.shape
                found[f"{parts[2]}.{parts[3]}.thin"] = entered, RANK
                found[f"{parts[2]}.{parts[3]}.wide"] = RANK, out
        return found


def weights_of(size: int) -> Weights:
    """Those that come with the package. Raises BadOption for a size that does not."""
    path = FOLDER / f"portraits-{size}.safetensors"
    if not path.exists():
        sizes = sorted(
            int(one.stem.split("-")[1]) for one in FOLDER.glob("portraits-*.safetensors")
        )
        raise BadOption(
            f"no generator draws {size} px", f"there is {' and '.join(map(str, sizes))}"
        )
    return weights_in(path)


def weights_in(path: Path) -> Weights:
    """Of a file that one trusts, such as one trained here. Raises BadModel."""
    content = path.read_bytes()
    arrays, _ = read(content)
    if "denoiser.words" not in arrays:
        raise BadModel(
            f"{path.name} is no generator of people", "train one: printroom train portraits"
        )
    floats = {name: np.ascontiguousarray(array, np.float32) for name, array in arrays.items()}
    return Weights(floats, f"sha256:{hashlib.sha256(content).hexdigest()}")
