"""Refusals in the OpenAPI document: every code there is, from the tree of errors.

the error tree -> codes, the schema of a problem, an example of each, responses by status
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from http.client import responses
from typing import Any

from printroom.api.problems import MEDIA_TYPE, problem
from printroom.core.errors import PrintroomError

_TREE = "printroom.core.errors"
OF_HTTP: Mapping[str, tuple[int, str]] = {
    "method_not_allowed": (405, "This address does not take that method."),
    "internal_error": (500, "Something went wrong here; it is logged."),
    "tus_version": (412, "Tus-Resumable is not 1.0.0."),
    "bad_media_type": (415, "The body is of a kind that is not taken here."),
}
"""Codes that no error of the tree has -> status, sentence."""


@cache
def codes() -> Mapping[str, tuple[int, str]]:
    """Every code that an answer may have -> its status, and a sentence that says what it means."""
    found = dict(OF_HTTP)
    for kind in _leaves(PrintroomError):
        if kind.status != 499:  # its client is gone
            found[kind.code] = kind.status, (kind.__doc__ or "").partition("\n")[0]
    return dict(sorted(found.items()))


def problem_examples() -> dict[str, Any]:
    """Code -> an example of its answer, for the components of the document."""
    return {
        code: {"summary": detail, "value": json.loads(problem(status, code, detail).body)}
        for code, (status, detail) in codes().items()
    }


def problem_schema() -> dict[str, Any]:
    """The schema of all refusals, with all their codes."""
    code = {"type": "string", "description": "Stable, for programs.", "enum": list(codes())}
    return PROBLEM | {"properties": PROBLEM["properties"] | {"code": code}}


PROBLEM: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457, with an `error` object for clients that expect one.",
    "required": ["type", "title", "status", "detail", "code", "error"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:printroom:error:broken_picture"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, and what to do about it."},
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


def any_refusal() -> dict[str, Any]:
    """Status -> response, with the codes that come with it: of any request for work."""
    by_status: defaultdict[int, list[str]] = defaultdict(list)
    for code, (status, _) in codes().items():
        if code not in OF_HTTP or code == "internal_error":
            by_status[status].append(code)
    return {str(status): refused(status, names) for status, names in sorted(by_status.items())}


def refused(status: int, names: Iterable[str]) -> dict[str, Any]:
    """The response of a status, for the codes that come with it."""
    return {
        "description": f"{responses[status]}: {', '.join(sorted(set(names)))}",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _leaves(kind: type[PrintroomError]) -> Iterator[type[PrintroomError]]:
    """Those of the tree alone: what others make of them has the same codes."""
    below = [one for one in kind.__subclasses__() if one.__module__.startswith(_TREE)]
    if not below:
        yield kind
    for child in below:
        yield from _leaves(child)
