"""`/v1/batches`: the same for many pictures.

    POST /v1/batches                 -> 201 Batch
    GET  /v1/batches, …/{id}         -> page of Batches, Batch
    GET  /v1/batches/{id}/items      -> page of BatchItems
    POST /v1/batches/{id}/cancel     -> Batch

Stores are the account's: a source needs the scope `files:read`, a destination `files:write`.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from printroom.api.access import Who
from printroom.api.runs import schemas
from printroom.api.runs.desk import Desk
from printroom.api.runs.documents import MOST, After, Id, Most, page, refusals
from printroom.core.errors import BadOption
from printroom.runs.batch import BatchAsked, batch_json
from printroom.runs.batches import Item
from printroom.runs.view import STATUS


def routes(desk: Desk) -> APIRouter:
    """The routes, over the batches of `desk`."""
    router = APIRouter(tags=["batches"])
    _writing(router, desk)
    _reading(router, desk)
    return router


def _writing(router: APIRouter, desk: Desk) -> None:
    @router.post(
        "/v1/batches",
        summary="Run a pipeline on many pictures",
        operation_id="createBatch",
        status_code=201,
        responses={
            201: {"model": schemas.Batch},
            **refusals(not_found=404, bad_pipeline=422, bad_key=422, address_refused=422),
        },
    )
    async def create(who: Who, body: schemas.BatchCreate) -> Response:
        """Each picture becomes a run; those of a store once for each version of an object."""
        who.need("runs:write")
        if body.source:
            who.need("files:read")
        if body.destination:
            who.need("files:write")
        asked = BatchAsked(
            who.account,
            body.target,
            body.source,
            tuple(body.files),
            body.destination,
            body.recursive,
            body.pattern,
            body.input,
            body.output.wanted,
            body.webhook,
        )
        return JSONResponse(batch_json(await desk.ask(lambda: desk.batches.submit(asked))), 201)

    @router.post(
        "/v1/batches/{id}/cancel",
        summary="Take a batch back",
        operation_id="cancelBatch",
        responses={200: {"model": schemas.Batch}, **refusals(not_found=404)},
    )
    async def cancel(who: Who, id: Id) -> Response:  # noqa: A002
        """Runs that are over stay as they are."""
        who.need("runs:write")
        return JSONResponse(
            batch_json(await desk.ask(lambda: desk.batches.cancel(who.account, id)))
        )


def _reading(router: APIRouter, desk: Desk) -> None:
    @router.get(
        "/v1/batches",
        summary="Batches",
        operation_id="listBatches",
        responses={200: {"model": schemas.Batches}, **refusals()},
    )
    async def batches(who: Who, after: After = None, limit: Most = MOST) -> Response:
        """The newest first."""
        who.need("runs:read")
        found = await desk.ask(lambda: desk.batches.list(who.account, before=after, most=limit))
        last = found[-1].id if found else None
        return JSONResponse(page([batch_json(one) for one in found], limit, last))

    @router.get(
        "/v1/batches/{id}",
        summary="A batch",
        operation_id="getBatch",
        responses={200: {"model": schemas.Batch}, **refusals(not_found=404)},
    )
    async def batch(who: Who, id: Id) -> Response:  # noqa: A002
        """How far it is."""
        who.need("runs:read")
        return JSONResponse(batch_json(await desk.ask(lambda: desk.batches.get(who.account, id))))

    @router.get(
        "/v1/batches/{id}/items",
        summary="Pictures of a batch",
        operation_id="listBatchItems",
        responses={200: {"model": schemas.BatchItems}, **refusals(not_found=404)},
    )
    async def items(
        who: Who,
        id: Id,  # noqa: A002
        after: After = None,
        limit: Most = MOST,
    ) -> Response:
        """By name; each with its run."""
        who.need("runs:read")
        place = _place(after)
        found = await desk.ask(lambda: desk.batches.items(who.account, id, after=place, most=limit))
        last = _cursor(found[-1]) if found else None
        return JSONResponse(page([_item(one) for one in found], limit, last))


def _item(item: Item) -> dict[str, Any]:
    failed = item.error_code is not None and item.state != "done"
    return {
        "name": item.name,
        "version": item.version,
        "run": item.run,
        "status": STATUS[item.state],
        "error": {"code": item.error_code, "message": item.error} if failed else None,
    }


def _cursor(item: Item) -> str:
    return base64.urlsafe_b64encode(json.dumps([item.name, item.version]).encode()).decode()


def _place(cursor: str | None) -> tuple[str, str]:
    if cursor is None:
        return "", ""
    try:
        name, version = json.loads(base64.urlsafe_b64decode(cursor))
    except (ValueError, binascii.Error, TypeError):
        name = version = None
    if not isinstance(name, str) or not isinstance(version, str) or "\0" in name + version:
        raise BadOption("`after` is no page of these", "send `next` of the page before")
    return name, version
