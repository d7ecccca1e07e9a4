"""What another server's answer must look like, in the part of JSON Schema that takes bounded time.

    text of a schema -> schema_of -> Schema              ValueError: why it is none
    Schema, JSON -> fault -> what does not fit, with its place; empty = it fits

Of draft 2020-12 there are `type`, `enum`, `const`, `properties`, `required`,
`additionalProperties`, `items`, `prefixItems`, `minItems`, `maxItems`, `minProperties`,
`maxProperties`, `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`, `minLength`,
`maxLength`, `anyOf`, `allOf`, `not`, and words for people. Patterns and references are refused:
what strangers write of them can take for ever.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sized
from typing import Any, cast

LONGEST = 16 * 1024
"""Characters of a schema."""
DEEP = 24
"""Schemas within schemas."""
Schema = Mapping[str, Any] | bool


def number(value: Any) -> bool:
    """Whether JSON is a finite number."""
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


def _whole(value: Any) -> bool:
    return number(value) and (isinstance(value, int) or value.is_integer())


_ABOUT = ("$schema", "$comment", "title", "description", "default", "examples", "deprecated")
_TYPES: dict[str, Callable[[Any], bool]] = {
    "null": lambda one: one is None,
    "boolean": lambda one: isinstance(one, bool),
    "integer": _whole,
    "number": number,
    "string": lambda one: isinstance(one, str),
    "array": lambda one: isinstance(one, list),
    "object": lambda one: isinstance(one, dict),
}
_SIZES: dict[str, tuple[type, bool]] = {
    "minItems": (list, True),
    "maxItems": (list, False),
    "minLength": (str, True),
    "maxLength": (str, False),
    "minProperties": (dict, True),
    "maxProperties": (dict, False),
}
"""Word -> of what it bounds the length, and whether from below."""
_ENDS: dict[str, Callable[[float, float], bool]] = {
    "minimum": lambda value, end: value >= end,
    "maximum": lambda value, end: value <= end,
    "exclusiveMinimum": lambda value, end: value > end,
    "exclusiveMaximum": lambda value, end: value < end,
}
_ONE = ("items", "additionalProperties", "not")
_SEVERAL = ("anyOf", "allOf", "prefixItems")


def schema_of(text: str) -> Schema:
    """The schema that a text is; empty = anything. Raises ValueError."""
    if not text:
        return True
    if len(text) > LONGEST:
        raise ValueError(f"is longer than {LONGEST} characters")
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("is not JSON") from None
    _check(raw, "$", DEEP)
    schema: Schema = raw
    return schema


def _check(raw: Any, place: str, deep: int) -> None:
    """Raises ValueError for what is no schema, or one with other words."""
    if isinstance(raw, bool):
        return
    if not isinstance(raw, dict) or not deep:
        raise ValueError(f"is no JSON Schema at {place}")
    for word, value in raw.items():
        here = f"{place}.{word}"[:200]
        if word in _ONE:
            _check(value, here, deep - 1)
        elif word in _SEVERAL or word == "properties":
            kind = dict if word == "properties" else list
            if not isinstance(value, kind) or (word in _SEVERAL and not value):
                raise ValueError(f"is no JSON Schema at {here}")
            for one in value.values() if isinstance(value, dict) else value:
                _check(one, here, deep - 1)
        elif not _plain(word, value):
            raise ValueError(f"has at {here} what is not checked here")


def _plain(word: str, value: Any) -> bool:
    """Whether a word that holds no schemas is known, and its value one of it."""
    match word:
        case "type":
            return set(value if isinstance(value, list) else [value]) <= set(_TYPES)
        case "required":
            return isinstance(value, list) and all(isinstance(one, str) for one in value)
        case "enum":
            return isinstance(value, list)
        case "const":
            return True
    if word in _SIZES:
        return _whole(value) and value >= 0
    return number(value) if word in _ENDS else word in _ABOUT


def fault(schema: Schema, value: Any, place: str = "$") -> str:
    """What of `value`, which is JSON, does not fit, and where; empty = all does."""
    if isinstance(schema, bool):
        return "" if schema else f"{place} is not expected"
    return next((text for look in _LOOKS if (text := look(schema, value, place))), "")


def _type(schema: Mapping[str, Any], value: Any, place: str) -> str:
    wanted = schema.get("type")
    if wanted is not None:
        names = wanted if isinstance(wanted, list) else [wanted]
        if not any(_TYPES[name](value) for name in names):
            return f"{place} is no {' or '.join(names)}"
    if "enum" in schema and not any(_same(value, one) for one in schema["enum"]):
        return f"{place} is none of those that are expected"
    if "const" in schema and not _same(value, schema["const"]):
        return f"{place} is not what is expected"
    return ""


def _sizes(schema: Mapping[str, Any], value: Any, place: str) -> str:
    for word, (kind, below) in _SIZES.items():
        if word in schema and isinstance(value, kind):
            size = len(cast("Sized", value))
            if size < schema[word] if below else size > schema[word]:
                return f"{place} has the length {size}"
    for word, fits in _ENDS.items():
        if word in schema and number(value) and not fits(value, schema[word]):
            return f"{place} is out of range"
    return ""


def _members(schema: Mapping[str, Any], value: Any, place: str) -> str:
    if not isinstance(value, dict):
        return ""
    for name in schema.get("required", ()):
        if name not in value:
            return f"{place} has no {name[:80]!r}"
    known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    parts = ((known.get(name, others), one, name) for name, one in value.items())
    return _first((one, part, f"{place}.{name}"[:200]) for one, part, name in parts)


def _items(schema: Mapping[str, Any], value: Any, place: str) -> str:
    if not isinstance(value, list):
        return ""
    first, others = schema.get("prefixItems", []), schema.get("items", True)
    return _first(
        (first[at] if at < len(first) else others, one, f"{place}[{at}]")
        for at, one in enumerate(value)
    )


def _several(schema: Mapping[str, Any], value: Any, place: str) -> str:
    if "anyOf" in schema and all(fault(one, value, place) for one in schema["anyOf"]):
        return f"{place} is none of several that are expected"
    if "not" in schema and not fault(schema["not"], value, place):
        return f"{place} is what it must not be"
    return _first((one, value, place) for one in schema.get("allOf", ()))


_LOOKS = (_type, _sizes, _members, _items, _several)


def _first(parts: Any) -> str:
    """The first fault of (schema, value, place)."""
    return next((text for part in parts if (text := fault(*part))), "")


def _same(one: Any, other: Any) -> bool:
    """Equal as JSON is: 1 is 1.0, and not true."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)
