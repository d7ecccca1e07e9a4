"""`GET /compat/openai/v1/models`: the pipelines that make pictures, as models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from printroom.api.access import Who
from printroom.api.compat.openai.endpoint import PREFIX
from printroom.api.compat.openai.filling import draws, edits
from printroom.core.errors import NotFound, PrintroomError
from printroom.workshop import Workshop


def routes(workshop: Workshop) -> APIRouter:
    """The routes, over the pipelines of `workshop`. They read tables: plain functions."""
    router = APIRouter(include_in_schema=False)

    @router.get(PREFIX + "models")
    def models(who: Who) -> JSONResponse:
        return JSONResponse({"object": "list", "data": list(_models(workshop, who.account))})

    @router.get(PREFIX + "models/{name:path}")
    def model(name: str, who: Who) -> JSONResponse:
        found = next((one for one in _models(workshop, who.account) if one["id"] == name), None)
        if found is None:
            raise NotFound(f"there is no model {name[:64]!r}", "GET models lists them")
        return JSONResponse(found)

    return router


def _models(workshop: Workshop, account: str) -> Iterator[dict[str, Any]]:
    store = workshop.pipelines
    for found in [*store.bundled(), *store.listed(account)]:
        try:
            graph = workshop.shelf.ready(found)
        except PrintroomError:  # it cannot be run any more; its own page says why
            continue
        if draws(graph) or edits(graph):
            name = found.id.partition("@")[0]
            created = int(found.created_at)
            yield {"id": name, "object": "model", "created": created, "owned_by": found.owner}
