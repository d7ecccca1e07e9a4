"""JSON Schema (draft 2020-12) for editors and other programs.

    the words of pipelines, steps and kinds -> what a pipeline looks like
    ports -> what their values look like, as JSON

A pipeline that fits its schema has the right form; whether it can be run, `Graph.check` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from printroom.pipelines import kinds
from printroom.pipelines.declare import NAME
from printroom.pipelines.forming import MOST_STEPS, NODE_NAME, PORT_NAME
from printroom.pipelines.kinds import Kind
from printroom.pipelines.notation import KINDS, NEEDED
from printroom.pipelines.parsing import MOST_CHARACTERS, REF
from printroom.pipelines.ports import Port

_TEXT = {"type": "string"}
_ANY_VALUE = True


def schema() -> dict[str, Any]:
    """The schema of what `PipelineSpec.from_dict` reads."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "printroom pipeline",
        "type": "object",
        "required": ["name", "steps"],
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "pattern": _whole(NAME.pattern)},
            "title": {"type": "string", "description": "one line for people"},
            "description": {"type": "string", "description": "more, for people"},
            "inputs": _named(PORT_NAME.pattern, {"$ref": "#/$defs/port"}),
            "steps": _named(NODE_NAME.pattern, {"$ref": "#/$defs/step"})
            | {"minProperties": 1, "maxProperties": MOST_STEPS},
            "outputs": _named(PORT_NAME.pattern, {"$ref": "#/$defs/ref"}),
            "view": _view(),
        },
        "$defs": {"ref": _ref(), "step": _step(), "port": _port()},
    }


def values_schema(ports: Mapping[str, Port]) -> dict[str, Any]:
    """The schema of an object with a value for each port; pictures are `data:` URIs."""
    return {
        "type": "object",
        "properties": {name: value_schema(port) for name, port in ports.items()},
        "required": [name for name, port in ports.items() if port.required],
        "additionalProperties": False,
    }


def value_schema(port: Port) -> dict[str, Any]:
    """The schema of the values of one port."""
    found = _kind(port.kind)
    if port.optional:
        found = {"anyOf": [found, {"type": "null"}]}
    return found if port.required else found | {"default": port.default}


def _kind(kind: Kind) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "string", "description": str(kind)}
    match kind:
        case kinds.Picture():
            about = "a picture, as data:image/png;base64,..."
            found |= {"format": "uri", "pattern": "^data:", "description": about}
        case kinds.Flag():
            found = {"type": "boolean"}
        case kinds.Number(low, high, integer):
            ends = {"minimum": low, "maximum": high}
            found = {"type": "integer" if integer else "number"}
            found |= {word: end for word, end in ends.items() if end is not None}
        case kinds.Choice(of):
            found = {"enum": list(of)}
        case kinds.Tensor():
            found = {"type": ["array", "number"], "description": str(kind)}
        case kinds.ListOf(item):
            found = {"type": "array", "items": _kind(item)}
    return found


def _step() -> dict[str, Any]:
    condition = {"type": ["string", "boolean"], "maxLength": MOST_CHARACTERS}
    return {
        "type": "object",
        "required": ["use"],
        "additionalProperties": False,
        "properties": {
            "use": {"type": "string", "description": "a step: printroom steps list, or ./folder"},
            "with": {
                "type": "object",
                "description": "port -> $input, $step.port, {secret: NAME}, a list, a constant",
                "additionalProperties": _ANY_VALUE,
            },
            "when": condition | {"description": "the step is skipped where this is false"},
            "each": {"$ref": "#/$defs/ref", "description": "once for every item of this list"},
        },
    }


def _port() -> dict[str, Any]:
    """The name of a kind, or an object with the kind's words."""
    beside = {"default": _ANY_VALUE, "optional": {"type": "boolean"}}
    plain = [name for name in KINDS if name not in NEEDED]
    return {
        "oneOf": [
            {"enum": plain},
            *(
                {
                    "type": "object",
                    "required": ["type", *([NEEDED[name]] if name in NEEDED else [])],
                    "additionalProperties": False,
                    "properties": {"type": {"const": name}, **words, **beside},
                }
                for name, (_, words) in KINDS.items()
            ),
        ]
    }


def _ref() -> dict[str, Any]:
    return {"type": "string", "pattern": _whole(REF.pattern)}


def _view() -> dict[str, Any]:
    place = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
    about = "where an editor draws what; it changes nothing"
    return {"type": "object", "description": about, "additionalProperties": place}


def _named(pattern: str, what: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "patternProperties": {_whole(pattern): what},
        "additionalProperties": False,
    }


def _whole(pattern: str) -> str:
    return f"^(?:{pattern})$"
