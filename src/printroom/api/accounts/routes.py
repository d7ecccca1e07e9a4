"""All routes about accounts."""

from __future__ import annotations

from fastapi import APIRouter

from printroom.api.accounts import keys, limits, oidc, people, public, sessions, usage
from printroom.api.service import Service


def routes(service: Service) -> APIRouter:
    """The routes, over the book of `service`. Raises BadOption for a provider half described."""
    router = APIRouter()
    for part in (keys, usage, limits, people, sessions, oidc, public):
        router.include_router(part.routes(service))
    return router
