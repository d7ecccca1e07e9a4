"""The JSON Schema of a pipeline, for editors and other programs.

    the words of pipelines, steps and kinds -> JSON Schema (draft 2020-12)

A pipeline that fits it has the right form; whether it can be run, `Graph.check` says.
"""

from __future__ import annotations

from typing import Any

from printroom.pipelines.declare import NAME
from printroom.pipelines.forming import MOST_STEPS, NODE_NAME, PORT_NAME
from printroom.pipelines.notation import KINDS, NEEDED
from printroom.pipelines.parsing import MOST_CHARACTERS, REF

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
            "inputs": _named(PORT_NAME.pattern, {"$ref": "#/$defs/port"}),
            "steps": _named(NODE_NAME.pattern, {"$ref": "#/$defs/step"})
            | {"minProperties": 1, "maxProperties": MOST_STEPS},
            "outputs": _named(PORT_NAME.pattern, {"$ref": "#/$defs/ref"}),
        },
        "$defs": {"ref": _ref(), "step": _step(), "port": _port()},
    }


def _step() -> dict[str, Any]:
    condition = {"type": ["string", "boolean"], "maxLength": MOST_CHARACTERS}
    return {
        "type": "object",
        "required": ["use"],
        "additionalProperties": False,
        "properties": {
            "use": {"type": "string", "description": "name of a step: printroom steps list"},
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


def _named(pattern: str, what: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "patternProperties": {_whole(pattern): what},
        "additionalProperties": False,
    }


def _whole(pattern: str) -> str:
    return f"^(?:{pattern})$"
