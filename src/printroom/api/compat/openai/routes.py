"""`GET /compat/openai/v1/models`: the pipelines that make pictures, as models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from printroom.api.compat.openai.endpoint import PREFIX
from printroom.api.compat.openai.filling import draws, edits
from printroom.core.errors import NotFound, PrintroomError
from printroom.workshop import Workshop


def routes(workshop: Workshop) -> APIRouter:
    """The routes, over the pipelines of `workshop`. They read files: plain functions."""
    router = APIRouter(include_in_schema=False)

    @router.get(PREFIX + "models")
    def models() -> JSONResponse:
        return JSONResponse({"object": "list", "data": list(_models(workshop))})

    @router.get(PREFIX + "models/{name}")
    def model(name: str) -> JSONResponse:
        found = next((one for one in _models(workshop) if one["id"] == name), None)
        if found is None:
            raise NotFound(f"there is no model {name[:64]!r}", "GET models lists them")
        return JSONResponse(found)

    return router


def _models(workshop: Workshop) -> Iterator[dict[str, Any]]:
    for name in workshop.pipelines.names():
        try:
            graph = workshop.shelf.published(name)
        except PrintroomError:  # it cannot be run any more; its own page says why
            continue
        if draws(graph) or edits(graph):
            yield {"id": name, "object": "model", "created": 0, "owned_by": "printroom"}
