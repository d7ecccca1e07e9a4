"""The values that a caller gives for the inputs of a pipeline.

values by name -> coerced values          BadOption: all that is wrong, by name
texts of a command line -> values         BadOption
"""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from printroom.core.errors import BadOption
from printroom.pipelines.kinds import ListOf
from printroom.pipelines.ports import Port
from printroom.pipelines.registry import likely

Read = Callable[[Port, Any], Any]
"""How a value that was given becomes one of its port's kind. Raises ValueError."""


def taken(inputs: Mapping[str, Port], values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` as the pipeline wants them; inputs that are left out keep their defaults."""
    return _right(*read_each(inputs, values, Port.coerce))


def parsed(inputs: Mapping[str, Port], texts: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The same from texts: `2`, `yes`; a picture is the name of a file.

    A list is `a,b`, or each of its items is a text of its own.
    """
    return _right(*read_each(inputs, texts, parsed_one))


def parsed_one(port: Port, texts: Sequence[str]) -> Any:
    """What the texts that were given for one port mean. Raises ValueError."""
    if len(texts) == 1:
        return port.kind.parse(texts[0])
    if not isinstance(port.kind, ListOf):
        raise ValueError("are several values for one")
    return [port.kind.item.parse(text) for text in texts]


def read_each(
    inputs: Mapping[str, Port], values: Mapping[str, Any], read: Read
) -> tuple[dict[str, Any], dict[str, str]]:
    """The values that are right, and what is wrong with the others, by name."""
    found: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for name, value in values.items():
        if name not in inputs:
            faults[name] = f"there is no input {reprlib.repr(name)}: {likely(name, inputs)}"
            continue
        try:
            found[name] = read(inputs[name], value)
        except ValueError as error:
            faults[name] = f"{name}: {_shown(value)} {error}"
    for name, port in inputs.items():
        if port.required and name not in values:
            faults[name] = f"{name}: a {port.kind} must be given"
    return found, faults


def _right(found: dict[str, Any], faults: dict[str, str]) -> dict[str, Any]:
    if faults:
        remedy = "`printroom pipelines show` lists the inputs"
        raise BadOption("; ".join(faults.values()), remedy)
    return found


def _shown(value: Any) -> str:
    """Of several texts that were given for one, the one there is."""
    return reprlib.repr(value[0] if isinstance(value, list) and len(value) == 1 else value)
