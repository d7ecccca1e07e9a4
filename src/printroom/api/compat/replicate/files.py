"""`/compat/replicate/v1/files`: what goes into predictions.

POST, GET /v1/files; GET, DELETE /v1/files/{id}; GET /v1/files/{id}/content
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from printroom.api.access import Anyone, Who
from printroom.api.compat.replicate.asked import PREFIX, Base
from printroom.api.files.content import ContentResponse
from printroom.api.files.desk import asset_for, received
from printroom.api.files.routes import kept
from printroom.api.runs.desk import Desk
from printroom.assets.assets import Content
from printroom.assets.model import Asset
from printroom.runs.view import moment

_MOST = 100


def routes(desk: Desk) -> APIRouter:
    """The routes, over the files of `desk`."""
    router = APIRouter(prefix=f"{PREFIX}/v1/files", include_in_schema=False)
    _writing(router, desk)
    _reading(router, desk)
    return router


def _writing(router: APIRouter, desk: Desk) -> None:
    settings = desk.service.workshop.settings

    @router.post("")
    async def create(who: Anyone, request: Request) -> Response:
        who.need("files:write")
        kind = request.headers.get("content-type", "application/octet-stream")
        async with received(desk, request, desk.service.limits.body) as path:
            asset = await desk.ask(kept, desk, who, path, kind, "")
        return JSONResponse(_json(asset, Base.of(request, settings)), 201)

    @router.delete("/{id}")
    async def delete(who: Who, id: str) -> Response:  # noqa: A002
        who.need("files:write")
        await desk.ask(lambda: desk.runs.assets.delete(who.account, id))
        return Response(status_code=204)


def _reading(router: APIRouter, desk: Desk) -> None:
    settings = desk.service.workshop.settings

    @router.get("")
    async def files(who: Who, request: Request) -> Response:
        who.need("files:read")
        found = await desk.ask(lambda: desk.runs.assets.list(who.account, most=_MOST))
        base = Base.of(request, settings)
        results = [_json(one, base) for one in found]
        return JSONResponse({"previous": None, "next": None, "results": results})

    @router.get("/{id}")
    async def file(who: Anyone, id: str, request: Request) -> Response:  # noqa: A002
        who.need("files:read")
        asset = await desk.ask(asset_for, desk, who, id)
        return JSONResponse(_json(asset, Base.of(request, settings)))

    @router.get("/{id}/content")
    async def content(who: Anyone, id: str, request: Request) -> Response:  # noqa: A002
        who.need("files:read")

        def opened() -> Content:
            return desk.runs.assets.content(asset_for(desk, who, id))

        return ContentResponse(await desk.ask(opened), request, desk)


def _json(asset: Asset, base: Base) -> dict[str, Any]:
    return {
        "id": asset.id,
        "name": asset.name,
        "content_type": asset.media_type,
        "size": asset.size,
        "etag": asset.digest,
        "checksums": {"sha256": asset.digest},
        "metadata": {},
        "created_at": moment(asset.created_at),
        "expires_at": moment(asset.expires_at),
        "urls": {"get": f"{base.address}/v1/files/{asset.id}"},
    }
