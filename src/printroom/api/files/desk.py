"""What the routes of files share: files as JSON, who may see which, bodies into scratch files."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import ClientDisconnect

from printroom.accounts.principal import Principal
from printroom.api.body import HELD, Pace, check_length, output_error
from printroom.api.limits import MIB
from printroom.api.runs.desk import Desk
from printroom.api.runs.documents import Plain
from printroom.assets.model import Asset
from printroom.assets.uploads import Uploads
from printroom.core.errors import BodyTimeout, BodyTooLarge, NotAllowed, NotFound
from printroom.core.sizes import format_size
from printroom.runs.view import moment


class File(BaseModel):
    """What is known of a file."""

    id: str
    name: str
    kind: str = Field(description="`upload`, or `result` of a run.")
    media_type: str
    bytes: int
    width: int | None
    height: int | None
    digest: str = Field(description="SHA-256, hexadecimal.")
    run: str | None
    created_at: str
    expires_at: str | None = Field(description="null = with its run.")
    urls: dict[str, str]


class Files(BaseModel):
    """A page of files, the newest first."""

    data: list[File]
    next: str | None


class FromUrl(BaseModel):
    """A file that is to be fetched."""

    model_config = ConfigDict(extra="forbid")
    url: str = Field(min_length=8, max_length=2048, examples=["https://pictures.example/cat.jpg"])
    name: Plain = Field("", max_length=200)


def file_json(asset: Asset) -> dict[str, Any]:
    """A file as clients see it."""
    place = f"/v1/files/{asset.id}"
    return {
        "id": asset.id,
        "name": asset.name,
        "kind": asset.kind,
        "media_type": asset.media_type,
        "bytes": asset.size,
        "width": asset.width,
        "height": asset.height,
        "digest": asset.digest,
        "run": asset.run,
        "created_at": moment(asset.created_at),
        "expires_at": moment(asset.expires_at),
        "urls": {"get": place, "content": f"{place}/content"},
    }


def may_upload(who: Principal, name: str) -> None:
    """Raises NotAllowed for somebody who may not, or not under that name."""
    who.need("files:write")
    if who.prefix is not None and not name.startswith(who.prefix):
        raise NotAllowed(f"the token is for names that begin with {who.prefix!r}", "take such one")
    if who.limited and who.prefix is None:
        raise NotAllowed("the token is not for files", "ask the server that made it")


def asset_for(desk: Desk, who: Principal, name: str) -> Asset:
    """The file, if `who` may see it; in a thread. Raises NotFound."""
    asset = desk.runs.assets.get(who.account, name)
    if not who.limited:
        return asset
    if who.prefix is not None and asset.kind == "upload" and asset.name.startswith(who.prefix):
        return asset
    if who.end_user and asset.run is not None:
        job = desk.runs.get(who.account, asset.run)
        if job.payload.get("end_user") == who.end_user:
            return asset
    raise NotFound(f"there is no file {name!r}", "it may have expired, or been deleted")


def uploads_of(desk: Desk) -> Uploads:
    """Uploads in parts; in a thread."""
    settings = desk.service.workshop.settings
    return Uploads(desk.runs.assets, settings.files_largest, settings.files_keep)


@asynccontextmanager
async def received(
    desk: Desk, request: Request, largest: int, *, partly: bool = False
) -> AsyncIterator[Path]:
    """The body in a scratch file, `largest` bytes at most. `partly`: what came before the client
    hung up counts. Raises BodyTooLarge, BodyTimeout, DiskFull, Unwritable.
    """
    length = request.headers.get("content-length")
    check_length(int(length) if length else None, largest)
    path = desk.service.scratch.path("upload")
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            await _into(desk, request, handle, largest, partly)
        finally:
            os.close(handle)
        yield path
    except OSError as error:
        raise output_error(error) from error
    finally:
        desk.service.scratch.discard(path)


async def _into(desk: Desk, request: Request, handle: int, largest: int, partly: bool) -> None:
    held, size = bytearray(), 0
    pace = Pace(desk.service.limits.idle)
    request.scope[HELD].lift()
    chunks = request.stream()
    try:
        while True:
            async with pace.next(size):
                chunk = await anext(chunks, None)
            if chunk is None:
                break
            size += len(chunk)
            if size > largest:
                raise BodyTooLarge(f"the body is over {format_size(largest)}", "send it in parts")
            held += chunk
            if len(held) >= MIB:
                await asyncio.to_thread(_write, handle, bytes(held))
                held.clear()
    except (TimeoutError, ClientDisconnect) as error:
        if not partly:
            if isinstance(error, ClientDisconnect):
                raise BodyTimeout("the client hung up", "send it again") from None
            raise pace.over(size) from None
    if held:
        await asyncio.to_thread(_write, handle, bytes(held))


def _write(handle: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]
