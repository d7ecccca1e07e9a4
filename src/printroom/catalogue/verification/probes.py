"""Known pictures, and what a model makes of them: to be looked at, and to be known again by.

    weights, card -> Model              pictures: name, (1, 3, h, w) 0..1
    Model -> fingerprint -> text        text, text -> apart: 0 the same .. 1 nothing alike

A fingerprint is what a model adds to pictures, at fixed places. It stays when the file is written
anew, nodes are renamed, or weights are rounded to half precision; another network has another.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from math import isfinite
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from printroom.catalogue.card import ModelCard
from printroom.catalogue.examples import made_examples
from printroom.core.session import Session
from printroom.imaging.tiling import ceil_to
from printroom.runtimes.adapted import AdaptedSession
from printroom.runtimes.onnx.generator import Generator

Planes = NDArray[np.float32]
LARGEST = 192
"""Side of a result that is looked at; larger ones are thinned out."""
PLACES = 16
"""Along each side of a result, that a fingerprint knows."""
ENDS = {"black": 0.0, "white": 1.0}
BEYOND = {"beyond white": 1.5, "below black": -0.5}
"""What a step before it may hand on, of a picture that has such values."""
SEEDS = (0, 1, 2)
"""Of what a model draws."""


class Model(Protocol):
    """Something that makes pictures, whatever of."""

    card: ModelCard

    def sizes(self, sides: list[int]) -> list[tuple[int, int]]:
        """Pictures that it can be timed on: (height, width), ascending."""

    def made(self, size: tuple[int, int], seed: int) -> Planes:
        """What it makes of random numbers: (1, 3, h, w) as its card reads it."""

    def extremes(self) -> Iterator[tuple[str, Planes]]:
        """What it makes at the ends of what it may be given."""

    def pictures(self) -> Iterator[tuple[str, Planes, Planes]]:
        """Name, what it makes of a known picture, and the same made by no model at all."""

    def close(self) -> None: ...


class Painting:
    """It makes a picture from a picture."""

    def __init__(self, session: Session, card: ModelCard) -> None:
        """`session` is closed with it."""
        self.card = card
        self._session = AdaptedSession(session, card.reading, card.geometry.scale)

    def sizes(self, sides: list[int]) -> list[tuple[int, int]]:
        geometry = self.card.geometry
        if geometry.fixed is not None:
            return [geometry.fixed]
        fitting = sorted({ceil_to(max(side, geometry.least), geometry.align) for side in sides})
        return [(side, side) for side in fitting]

    def made(self, size: tuple[int, int], seed: int) -> Planes:
        return self._run(np.random.default_rng(seed).random((1, 3, *size), np.float32))

    def extremes(self) -> Iterator[tuple[str, Planes]]:
        size = self.sizes([64])[0]
        for name, value in (ENDS | BEYOND).items():
            yield name, self._run(np.full((1, 3, *size), value, np.float32))

    def pictures(self) -> Iterator[tuple[str, Planes, Planes]]:
        geometry = self.card.geometry
        for example in made_examples(geometry, geometry.scale):
            made = self._run(example.given)
            plain = cv2.resize(
                example.given[0].transpose(1, 2, 0), made.shape[:1:-1],
                interpolation=cv2.INTER_LINEAR,
            )  # fmt: skip
            yield example.name, made, plain.transpose(2, 0, 1)[None]

    def close(self) -> None:
        self._session.close()

    def _run(self, planes: Planes) -> Planes:
        if self._session.channels == 3:
            return self._session.run(planes)
        made = [self._session.run(planes[:, place : place + 1]) for place in range(3)]
        return np.concatenate(made, 1)


class Drawing:
    """It makes a picture from random numbers."""

    def __init__(self, generator: Generator, card: ModelCard) -> None:
        """`generator` is closed with it."""
        self.card = card
        self._generator = generator

    def sizes(self, sides: list[int]) -> list[tuple[int, int]]:  # noqa: ARG002  it has one
        return [self.card.geometry.fixed or (1, 1)]

    def made(self, size: tuple[int, int], seed: int) -> Planes:  # noqa: ARG002  it has one
        return self._generator.draw(seed)

    def extremes(self) -> Iterator[tuple[str, Planes]]:
        classes = self.card.reading.classes
        yield "the last class", self._generator.draw(0, classes.names[-1] if classes else "")

    def pictures(self) -> Iterator[tuple[str, Planes, Planes]]:
        for seed in SEEDS:
            made = self._generator.draw(seed)
            yield f"seed {seed}", made, np.zeros_like(made)

    def close(self) -> None:
        self._generator.close()


def thinned(planes: Planes) -> Planes:
    """No larger than is looked at."""
    step = -(-max(planes.shape[2:]) // LARGEST)
    return planes[:, :, ::step, ::step]


def fingerprint(pairs: list[tuple[Planes, Planes]]) -> str:
    """Of what a model made, and the same made by no model."""
    added = [(made - plain)[0] for made, plain in pairs]
    rows = [np.linspace(0, one.shape[1] - 1, PLACES).round().astype(int) for one in added]
    columns = [np.linspace(0, one.shape[2] - 1, PLACES).round().astype(int) for one in added]
    found = [
        one[:, row][:, :, column].ravel()
        for one, row, column in zip(added, rows, columns, strict=True)
    ]
    values = np.concatenate(found).astype("<f2")
    return base64.b64encode(values.tobytes()).decode()


def apart(one: str, other: str) -> float:
    """How different two fingerprints are: the difference, in parts of the larger; at most 1.

    What is no fingerprint, or one of another kind of model, is nothing alike.
    """
    first, second = _values(one), _values(other)
    if first is None or second is None or first.size != second.size:
        return 1.0
    size = max(float(np.linalg.norm(first)), float(np.linalg.norm(second)), 1e-3)
    far = float(np.linalg.norm(first - second)) / size
    return min(far, 1.0) if isfinite(far) else 1.0


def _values(text: str) -> NDArray[np.float64] | None:
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None
    if not data or len(data) % 2:
        return None
    return np.frombuffer(data, "<f2").astype(np.float64)
