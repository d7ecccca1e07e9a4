"""What draws people from words, and learns a person from a few pictures of them.

    pictures of one person -> personalise -> one safetensors file       BadOption
    the file -> load -> Adapter                                         BadModel WrongBase
    [Asked, ...], each with its own adapter or none -> generate -> pictures, all in one pass
    a picture -> familiar -> 0..1

A generator's base is loaded once and never changes: what was learnt of a person is added while that
person's rows are computed, so nothing of anybody is left when the pass is over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""(H, W, 3), sRGB."""
Told = Callable[[float, str], None]
"""Is told how much is done, 0..1, and of what. What it raises stops the training between steps."""
STYLES = ("photo", "3d", "comic", "watercolour", "pencil")
"""Names that `Asked.style` may have; None = what the prompt says, else a photo."""
PERSON = "person"
"""The word of a prompt in whose place the adapter's person comes."""


@dataclass(frozen=True)
class Adapter:
    """What was learnt of one person, read and checked."""

    base: str
    """Digest of the base that it belongs to."""
    digest: str
    """`sha256:...` of its file."""
    rank: int
    """Of its corrections; 0 = a word alone."""
    arrays: dict[str, NDArray[Any]]
    """By name, float32; nothing but the generator that read it knows what they mean."""

    @property
    def nbytes(self) -> int:
        """Bytes that it takes in memory."""
        return sum(array.nbytes for array in self.arrays.values())


@dataclass(frozen=True)
class Asked:
    """One picture to draw."""

    prompt: str
    """Words; those that the generator does not know change nothing."""
    style: str | None
    """One of STYLES, over what the prompt says; None = as the prompt says."""
    seed: int
    """0 to 2**32 - 1; the same seed gives the same picture."""
    adapter: Adapter | None = None
    """Whose picture; None = somebody's."""
    steps: int | None = None
    """Of the drawing, 1 to 100; None = as many as the generator likes best."""


class PersonalizableGenerator(Protocol):
    """Draws people, and learns new ones. Safe from many threads."""

    name: str
    base: str
    """`sha256:...` of the base's weights."""
    size: int
    """Side of its pictures in pixels."""

    def personalise(
        self,
        pictures: Sequence[Picture],
        *,
        seed: int = 0,
        told: Told | None = None,
        checkpoint: Path | None = None,
    ) -> bytes:
        """Learn one person from pictures, each with that person's face in the middle.

        Returns a safetensors file for `load`. With a `checkpoint` it goes on from there, if that
        was written for the same pictures and seed, and ends as if it had never stopped; the file
        is removed at the end. Raises BadOption for no pictures, or such as cannot be read.
        """
        ...

    def load(self, file: bytes | Path) -> Adapter:
        """Read what `personalise` returned.

        Raises WrongBase when it was learnt on another base, BadModel for anything else.
        """
        ...

    def generate(self, asked: Sequence[Asked]) -> list[Picture]:
        """Draw them all in one pass, whoever they show: (size, size, 3) each, in that order.

        Raises BadOption for a style, a seed or a number of steps that there is not, WrongBase
        for another base's adapter.
        """
        ...

    def familiar(self, picture: Picture) -> float:
        """How much a picture looks like what the base knows, 0..1; below .5 is a stranger."""
        ...

    def traits(self, picture: Picture) -> NDArray[np.float32]:
        """What is told of the person in a picture, as numbers: near in pictures of one person, far
        apart in those of two.
        """
        ...

    def close(self) -> None:
        """Give the memory back."""
        ...
