"""What is known of a tensor while its geometry is derived.

    Folded    its value, computed from constants and shapes alone
    Feature   a picture: which axes are height and width, and what each value may depend on
    Lost      nothing, and why

`Untraceable` turns the results of a node into Lost; a net whose result is Lost is not exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from numpy.typing import NDArray

from printroom.runtimes.onnx.reach import Reach, Untraceable


@dataclass(frozen=True)
class Folded:
    """A tensor that does not depend on the pixels."""

    value: NDArray[Any]
    sized: bool = False
    """Whether it follows from the size of the picture."""


@dataclass(frozen=True)
class Feature:
    """A tensor that was computed from the pixels, place by place."""

    shape: tuple[int, ...]
    places: tuple[int, int]
    """Which axes are height and width."""
    reach: tuple[Reach, Reach]
    """Of height and of width."""
    why: str = ""
    """Why it is not exact all the same; empty where it is."""
    loose: bool = False
    """Whether the bits may depend on where a tile begins."""
    least: int = 1
    """Smallest side of a picture, in input pixels, that the net can be shown."""

    @property
    def axes(self) -> dict[int, Reach]:
        """Axis -> reach."""
        return dict(zip(self.places, self.reach, strict=True))

    def local(self, axes: Sequence[int]) -> bool:
        """Whether none of these axes is height or width."""
        return not {axis % len(self.shape) for axis in axes} & set(self.places)

    def blamed(self, why: str) -> Feature:
        """The same, not exact; the first reason is kept."""
        return replace(self, why=self.why or why)


@dataclass(frozen=True)
class Lost:
    """A tensor that cannot be followed back to pixels."""

    why: str


Value = Folded | Feature | Lost


@dataclass(frozen=True)
class Node:
    """A node of the graph with its attributes as plain values."""

    op: str
    label: str
    """For people: the operator and where it is."""
    attributes: dict[str, Any] = field(default_factory=dict)
    outputs: int = 1
    opset: int = 17

    def get(self, name: str, default: Any = None) -> Any:
        return self.attributes.get(name, default)


def feature(value: Value | None) -> Feature:
    """The value, if it is a picture."""
    if isinstance(value, Feature):
        return value
    raise Untraceable("takes no picture")


def numbers(value: Value | None) -> NDArray[Any]:
    """The value, if it is known before any pixel is."""
    if isinstance(value, Folded):
        return value.value
    raise Untraceable("takes a shape or weight that is computed from pixels")


def weights(value: Value | None) -> NDArray[Any]:
    """The value, if it is the same for pictures of any size."""
    if isinstance(value, Folded) and value.sized:
        raise Untraceable("computes with the size of the picture")
    return numbers(value)


def merged(pieces: Sequence[Feature]) -> Feature:
    """What depends on all pieces at the same place; shape and axes of the first."""
    if not pieces:
        raise Untraceable("takes no picture")
    first, *others = pieces
    result = first
    for other in others:
        if first.places != other.places:
            raise Untraceable("joins tensors along different axes")
        if any(first.shape[place] != other.shape[place] for place in first.places):
            raise Untraceable("joins tensors of different sizes")
        result = replace(
            result,
            reach=(result.reach[0].joined(other.reach[0]), result.reach[1].joined(other.reach[1])),
            why=result.why or other.why,
            loose=result.loose or other.loose,
            least=max(result.least, other.least),
        )
    return result


def put(shape: tuple[int, ...], axis: int, side: int) -> tuple[int, ...]:
    """`shape` with `side` at `axis`."""
    return (*shape[:axis], side, *shape[axis + 1 :])


def without(source: Feature, axes: Sequence[int]) -> Feature:
    """The picture without these axes, none of which is height or width."""
    if not source.local(axes):
        raise Untraceable("drops a side of the picture")
    kept = [axis for axis in range(len(source.shape)) if axis not in axes]
    y, x = source.places
    shape = tuple(source.shape[axis] for axis in kept)
    return replace(source, shape=shape, places=(kept.index(y), kept.index(x)))
