"""What can be read of pipelines: which there are, what they take and give, how they look.

GET /v1/pipelines                -> all of them
GET /v1/pipelines/{name}         -> JSON, or by Accept a drawing: SVG, Mermaid      NotFound

Reading files and checking pipelines takes a while, so it happens in threads: these routes are plain
functions.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from printroom.api.pipelines.endpoint import PREFIX
from printroom.api.problems import MEDIA_TYPE
from printroom.pipelines.drawing import mermaid
from printroom.pipelines.graph import Graph
from printroom.pipelines.notation import port_to
from printroom.pipelines.ports import Port
from printroom.pipelines.schema import values_schema
from printroom.pipelines.store import Published
from printroom.pipelines.svg import svg
from printroom.runs.target import plain_name
from printroom.workshop import Workshop

_SVG = "image/svg+xml"
_MERMAID = "text/vnd.mermaid"
_PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
_REFUSALS: dict[int | str, dict[str, Any]] = {
    404: {"description": "Not Found: not_found", "content": _PROBLEM},
    422: {"description": "Unprocessable Entity: bad_option, bad_pipeline", "content": _PROBLEM},
}


def routes(workshop: Workshop) -> APIRouter:
    """The routes, over the pipelines of `workshop`."""
    router = APIRouter(tags=["pipelines"])

    @router.get(PREFIX.rstrip("/"), summary="Pipelines")
    def pipelines() -> JSONResponse:
        """What comes with printroom, and what was published, each in its newest version."""
        store = workshop.pipelines
        return JSONResponse({"pipelines": [_line(workshop, name) for name in store.names()]})

    @router.get(
        PREFIX + "{name:path}",
        summary="A pipeline",
        responses={200: {"content": {_SVG: {}, _MERMAID: {}}}, **_REFUSALS},
    )
    def pipeline(name: str, request: Request) -> Response:
        """What `name`, `name@3`, `name@alias` or `owner/name` takes and gives; by `Accept` also as
        a drawing.
        """
        found = workshop.pipelines.get(plain_name(workshop, name))
        graph = workshop.shelf.check(found.spec, found.version)
        accept = request.headers.get("accept", "")
        if _SVG in accept:
            return Response(svg(graph), media_type=_SVG)
        if _MERMAID in accept or accept.startswith("text/plain"):
            return PlainTextResponse(mermaid(graph), media_type=_MERMAID)
        return JSONResponse(_known(workshop, found) | facts(graph))

    return router


def facts(graph: Graph) -> dict[str, Any]:
    """What a pipeline takes and gives: as it is written, and as JSON Schema."""
    return {
        "inputs": _written(graph.inputs),
        "outputs": _written(graph.results),
        "schema": {
            "input": values_schema(graph.inputs),
            "output": values_schema(graph.results) | {"required": []},
        },
    }


def _line(workshop: Workshop, name: str) -> dict[str, Any]:
    return _known(workshop, workshop.pipelines.get(name))


def _known(workshop: Workshop, found: Published) -> dict[str, Any]:
    spec = found.spec
    return {
        "id": found.id,
        "name": spec.name,
        "version": found.version,
        "title": spec.title,
        "aliases": workshop.pipelines.aliases(spec.name),
        "url": PREFIX + found.id,
    }


def _written(ports: dict[str, Port] | Any) -> dict[str, Any]:
    """Each port as an object, whatever the shortest way to write it."""
    found = {name: port_to(port) for name, port in ports.items()}
    return {name: {"type": one} if isinstance(one, str) else one for name, one in found.items()}
