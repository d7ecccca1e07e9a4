"""`/v1/files`: pictures for runs, and what runs made.

    POST   /v1/files                 -> 201 File      a form, JSON with a URL, or the bytes
    GET    /v1/files, …/{id}         -> page of Files, File
    GET    /v1/files/{id}/content    -> its bytes     ranges, conditions
    DELETE /v1/files/{id}            -> 204

Large ones come in parts: see `tus`.
"""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from printroom.accounts.principal import Principal
from printroom.api.access import Anyone, Who
from printroom.api.files.content import ContentResponse
from printroom.api.files.desk import (
    File,
    Files,
    FromUrl,
    asset_for,
    file_json,
    may_upload,
    received,
)
from printroom.api.pipelines.multipart import boundary_of, parts
from printroom.api.runs.desk import Desk
from printroom.api.runs.documents import MOST, After, Id, Most, page, refusals
from printroom.assets.assets import New, unwritable
from printroom.assets.model import Asset
from printroom.core.errors import BadOption

_FIELDS = ("file", "content")
"""Fields of a form that hold the file; the first is ours, the second that of other services."""
_MOST_JSON = 64 * 1024
_BYTES = {"schema": {"type": "string", "format": "binary"}}
_BINARY = {"content": {"*/*": _BYTES}}
_BODY = {
    "requestBody": {
        "description": "None at all is an empty file.",
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
            "application/json": {"schema": FromUrl.model_json_schema()},
            "application/octet-stream": _BYTES,
        },
    }
}


def routes(desk: Desk) -> APIRouter:
    """The routes, over the files of `desk`."""
    router = APIRouter(tags=["files"])
    _writing(router, desk)
    _reading(router, desk)
    return router


def _writing(router: APIRouter, desk: Desk) -> None:
    limits = desk.service.limits

    @router.post(
        "/v1/files",
        summary="Keep a file",
        operation_id="createFile",
        status_code=201,
        openapi_extra=_BODY,
        responses={
            201: {"model": File},
            **refusals(body_too_large=413, body_timeout=408, address_refused=422, fetch_failed=502),
        },
    )
    async def create(
        who: Anyone,
        request: Request,
        name: Annotated[str, Query(max_length=200, description="What it is called.")] = "",
    ) -> Response:
        """A form with a field `file`, `{"url": ...}`, or the bytes of the file as the body."""
        who.need("files:write")
        kind = request.headers.get("content-type", "application/octet-stream")
        if kind.partition(";")[0].strip().lower() == "application/json":
            asset = await _fetched(desk, who, request)
        else:
            async with received(desk, request, limits.body) as path:
                asset = await desk.ask(kept, desk, who, path, kind, name)
        return JSONResponse(file_json(asset), 201, headers={"location": f"/v1/files/{asset.id}"})

    @router.delete(
        "/v1/files/{id}",
        summary="Delete a file",
        operation_id="deleteFile",
        status_code=204,
        responses=refusals(not_found=404),
    )
    async def delete(who: Who, id: Id) -> Response:  # noqa: A002
        """Runs that are waiting for it will fail."""
        who.need("files:write")
        await desk.ask(lambda: desk.runs.assets.delete(who.account, id))
        return Response(status_code=204)


def _reading(router: APIRouter, desk: Desk) -> None:
    @router.get(
        "/v1/files",
        summary="Files",
        operation_id="listFiles",
        responses={200: {"model": Files}, **refusals()},
    )
    async def files(who: Who, after: After = None, limit: Most = MOST) -> Response:
        """Uploads and results, the newest first."""
        who.need("files:read")
        found = await desk.ask(lambda: desk.runs.assets.list(who.account, before=after, most=limit))
        last = found[-1].id if found else None
        return JSONResponse(page([file_json(one) for one in found], limit, last))

    @router.get(
        "/v1/files/{id}",
        summary="A file",
        operation_id="getFile",
        responses={200: {"model": File}, **refusals(not_found=404)},
    )
    async def file(who: Anyone, id: Id) -> Response:  # noqa: A002
        """What is known of it."""
        who.need("files:read")
        return JSONResponse(file_json(await desk.ask(asset_for, desk, who, id)))

    @router.head("/v1/files/{id}/content", include_in_schema=False)
    @router.get(
        "/v1/files/{id}/content",
        summary="The bytes of a file",
        operation_id="readFile",
        response_class=Response,
        responses={
            200: {"description": "All of it", **_BINARY},
            206: {"description": "The ranges that were asked for", **_BINARY},
            304: {"description": "It is what the client has"},
            412: {"description": "It is not what the client supposes"},
            416: {"description": "There are no such bytes"},
            **refusals(not_found=404, store_unavailable=503),
        },
    )
    async def content(who: Anyone, id: Id, request: Request) -> Response:  # noqa: A002
        """Ranges and conditions as in RFC 9110; the ETag is its digest."""
        who.need("files:read")

        def opened() -> Any:
            assets = desk.runs.assets
            return assets.content(asset_for(desk, who, id))

        return ContentResponse(await desk.ask(opened), request, desk)


def kept(desk: Desk, who: Principal, path: Path, kind: str, name: str) -> Asset:
    """What came as a body. Raises BadOption, NotAllowed."""
    if not kind.lower().startswith("multipart/"):
        return _added(desk, who, path, name, kind)
    if not path.stat().st_size:
        raise BadOption("the form is empty", "send a field `file`")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as body:
        found = [part for part in parts(body, boundary_of(kind)) if part.name in _FIELDS]
        if len(found) != 1:
            raise BadOption(f"the form has {len(found)} files", "send one field `file`")
        (part,) = found
        target = desk.service.scratch.path("file")
        try:
            with memoryview(body) as view, target.open("wb") as out:
                out.write(view[part.start : part.end])
            return _added(desk, who, target, name or part.filename, part.media_type)
        except OSError as error:
            raise unwritable(error, target) from error
        finally:
            desk.service.scratch.discard(target)


def _added(desk: Desk, who: Principal, path: Path, name: str, kind: str) -> Asset:
    may_upload(who, name)
    assets = desk.runs.assets
    expires = assets.database.clock() + desk.service.workshop.settings.files_keep
    return assets.add(New(who.account, path, "upload", name, kind, expires_at=expires))


async def _fetched(desk: Desk, who: Principal, request: Request) -> Asset:
    """What is at a URL. Raises BadOption, AddressRefused, FetchFailed, BodyTooLarge."""
    async with received(desk, request, _MOST_JSON) as path:
        try:
            wanted = FromUrl.model_validate_json(path.read_bytes())
        except ValidationError:
            raise BadOption("the body names no URL", 'send {"url": "https://..."}') from None
    may_upload(who, wanted.name)
    target = desk.service.scratch.path("file")

    def fetch() -> Asset:
        workshop = desk.service.workshop
        try:
            with target.open("wb") as out:
                answer = workshop.outbound.fetch(
                    wanted.url, out.write, largest=workshop.settings.files_largest
                )
            last = answer.url.partition("?")[0].rpartition("/")[2]
            kind = answer.headers.get("content-type", "")
            return _added(desk, who, target, wanted.name or last, kind)
        except OSError as error:
            raise unwritable(error, target) from error
        finally:
            desk.service.scratch.discard(target)

    return await desk.ask(fetch)
