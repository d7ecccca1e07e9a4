"""`GET /openapi.json`: what the routes say of themselves, and what holds for all of them.

    FastAPI's document, paths of bare applications -> completed -> the document

What stands before every route (the guard, the bounds of bodies, the database) refuses in the same
way wherever it is: no route has to say so. Each body and answer in JSON gets an example, each
refusal an example of each of its codes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI

from printroom.api.accounts.guard import OPEN
from printroom.api.examples import example
from printroom.api.openapi import PATH, SCHEMES, SECURITY, enhance_path
from printroom.api.pipelines.document import pipeline_paths
from printroom.api.problems import MEDIA_TYPE
from printroom.api.refusals import codes, problem_examples, problem_schema, refused
from printroom.workshop import Workshop

_KNOWN = (
    *("credentials_missing", "credentials_malformed", "credentials_unknown"),
    *("credentials_expired", "credentials_revoked", "not_allowed", "cross_site"),
    *("rate_limited", "too_many_at_once", "budget_spent"),
)
"""Refusals of what stands at the door."""
_ALWAYS = (
    "bad_option",
    "internal_error",
    "database_mismatch",
    "database_unavailable",
    "overloaded",
)
_WITH_BODY = ("body_too_large", "body_timeout")
_CHANGING = ("disk_full", "unwritable_output")
_JSON = "application/json"
_LATER = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
_METHODS = ("get", "put", "post", "patch", "delete", "options", "head")


def document(
    app: FastAPI, workshop: Workshop, account: str, root: str, *, metrics_open: bool
) -> dict[str, Any]:
    """All of it. Reads and checks the pipelines of `account`, so call it in a thread.

    `root`: the path below which a proxy shows the server; empty = none. `metrics_open`: whether
    anybody may read `/metrics`.
    """
    found = dict(app.openapi())
    found["paths"] = found["paths"] | {PATH: enhance_path()} | pipeline_paths(workshop, account)
    schemas = dict(found.get("components", {}).get("schemas", {})) | {"Problem": problem_schema()}
    for unused in ("HTTPValidationError", "ValidationError"):  # FastAPI's own way to refuse
        schemas.pop(unused, None)
    found["components"] = {
        "schemas": schemas,
        "examples": problem_examples(),
        "securitySchemes": SCHEMES,
    }
    found["security"] = SECURITY
    if root:
        found["servers"] = [{"url": root}]
    opened = OPEN | {"/metrics"} if metrics_open else OPEN
    found["paths"] = {
        path: {name: _completed(one, name, schemas, path in opened) for name, one in item.items()}
        for path, item in found["paths"].items()
    }
    return found


def _completed(
    operation: Any, method: str, schemas: Mapping[str, Any], opened: bool
) -> dict[str, Any]:
    """An operation with what holds for all; what it said itself stays."""
    if method not in _METHODS:
        return dict(operation)
    found = dict(operation)
    if opened:
        found["security"] = []
    named = {status: dict(one) for status, one in operation["responses"].items()}
    for status, names in _named(found, method, opened).items():
        known = named.get(status, {})
        if status == "422" and MEDIA_TYPE not in known.get("content", {}):
            known = {}  # FastAPI's own
        _, _, said = known.get("description", "").partition(": ")
        more = refused(int(status), {*names, *filter(None, said.split(", "))})
        named[status] = known | more | {"content": known.get("content", {}) | more["content"]}
    found["responses"] = {
        status: _answered(status, named[status], schemas)
        for status in sorted(named, key=lambda one: (one == "default", one))
    }
    if body := found.get("requestBody"):
        content = {kind: _shown(kind, one, schemas, False) for kind, one in body["content"].items()}
        found["requestBody"] = body | {"content": content}
    return found


def _named(operation: Mapping[str, Any], method: str, opened: bool) -> dict[str, list[str]]:
    """Status -> codes of what stands before each route."""
    wanted = [*_ALWAYS]
    if not opened:
        wanted += _KNOWN
    if "requestBody" in operation:
        wanted += _WITH_BODY
    if method in ("post", "put", "patch", "delete"):
        wanted += _CHANGING
    found: dict[str, list[str]] = {}
    for code in wanted:
        found.setdefault(str(codes()[code][0]), []).append(code)
    return found


def _answered(status: str, response: dict[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    """A response with examples."""
    content = {
        kind: _shown(kind, one, schemas, True) for kind, one in response.get("content", {}).items()
    }
    if MEDIA_TYPE in content:
        names = [code for code in _codes_in(response["description"]) if code in codes()]
        shown = {code: {"$ref": f"#/components/examples/{code}"} for code in names}
        content[MEDIA_TYPE] = content[MEDIA_TYPE] | {"examples": shown}
        if status in ("429", "503"):
            response = response | {"headers": response.get("headers", {}) | _LATER}
    return response | {"content": content} if content else response


def _codes_in(description: str) -> Iterator[str]:
    yield from description.partition(": ")[2].split(", ")


def _shown(
    kind: str, media: Mapping[str, Any], schemas: Mapping[str, Any], whole: bool
) -> dict[str, Any]:
    """A body or answer with an example, where it is JSON and has none."""
    schema = media.get("schema")
    if kind != _JSON or not schema or "example" in media or "examples" in media:
        return dict(media)
    return dict(media) | {"example": example(schema, schemas, whole=whole)}
