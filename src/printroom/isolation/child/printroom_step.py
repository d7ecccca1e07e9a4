"""What a step in an environment of its own imports: `from printroom_step import Picture, step`.

    @step
    def soften(image: Picture, strength: float = 0.5) -> Picture:
        ...

One file, Python 3.8 syntax, standard library only. Arguments are the step's ports; one with a
default may be left out. The result is the port `result`, or the fields of a NamedTuple. Pictures
and arrays are numpy arrays where the environment has numpy, memoryviews where it has not.
"""

from __future__ import annotations

import inspect
import sys
import typing
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


class Refused(Exception):
    """What a step raises when it cannot take its inputs: whoever sent them is told the message.

    Anything else that it raises is taken for a fault of the step.
    """


registered: list[Any] = []
"""What `step` marked in this process, in order."""


class Kind:
    """What a port holds; its JSON is what printroom is told."""

    def __init__(self, **fields: Any) -> None:
        self.fields = fields

    def __call__(self) -> None:
        """Kinds stand where types do, and old versions of typing want those to be callable."""
        raise TypeError("a kind of port cannot be called")


Picture = Kind(kind="picture", dtype="float32")
"""A picture: (height, width, 3) float32, sRGB from 0 to 1."""
Picture8 = Kind(kind="picture", dtype="uint8")
"""A picture: (height, width, 3) uint8, sRGB from 0 to 255."""

OwnFile = Kind(kind="file")
"""A text that names a file or a folder of the machine, which callers over HTTP may not do."""


def Array(dtype: str | None = None, shape: Sequence[int | None] | None = None) -> Kind:  # noqa: N802  (it reads as the type it stands for)
    """An array of numbers; `shape` has a length for each axis, None = any."""
    axes = None if shape is None else list(shape)
    return Kind(kind="tensor", dtype=dtype, shape=axes)


def Number(low: float | None = None, high: float | None = None, integer: bool = False) -> Kind:  # noqa: N802
    """A number between `low` and `high`, both included, None = no end."""
    return Kind(kind="number", low=low, high=high, integer=integer)


def Choice(*of: str | float) -> Kind:  # noqa: N802
    """One of these texts or numbers."""
    return Kind(kind="choice", of=list(of))


def List(item: Any) -> Kind:  # noqa: N802
    """A list of one kind."""
    return Kind(kind="list", item=_kind(item, {}))


class _Alone:
    """The host of a step that runs without printroom, as in its author's own tests."""

    def empty(self, shape: tuple[int, ...], dtype: Any) -> Any:
        import numpy

        return numpy.empty(shape, dtype)

    def progress(self, done: float, total: float) -> None:
        pass


host: Any = _Alone()
"""Who the step runs for; the child process puts itself here."""


def step(thing: T) -> T:
    """Mark a function, or a class with a method `run`, as the step of its folder."""
    registered.append(thing)
    return thing


def empty(shape: Sequence[int], dtype: Any = "float32") -> Any:
    """A new array that reaches printroom without being copied, when it is among the results."""
    return host.empty(tuple(shape), dtype)


def progress(done: float, total: float) -> None:
    """Tell whoever waits how far the work is."""
    host.progress(done, total)


def describe(thing: Any) -> dict[str, Any]:
    """Name, text and ports of a step, as JSON values. Raises ValueError: what is wrong with it."""
    run = _run_of(thing)
    names = vars(sys.modules[thing.__module__])
    ports = {}
    for argument in list(inspect.signature(run).parameters.values())[inspect.isclass(thing) :]:
        if argument.kind in (argument.VAR_POSITIONAL, argument.VAR_KEYWORD):
            raise ValueError(f"argument *{argument.name} is open-ended")
        ports[argument.name] = _port(argument, names)
    result = inspect.signature(run).return_annotation
    return {
        "name": thing.__name__,
        "text": inspect.getdoc(thing) or "",
        "inputs": ports,
        "outputs": _outputs(result, names),
    }


def _run_of(thing: Any) -> Any:
    run = getattr(thing, "run", None) if inspect.isclass(thing) else thing
    if not callable(run):
        raise ValueError(f"the class {thing.__name__} has no method run")
    return run


def _port(argument: inspect.Parameter, names: Mapping[str, Any]) -> dict[str, Any]:
    missing = argument.empty
    if argument.annotation is missing:
        raise ValueError(f"argument {argument.name} has no annotation")
    try:
        kind = dict(_kind(argument.annotation, names))
    except ValueError as error:
        raise ValueError(f"argument {argument.name}: {error}") from None
    if argument.default is not missing:
        kind["default"] = argument.default
        kind["optional"] = kind.get("optional", argument.default is None)
    return kind


def _outputs(annotation: Any, names: Mapping[str, Any]) -> dict[str, Any]:
    if annotation is inspect.Signature.empty:
        raise ValueError("the result has no annotation")
    annotation = _resolved(annotation, names)
    fields = getattr(annotation, "_fields", None)
    if fields is None:
        return {"result": _kind(annotation, names)}
    home = vars(sys.modules[annotation.__module__])
    return {name: _kind(annotation.__annotations__[name], home) for name in fields}


def _resolved(annotation: Any, names: Mapping[str, Any]) -> Any:
    if isinstance(annotation, typing.ForwardRef):
        annotation = annotation.__forward_arg__
    if isinstance(annotation, str):
        try:
            return eval(annotation, dict(names))
        except Exception as error:
            raise ValueError(f"{annotation!r} means nothing here: {error}") from None
    return annotation


_PLAIN: dict[type, dict[str, Any]] = {
    str: {"kind": "text"},
    bool: {"kind": "flag"},
    int: {"kind": "number", "integer": True},
    float: {"kind": "number"},
}


def _kind(annotation: Any, names: Mapping[str, Any]) -> dict[str, Any]:
    annotation = _resolved(annotation, names)
    if annotation in (Array, Number):
        annotation = annotation()
    if isinstance(annotation, Kind):
        return annotation.fields
    if isinstance(annotation, type) and annotation in _PLAIN:
        return _PLAIN[annotation]
    found = _generic(annotation, names)
    if found is None:
        raise ValueError(
            f"{annotation!r} is no kind of port (there are Picture, Picture8, Array, str, OwnFile, "
            "bool, int, float, Number, Choice, and List of these)"
        )
    return found


def _generic(annotation: Any, names: Mapping[str, Any]) -> dict[str, Any] | None:
    """Of `Optional[X]`, `Literal[...]`, `List[X]`; None for anything else."""
    origin = getattr(annotation, "__origin__", None)
    arguments: Sequence[Any] = getattr(annotation, "__args__", ())
    if type(None) in arguments and len(arguments) == 2:
        held = next(one for one in arguments if one is not type(None))
        return dict(_kind(held, names), optional=True)
    if origin is typing.Literal:
        return {"kind": "choice", "of": list(arguments)}
    if origin is list and len(arguments) == 1:
        return {"kind": "list", "item": _kind(arguments[0], names)}
    return None
