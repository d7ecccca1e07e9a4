"""Who may have one's own artifacts.

POST /v1/artifacts/{digest}/links    {seconds, name, options} -> {url, expires_at}
PUT, DELETE /v1/artifacts/{digest}/public -> everybody may have it, or not any more
                                     NotFound NotAllowed BadOption
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from printroom.api.access import Who
from printroom.api.runs.documents import refusals
from printroom.workshop import Workshop


class Wanted(BaseModel):
    """What an address is for."""

    model_config = ConfigDict(extra="forbid")

    seconds: Annotated[int, Field(ge=1, le=604_800)] = 3600
    """How long it is good for; a public artifact's ends never."""
    name: Annotated[str | None, Field(max_length=200)] = None
    """Save it under this name, rather than show it."""
    options: Annotated[str | None, Field(max_length=500)] = None
    """A picture made of it: `w:800/f:auto`, `p:thumb`."""


class Address(BaseModel):
    """An address that needs no key."""

    url: str
    """Path and query, below this server."""
    expires_at: int | None
    """Seconds of the epoch; null = never."""


_NO_SUCH = refusals(not_found=404)


def routes(workshop: Workshop) -> APIRouter:
    """The routes, over what `workshop` gives out; it may have to wait for the database, in a
    thread.
    """
    router = APIRouter(tags=["artifacts"])

    @router.post(
        "/v1/artifacts/{digest}/links",
        summary="A signed address",
        operation_id="linkArtifact",
        responses=_NO_SUCH,
    )
    def link(digest: str, wanted: Wanted, who: Who) -> Address:
        """An address of one of your artifacts, or of a picture made of it, for whoever has it."""
        who.need("files:read")
        url, expires = workshop.delivery.link(
            digest, who.account, wanted.seconds, wanted.name, wanted.options
        )
        return Address(url=url, expires_at=expires)

    path = "/v1/artifacts/{digest}/public"

    @router.put(
        path,
        summary="Make public",
        operation_id="publishArtifact",
        status_code=204,
        responses=_NO_SUCH,
    )
    def publish(digest: str, who: Who) -> None:
        """Let everybody have this artifact who knows its digest, and caches keep it for ever."""
        who.need("files:write")
        workshop.delivery.publish(who.account, digest, public=True)

    @router.delete(
        path,
        summary="Make private",
        operation_id="withdrawArtifact",
        status_code=204,
        responses=_NO_SUCH,
    )
    def withdraw(digest: str, who: Who) -> None:
        """Give it out to signed addresses alone from now on; caches go on with what they have."""
        who.need("files:write")
        workshop.delivery.publish(who.account, digest, public=False)

    return router
