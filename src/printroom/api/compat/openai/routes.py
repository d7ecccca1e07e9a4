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
        found = next(_models(workshop, who.account, name), None)
        if found is None:
            raise NotFound(f"there is no model {name[:64]!r}", "GET models lists them")
        return JSONResponse(found)

    return router


def _models(workshop: Workshop, account: str, wanted: str = "") -> Iterator[dict[str, Any]]:
    """All of them, or the one that is `wanted`: only what is told is checked."""
    store = workshop.pipelines
    for found in [*store.bundled(), *store.listed(account)]:
        name = found.id.partition("@")[0]
        if wanted not in ("", name):
            continue
        try:
            graph = workshop.shelf.ready(found)
        except PrintroomError:  # it cannot be run any more; its own page says why
            continue
        if draws(graph) or edits(graph):
            created = int(found.created_at)
            yield {"id": name, "object": "model", "created": created, "owned_by": found.owner}
