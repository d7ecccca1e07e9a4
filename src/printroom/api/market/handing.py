"""What is handed out of listings, byte by byte.

GET /v1/listings/{id}/examples/{n}/{side}    -> a picture        not_found
GET /v1/listings/{id}/download               -> your copy        not_found no_access
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import Response as Empty
from fastapi.responses import StreamingResponse

from printroom.api.access import Who
from printroom.api.files.content import ContentResponse
from printroom.api.limits import MIB
from printroom.api.runs.desk import Desk
from printroom.api.runs.documents import Id, refusals
from printroom.assets.assets import Content
from printroom.core.errors import NotFound
from printroom.marketplace import listings
from printroom.marketplace.copies import Copy, copy_of


def routes(desk: Desk) -> APIRouter:
    """The routes below `/v1/listings`; bytes are sent on the event loop, and read in threads."""
    router = APIRouter()
    _examples(router, desk)
    _copies(router, desk)
    return router


def _examples(router: APIRouter, desk: Desk) -> None:
    workshop = desk.service.workshop

    @router.get(
        "/{id}/examples/{number}/{side}",
        summary="A picture of an example",
        operation_id="getListingExample",
        response_class=Empty,
        responses={200: {"content": {"image/*": {}}}, **refusals(not_found=404)},
    )
    async def example(
        who: Who,
        id: Id,  # noqa: A002
        number: int,
        side: Literal["input", "output"],
        request: Request,
    ) -> Response:
        """Its bytes, as of a file."""
        who.need("market:read")

        def opened() -> Any:
            found = workshop.market.look(listings.shown, who.account, id, any_=who.may("admin"))
            if not 0 < number <= len(found.examples):
                raise NotFound(f"there is no example {number}", "GET the listing")
            file = str(found.examples[number - 1][side])
            return workshop.assets.content(workshop.assets.find(found.owner, file))

        return ContentResponse(await desk.ask(opened), request, desk)


def _copies(router: APIRouter, desk: Desk) -> None:
    workshop = desk.service.workshop

    @router.get(
        "/{id}/download",
        summary="Your copy",
        operation_id="downloadListing",
        response_class=Empty,
        responses={
            200: {"content": {"application/octet-stream": {}}},
            **refusals(not_found=404, no_access=403),
        },
    )
    async def copy(who: Who, id: Id) -> Response:  # noqa: A002
        """The model that you bought a copy of; its metadata names your order."""
        who.need("market:read")

        def opened() -> tuple[Copy, Content]:
            found = workshop.market.look(copy_of, who.account, id)
            return found, workshop.assets.content(workshop.assets.find(found.owner, found.file))

        found, content = await desk.ask(opened)
        size = content.asset.size + len(found.tail)
        headers = {
            "content-disposition": f'attachment; filename="{found.name}"',
            "content-length": str(size),
            "cache-control": "private, no-store",
        }
        media_type = "application/octet-stream"
        return StreamingResponse(_bytes(found, content), headers=headers, media_type=media_type)


def _bytes(found: Copy, content: Content) -> Iterator[bytes]:
    for start in range(0, content.asset.size, MIB):
        yield bytes(content.read(start, min(MIB, content.asset.size - start)))
    yield found.tail
