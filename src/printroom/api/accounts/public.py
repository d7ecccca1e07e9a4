"""Pipelines that anybody may run, over HTTP.

GET /v1/public      PUT, DELETE /v1/public/{name}         NotFound AlreadyThere BadOption
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field

from printroom.accounts import public
from printroom.accounts.keys import origins_named
from printroom.accounts.public import Public
from printroom.accounts.quotas import Quota
from printroom.api.access import Who
from printroom.api.accounts import schemas
from printroom.api.accounts.keys import Origins
from printroom.api.accounts.told import Taken, actor
from printroom.api.runs.documents import refusals
from printroom.api.service import Service
from printroom.core.errors import NotAllowed
from printroom.pipelines.names import full
from printroom.workshop import Workshop


class Opening(Taken):
    """How anybody may run a pipeline."""

    rate: Annotated[float, Field(gt=0, le=1e6, examples=[2])]
    """Runs a second by everybody; one address may have a quarter."""
    daily: Annotated[float, Field(ge=0, le=1e12, examples=[500])]
    """Units a day, which your account pays."""
    burst: Annotated[int, Field(ge=1, le=1_000_000)] = 4
    running: Annotated[int | None, Field(ge=0, le=1_000_000)] = None
    """Runs in progress at once."""
    origins: Origins = Field(default_factory=list)
    """Sites whose pages may run it from a browser."""


def routes(service: Service) -> APIRouter:
    """The routes, over the book of `service`."""
    door = service.door
    router = APIRouter(prefix="/v1/public", tags=["pipelines"])

    @router.get(
        "", summary="Public pipelines", operation_id="listPublic", response_model=schemas.Publics
    )
    def listed(who: Who) -> dict[str, Any]:
        """Those that your account made public."""
        who.need("pipelines:read")
        found = door.accounts.look(public.listed, who.account)
        return {"data": [_shown(one) for one in found]}

    @router.put(
        "/{name:path}",
        summary="Make public",
        responses=refusals(not_found=404, already_exists=409),
        operation_id="openPipeline",
        response_model=schemas.PublicLimited,
    )
    def put(name: str, wanted: Opening, who: Who, request: Request) -> dict[str, Any]:
        """Anybody may then `POST /v1/pipelines/{name}`, its newest version, without a key."""
        who.need("account")
        name = _openable(service.workshop, name, who.account)
        quota = Quota(wanted.rate, wanted.burst, wanted.running, wanted.daily)
        origins = origins_named(wanted.origins)
        me = actor(who, request)
        opened = door.accounts.do(public.opened, me, name, origins, quota)
        door.forget()
        return _shown(opened) | vars(quota)

    @router.delete(
        "/{name:path}",
        summary="Make private",
        status_code=204,
        responses=refusals(not_found=404),
        operation_id="closePipeline",
    )
    def close(name: str, who: Who, request: Request) -> None:
        """Who has no key may not run it any more, within five seconds."""
        who.need("account")
        name = full(name, service.workshop.pipelines.get(name, who.account).owner)
        door.accounts.do(public.closed, actor(who, request), name)
        door.forget()

    return router


def _openable(workshop: Workshop, name: str, account: str) -> str:
    """The id of one's own pipeline, or one that comes with printroom, which can be run.

    Raises NotFound, NotAllowed, BadPipeline.
    """
    found = workshop.pipelines.get(name, account)
    if not found.own:
        raise NotAllowed(f"{found.id} is not yours to open", "open your own")
    workshop.shelf.ready(found)
    return full(name, found.owner)


def _shown(one: Public) -> dict[str, Any]:
    return vars(one) | {"origins": list(one.origins)}
