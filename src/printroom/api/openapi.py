"""How `POST /v1/images/enhance` looks in the OpenAPI document, from the tables that it obeys.

parameters.TABLE, imaging.formats.FORMATS, the error tree -> path item, Problem schema
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from http.client import responses
from typing import Any

from printroom.api.parameters import openapi_parameters
from printroom.api.problems import MEDIA_TYPE
from printroom.core.errors import PrintroomError
from printroom.imaging.formats import FORMATS

PATH = "/v1/images/enhance"

_ABOUT = """\
The body is the picture's bytes; `Content-Type` is not trusted. The answer's status is sent when
the result is complete. When the client hangs up, the work stops.
"""

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457, with an `error` object for clients that expect one.",
    "required": ["type", "title", "status", "detail", "code", "error"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:printroom:error:broken_picture"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, and what to do about it."},
        "code": {"type": "string", "description": "Stable, for programs."},
        "params": {"type": "array", "items": {"type": "string"}},
        "needed_bytes": {"type": "integer", "description": "Memory that would be enough."},
        "retry_after": {"type": "integer", "description": "Seconds."},
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"enum": ["invalid_request_error", "server_error"]},
                "param": {"type": ["string", "null"]},
                "code": {"type": "string"},
            },
        },
    },
}


def enhance_path() -> dict[str, Any]:
    """The OpenAPI path item."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {
        "post": {
            "operationId": "enhanceImage",
            "summary": "Enlarge a picture",
            "description": _ABOUT,
            "tags": ["images"],
            "parameters": [*openapi_parameters(), *HEADERS],
            "requestBody": {
                "required": True,
                "content": {f.media_type: binary for f in FORMATS}
                | {"application/octet-stream": binary},
            },
            "responses": {
                "200": {
                    "description": "The picture, enlarged",
                    "headers": {
                        "X-Printroom-Model": {"schema": {"type": "string"}},
                        "X-Request-Id": {"schema": {"type": "string"}},
                    },
                    "content": {f.media_type: binary for f in FORMATS if f.writes},
                },
                **refusals(),
            },
        }
    }


HEADERS = [
    {
        "name": "Accept",
        "in": "header",
        "schema": {"type": "string"},
        "description": "Media types of pictures, with weights.",
    },
    {
        "name": "X-Request-Id",
        "in": "header",
        "schema": {"type": "string", "maxLength": 128},
        "description": "Comes back with the answer, and stands in the log.",
    },
]
"""Of any request for work."""


def refusals() -> dict[str, Any]:
    """Status -> response, with the codes that come with it: of any request for work."""
    codes: defaultdict[int, list[str]] = defaultdict(list)
    for kind in _leaves(PrintroomError):
        if kind.status != 499:  # its client is gone
            codes[kind.status].append(kind.code)
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        str(status): {
            "description": f"{responses[status]}: {', '.join(sorted(set(names)))}",
            "content": content,
        }
        for status, names in sorted(codes.items())
    }


def _leaves(kind: type[PrintroomError]) -> Iterator[type[PrintroomError]]:
    below = kind.__subclasses__()
    if not below:
        yield kind
    for child in below:
        yield from _leaves(child)
