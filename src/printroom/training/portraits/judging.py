"""A judge of portraits: who is it, of a hundred; in which style; is it a portrait at all?

    pictures (n, side, side, 3) -> Verdicts

Its net never saw the looks that generators learn from (`look.OTHER`), nor anything generated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import BadOption
from printroom.runtimes.generation import STYLES, Picture
from printroom.runtimes.mini.graphs import recogniser
from printroom.runtimes.mini.tensors import read
from printroom.runtimes.onnx.session import load
from printroom.training.portraits.people import CHOICES, MEASURES, Person

FOLDER = Path(__file__).parent / "judges"
Floats = NDArray[Any]
"""float32."""


@dataclass(frozen=True)
class Verdicts:
    """Of several pictures."""

    chances: dict[str, Floats]
    """Of each attribute: (n, kinds), logarithms."""
    styles: NDArray[np.int64]
    """(n,) places in STYLES."""
    portraits: NDArray[np.bool_]
    """(n,) whether it is one."""

    def first(self, gallery: Sequence[Person], who: int) -> NDArray[np.bool_]:
        """(n,) whether nobody in the gallery fits better than the person at that place."""
        fits = sum(
            chances[:, [getattr(person, name) for person in gallery]]
            for name, chances in self.chances.items()
        )
        return np.asarray(np.asarray(fits).argmax(1) == who)


class Judge:
    """Judges pictures of one size."""

    def __init__(self, side: int) -> None:
        """Raises BadOption when there is none for pictures of that size."""
        path = FOLDER / f"judge-{side}.safetensors"
        if not path.exists():
            raise BadOption(f"no judge knows pictures of {side} px", "take 32 or 64")
        arrays, _ = read(path.read_bytes())
        floats = {name: np.asarray(array, np.float32) for name, array in arrays.items()}
        self._session: Any = load(recogniser(floats, "judge", side))

    def __call__(self, pictures: Sequence[Picture]) -> Verdicts:
        """Look at them."""
        planes = np.stack(pictures).transpose(0, 3, 1, 2).astype(np.float32) / 255
        answers = self._session.run(["answers"], {"picture": planes})[0]
        chances, at = {}, 0
        for name, count in CHOICES.items():
            chances[name] = _logarithms(answers[:, at : at + count])
            at += count
        at += len(MEASURES)
        styles = answers[:, at : at + len(STYLES)].argmax(1)
        return Verdicts(chances, styles, answers[:, -1] > 0)


def _logarithms(odds: Floats) -> Floats:
    top = odds - odds.max(1, keepdims=True)
    return np.asarray(top - np.log(np.exp(top).sum(1, keepdims=True)))
