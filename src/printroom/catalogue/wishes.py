"""What somebody knows of a model, and says: it takes the place of what would be guessed.

texts of the command line -> Wishes -> applied to a Reading        BadOption
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, cast

from printroom.core.errors import BadOption
from printroom.runtimes.reading import UNIT, Distribution, Latent, Pixels, Reading

T = TypeVar("T")
MOST_CLASSES = 1 << 20
"""Bytes of a file of names."""


@dataclass(frozen=True)
class Wishes:
    """Each None (or empty) = not said."""

    channels: str | None = None
    """`rgb`, `bgr`, `grey`, `y`."""
    layout: str | None = None
    """`nchw`, `nhwc`."""
    input_range: tuple[float, float] | None = None
    output_range: tuple[float, float] | None = None
    mean: tuple[float, ...] | None = None
    """Of the input, after its range."""
    deviation: tuple[float, ...] | None = None
    constants: tuple[tuple[str, float], ...] = ()
    """Further inputs and their values."""
    output: str = ""
    """Which of several results is the picture."""
    distribution: str | None = None
    """Of latents: `normal`, `uniform`."""
    classes: tuple[str, ...] = ()
    """Names, in the order of their numbers."""
    fixed: tuple[int, int] | None = None
    """(height, width) of the only picture that it takes."""

    def applied(self, reading: Reading) -> Reading:
        """The reading with all that was said. Raises BadOption."""
        source: dict[str, Any] = {
            "channels": self.channels, "layout": self.layout, "range": self.input_range,
            "mean": self.mean, "deviation": self.deviation,
        }  # fmt: skip
        result: dict[str, Any] = {
            "channels": self.channels, "layout": self.layout, "range": self.output_range,
            "name": self.output or None,
        }  # fmt: skip
        try:
            constants = dict(reading.constants)
            if unknown := set(dict(self.constants)) - set(constants):
                raise ValueError(f"the model has no further input {', '.join(sorted(unknown))}")
            return replace(
                reading,
                input=_pixels(reading.input, source),
                output=_pixels(reading.output, result),
                constants=tuple((constants | dict(self.constants)).items()),
                latents=tuple(self._latent(one) for one in reading.latents),
                classes=self._classes(reading),
            )
        except ValueError as error:
            raise BadOption(f"the model cannot be read so: {error}") from error

    def _latent(self, latent: Latent) -> Latent:
        if self.distribution is None:
            return latent
        return replace(latent, distribution=cast("Distribution", self.distribution))  # it looks

    def _classes(self, reading: Reading) -> Any:
        if not self.classes:
            return reading.classes
        if reading.classes is None:
            raise ValueError("it takes no classes")
        if len(self.classes) != len(reading.classes.names):
            raise ValueError(
                f"it has {len(reading.classes.names)} classes, not {len(self.classes)}"
            )
        return replace(reading.classes, names=self.classes)

    def or_plain(self) -> Wishes:
        """With the house's own way for whatever was not said."""
        return replace(
            self,
            channels=self.channels or "rgb",
            input_range=self.input_range or UNIT,
            output_range=self.output_range or UNIT,
        )

    def free(self) -> set[str]:
        """What is left to be found out: `channels`, `input`, `output`."""
        read = (self.input_range, self.mean, self.deviation)
        free = {
            "channels": self.channels is None,
            "input": all(one is None for one in read),
            "output": self.output_range is None,
        }
        return {name for name, left in free.items() if left}


def _pixels(pixels: Pixels, said: dict[str, Any]) -> Pixels:
    return replace(pixels, **{name: value for name, value in said.items() if value is not None})


def read_range(text: str) -> tuple[float, float]:
    """What black and white are.

    >>> read_range("-1..1")
    (-1.0, 1.0)
    """
    low, mark, high = text.partition("..")
    if not mark:
        raise BadOption(f"{text!r} is no range", "write it as 0..255")
    return _read(text, lambda: (float(low), float(high)))


def read_numbers(text: str) -> tuple[float, ...]:
    """One for each channel.

    >>> read_numbers("0.485,0.456,0.406")
    (0.485, 0.456, 0.406)
    """
    return _read(text, lambda: tuple(float(part) for part in text.split(",")))


def read_constant(text: str) -> tuple[str, float]:
    """The name of an input, and its value.

    >>> read_constant("sigma=0.1")
    ('sigma', 0.1)
    """
    name, mark, value = text.rpartition("=")
    if not mark or not name:
        raise BadOption(f"{text!r} gives no input a value", "write it as sigma=0.1")
    return name, _read(text, lambda: float(value))


def read_size(text: str) -> tuple[int, int]:
    """WIDTHxHEIGHT -> (height, width).

    >>> read_size("320x240")
    (240, 320)
    """
    width, _, height = text.lower().partition("x")
    size = _read(text, lambda: (int(height), int(width)))
    if not 0 < min(size) <= max(size) <= 1 << 14:
        raise BadOption(f"{text!r} is no size of a picture", "write it as 224x224")
    return size


def read_classes(text: str) -> tuple[str, ...]:
    """Names separated by commas, or the lines of a file."""
    path = Path(text)
    names: Sequence[str]
    try:
        is_file = path.is_file()
    except (OSError, ValueError):  # too long for a name of a file
        is_file = False
    if is_file:
        if path.stat().st_size > MOST_CLASSES:
            raise BadOption(f"{path} is too long for a list of names")
        names = path.read_text("utf-8", "replace").splitlines()
    else:
        names = text.split(",")
    found = tuple(name.strip() for name in names if name.strip())
    if not found:
        raise BadOption(f"{text!r} has no names")
    return found


def _read(text: str, how: Callable[[], T]) -> T:
    try:
        return how()
    except ValueError as error:
        raise BadOption(f"{text!r} is not understood", str(error)) from error
