"""Ports, and the annotations that declare them.

annotation, default -> Port          ValueError: what is wrong with it, for people

str -> text        float, int -> number       Annotated[float, Range(0, 1)] -> number in a range
bool -> flag       Literal["a", "b"] -> choice       Annotated[int, Choice(1, 2, 4)] -> choice
Picture -> picture      NDArray[np.float32], Annotated[..., Shape(1, None)] -> tensor
Annotated[str, ForTask("denoise")] -> model      Annotated[str, OwnFile()] -> text
Annotated[str, named.Address()] -> text that names something: see `named`
list[X] -> list of X      X | None -> may be None
"""

from __future__ import annotations

import reprlib
from collections.abc import Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import numpy as np
from numpy.typing import NDArray

from printroom.pipelines import kinds, named
from printroom.pipelines.kinds import Kind, Scalar


class _Required:
    """No default: the port must be bound."""

    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED = _Required()


@dataclass(frozen=True)
class Port:
    """A named place of a step, or of a pipeline, where values of one kind go in or come out."""

    kind: Kind
    default: Any = REQUIRED
    """Of that kind; REQUIRED = there is none."""
    optional: bool = False
    """Whether None is a value of it."""

    @classmethod
    def made(cls, kind: Kind, default: Any = REQUIRED, optional: bool = False) -> Port:
        """A port whose default is checked. Raises ValueError."""
        if default is REQUIRED or (default is None and optional):
            return cls(kind, default, optional)
        if isinstance(kind, kinds.Tensor):
            raise ValueError("a tensor has no default")
        try:
            return cls(kind, kind.coerce(default), optional)
        except ValueError as error:
            raise ValueError(f"its default {reprlib.repr(default)} {error}") from None

    @property
    def required(self) -> bool:
        return self.default is REQUIRED

    def coerce(self, value: Any) -> Any:
        """`value`, as JSON or the caller gave it, as the step wants it. Raises ValueError."""
        return None if value is None and self.optional else self.kind.coerce(value)


@dataclass(frozen=True)
class Range:
    """Of a number: both ends included, None = no end."""

    low: float | None = None
    high: float | None = None


class Choice:
    """One of these texts or numbers."""

    def __init__(self, *of: Scalar) -> None:
        self.of = of


class Shape:
    """Of a tensor: a length for each axis, None = any."""

    def __init__(self, *axes: int | None) -> None:
        self.axes = axes


@dataclass(frozen=True)
class ForTask:
    """Of a text: it names a model. `task` as on the model's card; None = any model."""

    task: str | None = None


class OwnFile:
    """Of a text: it names a file of this machine, which callers over HTTP may not do."""


Picture = Annotated[NDArray[np.float32], kinds.Picture()]
"""A whole picture, for `run`: (1, channels, height, width) float32, sRGB 0..1; 3 channels, or 4
with transparency. What a caller gives for it (a path, bytes, an open Image) the engine reads."""


def port_of(annotation: Any, default: Any = REQUIRED) -> Port:
    """The port that an argument or a field declares. Raises ValueError."""
    kind, optional = _kind_of(annotation)
    return Port.made(kind, default, optional)


def _kind_of(annotation: Any) -> tuple[Kind, bool]:
    """The kind, and whether None is allowed beside it."""
    if get_origin(annotation) in (Union, UnionType):
        others = [part for part in get_args(annotation) if part is not NoneType]
        if len(others) == len(get_args(annotation)) or len(others) != 1:
            raise ValueError(f"{_shown(annotation)} is more than one kind")
        return _kind_of(others[0])[0], True
    if get_origin(annotation) is Annotated:
        base, *notes = get_args(annotation)
        if get_origin(base) in (Union, UnionType):
            kind, optional = _kind_of(base)
            return _noted(kind, notes), optional
        return _noted(_plain(base), notes), False
    return _plain(annotation), False


def _plain(annotation: Any) -> Kind:
    simple = {str: kinds.Text(), bool: kinds.Flag(), float: kinds.Number()}
    simple[int] = kinds.Number(integer=True)
    if isinstance(annotation, type) and annotation in simple:
        return simple[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return kinds.Choice(arguments)
    if origin in (list, Sequence):
        item, optional = _kind_of(arguments[0])
        if optional or isinstance(item, kinds.ListOf):
            raise ValueError(f"{_shown(annotation)} is not a list of one plain kind")
        return kinds.ListOf(item)
    if origin is np.ndarray or annotation is np.ndarray:
        return kinds.Tensor(dtype=_dtype(arguments))
    raise ValueError(
        f"{_shown(annotation)} is no kind of port (there are str, bool, int, float, Literal, "
        "Picture, NDArray, and list of these)"
    )


def _dtype(arguments: tuple[Any, ...]) -> str | None:
    scalar = get_args(arguments[1])[0] if len(arguments) == 2 and get_args(arguments[1]) else None
    if scalar is None or scalar is Any:
        return None
    try:
        return str(np.dtype(scalar))
    except TypeError:
        raise ValueError(f"{scalar} is no type of numbers that a tensor can hold") from None


def _noted(kind: Kind, notes: Sequence[Any]) -> Kind:
    for note in notes:
        kind = _with(kind, note)
    return kind


def _with(kind: Kind, note: Any) -> Kind:
    match note, kind:
        case (kinds.Picture(), _) | (
            (named.Address() | named.Collection() | named.Formed()),
            kinds.Text(),
        ):
            found: Kind = note
            return found
        case Range(low, high), kinds.Number(integer=integer):
            return kinds.Number(low, high, integer)
        case Choice(of=of), kinds.Number() | kinds.Text():
            return kinds.Choice(of)
        case Shape(axes=axes), kinds.Tensor(dtype=dtype):
            return kinds.Tensor(axes, dtype)
        case ForTask(task), kinds.Text():
            return kinds.Model(task)
        case OwnFile(), kinds.Text():
            kind = kinds.File()
        case ((Range() | Choice() | Shape() | ForTask() | OwnFile()), _):
            raise ValueError(f"{type(note).__name__} does not go with a {kind.name}")
    return kind


def _shown(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)
