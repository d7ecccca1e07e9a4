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


def taken(inputs: Mapping[str, Port], values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` as the pipeline wants them; inputs that are left out keep their defaults."""
    return _each(inputs, values, lambda port, value: port.coerce(value))


def parsed(inputs: Mapping[str, Port], texts: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The same from texts: `2`, `yes`; a picture is the name of a file.

    A list is `a,b`, or each of its items is a text of its own.
    """
    plain = {name: given[0] if len(given) == 1 else given for name, given in texts.items()}
    return _each(inputs, plain, _parsed)


def _parsed(port: Port, given: str | Sequence[str]) -> Any:
    if isinstance(given, str):
        return port.kind.parse(given)
    if not isinstance(port.kind, ListOf):
        raise ValueError("are several values for one")
    return [port.kind.item.parse(text) for text in given]


def _each(
    inputs: Mapping[str, Port], values: Mapping[str, Any], read: Callable[[Port, Any], Any]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    faults: list[str] = []
    for name, value in values.items():
        if name not in inputs:
            faults.append(f"there is no input {name!r}: {likely(name, inputs)}")
            continue
        try:
            found[name] = read(inputs[name], value)
        except ValueError as error:
            faults.append(f"{name}: {reprlib.repr(value)} {error}")
    faults += [
        f"{name}: a {port.kind} must be given"
        for name, port in inputs.items()
        if port.required and name not in values
    ]
    if faults:
        raise BadOption("; ".join(faults), "`printroom pipelines show` lists the inputs")
    return found
