"""`/v1/collections`: pictures and vectors of an account, to find the nearest of.

POST   /v1/collections                       -> 201 Collection      already_exists
GET    /v1/collections, …/{name}             -> page, Collection    not_found
DELETE /v1/collections/{name}                -> 204                 not_found
POST   /v1/collections/{name}/items          -> 201 Collection      not_found not_a_picture
GET    /v1/collections/{name}/items          -> page of items
DELETE /v1/collections/{name}/items/{id}     -> 204
POST   /v1/collections/{name}/search         -> the nearest first

Pictures are looked at and not kept: a file that was named may go afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from printroom.accounts.principal import Principal
from printroom.accounts.principal import Scope as Allowed
from printroom.api.access import Who
from printroom.api.collections import schemas
from printroom.api.collections.schemas import ItemId, Name, Sought
from printroom.api.files.desk import asset_for
from printroom.api.runs.desk import Desk
from printroom.api.runs.documents import MOST, After, Most, page, refusals
from printroom.api.runs.routes import number
from printroom.collections.collections import Collections
from printroom.collections.items import Item, looked, unit
from printroom.collections.model import Collection
from printroom.core.data_uri import data_uri
from printroom.core.errors import BadOption, NotAllowed, Overloaded
from printroom.core.sizes import format_size
from printroom.runs.inputs import LARGEST_INLINE
from printroom.runs.view import moment

PATH = "/v1/collections"
_ONE = PATH + "/{name}"
_AT_ONCE = 2
"""Requests whose pictures are looked at at once, in each process."""
_LARGEST = 64 * 2**20
"""Bytes of a file that is looked at."""
_PICTURES = {
    "not_a_picture": 415, "broken_picture": 422, "empty_picture": 422, "too_many_pixels": 413,
    "needs_memory": 413,
}  # fmt: skip
_NO_SUCH = refusals(not_found=404)


def routes(desk: Desk) -> APIRouter:
    """The routes, in threads: they use disk and database."""
    router = APIRouter(tags=["collections"])
    _whole(router, desk)
    _items(router, desk, BoundedSemaphore(_AT_ONCE))
    return router


def _whole(router: APIRouter, desk: Desk) -> None:
    @router.get(
        PATH,
        summary="Collections",
        operation_id="listCollections",
        responses={200: {"model": schemas.Collections}, **refusals()},
    )
    def listed(who: Who, after: After = None, limit: Most = MOST) -> Response:
        """The account's own, by name."""
        found = _of(desk, who, "files:read").listed(who.account, after or "", limit)
        told = [_told(one) for one in found]
        return JSONResponse(page(told, limit, found[-1].name if found else None))

    @router.post(
        PATH,
        summary="Make a collection",
        operation_id="createCollection",
        status_code=201,
        responses={201: {"model": schemas.Collection}, **refusals(already_exists=409)},
    )
    def make(who: Who, body: schemas.CollectionCreate) -> Response:
        """An empty one: of pictures, or of vectors of one length."""
        made = _of(desk, who, "files:write").make(who.account, body.name, body.length)
        return JSONResponse(_told(made), 201, headers={"location": f"{PATH}/{made.name}"})

    @router.get(
        _ONE,
        summary="A collection",
        operation_id="getCollection",
        responses={200: {"model": schemas.Collection}, **_NO_SUCH},
    )
    def one(who: Who, name: Name) -> Response:
        """What there is to know of it."""
        return JSONResponse(_told(_of(desk, who, "files:read").get(who.account, name)))

    @router.delete(
        _ONE,
        summary="Delete a collection",
        operation_id="deleteCollection",
        status_code=204,
        responses=_NO_SUCH,
    )
    def remove(who: Who, name: Name) -> Response:
        """With all its items. Pipelines that read it cannot be run any more."""
        _of(desk, who, "files:write").remove(who.account, name)
        return Response(status_code=204)


def _items(router: APIRouter, desk: Desk, busy: BoundedSemaphore) -> None:
    @router.post(
        _ONE + "/items",
        summary="Add to a collection",
        operation_id="addToCollection",
        status_code=201,
        responses={201: {"model": schemas.Collection}, **refusals(not_found=404, **_PICTURES)},
    )
    def add(who: Who, name: Name, body: schemas.Items) -> Response:
        """Up to a hundred items, all of them or none."""
        mine = _of(desk, who, "files:write")
        pictures = mine.get(who.account, name).pictures
        with _one_of(busy):
            made = [_made(desk, who, one, pictures) for one in body.items]
        return JSONResponse(_told(mine.add(who.account, name, made)), 201)

    @router.get(
        _ONE + "/items",
        summary="Items of a collection",
        operation_id="listCollectionItems",
        responses={200: {"model": schemas.ItemPage}, **_NO_SUCH},
    )
    def items(who: Who, name: Name, after: After = None, limit: Most = MOST) -> Response:
        """The oldest first."""
        mine = _of(desk, who, "files:read")
        rows = mine.items(who.account, name, min(number(after), 2**62), limit)
        told = [
            {
                "id": row.id,
                "payload": json.loads(row.payload),
                "created_at": moment(row.created_at),
            }
            for row in rows
        ]
        return JSONResponse(page(told, limit, str(rows[-1].number) if rows else None))

    @router.delete(
        _ONE + "/items/{item}",
        summary="Take an item out of a collection",
        operation_id="deleteCollectionItem",
        status_code=204,
        responses=_NO_SUCH,
    )
    def drop(who: Who, name: Name, item: ItemId) -> Response:
        """It is not found any more."""
        _of(desk, who, "files:write").drop(who.account, name, item)
        return Response(status_code=204)

    @router.post(
        _ONE + "/search",
        summary="Search a collection",
        operation_id="searchCollection",
        responses={200: {"model": schemas.FoundItems}, **refusals(not_found=404, **_PICTURES)},
    )
    def search(who: Who, name: Name, body: schemas.Query) -> Response:
        """What is nearest to a picture, or to a vector; all items are looked at."""
        mine = _of(desk, who, "files:read")
        with _one_of(busy):
            vector = _vector(desk, who, body, mine.get(who.account, name).pictures)
        found = mine.nearest(who.account, name, vector, body.most)
        return JSONResponse({"data": [vars(one) for one in found]})


def _of(desk: Desk, who: Principal, scope: Allowed) -> Collections:
    """Raises NotAllowed."""
    who.need(scope)
    if who.limited:
        raise NotAllowed("the token is not for collections", "ask the server that made it")
    return desk.service.workshop.collections


@contextmanager
def _one_of(places: BoundedSemaphore) -> Iterator[None]:
    if not places.acquire(timeout=10):
        raise Overloaded("enough pictures are being looked at", "come back soon", retry_after=2)
    try:
        yield
    finally:
        places.release()


def _made(desk: Desk, who: Principal, one: schemas.NewItem, pictures: bool) -> Item:
    return Item.of_vector(one.payload, _vector(desk, who, one, pictures))


def _vector(desk: Desk, who: Principal, sought: Sought, pictures: bool) -> Any:
    """Raises BadOption for what the collection does not take, NotFound, PictureError."""
    if (sought.picture is not None) != pictures:
        wanted = "pictures" if pictures else "vectors of one's own"
        raise BadOption(f"the collection is of {wanted}", "give what it takes")
    if sought.vector is not None:
        return unit(sought.vector)
    return looked(_picture(desk, who, sought.picture or ""))


def _picture(desk: Desk, who: Principal, text: str) -> bytes:
    if text.startswith("data:"):
        if len(text) > LARGEST_INLINE * 4 // 3 + 200:
            limit = format_size(LARGEST_INLINE)
            raise BadOption(f"a picture is over {limit}", "upload it as a file")
        try:
            return data_uri(text)
        except ValueError as error:
            raise BadOption(f"a picture {error}") from None
    asset = asset_for(desk, who, text)
    if asset.size > _LARGEST:
        reason = f"{asset.id} has {format_size(asset.size)}"
        raise BadOption(reason, f"up to {format_size(_LARGEST)} are looked at")
    return desk.runs.assets.content(asset).read(0, asset.size)


def _told(one: Collection) -> dict[str, Any]:
    place = f"{PATH}/{one.name}"
    return {
        "name": one.name,
        "length": one.length,
        "pictures": one.pictures,
        "size": one.size,
        "created_at": moment(one.created_at),
        "changed_at": moment(one.changed_at),
        "urls": {"get": place, "items": f"{place}/items", "search": f"{place}/search"},
    }
