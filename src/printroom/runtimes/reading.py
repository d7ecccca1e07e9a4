"""How the inputs and outputs of a model are read: what the house's pictures must become for it.

A Reading is guessed when a model is imported, proved on an example, kept on its card, and can be
corrected there. The house's own way, which is the default: (n, 3, h, w), red first, 0 to 1.

    Reading -> raw() -> JSON values -> Reading.of()        ValueError, naming what is wrong
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, Self, TypeVar, get_args

Layout = Literal["nchw", "nhwc"]
Channels = Literal["rgb", "bgr", "grey", "y"]
Distribution = Literal["normal", "uniform"]
Form = Literal["index", "one-hot"]
Numbers = Literal["float32", "float16", "uint8"]
T = TypeVar("T")
UNIT = (0.0, 1.0)
LARGEST = 1 << 24
"""Most numbers in a latent."""


@dataclass(frozen=True)
class Pixels:
    """How one picture is laid out in a tensor. Each default is the house's own way."""

    name: str = ""
    """Of the input or output; empty = the only one."""
    layout: Layout = "nchw"
    numbers: Numbers = "float32"
    channels: Channels = "rgb"
    """`grey`: one channel, so that each plane is shown alone; `y`: the luma of BT.601 (full range),
    while Cb and Cr are enlarged bicubically and joined again."""
    range: tuple[float, float] = UNIT
    """What black and white are."""
    mean: tuple[float, ...] = ()
    """Taken away after that, per channel or one for all; empty = 0."""
    deviation: tuple[float, ...] = ()
    """Divided by after that, per channel or one for all; empty = 1."""

    def __post_init__(self) -> None:
        _one_of("layout", self.layout, get_args(Layout))
        _one_of("numbers", self.numbers, get_args(Numbers))
        _one_of("channels", self.channels, get_args(Channels))
        low, high = self.range
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise ValueError(f"the range {low:g}..{high:g} is none")
        for what, values in (("mean", self.mean), ("deviation", self.deviation)):
            if len(values) not in (0, 1, self.planes) or not all(map(math.isfinite, values)):
                raise ValueError(f"{what} {list(values)} is not one number per channel")
        if any(value <= 0 for value in self.deviation):
            raise ValueError(f"deviation {list(self.deviation)} is not above zero")

    @property
    def planes(self) -> int:
        """Channels of the tensor: 1 or 3."""
        return 1 if self.channels in ("grey", "y") else 3

    @property
    def scales(self) -> tuple[tuple[float, float], ...]:
        """Per channel (factor, offset): what the model has is `picture * factor + offset`."""
        low, high = self.range
        return tuple(
            ((high - low) / self._at(self.deviation, i, 1.0),
             (low - self._at(self.mean, i, 0.0)) / self._at(self.deviation, i, 1.0))
            for i in range(self.planes)
        )  # fmt: skip

    def in_words(self) -> str:
        """For people.

        >>> Pixels(channels="bgr", layout="nhwc", range=(0, 255)).in_words()
        'bgr 0..255 (nhwc)'
        """
        said = f"{self.channels} {self.range[0]:g}..{self.range[1]:g}"
        said += " with mean and deviation" if self.mean or self.deviation else ""
        odd = ", ".join(
            one for one in (self.layout, self.numbers) if one not in ("nchw", "float32")
        )
        return said + (f" ({odd})" if odd else "")

    def _at(self, values: tuple[float, ...], place: int, neutral: float) -> float:
        return values[min(place, len(values) - 1)] if values else neutral


@dataclass(frozen=True)
class Latent:
    """Random numbers that a picture is made from."""

    name: str
    shape: tuple[int, ...]
    """With the batch, which is 1."""
    distribution: Distribution = "normal"
    """`normal`: mean 0, deviation 1; `uniform`: from -1 to 1."""

    def __post_init__(self) -> None:
        _one_of("distribution", self.distribution, get_args(Distribution))
        if any(side < 1 for side in self.shape) or math.prod(self.shape) > LARGEST:
            raise ValueError(f"a latent cannot have the shape {list(self.shape)}")


@dataclass(frozen=True)
class Classes:
    """What a picture is to show, by name."""

    name: str
    """Of the input."""
    names: tuple[str, ...]
    """In the order of their numbers."""
    form: Form = "one-hot"
    """`index`: the number; `one-hot`: a vector with a 1 at its place."""

    def __post_init__(self) -> None:
        _one_of("form", self.form, get_args(Form))
        if not self.names or len(set(self.names)) < len(self.names):
            raise ValueError("the classes have no names, or not one each")


@dataclass(frozen=True)
class Reading:
    """All inputs and outputs of one model."""

    input: Pixels = field(default_factory=Pixels)
    output: Pixels = field(default_factory=Pixels)
    constants: tuple[tuple[str, float], ...] = ()
    """Further inputs that always have the same value, such as the strength of noise: (name, value),
    as the model has it."""
    latents: tuple[Latent, ...] = ()
    """Where there are any, the model takes no picture: it makes one."""
    classes: Classes | None = None

    def __post_init__(self) -> None:
        if self.input.planes != self.output.planes and not self.generates:
            raise ValueError("it takes and gives different numbers of channels")
        if ("y" in self._channels) != (self._channels == {"y"}) and not self.generates:
            raise ValueError("luma goes in and comes out, or neither")

    @property
    def _channels(self) -> set[str]:
        return {self.input.channels, self.output.channels}

    @property
    def generates(self) -> bool:
        """Whether it makes pictures of nothing but random numbers."""
        return bool(self.latents)

    @property
    def plain(self) -> bool:
        """Whether it is the house's own way."""
        return self == Reading()

    @property
    def channels(self) -> int:
        """What a session of it takes: 3, or 1 = one plane at a time."""
        return 1 if self.input.channels == "grey" else 3

    def in_words(self) -> str:
        """For people, on one line.

        >>> Reading(Pixels(range=(0, 255)), constants=(("sigma", 0.1),)).in_words()
        'rgb 0..255, giving 0..1, sigma 0.1'
        """
        held = "".join(f", {name} {value:.3g}" for name, value in self.constants)
        if self.generates:
            drawn = (f"{one.name} {one.distribution}" for one in self.latents)
            shows = f", {len(self.classes.names)} classes" if self.classes else ""
            return f"draws from {', '.join(drawn)}{shows}{held}, giving {self.output.in_words()}"
        source, result = self.input.in_words(), self.output.in_words()
        gives = result.removeprefix(f"{self.output.channels} ")
        return source + (f", giving {gives}" if source != result else "") + held

    def raw(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self)

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Self:
        """What `raw()` gave. Raises ValueError or TypeError."""
        _known(cls, raw)
        classes = raw.get("classes")
        return cls(
            input=_made(Pixels, raw.get("input", {})),
            output=_made(Pixels, raw.get("output", {})),
            constants=tuple((str(name), float(value)) for name, value in raw.get("constants", ())),
            latents=tuple(_made(Latent, one) for one in raw.get("latents", ())),
            classes=None if classes is None else _made(Classes, classes),
        )


def needs_refit(reading: Reading) -> bool:
    """Whether an ONNX graph that is read so has other ports than the house's."""
    return (
        bool(reading.constants or reading.output.name)
        or any(one.layout == "nhwc" for one in (reading.input, reading.output))
        or any(one.numbers != "float32" for one in (reading.input, reading.output))
    )


def _made(kind: type[T], raw: Mapping[str, Any]) -> T:
    """With lists as tuples."""
    _known(kind, raw)
    return kind(**{
        name: tuple(value) if isinstance(value, list) else value for name, value in raw.items()
    })  # fmt: skip


def _known(kind: type, raw: Mapping[str, Any]) -> None:
    if unknown := set(raw) - {one.name for one in fields(kind)}:
        raise ValueError(f"a reading has no {', '.join(sorted(unknown))}")


def _one_of(what: str, value: str, offered: Sequence[str]) -> None:
    if value not in offered:
        raise ValueError(f"{what} {value!r} is none of {', '.join(offered)}")
