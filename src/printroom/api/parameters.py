"""The query of `POST /v1/images/enhance`: one table, read by the parser and by the OpenAPI page.

query string -> EnhanceOptions: BadParameter UnknownFormat
TABLE        -> OpenAPI parameter objects
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from printroom.api.problems import BadParameter
from printroom.catalogue.card import LOOKS
from printroom.core.errors import BadOption
from printroom.engine.enhancement import FIXES, EnhanceOptions, fixes_of
from printroom.engine.scheduler import Priority
from printroom.imaging.formats import FORMATS, format_for
from printroom.imaging.metadata import KEEPS

_MODEL = r"[a-z0-9][a-z0-9._-]*/[a-z0-9][a-z0-9._-]*(@[0-9]{1,9})?"


@dataclass(frozen=True)
class Parameter:
    """One query parameter."""

    name: str
    about: str
    schema: dict[str, Any]
    """JSON schema, as OpenAPI shows it."""
    field: str
    """The field of EnhanceOptions that it sets."""
    parse: Callable[[str], Any]
    """Text -> the field's value; ValueError says what would be right, as in "is not ..."."""


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and least <= int(text[:9]) <= most):
            raise ValueError(f"a whole number from {least} to {most}")
        return int(text)

    return parse


def _one_of(choices: dict[str, Any]) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        if text not in choices:
            raise ValueError(" or ".join(choices))
        return choices[text]

    return parse


def _model(text: str) -> str:
    # Never a path: a client must not name files of the server.
    if not re.fullmatch(_MODEL, text) or text.endswith(".onnx"):
        raise ValueError("the id of a model, as owner/name@version")
    return text


def _fix(text: str) -> str:
    try:
        fixes_of(text)
    except BadOption:
        raise ValueError(f"auto, none, or some of {', '.join(FIXES)}") from None
    return text


_KEEP: dict[str, Any] = {keep: keep for keep in KEEPS}
_LOOK: dict[str, Any] = {look: look for look in LOOKS}
_PRIORITY = {"interactive": Priority.INTERACTIVE, "batch": Priority.BATCH}

TABLE = (
    Parameter(
        "scale",
        "Output pixels per input pixel along each side; without it that of `model`, or 2.",
        {"type": "integer", "minimum": 1, "maximum": 16},
        "scale",
        _whole(1, 16),
    ),
    Parameter(
        "fix",
        "What to mend first: `auto` is what the picture needs, or name some of "
        f"{', '.join(FIXES)}, with commas between. With it `scale` may be 1.",
        {"type": "string", "default": "none", "examples": ["auto", "denoise,deblur"]},
        "fix",
        _fix,
    ),
    Parameter(
        "format",
        "Format of the result. Wins over `Accept`; without either it is the format of the input.",
        {"type": "string", "enum": [known.name for known in FORMATS if known.writes]},
        "format",
        lambda text: format_for(text).name,
    ),
    Parameter(
        "quality",
        "For lossy formats; without it the format's own default.",
        {"type": "integer", "minimum": 1, "maximum": 100},
        "quality",
        _whole(1, 100),
    ),
    Parameter(
        "metadata",
        "Whether EXIF and XMP go with the picture: all, none, or who made it and whose it is. The "
        "colour profile always does.",
        {"type": "string", "enum": list(_KEEP), "default": "keep"},
        "metadata",
        _one_of(_KEEP),
    ),
    Parameter(
        "model",
        "Id of a model; without it the best one of that scale.",
        {"type": "string", "pattern": f"^({_MODEL})?$", "examples": ["printroom/upscale-x2@5"]},
        "model",
        _model,
    ),
    Parameter(
        "look",
        "What to enlarge with where no `model` is named: `sharp` is for bad photographs, by 4, "
        "with detail that is invented.",
        {"type": "string", "enum": list(_LOOK), "default": "faithful"},
        "look",
        _one_of(_LOOK),
    ),
    Parameter(
        "priority",
        "Interactive requests pass batch requests, tile by tile.",
        {"type": "string", "enum": list(_PRIORITY), "default": "interactive"},
        "priority",
        _one_of(_PRIORITY),
    ),
)
_BY_NAME = {parameter.name: parameter for parameter in TABLE}


@lru_cache(maxsize=512)  # clients repeat their few queries
def parse_query(query: bytes, pixels: int) -> EnhanceOptions:
    """The options that `query` asks for, for pictures of at most `pixels` pixels.

    An empty value counts as not given. Raises BadParameter naming every offending parameter, and
    UnknownFormat.
    """
    values: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for name, text in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        parameter = _BY_NAME.get(name)
        if parameter is None:
            faults[name[:64]] = f"there is no parameter {name[:64]!r}"
        elif parameter.field in values:
            faults[name] = f"{name} is given twice"
        elif text:
            try:
                values[parameter.field] = parameter.parse(text)
            except ValueError as error:
                faults[name] = f"{name}={text[:64]!r} is not {error}"
    if faults:
        remedy = f"the parameters are {', '.join(_BY_NAME)}"
        raise BadParameter("; ".join(faults.values()), remedy, params=list(faults))
    return EnhanceOptions(pixels=pixels, **values)


def openapi_parameters() -> list[dict[str, Any]]:
    """The table as OpenAPI 3.1 parameter objects."""
    return [
        {
            "name": parameter.name,
            "in": "query",
            "required": False,
            "description": parameter.about,
            "schema": parameter.schema,
        }
        for parameter in TABLE
    ]
