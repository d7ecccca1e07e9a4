"""Kinds of values: what a port takes, said once for JSON, the command line and other ports.

    a value -> the value as a step wants it           ValueError: why it is none of this kind
    text of a command line -> a value                 ValueError
    the kind of another port -> whether they fit      a reason, where no value of it could

The text of an error follows the value: "is above 1".
"""

from __future__ import annotations

import json
import math
import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from printroom.pipelines import arrays

Scalar = str | int | float | bool


class Kind:
    """Base of all kinds; each is a frozen dataclass of what narrows it."""

    name: ClassVar[str]
    """As it is written in a pipeline."""

    def coerce(self, value: Any) -> Any:
        """`value` as a step wants it. Raises ValueError."""
        raise NotImplementedError

    def parse(self, text: str) -> Any:
        """What `text` on a command line means. Raises ValueError."""
        return self.coerce(text)

    def refuses(self, given: Kind) -> str:
        """Why no value of `given` can go in here; empty where one may. Values are coerced then."""
        return "" if self._may(given) else f"takes a {self}, not a {given}"

    def closed(self) -> Kind:
        """The same for whoever must not name files of this machine."""
        return self

    def _may(self, given: Kind) -> bool:
        """Whether some value of `given` can be one of this kind."""
        return isinstance(given, type(self))

    def __str__(self) -> str:
        """For people, after an article: `number from 0 to 1`."""
        return self.name


@dataclass(frozen=True)
class Picture(Kind):
    """A picture: a file, its bytes, or an open Image. A text is none, lest a caller name a file."""

    name: ClassVar[str] = "picture"

    def coerce(self, value: Any) -> Any:
        if isinstance(value, Path | bytes | np.ndarray):
            return value
        from printroom.imaging.image import Image  # brings libvips

        if isinstance(value, Image):
            return value
        raise ValueError("is not a picture")

    def parse(self, text: str) -> Path:
        return Path(text)


@dataclass(frozen=True)
class Text(Kind):
    """A text."""

    name: ClassVar[str] = "text"

    def coerce(self, value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError("is not a text")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError("is not a Unicode text") from None
        return value

    def _may(self, given: Kind) -> bool:
        return isinstance(given, Text | Model) or _offers(given, self)


@dataclass(frozen=True)
class File(Text):
    """A text that names a file of this machine: for its owner to say, and for nobody else."""

    shut: bool = False

    def coerce(self, value: Any) -> str:
        if self.shut:
            raise ValueError("names a file of this machine, which is not for callers to say")
        return super().coerce(value)

    def closed(self) -> File:
        return File(shut=True)


@dataclass(frozen=True)
class Flag(Kind):
    """True or false."""

    name: ClassVar[str] = "flag"

    def coerce(self, value: Any) -> bool:
        if not isinstance(value, bool | np.bool_):
            raise ValueError("is neither true nor false")
        return bool(value)

    def parse(self, text: str) -> bool:
        meant = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        if text.lower() not in meant:
            raise ValueError("is neither true nor false")
        return meant[text.lower()]


@dataclass(frozen=True)
class Number(Kind):
    """A finite number in a range, both ends included."""

    low: float | None = None
    high: float | None = None
    integer: bool = False
    name: ClassVar[str] = "number"

    def __post_init__(self) -> None:
        if _or(self.low, -math.inf) > _or(self.high, math.inf):
            raise ValueError(f"there is no number from {self.low:.15g} to {self.high:.15g}")

    def coerce(self, value: Any) -> int | float:
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise ValueError("is not a number")
        try:
            number = int(value) if isinstance(value, numbers.Integral) else float(value)
            exact = int(number)  # of a float that is not finite: ValueError, OverflowError
            chosen = exact if self.integer else float(number)
        except (OverflowError, ValueError):
            raise ValueError("is not a finite number") from None
        if self.integer and number != exact:
            raise ValueError("is not a whole number")
        if self.low is not None and number < self.low:
            raise ValueError(f"is below {self.low:.15g}")
        if self.high is not None and number > self.high:
            raise ValueError(f"is above {self.high:.15g}")
        return chosen

    def parse(self, text: str) -> int | float:
        try:
            return self.coerce(int(text) if text.lstrip("+-").isdecimal() else float(text))
        except ValueError as error:
            reason = str(error)
            raise ValueError(reason if reason.startswith("is ") else "is not a number") from None

    def _may(self, given: Kind) -> bool:
        if not isinstance(given, Number):
            return _offers(given, self)
        low = max(_or(self.low, -math.inf), _or(given.low, -math.inf))
        return low <= min(_or(self.high, math.inf), _or(given.high, math.inf))

    def __str__(self) -> str:
        name = "whole number" if self.integer else "number"
        match self.low, self.high:
            case None, None:
                return name
            case low, None:
                return f"{name} of at least {low:.15g}"
            case None, high:
                return f"{name} of at most {high:.15g}"
        return f"{name} from {self.low:.15g} to {self.high:.15g}"


@dataclass(frozen=True)
class Choice(Kind):
    """One of these texts and numbers."""

    of: tuple[Scalar, ...]
    name: ClassVar[str] = "choice"

    def __post_init__(self) -> None:
        if not self.of:
            raise ValueError("a choice of nothing")
        for one in self.of:
            infinite = isinstance(one, float) and not math.isfinite(one)
            if infinite or not isinstance(one, str | int | float):
                raise ValueError(f"{one!r} is not a text or a number to choose")
        if len({_plain(one) for one in self.of}) < len(self.of):
            raise ValueError("a choice names the same twice")

    def coerce(self, value: Any) -> Scalar:
        for one in self.of:
            if _plain(value) == _plain(one):
                return one
        raise ValueError(f"is not one of {self._listed()}")

    def parse(self, text: str) -> Scalar:
        for one in self.of:
            if text == str(one):
                return one
        raise ValueError(f"is not one of {self._listed()}")

    def _may(self, given: Kind) -> bool:
        return _offers(self, given) if isinstance(given, Choice | Text | Number | Model) else False

    def _listed(self) -> str:
        return ", ".join(map(str, self.of))

    def __str__(self) -> str:
        return f"choice of {self._listed()}"


@dataclass(frozen=True)
class Tensor(Kind):
    """An array of numbers; `None` in `shape` = any length, as the whole = any shape."""

    shape: tuple[int | None, ...] | None = None
    dtype: str | None = None
    name: ClassVar[str] = "tensor"

    def __post_init__(self) -> None:
        for axis in self.shape or ():
            if axis is not None and (not isinstance(axis, int) or axis < 0):
                raise ValueError(f"{axis!r} is not the length of an axis")
        if self.dtype is not None and self.dtype not in arrays.DTYPES:
            raise ValueError(f"{self.dtype!r} is no type of numbers: {', '.join(arrays.DTYPES)}")

    def coerce(self, value: Any) -> np.ndarray[Any, Any]:
        array = arrays.numeric(value, self.dtype)
        if self.shape is not None and not arrays.same_shape(self.shape, array.shape):
            raise ValueError(f"has the shape {array.shape}, not {arrays.shown(self.shape)}")
        return array

    def parse(self, text: str) -> np.ndarray[Any, Any]:
        return self.coerce(_json(text))

    def _may(self, given: Kind) -> bool:
        if not isinstance(given, Tensor) or len({self.dtype, given.dtype} - {None}) > 1:
            return False
        return (
            self.shape is None or given.shape is None or arrays.same_shape(self.shape, given.shape)
        )

    def __str__(self) -> str:
        parts = [self.name]
        parts += [] if self.shape is None else [arrays.shown(self.shape)]
        return " ".join(parts + ([] if self.dtype is None else [f"of {self.dtype}"]))


@dataclass(frozen=True)
class Model(Kind):
    """The name of a model, for `task` if that is said."""

    task: str | None = None
    name: ClassVar[str] = "model"

    def coerce(self, value: Any) -> str:
        if not isinstance(value, str) or not value.strip():
            raise ValueError("is not the name of a model")
        return value

    def _may(self, given: Kind) -> bool:
        if isinstance(given, Model):
            return len({self.task, given.task} - {None}) < 2
        return isinstance(given, Text) or _offers(given, self)

    def __str__(self) -> str:
        return f"model for {self.task}" if self.task else "model"


@dataclass(frozen=True)
class ListOf(Kind):
    """A list of values of one kind."""

    item: Kind
    name: ClassVar[str] = "list"

    def coerce(self, value: Any) -> list[Any]:
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            raise ValueError("is not a list")
        return [self._one(number, one) for number, one in enumerate(value, 1)]

    def _one(self, number: int, value: Any) -> Any:
        try:
            return self.item.coerce(value)
        except ValueError as error:
            raise ValueError(f"has at place {number} what {error}") from None

    def parse(self, text: str) -> list[Any]:
        return [self.item.parse(part.strip()) for part in text.split(",")] if text else []

    def closed(self) -> ListOf:
        return ListOf(self.item.closed())

    def _may(self, given: Kind) -> bool:
        return isinstance(given, ListOf) and not self.item.refuses(given.item)

    def __str__(self) -> str:
        return f"list of {self.item}"


def pictured(kind: Kind) -> bool:
    """Whether values of a kind are pictures, or lists of them."""
    return isinstance(kind.item if isinstance(kind, ListOf) else kind, Picture)


def _offers(choice: Kind, kind: Kind) -> bool:
    """Whether one of a choice's values is of that kind."""
    return isinstance(choice, Choice) and any(_is(one, kind) for one in choice.of)


def _is(value: Any, kind: Kind) -> bool:
    try:
        kind.coerce(value)
    except ValueError:
        return False
    return True


def _plain(value: Any) -> tuple[bool, Any]:
    """Equal only for what people call equal: 1 is 1.0, but not True."""
    return isinstance(value, bool), value


def _or(value: float | None, other: float) -> float:
    return other if value is None else value


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("is not JSON") from None
