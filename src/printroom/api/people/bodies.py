"""Pictures of a person as they come: a form, JSON that names files, or the bytes of one.

request -> brought -> [Brought, ...]        BadOption NotFound BodyTooLarge BodyTimeout
"""

from __future__ import annotations

import mmap
from pathlib import Path

from fastapi import Request
from pydantic import ValidationError

from printroom.accounts.principal import Principal
from printroom.api.files.desk import received
from printroom.api.people.schemas import PicturesFrom
from printroom.api.pipelines.multipart import boundary_of, parts
from printroom.api.runs.desk import Desk
from printroom.core.data_uri import data_uri
from printroom.core.errors import BadOption, BodyTooLarge
from printroom.core.sizes import format_size
from printroom.people.adding import Brought

FIELD = "picture"
"""The field of a form; as often as there are pictures."""
MOST = 30
"""Pictures of one request."""
LARGEST = 32 * 2**20
"""Bytes of a picture."""
LARGEST_BODY = 2**28
_BYTES = {"schema": {"type": "string", "format": "binary"}}
BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [FIELD],
                    "properties": {
                        FIELD: {
                            "type": "string",
                            "format": "binary",
                            "description": "As often as there are pictures.",
                        }
                    },
                }
            },
            "application/json": {"schema": PicturesFrom.model_json_schema()},
            "image/*": _BYTES,
        },
    }
}
"""For the OpenAPI document."""


async def brought(desk: Desk, who: Principal, request: Request, name: str) -> list[Brought]:
    """What the body has. `name`: of a picture that is the body."""
    kind = request.headers.get("content-type", "application/octet-stream")
    async with received(desk, request, min(LARGEST_BODY, desk.service.limits.body)) as path:
        return await desk.ask(_read, desk, who, path, kind, name)


def _read(desk: Desk, who: Principal, path: Path, kind: str, name: str) -> list[Brought]:
    plain = kind.partition(";")[0].strip().lower()
    if plain == "application/json":
        return _named(desk, who, path)
    if plain.startswith("multipart/"):
        return _form(path, kind)
    if not path.stat().st_size:
        raise BadOption("the body is empty", "send a picture, a form, or JSON")
    _check(path.stat().st_size)
    return [Brought(path.read_bytes(), name)]


def _form(path: Path, kind: str) -> list[Brought]:
    if not path.stat().st_size:
        raise BadOption("the form is empty", f"send fields `{FIELD}`")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as body:
        found = [part for part in parts(body, boundary_of(kind)) if part.name == FIELD]
        if not 1 <= len(found) <= MOST:
            raise BadOption(
                f"the form has {len(found)} pictures", f"send 1 to {MOST} fields `{FIELD}`"
            )
        for part in found:
            _check(part.size)
        return [Brought(body[part.start : part.end], part.filename) for part in found]


def _named(desk: Desk, who: Principal, path: Path) -> list[Brought]:
    try:
        wanted = PicturesFrom.model_validate_json(path.read_bytes())
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"])) or "the body"
        raise BadOption(
            f"{place[:64]}: {fault['msg']}", 'send {"pictures": ["file_...", "data:..."]}'
        ) from None
    return [_one(desk, who, text) for text in wanted.pictures]


def _one(desk: Desk, who: Principal, text: str) -> Brought:
    if text.startswith("data:"):
        try:
            return Brought(data_uri(text))
        except ValueError as error:
            raise BadOption(f"a picture cannot be read: {error}", "see RFC 2397") from None
    if not text.startswith("file_"):
        raise BadOption(f"{text[:40]!r} is no picture", "give file_... or data:...")
    who.need("files:read")
    assets = desk.runs.assets
    content = assets.open(who.account, text)
    _check(content.size)
    return Brought(content.read(0, content.size), content.asset.name)


def _check(size: int) -> None:
    if size > LARGEST:
        raise BodyTooLarge(
            f"a picture has {format_size(size)}", f"{format_size(LARGEST)} are the most"
        )
