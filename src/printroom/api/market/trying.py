"""Free tries of what is sold, on a picture of one's own.

POST /v1/listings/{id}/tries     -> 201 Run     no_access: none are left     rate_limited: too many
                                                Prefer: wait=N; Idempotency-Key
"""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy import Connection

from printroom.accounts.handles import handle_of
from printroom.api.access import Who
from printroom.api.market import bodies
from printroom.api.runs import schemas
from printroom.api.runs.desk import Desk
from printroom.api.runs.documents import Id, refusals
from printroom.api.runs.prefer import wait_of
from printroom.api.runs.routes import Key, Prefer, headers_of, once
from printroom.api.runs.waiting import made
from printroom.marketplace import listings
from printroom.runs.runs import Asked
from printroom.runs.view import run_json


def routes(desk: Desk) -> APIRouter:
    """The route below `/v1/listings`, over the runs of `desk`."""
    router = APIRouter()
    workshop = desk.service.workshop

    @router.post(
        "/{id}/tries",
        summary="Try what is offered",
        operation_id="tryListing",
        status_code=201,
        responses={
            201: {"model": schemas.Run},
            **refusals(
                not_found=404,
                no_access=403,
                rate_limited=429,
                bad_pipeline=422,
                address_refused=422,
                idempotency_key_reused=422,
                body_too_large=413,
            ),
        },
    )
    async def create(
        who: Who,
        id: Id,  # noqa: A002
        wanted: bodies.Try,
        prefer: Prefer = None,
        key: Key = None,
    ) -> JSONResponse:
        """One of the free runs that its seller gives each account; what fails is not counted."""
        who.need("market:read")
        who.need("runs:write")
        target = await desk.ask(lambda: workshop.market.look(_target, who.account, id))
        asked = Asked(
            who.account, target, wanted.input, wanted.output.wanted, key=once(key), by=who.key,
            trial=True,
        )  # fmt: skip
        seconds = wait_of(prefer)
        submitted, job = await made(desk, asked, seconds or 0)
        return JSONResponse(run_json(job), 201, headers=headers_of(submitted, seconds))

    return router


def _target(connection: Connection, _now: float, account: str, name: str) -> str:
    """What a run of it names. Raises NotFound."""
    found = listings.shown(connection, 0.0, account, name)
    version = listings.offered(connection, name).version
    plain = f"{handle_of(connection, found.owner)}/{found.name}"
    return plain if version is None else f"{plain}@{version}"
