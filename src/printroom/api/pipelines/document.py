"""How published pipelines look in the OpenAPI document: each has its own ports.

pipelines that can be run -> path -> path item
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from printroom.api.openapi import HEADERS
from printroom.api.pipelines.answers import JSON, only_picture
from printroom.api.pipelines.endpoint import PREFIX
from printroom.api.refusals import any_refusal
from printroom.core.errors import PrintroomError
from printroom.imaging.formats import FORMATS
from printroom.pipelines.graph import Graph
from printroom.pipelines.kinds import ListOf, pictured
from printroom.pipelines.ports import Port
from printroom.pipelines.schema import value_schema, values_schema
from printroom.workshop import Workshop

log = logging.getLogger("printroom.api")

_ABOUT = """\
Inputs are the fields of a form, pictures as files; or members of a JSON object, pictures as `data:`
URIs. Files and addresses are never taken by name. The answer is JSON with every output, or, where \
`Accept` prefers pictures, the bytes of the one picture. When the client hangs up, the work stops.
"""
_VERSIONS = "This is version {version}; `{name}@3` and `{name}@alias` are taken, too.\n"


def pipeline_paths(workshop: Workshop, account: str) -> dict[str, Any]:
    """The path items of what comes with printroom, and of an account's own; one that cannot be run
    is left out, and logged.
    """
    graphs = _graphs(workshop, account)
    return {PREFIX + graph.id.partition("@")[0]: pipeline_path(graph) for graph in graphs}


def pipeline_path(graph: Graph) -> dict[str, Any]:
    """The path item of one."""
    name = graph.id.partition("@")[0]
    versions = _VERSIONS.format(name=name, version=graph.version) if graph.version else ""
    return {
        "post": {
            "operationId": f"runPipeline_{name.replace('/', '_')}",
            "summary": graph.title or f"Run {graph.name}",
            "description": _ABOUT + versions,
            "tags": ["pipelines"],
            "parameters": HEADERS,
            "requestBody": {
                "required": True,
                "content": {
                    "multipart/form-data": {"schema": _form(graph.inputs)},
                    JSON: {"schema": values_schema(graph.inputs)},
                },
            },
            "responses": {"200": _answer(graph), **any_refusal()},
        }
    }


def _graphs(workshop: Workshop, account: str) -> Iterator[Graph]:
    store = workshop.pipelines
    for found in [*store.bundled(), *store.listed(account)]:
        try:
            yield workshop.shelf.ready(found).closed()
        except PrintroomError as error:
            log.warning("pipeline %s cannot be run: %s", found.id, error)


def _form(inputs: Mapping[str, Port]) -> dict[str, Any]:
    return values_schema(inputs) | {
        "properties": {name: _field(port) for name, port in inputs.items()}
    }


def _field(port: Port) -> dict[str, Any]:
    file = {"type": "string", "format": "binary"}
    if not pictured(port.kind):
        return value_schema(port)
    return {"type": "array", "items": file} if isinstance(port.kind, ListOf) else file


def _answer(graph: Graph) -> dict[str, Any]:
    outputs = values_schema(graph.results) | {"required": []}  # one may be absent
    content: dict[str, Any] = {JSON: {"schema": outputs}}
    if only_picture(graph):
        binary = {"schema": {"type": "string", "format": "binary"}}
        content |= {known.media_type: binary for known in FORMATS if known.writes}
    names = ("X-Printroom-Pipeline", "X-Request-Id")
    headers = {name: {"schema": {"type": "string"}} for name in names}
    return {"description": "The outputs", "headers": headers, "content": content}
