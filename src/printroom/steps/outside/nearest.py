"""The steps `nearest` and `nearest-vector`: what is nearest in a collection.

    preview, or a vector -> the payloads of what is nearest, with distances     NotFound BadOption

The collection is that of whose pipeline it is, whoever runs it; so it is written in the pipeline,
and is no input of it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from printroom.pipelines.named import Collection
from printroom.pipelines.ports import Range
from printroom.pipelines.step import LookStep, Near, Preview, Step, StepContext

FAR = 2.0
"""The distance of nothing: no other is as large, but that of the opposite direction."""


class Neighbours(NamedTuple):
    """The nearest first."""

    best: str
    """The payload of the nearest; empty where the collection is."""
    distance: float
    """Of the nearest: 0 = the same direction, 1 = nothing in common, 2 = the opposite one."""
    payloads: list[str]
    """Of all that were asked for; what is no text is JSON."""
    distances: list[float]
    """Of each of them."""


class Nearest(LookStep):
    """Finds what a picture looks like in a collection of one's own."""

    name = "nearest"
    collection: Annotated[str, Collection()]
    """A collection of pictures."""
    most: Annotated[int, Range(1, 100)] = 5
    """How many are given."""

    def look(self, context: StepContext, preview: Preview) -> Neighbours:
        """By colours, and by where edges run. Raises NotFound, BadOption."""
        from printroom.imaging.likeness import look_of_planes, vector_of

        vector = vector_of(look_of_planes(preview.thumbnail))
        return neighbours(context.nearest(self.collection, vector, self.most))


class NearestVector(Step):
    """Finds what is nearest to a vector in a collection of one's own."""

    name = "nearest-vector"
    collection: Annotated[str, Collection()]
    """A collection of vectors as long."""
    most: Annotated[int, Range(1, 100)] = 5
    """How many are given."""

    def run(self, context: StepContext, vector: NDArray[np.float32]) -> Neighbours:
        """By the angle between them. Raises NotFound, BadOption."""
        return neighbours(context.nearest(self.collection, vector, self.most))


def neighbours(found: Sequence[Near]) -> Neighbours:
    """As a step gives them."""
    payloads = [_text(one.payload) for one in found]
    distances = [one.distance for one in found]
    best, distance = (payloads[0], distances[0]) if found else ("", FAR)
    return Neighbours(best, distance, payloads, distances)


def _text(payload: Any) -> str:
    return payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False)
