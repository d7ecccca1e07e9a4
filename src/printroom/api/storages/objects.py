"""What lies in a store of the account, and pictures out of it.

    GET  /v1/storages/{name}/objects?prefix=&after=  -> page of entries   NotFound StoreUnavailable
    POST /v1/storages/{name}/files  {key}            -> 201 File           BodyTooLarge DiskFull

A page is of one place: objects and the places below it, by name. A file that was taken out of a
store is like one that was sent: the object may go away, and the file stays for its time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from heapq import nsmallest
from itertools import islice
from pathlib import Path
from threading import BoundedSemaphore
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from printroom.accounts.principal import Principal
from printroom.api.access import Who
from printroom.api.files.desk import File, file_json
from printroom.api.runs.desk import Desk
from printroom.api.runs.documents import MOST, Most, Plain, page, refusals
from printroom.assets.assets import New, unwritable
from printroom.assets.model import Asset
from printroom.core.errors import BadOption, BodyTooLarge, Overloaded
from printroom.core.sizes import format_size
from printroom.runs.view import moment
from printroom.storage.keys import LONGEST, Key, Prefix, shown
from printroom.storage.store import Stat, Store

_AT_ONCE = 8
"""Requests that wait for stores at once, in each process."""
_LARGEST_PLACE = 100_000
"""Entries of a place that is still listed: they come in no order, so all are looked at."""


class StoreEntry(BaseModel):
    """An object, or a place below the one that was asked for."""

    kind: Literal["object", "prefix"]
    key: str = Field(description="From the root of the store; that of a prefix ends with a slash.")
    name: str = Field(description="Its last part.")
    bytes: int | None = Field(description="null for a prefix.")
    modified: str | None = Field(description="null where the store does not say.")


class StoreEntries(BaseModel):
    """A page of a place, by name."""

    data: list[StoreEntry]
    next: str | None


class Taken(BaseModel):
    """What is to be taken out of a store."""

    model_config = ConfigDict(extra="forbid")
    key: Annotated[Plain, Field(min_length=1, max_length=LONGEST, examples=["2026/trip/cat.jpg"])]


def routes(desk: Desk) -> APIRouter:
    """The routes, over the stores and files of `desk`, in threads: they use disk and network."""
    router = APIRouter(tags=["storages"])
    busy = BoundedSemaphore(_AT_ONCE)

    @router.get(
        "/v1/storages/{name}/objects",
        summary="What lies in a store",
        operation_id="listStorageObjects",
        responses={200: {"model": StoreEntries}, **refusals(**_STORE, bad_key=422, overloaded=503)},
    )
    def listed(
        who: Who,
        name: str,
        prefix: Annotated[str, Query(max_length=LONGEST)] = "",
        after: Annotated[
            str, Query(max_length=LONGEST, description="`next` of the page before.")
        ] = "",
        limit: Most = MOST,
    ) -> Response:
        """One place of it: `prefix`, or its root."""
        who.need("files:read")
        with _one_of(busy):
            store = desk.service.workshop.stores(who.account).open(name)
            found = [_shown(one) for one in entries(store, prefix, after, limit)]
        return JSONResponse(page(found, limit, found[-1]["key"] if found else None))

    @router.post(
        "/v1/storages/{name}/files",
        summary="Take a file out of a store",
        operation_id="takeStorageFile",
        status_code=201,
        responses={
            201: {"model": File},
            **refusals(**_STORE, bad_key=422, body_too_large=413, overloaded=503),
        },
    )
    def take(who: Who, name: str, wanted: Taken) -> Response:
        """It is copied, and called as the last part of its key."""
        who.need("files:read")
        who.need("files:write")
        with _one_of(busy):
            store = desk.service.workshop.stores(who.account).open(name)
            asset = _taken(desk, who, store, Key(wanted.key))
        return JSONResponse(file_json(asset), 201, headers={"location": f"/v1/files/{asset.id}"})

    return router


_STORE: dict[str, int] = {"not_found": 404, "store_refused": 502, "store_unavailable": 503}


@contextmanager
def _one_of(places: BoundedSemaphore) -> Iterator[None]:
    if not places.acquire(blocking=False):
        raise Overloaded("enough stores are being read", "come back soon", retry_after=2)
    try:
        yield
    finally:
        places.release()


def entries(store: Store, prefix: str, after: str, most: int) -> list[Stat | Prefix]:
    """The first `most` entries of a place behind `after`, by key. Raises BadOption for a place
    that is too large, and what the store raises.
    """
    there = islice(store.children(prefix), _LARGEST_PLACE + 1)
    seen = 0

    def behind() -> Iterator[Stat | Prefix]:
        nonlocal seen
        for one in there:
            seen += 1
            if _key(one) > after:
                yield one

    found = nsmallest(most, behind(), key=_key)
    if seen > _LARGEST_PLACE:
        reason = f"{shown(prefix)} has over {_LARGEST_PLACE} entries"
        raise BadOption(reason, "name a deeper prefix, or make a batch of it")
    return found


def _key(entry: Stat | Prefix) -> str:
    return str(entry.key if isinstance(entry, Stat) else entry)


def _shown(entry: Stat | Prefix) -> dict[str, Any]:
    key = _key(entry)
    stat = entry if isinstance(entry, Stat) else None
    modified = stat.modified.timestamp() if stat and stat.modified else None
    return {
        "kind": "object" if stat else "prefix",
        "key": key,
        "name": key.rstrip("/").rpartition("/")[2],
        "bytes": stat.size if stat else None,
        "modified": moment(modified),
    }


def _taken(desk: Desk, who: Principal, store: Store, key: Key) -> Asset:
    """Raises NotFound, BodyTooLarge, DiskFull, Unwritable, and what the store raises."""
    settings, assets = desk.service.workshop.settings, desk.runs.assets
    largest = settings.files_largest
    if (size := store.stat(key).size) > largest:
        reason = f"{shown(key)} has {format_size(size)}"
        raise BodyTooLarge(reason, f"files have {format_size(largest)} at most")
    path = desk.service.scratch.path("file")
    try:
        _written(store, key, path)
        expires = assets.database.clock() + settings.files_keep
        return assets.add(New(who.account, path, "upload", key.name, expires_at=expires))
    finally:
        desk.service.scratch.discard(path)


def _written(store: Store, key: Key, path: Path) -> None:
    try:
        with path.open("wb") as out:
            for piece in store.stream(key):
                out.write(piece)
    except OSError as error:
        raise unwritable(error, path) from error
