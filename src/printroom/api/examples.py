"""Examples for the OpenAPI document, made of what its schemas say.

    schema, schemas by name -> a value that fits it, as a reader would expect to see one

A field's own `examples`, `default` or only choice wins; what says nothing gets a value by its name
(`created_at`, `url`) or its type. Of a body only what is needed, or has an example, is shown; of an
answer all is. Guarantee: an example fits its schema, unless the schema asks for a pattern without
giving an example.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_DEPTH = 8
"""Objects within objects."""
_DAY = "2026-11-26"
_TEXTS: Mapping[str, str] = {
    "id": "01936f5c2a1b04f7",
    "key": "key_01936f5c2a1b04f7",
    "account": "acc_01936f5c2a1b04f7",
    "user": "usr_01936f5c2a1b04f7",
    "run": "01936f5c2a1b04f7",
    "code": "not_found",
    "message": "there is nothing of that name",
    "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "url": "https://pictures.example/cat",
    "media_type": "image/png",
    "next": "01936f5c2a1b04f7",
    "address": "203.0.113.7",
    "csrf": "3f1c9a0b7e5d4c2f8a6b1d0e9c7f5a3b",
    "secret": "pr_live_(shown once)",
    "token": "pr_tok_(shown once)",
    "day": _DAY,
}
"""Name of a text -> what such a text looks like."""
_FORMATS: Mapping[str, str] = {
    "date": _DAY,
    "date-time": f"{_DAY}T10:15:00Z",
    "uri": "https://pictures.example/cat",
    "email": "ann@example.com",
    "password": "correct horse battery",
    "uuid": "0193f5c2-a1b0-4f7c-9d2e-6b8a1c3d5e7f",
}

_PICTURE = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAADklEQVR42mNoAAMGCA"
    "UAKg4GAQj2DKEAAAAASUVORK5CYII="
)
"""Four grey pixels."""


def example(
    schema: Mapping[str, Any], schemas: Mapping[str, Any], *, whole: bool, name: str = ""
) -> Any:
    """A value of `schema`. `schemas`: those it may name; `whole`: all fields of objects."""
    return _Maker(schemas, whole).value(schema, name, _DEPTH)


class _Maker:
    def __init__(self, schemas: Mapping[str, Any], whole: bool) -> None:
        self._schemas, self._whole = schemas, whole

    def value(self, schema: Mapping[str, Any], name: str, depth: int) -> Any:
        """A value for the field called `name`."""
        if reference := schema.get("$ref"):
            schema = self._schemas[str(reference).rpartition("/")[2]] | {
                key: value for key, value in schema.items() if key != "$ref"
            }
        if examples := schema.get("examples"):
            return examples[0]
        for word in ("example", "const"):
            if word in schema:
                return schema[word]
        if choices := schema.get("enum"):
            return choices[0]
        if schema.get("default") not in (None, "", [], {}):
            return schema["default"]
        return self._made(schema, name, depth)

    def _made(self, schema: Mapping[str, Any], name: str, depth: int) -> Any:
        ways = [*schema.get("anyOf", []), *schema.get("oneOf", [])]
        if found := [one for one in ways if one.get("type") != "null"]:
            return self.value(found[0], name, depth)
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next((one for one in kind if one != "null"), "null")
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            return self._array(schema, name, depth)
        return _plain(schema, name, str(kind))

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        needed = schema.get("required", ())
        found = {
            name: self.value(field, name, depth - 1)
            for name, field in schema.get("properties", {}).items()
            if name in needed or (depth > 0 and (self._whole or "examples" in field))
        }
        more = schema.get("additionalProperties")
        if not found and isinstance(more, dict) and more and depth > 0:
            return {"name": self.value(more, "", depth - 1)}
        return found

    def _array(self, schema: Mapping[str, Any], name: str, depth: int) -> list[Any]:
        items = schema.get("items")
        count = max(int(schema.get("minItems", 0)), 1 if items and depth > 0 else 0)
        return [self.value(items or {}, name.removesuffix("s"), depth - 1)] * count


def _plain(schema: Mapping[str, Any], name: str, kind: str) -> Any:
    if kind == "string":
        return _text(schema, name)
    if kind in ("integer", "number"):
        return _number(schema, name, whole=kind == "integer")
    return True if kind == "boolean" else None


def _number(schema: Mapping[str, Any], name: str, *, whole: bool) -> float:
    found: float = 1_764_151_200.0 if name.endswith(("_at", "since")) or name == "at" else 1
    found = max(found, schema.get("minimum", found))
    if "exclusiveMinimum" in schema and found <= schema["exclusiveMinimum"]:
        found = schema["exclusiveMinimum"] + 1
    found = min(found, schema.get("maximum", found))
    return int(found) if whole else found


def _text(schema: Mapping[str, Any], name: str) -> str:
    if schema.get("pattern") == "^data:":
        return _PICTURE
    if "format" in schema and schema["format"] in _FORMATS:
        return _FORMATS[schema["format"]]
    if name.endswith("_at"):
        return _FORMATS["date-time"]
    found = _TEXTS.get(name, name.replace("_", " ") or "text")
    found = found.ljust(schema.get("minLength", 0), "x")
    return found[: schema.get("maxLength", len(found))]
