"""The contract between a step and whatever runs it: three shapes, each with one method to write.

    Step       run(context, ports...)     any ports; whole pictures
    LookStep   look(context, preview)     judges a picture, which passes by
    TileStep   apply(tile, parameters)    streams through; colour only, at the same size
    ModelStep  model(context)             a network of the catalogue does it, at any scale

Parameters are the fields of the class, as in a dataclass:

    class Haze(TileStep):
        \"\"\"Lifts the shadows.\"\"\"

        name = "haze"
        strength: Annotated[float, Range(0, 1)] = 0.5

        def apply(self, tile: Planes, parameters: None) -> Planes:
            return tile + (1 - tile) * np.float32(self.strength / 10)

Declarations are checked when they are registered (`registry.Registry`): BadStep.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar, dataclass_transform, overload

import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import BadStep
from printroom.core.session import Session
from printroom.imaging.tiling import Geometry

if TYPE_CHECKING:  # brings what asks other servers
    from printroom.core.calls import Question, Reply

Planes = NDArray[np.float32]
"""(items, channels, height, width), sRGB 0..1; never clipped or rounded between steps."""


@dataclass(frozen=True)
class Sample:
    """A part of the picture in full resolution: what a smaller copy would hide, as noise."""

    left: int
    """Origin in the whole picture, in pixels, at this point of the chain."""
    top: int
    pixels: Planes
    """(1, 3, side, side), side at most 256."""


@dataclass(frozen=True)
class Preview:
    """What a step may know of a picture before its pixels stream through.

    It has passed through the steps before it: the thumbnail, and each sample, as a picture of its
    own.
    """

    width: int
    """Of the whole picture at this point of the chain."""
    height: int
    thumbnail: Planes
    """(1, 3, height, width), long side at most 256."""
    samples: tuple[Sample, ...]
    """At most 16."""
    about: Mapping[str, str | int]
    """Of the file: `format`, `depth`, `bands`."""


@dataclass(frozen=True)
class Near:
    """What was found in a collection."""

    payload: Any
    """JSON."""
    distance: float
    """1 less the cosine: 0 = the same direction, 2 = the opposite one."""


class ModelFacts(Protocol):
    """What a step may know of a model."""

    @property
    def id(self) -> str: ...
    @property
    def task(self) -> str: ...
    @property
    def geometry(self) -> Geometry: ...


class StepContext(Protocol):
    """All that a step sees of the installation it runs in."""

    @property
    def folder(self) -> Path:
        """Scratch, removed afterwards."""

    def session(self, model: str) -> Session:
        """The model, loaded; it is shared, so leave it open. Raises NotFound, BadModel."""

    def models(self, task: str, look: str = "faithful") -> Sequence[ModelFacts]:
        """The models at hand for `task`, the default first."""

    def drawn(self, model: str, seed: int, shows: str = "") -> Planes:
        """A picture (1, 3, h, w) that a model makes of `seed`, 0 to 2**32 - 1, and of the name of a
        class; empty = the first. Raises NotFound, BadModel, BadOption.
        """

    def ask(self, question: Question) -> Reply:
        """What another server answers. Raises AddressRefused, FetchFailed."""

    def nearest(self, collection: str, vector: NDArray[Any], most: int) -> Sequence[Near]:
        """What is nearest to `vector` in a collection of whose pipeline it is, the nearest first.

        Raises NotFound, BadOption for a vector of another length.
        """

    def secret(self, name: str) -> str:
        """The text kept under `name`. Raises NotFound."""

    def progress(self, done: int, total: int) -> None:
        """Tell whoever waits how far the work is."""

    def log(self, text: str) -> None:
        """Tell whoever follows the run a line; what an isolated step prints is told by itself."""

    def check(self) -> None:
        """Raises Cancelled once the caller has taken the work back; ask it in long loops."""


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Step:
    """One operation with named ports. Fields of a subclass are its parameters.

    A subclass becomes a frozen dataclass, whose fields are given by name; one object serves one
    run, and may be called from many threads.
    """

    name: ClassVar[str]
    """As pipelines call it: lower case letters, digits and dashes."""
    run: ClassVar[Callable[..., Any]]
    """`run(self, context, ...)`: the arguments after the context are its ports, the fields of the
    NamedTuple it returns its outputs; any other result is the output `result`."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        try:
            dataclass(frozen=True, kw_only=True)(cls)
        except (TypeError, ValueError) as error:
            raise BadStep(f"step {cls.__name__}: {error}", "see the page on pipelines") from error


class LookStep(Step):
    """Judges a picture from its preview. Port in: `image`; out: the fields of what it returns."""

    def look(self, context: StepContext, preview: Preview) -> Any:
        """The judgement, a NamedTuple. Annotate the NamedTuple as the result."""
        raise NotImplementedError


class TileStep(Step):
    """Changes a picture piece by piece, at the same size. Ports: `image` in, `image` out."""

    def geometry(self) -> Geometry:
        """How far a result reaches beyond its own pixel (`halo`), and what origins it needs."""
        return Geometry()

    def prepare(self, context: StepContext, preview: Preview) -> Any:
        """What `apply` must know of the picture as a whole; called once, before."""

    def apply(self, tile: Planes, parameters: Any) -> Planes:
        """(n, 3, h, w) -> (n, 3, h, w), alpha passes by; `parameters` are those of `prepare`.

        Called from many threads; the tile may be changed in place. Near a border of the picture
        the tile ends there, everywhere else it carries the halo.
        """
        raise NotImplementedError


class ModelStep(Step):
    """Sends a picture through a network, at any scale. Ports: `image` in, `image` out."""

    def model(self, context: StepContext) -> str | None:
        """Id or path of the network; None = nothing to do, the picture passes by."""
        raise NotImplementedError


_Function = TypeVar("_Function", bound=Callable[..., Any])
STEP_NAME = "__printroom_step__"
"""Attribute by which `step` marks a function."""


@overload
def step(function: _Function, /) -> _Function: ...
@overload
def step(*, name: str) -> Callable[[_Function], _Function]: ...
def step(function: _Function | None = None, /, *, name: str = "") -> Any:
    """Make a function a step, called as the function with dashes, or `name`.

    Its first argument is the context; the others are its ports, and what it returns its outputs,
    as with `Step.run`. The function itself stays as it is, and can be called.
    """

    def mark(marked: _Function) -> _Function:
        setattr(marked, STEP_NAME, name or marked.__name__.replace("_", "-"))
        return marked

    return mark if function is None else mark(function)
