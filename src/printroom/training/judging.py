"""How good a net is: PSNR on test sets, as the field measures it.

An exam holds (input, target) pairs of bytes; its score is the mean PSNR in dB.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from printroom.metrics.psnr import luma, psnr
from printroom.training.degradations.base import Degradation
from printroom.training.degradations.compress import from_bytes, to_bytes
from printroom.training.photos import read_folders

Array = NDArray[Any]
Over = Literal["rgb", "luma", "grey"]
"""What PSNR is measured over."""
EQUAL = 99.0
"""dB that a picture counts which came out to the last bit."""
SEEN: dict[Over, Callable[[Array], Array]] = {
    "rgb": np.asarray,
    "luma": luma,
    "grey": lambda picture: np.rint(picture @ [0.299, 0.587, 0.114]),
}
Run = Callable[[Array], Array]
"""(1, 3, H, W) float32 in 0..1 -> (1, 3, s H, s W), unclipped: a net, or a session."""


@dataclass(frozen=True)
class Exam:
    """A test set under one fault."""

    name: str
    pairs: Sequence[tuple[Array, Array]]
    """(h, w, 3) and (s h, s w, 3) uint8."""
    border: int = 0
    """Pixels of the target that are left out at each border."""
    over: Over = "rgb"
    """`luma` is MATLAB's Y of 16..235, for super-resolution; `grey` is 0..255."""

    def score(self, run: Run) -> float:
        """Mean PSNR in dB of what `run` makes of the inputs, rounded to bytes."""
        return self.mean(restored(run, source) for source, _ in self.pairs)

    def before(self) -> float:
        """Mean PSNR of the inputs themselves, at scale 1."""
        return self.mean(source for source, _ in self.pairs)

    def mean(self, results: Iterable[Array]) -> float:
        targets = (target for _, target in self.pairs)
        scores = [self.psnr(t, r) for t, r in zip(targets, results, strict=True)]
        return float(np.mean(np.minimum(scores, EQUAL)))

    def psnr(self, target: Array, result: Array) -> float:
        inner = slice(self.border, -self.border or None)
        seen = SEEN[self.over]
        return psnr(seen(target[inner, inner]), seen(result[inner, inner]))


def restored(run: Run, picture: Array) -> Array:
    """(H, W, 3) uint8 through a net and back to bytes."""
    batch = np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32) / np.float32(255)
    return np.ascontiguousarray(to_bytes(run(batch)[0]).transpose(1, 2, 0))


def exam(
    name: str, pictures: Iterable[Array], faults: Degradation, border: int = 0, over: Over = "rgb"
) -> Exam:
    """The pictures after `faults`, rounded to bytes, with chance that is the same each time."""
    pairs = []
    for number, picture in enumerate(pictures):
        random = np.random.default_rng([1, number])
        pairs.append((to_bytes(faults(from_bytes(picture), random)), picture))
    return Exam(name, pairs, border, over)


def pictures_of(data: Path, name: str, multiple: int = 2) -> list[Array]:
    """The pictures of a test set below `data`; none where the set is not at hand."""
    folder = data / name
    return read_folders([folder], multiple).pictures if folder.is_dir() else []
