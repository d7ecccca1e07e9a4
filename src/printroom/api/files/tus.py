"""Files in parts, by tus 1.0 (https://tus.io/protocols/resumable-upload), as clients of it speak.

    OPTIONS /v1/files/uploads          -> 204      version, extensions, largest size
    POST    /v1/files/uploads          -> 201      Location: where parts go
    HEAD    /v1/files/uploads/{id}     -> 200      Upload-Offset: how much is here
    PATCH   /v1/files/uploads/{id}     -> 204      the file, when the last part came
    DELETE  /v1/files/uploads/{id}     -> 204

Extensions: creation, termination, expiration. What came before a connection broke is kept. The id
of an upload is that of the file it becomes.
"""

from __future__ import annotations

import base64
import binascii
from email.utils import formatdate
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response

from printroom.accounts.principal import Principal
from printroom.api.access import Anyone
from printroom.api.files.desk import may_upload, received, uploads_of
from printroom.api.problems import problem
from printroom.api.runs.desk import Desk
from printroom.api.runs.documents import Id, refusals
from printroom.assets.model import Asset
from printroom.assets.uploads import Upload
from printroom.core.errors import BadOption, NotFound

VERSION = "1.0.0"
_TYPE = "application/offset+octet-stream"
_PLACE = "/v1/files/uploads"
_TUS = {"Tus-Resumable": VERSION}
Version = Annotated[str | None, Header(alias="Tus-Resumable", description="`1.0.0`")]


def routes(desk: Desk) -> APIRouter:
    """The routes, over the uploads of `desk`."""
    router = APIRouter(tags=["files"])
    _beginning(router, desk)
    _going_on(router, desk)
    return router


def _beginning(router: APIRouter, desk: Desk) -> None:
    @router.options(
        _PLACE, summary="What uploads can do", operation_id="describeUploads", status_code=204
    )
    async def describe(who: Anyone) -> Response:
        """Version, extensions, largest size."""
        who.need("files:write")
        largest = desk.service.workshop.settings.files_largest
        headers = {
            "Tus-Version": VERSION,
            "Tus-Extension": "creation,termination,expiration",
            "Tus-Max-Size": str(largest),
        }
        return Response(status_code=204, headers=_TUS | headers)

    @router.post(
        _PLACE,
        summary="Begin an upload in parts",
        operation_id="createUpload",
        status_code=201,
        response_class=Response,
        responses=refusals(body_too_large=413, tus_version=412),
    )
    async def create(
        who: Anyone,
        version: Version = None,
        upload_length: Annotated[
            int | None, Header(ge=0, le=2**53, description="Bytes of the file.")
        ] = None,
        upload_metadata: Annotated[
            str, Header(max_length=4096, description="`filename` and `filetype`, in base64.")
        ] = "",
    ) -> Response:
        """Parts go to `Location`."""
        who.need("files:write")
        if version != VERSION:
            return _other_version()
        if upload_length is None:
            raise BadOption("Upload-Length is missing", "say how many bytes will come")
        told = _metadata(upload_metadata)
        name = told.get("filename", "")
        may_upload(who, name)
        kind = told.get("filetype", "")
        upload = await desk.ask(
            lambda: uploads_of(desk).begin(who.account, upload_length, name, kind)
        )
        if not upload_length:
            await _finished(desk, who, upload.id)
        headers = {"Location": f"{_PLACE}/{upload.id}", "Upload-Expires": _date(upload)}
        return Response(status_code=201, headers=_TUS | headers)


def _going_on(router: APIRouter, desk: Desk) -> None:
    @router.head(
        f"{_PLACE}/{{id}}",
        summary="How much of an upload is here",
        operation_id="getUpload",
        response_class=Response,
        responses=refusals(not_found=404, tus_version=412),
    )
    async def head(who: Anyone, id: Id, version: Version = None) -> Response:  # noqa: A002
        """`Upload-Offset` is where the next part begins."""
        who.need("files:write")
        if version != VERSION:
            return _other_version()
        found = await desk.ask(_upload_or_file, desk, who, id)
        return Response(status_code=200, headers=_TUS | _said(found))

    @router.patch(
        f"{_PLACE}/{{id}}",
        summary="Send a part",
        operation_id="continueUpload",
        status_code=204,
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {_TYPE: {"schema": {"type": "string", "format": "binary"}}},
            }
        },
        responses=refusals(
            not_found=404, tus_version=412, wrong_state=409, body_too_large=413, bad_media_type=415
        ),
    )
    async def patch(
        who: Anyone,
        id: Id,  # noqa: A002
        request: Request,
        version: Version = None,
        upload_offset: Annotated[int, Header(ge=0, le=2**53)] = 0,
    ) -> Response:
        """It begins at `Upload-Offset`, which must be what is here."""
        who.need("files:write")
        if version != VERSION:
            return _other_version()
        if request.headers.get("content-type", "").lower() != _TYPE:
            found = problem(415, "bad_media_type", f"a part is {_TYPE}", headers=_lower(_TUS))
            return _response(found.status, found.body, dict(found.headers))
        before = await desk.ask(lambda: uploads_of(desk).get(who.account, id))
        may_upload(who, before.name)
        left = min(desk.service.limits.body, before.length - before.received)
        async with received(desk, request, left, partly=True) as path:
            after = await desk.ask(
                lambda: uploads_of(desk).append(who.account, id, upload_offset, path)
            )
        done = await _finished(desk, who, id) if after.received == after.length else after
        return Response(status_code=204, headers=_TUS | _said(done))

    @router.delete(
        f"{_PLACE}/{{id}}",
        summary="Give an upload up",
        operation_id="deleteUpload",
        status_code=204,
        responses=refusals(not_found=404, tus_version=412),
    )
    async def delete(who: Anyone, id: Id, version: Version = None) -> Response:  # noqa: A002
        """What came of it goes."""
        who.need("files:write")
        if version != VERSION:
            return _other_version()

        def end() -> None:
            uploads = uploads_of(desk)
            may_upload(who, uploads.get(who.account, id).name)
            uploads.end(who.account, id)

        await desk.ask(end)
        return Response(status_code=204, headers=_TUS)


async def _finished(desk: Desk, who: Principal, name: str) -> Asset:
    scratch = desk.service.scratch.path("upload")
    try:
        return await desk.ask(lambda: uploads_of(desk).finish(who.account, name, scratch))
    finally:
        desk.service.scratch.discard(scratch)


def _upload_or_file(desk: Desk, who: Principal, name: str) -> Upload | Asset:
    """One whose last part came, but that was not put together, is put together now."""
    uploads = uploads_of(desk)
    try:
        found: Upload | Asset = uploads.get(who.account, name)
    except NotFound:
        found = desk.runs.assets.get(who.account, name)
    may_upload(who, found.name)
    if isinstance(found, Upload) and found.received == found.length:
        scratch = desk.service.scratch.path("upload")
        try:
            return uploads.finish(who.account, name, scratch)
        finally:
            desk.service.scratch.discard(scratch)
    return found


def _said(found: Upload | Asset) -> dict[str, str]:
    headers = {"Cache-Control": "no-store"}
    if isinstance(found, Upload):
        offsets = {"Upload-Offset": str(found.received), "Upload-Length": str(found.length)}
        return headers | offsets | {"Upload-Expires": _date(found)}
    size = str(found.size)
    return headers | {"Upload-Offset": size, "Upload-Length": size, "X-Printroom-File": found.id}


def _date(upload: Upload) -> str:
    return formatdate(upload.expires_at, usegmt=True)


def _metadata(header: str) -> dict[str, str]:
    """Pairs of a key and a value in base64. Raises BadOption."""
    found = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        key, _, value = pair.partition(" ")
        try:
            found[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError):
            raise BadOption("Upload-Metadata is not base64", "write it as tus has it") from None
    return found


def _other_version() -> Response:
    found = problem(412, "tus_version", f"Tus-Resumable is not {VERSION}")
    headers = dict(found.headers) | {b"tus-version": VERSION.encode()}
    return _response(found.status, found.body, headers)


def _response(status: int, body: bytes, headers: dict[bytes, bytes]) -> Response:
    plain = {name.decode(): value.decode() for name, value in headers.items()}
    return Response(body, status, headers=plain | _TUS)


def _lower(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]
