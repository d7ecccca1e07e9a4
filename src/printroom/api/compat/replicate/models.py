"""`/compat/replicate/v1/models`: pipelines as models, and what clients ask beside them.

GET /v1/models, /v1/models/{owner}/{name}, …/versions, …/versions/{id}
GET /v1/account, /v1/webhooks/default/secret

The id of a version is `name@version`, or `owner/name@version`, which names the pipeline as well:
predictions are asked for by it alone. What comes with printroom has one version, its name.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from printroom.api.access import Who
from printroom.api.compat.replicate.asked import PREFIX, Base
from printroom.api.runs.desk import Desk
from printroom.core.errors import NotFound, PrintroomError
from printroom.pipelines.graph import Graph
from printroom.pipelines.schema import value_schema, values_schema
from printroom.pipelines.store import Published
from printroom.runs.view import moment


def routes(desk: Desk) -> APIRouter:
    """The routes; those that read pipelines are plain functions, for threads."""
    router = APIRouter(prefix=f"{PREFIX}/v1", include_in_schema=False)
    _models(router, desk)

    @router.get("/account")
    async def account(who: Who) -> Response:
        return JSONResponse({"type": "organization", "username": who.account, "name": who.account})

    @router.get("/webhooks/default/secret")
    async def secret(who: Who) -> Response:
        who.need("runs:write")
        found = await desk.ask(lambda: desk.webhooks.secret(who.account))
        return JSONResponse({"key": found}, headers={"cache-control": "no-store"})

    return router


def _models(router: APIRouter, desk: Desk) -> None:
    workshop = desk.service.workshop

    @router.get("/models")
    def models(who: Who, request: Request) -> Response:
        who.need("pipelines:read")
        base = Base.of(request, workshop.settings)
        found, store = [], workshop.pipelines
        for one in [*store.bundled(), *store.listed(who.account)]:
            try:
                found.append(_model(one, workshop.shelf.ready(one), base))
            except PrintroomError:  # it cannot be run any more; its own page says why
                continue
        return JSONResponse({"previous": None, "next": None, "results": found})

    @router.get("/models/{owner}/{name}")
    def model(who: Who, owner: str, name: str, request: Request) -> Response:
        who.need("pipelines:read")
        found = workshop.pipelines.get(f"{owner}/{name}", who.account)
        graph = workshop.shelf.ready(found)
        return JSONResponse(_model(found, graph, Base.of(request, workshop.settings)))

    @router.get("/models/{owner}/{name}/versions")
    def versions(who: Who, owner: str, name: str) -> Response:
        who.need("pipelines:read")
        place = f"{owner}/{name}"
        known = workshop.pipelines.versions(place, who.account)[::-1]
        known = known or [workshop.pipelines.get(place, who.account)]
        found = [_version(one, workshop.shelf.ready(one)) for one in known]
        return JSONResponse({"previous": None, "next": None, "results": found})

    @router.get("/models/{owner}/{name}/versions/{id:path}")
    def version(who: Who, owner: str, name: str, id: str) -> Response:  # noqa: A002
        who.need("pipelines:read")
        found = workshop.pipelines.get(id, who.account)
        if (found.owner, found.spec.name) == (owner, name):
            return JSONResponse(_version(found, workshop.shelf.ready(found)))
        reason = f"there is no {id[:80]!r} of {owner[:80]}/{name[:80]}"
        raise NotFound(reason, "GET models lists them")


def _model(found: Published, graph: Graph, base: Base) -> dict[str, Any]:
    owner, name = found.owner, found.spec.name
    return {
        "url": f"{base.address}/v1/models/{owner}/{name}",
        "owner": owner,
        "name": name,
        "description": graph.title,
        "visibility": "private",
        "github_url": None,
        "paper_url": None,
        "license_url": None,
        "run_count": 0,
        "cover_image_url": None,
        "default_example": None,
        "latest_version": _version(found, graph),
    }


def _version(found: Published, graph: Graph) -> dict[str, Any]:
    results = list(graph.results.values())
    output = value_schema(results[0]) if len(results) == 1 else values_schema(graph.results)
    schemas = {"Input": values_schema(graph.inputs), "Output": output}
    return {
        "id": graph.id,
        "created_at": moment(found.created_at),
        "cog_version": "0.9.0",
        "openapi_schema": {
            "openapi": "3.0.2",
            "info": {"title": graph.name, "version": str(graph.version or "")},
            "paths": {},
            "components": {"schemas": schemas},
        },
    }
