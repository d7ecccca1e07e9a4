"""What can be read of pipelines: which there are, what they take and give, how they look.

GET /v1/pipelines                                 -> what comes with printroom, and one's own
GET /v1/pipelines/{name}, {owner}/{name}          -> JSON, or by Accept a drawing: SVG, Mermaid
GET /v1/pipelines/{owner}/{name}/versions         -> all versions
GET /v1/pipelines/{owner}/{name}/openapi.json     -> the document of its one address
                                                     NotFound NotAllowed BadPipeline

Asking the database and checking pipelines takes a while, so it happens in threads: these routes
are plain functions.
"""

from __future__ import annotations

from importlib.metadata import version as installed
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from printroom.api.access import Anyone, Who
from printroom.api.openapi import SCHEMES, SECURITY
from printroom.api.pipelines import schemas
from printroom.api.pipelines.document import pipeline_path
from printroom.api.pipelines.endpoint import PREFIX
from printroom.api.pipelines.told import lines, page, version
from printroom.api.refusals import problem_schema
from printroom.api.runs.documents import refusals
from printroom.core.errors import NotAllowed
from printroom.pipelines.drawing import mermaid
from printroom.pipelines.svg import svg
from printroom.workshop import Workshop

Owner = Annotated[str, Path(max_length=39, pattern=r"^[a-z0-9][a-z0-9-]*$", examples=["acme"])]
Name = Annotated[
    str, Path(max_length=130, pattern=r"^[a-z][a-z0-9-]*(@[a-z0-9-]+)?$", examples=["ink"])
]
_MOST = 200
_SVG = "image/svg+xml"
_MERMAID = "text/vnd.mermaid"


def routes(workshop: Workshop) -> APIRouter:
    """The routes, over the pipelines of `workshop`; what a name means depends on who asks."""
    router = APIRouter(tags=["pipelines"])
    _listing(router, workshop)

    @router.get(
        PREFIX + "{name:path}",
        summary="A pipeline",
        operation_id="getPipeline",
        responses={
            200: {"model": schemas.Pipeline, "content": {_SVG: {}, _MERMAID: {}}},
            **refusals(not_found=404, bad_pipeline=422, not_allowed=403),
        },
    )
    def pipeline(name: str, who: Anyone, request: Request) -> Response:
        """What `name`, `name@3`, `name@alias` or `owner/name` takes and gives, and how it is
        written; by `Accept` also as a drawing. How it is made is for its own account alone.
        """
        found = workshop.pipelines.get(name, who.account)
        graph = workshop.shelf.ready(found)
        whole = found.account is None or (found.own and not who.limited)
        accept = request.headers.get("accept", "")
        drawn = _SVG in accept or _MERMAID in accept or accept.startswith("text/plain")
        if drawn and not whole:
            raise NotAllowed(f"how {found.id} is made is not told", "ask for application/json")
        if _SVG in accept:
            return Response(svg(graph), media_type=_SVG)
        if drawn:
            return PlainTextResponse(mermaid(graph), media_type=_MERMAID)
        return JSONResponse(page(workshop, found, graph, whole=whole))

    return router


def _listing(router: APIRouter, workshop: Workshop) -> None:
    store = workshop.pipelines

    @router.get(
        PREFIX.rstrip("/"),
        summary="Pipelines",
        operation_id="listPipelines",
        response_model=schemas.PipelinePage,
    )
    def pipelines(
        who: Who,
        after: Annotated[
            str | None, Query(max_length=64, description="The `next` of the page before.")
        ] = None,
        most: Annotated[int, Query(ge=1, le=_MOST, description="Of your own on a page.")] = _MOST,
    ) -> dict[str, Any]:
        """What comes with printroom, and your own, each in its newest version."""
        own = store.listed(who.account, after or "", most)
        found = [*(store.bundled() if after is None else ()), *own]
        last = own[-1].spec.name if len(own) == most else None
        return {"pipelines": lines(workshop, found), "next": last}

    @router.get(
        PREFIX + "{owner}/{name}/versions",
        summary="Versions of a pipeline",
        operation_id="listPipelineVersions",
        response_model=schemas.PipelineVersions,
        responses=refusals(not_found=404),
    )
    def versions(owner: Owner, name: Name, who: Who) -> dict[str, Any]:
        """All of them, the newest first; none of what comes with printroom."""
        found = store.versions(f"{owner}/{name}", who.account)
        if not found:
            return {"versions": []}
        account, plain = found[0].account or "", found[0].spec.name
        aliases = store.aliases(account, [plain])[plain]
        return {"versions": [version(one, aliases) for one in reversed(found)]}

    @router.get(
        PREFIX + "{owner}/{name}/openapi.json",
        summary="OpenAPI document of a pipeline",
        operation_id="getPipelineDocument",
        responses=refusals(not_found=404, bad_pipeline=422),
    )
    def document(owner: Owner, name: Name, who: Who) -> dict[str, Any]:
        """How it is run, for clients that are made from such documents."""
        graph = workshop.shelf.published(f"{owner}/{name}", who.account).closed()
        about = {"title": graph.title or graph.id, "version": str(graph.version or 1)}
        return {
            "openapi": "3.1.0",
            "info": about | {"x-printroom": installed("printroom")},
            "paths": {PREFIX + graph.id: pipeline_path(graph)},
            "components": {"schemas": {"Problem": problem_schema()}, "securitySchemes": SCHEMES},
            "security": SECURITY,
        }
