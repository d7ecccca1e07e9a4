"""Ports as they are written: in pipelines (`type`), and as a step describes itself (`kind`).

    "picture", {"type": "choice", "of": [1, 2], "default": 1} <-> Port      ValueError
    {"name": ..., "text": ..., "inputs": ..., "outputs": ...} -> StepType   BadStep

One table says which words belong to which kind; reading, writing and the JSON Schema follow it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from printroom.core.errors import BadStep
from printroom.pipelines import kinds
from printroom.pipelines.declare import NAME, RESERVED, StepShape, StepType
from printroom.pipelines.kinds import Kind
from printroom.pipelines.ports import REQUIRED, Port
from printroom.pipelines.step import Step

_NUMBER = {"type": "number"}
_TEXT = {"type": "string"}
_AXES = {"type": "array", "items": {"type": ["integer", "null"], "minimum": 0}}
_OFFERED = {"type": "array", "minItems": 1, "items": {"type": ["string", "number", "boolean"]}}
_ITEM = {"$ref": "#/$defs/port"}
KINDS: dict[str, tuple[type[Kind], dict[str, Any]]] = {
    "picture": (kinds.Picture, {}),
    "text": (kinds.Text, {}),
    "flag": (kinds.Flag, {}),
    "number": (kinds.Number, {"low": _NUMBER, "high": _NUMBER, "integer": {"type": "boolean"}}),
    "choice": (kinds.Choice, {"of": _OFFERED}),
    "tensor": (kinds.Tensor, {"shape": _AXES, "dtype": _TEXT}),
    "model": (kinds.Model, {"task": _TEXT}),
    "list": (kinds.ListOf, {"item": _ITEM}),
}
"""Name of a kind -> its class, and its words with the JSON Schema of what they take.

The words are the fields of the class.
"""
NEEDED = {"choice": "of", "list": "item"}
"""The word that a kind cannot do without."""
MOST_CHOICES = 512
"""What is looked through at each comparison, so that checking takes a bounded time."""
_DEPTH = 4
"""Of lists in the notation; more is refused as nonsense."""


def port_from(raw: Any, word: str = "type") -> Port:
    """The port that `raw` writes. Raises ValueError."""
    written = {word: raw} if isinstance(raw, str) else raw
    if not isinstance(written, Mapping):
        raise ValueError(f"is not a kind: write one of {', '.join(KINDS)}")
    kind = _kind_from(written, word, ("default", "optional"), _DEPTH)
    optional, default = written.get("optional", False), written.get("default", REQUIRED)
    if not isinstance(optional, bool):
        raise ValueError("optional is neither true nor false")
    return Port.made(kind, default, optional)


def port_to(port: Port) -> Any:
    """The shortest way to write `port`."""
    written = _kind_to(port.kind)
    if not port.required:
        written["default"] = port.default
    if port.optional:
        written["optional"] = True
    return written["type"] if len(written) == 1 else written


def described_step(raw: Mapping[str, Any], name: str, factory: Callable[..., Step]) -> StepType:
    """The step `name`, as the process that holds it describes it. Raises BadStep."""
    faults: list[str] = []
    if not NAME.fullmatch(name):
        faults.append("its name is not lower case letters, digits and dashes")
    inputs, outputs = (_described(raw.get(part), part, faults) for part in ("inputs", "outputs"))
    if faults:
        raise BadStep(f"step {name}: {'; '.join(faults)}", "mend its declaration")
    text = raw.get("text")
    description = text if isinstance(text, str) else ""
    return StepType(name, description, StepShape.RUN, inputs, {}, outputs, factory)


def _described(raw: Any, part: str, faults: list[str]) -> dict[str, Port]:
    ports: dict[str, Port] = {}
    if not isinstance(raw, Mapping):
        faults.append(f"it does not say what its {part} are")
        return ports
    for name, written in raw.items():
        if not str(name).isidentifier() or name in RESERVED:
            faults.append(f"port {name!r} cannot be called so")
            continue
        try:
            ports[name] = port_from(written, "kind")
        except ValueError as error:
            faults.append(f"port {name!r}: {error}")
    return ports


def _kind_from(written: Any, word: str, beside: tuple[str, ...], depth: int) -> Kind:
    written = {word: written} if isinstance(written, str) else written
    name = written.get(word) if isinstance(written, Mapping) else None
    if name == "file" and word == "kind":  # of a step; a pipeline says `text`
        return kinds.File()
    if not isinstance(name, str) or name not in KINDS:
        raise ValueError(f"{name!r} is no kind: the kinds are {', '.join(KINDS)}")
    made, words = KINDS[name]
    for given in written.keys() - {word, *words, *beside}:
        if not (word == "kind" and given == "dtype"):  # a step may say how it holds a picture
            raise ValueError(f"{given!r} does not belong to a {name}")
    given = {key: written[key] for key in words if written.get(key) is not None}
    if (needed := NEEDED.get(name)) and needed not in given:
        raise ValueError(f"a {name} needs {needed!r}")
    if "item" in given:
        if depth == 0:
            raise ValueError("its lists are too deep")
        given["item"] = _kind_from(given["item"], word, (), depth - 1)
    return made(**{key: _checked(key, value) for key, value in given.items()})


def _checked(key: str, value: Any) -> Any:
    """The value of one word, as the kind's field wants it."""
    match key:
        case "low" | "high":
            return kinds.Number().coerce(value)
        case "integer":
            return kinds.Flag().coerce(value)
        case "of" | "shape":
            if not isinstance(value, list | tuple):
                raise ValueError(f"{key!r} is not a list")
            if len(value) > MOST_CHOICES:
                raise ValueError(f"{key!r} has more than {MOST_CHOICES} entries")
            return tuple(value)
        case "task" | "dtype":
            return kinds.Text().coerce(value)
    return value


def _kind_to(kind: Kind) -> dict[str, Any]:
    written: dict[str, Any] = {"type": kind.name}
    for key in KINDS[kind.name][1]:
        value = getattr(kind, key)
        if value is None or value is False:
            continue
        if isinstance(value, Kind):
            item = _kind_to(value)
            value = item["type"] if len(item) == 1 else item
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # 0 and 0.0 are the same end of a range
        written[key] = list(value) if isinstance(value, tuple) else value
    return written
