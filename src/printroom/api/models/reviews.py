"""For those who run the server: models that a person has to look at, and those to be stopped.

GET  /v1/models/reviews                         -> page of Models, the oldest first
POST /v1/models/{owner}/{name}@v/decision       -> Model        wrong_state: it is decided
POST /v1/models/{owner}/{name}@v/suspend        -> Model        wrong_state: it is not ready
POST /v1/models/{owner}/{name}@v/resume         -> Model        wrong_state: it is not suspended

All need the scope `admin`.
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from printroom.api.access import Who
from printroom.api.accounts.told import actor
from printroom.api.models import schemas
from printroom.api.models.schemas import ONE, Name, Owner
from printroom.api.models.shelf import ModelShelf
from printroom.api.runs.desk import Desk
from printroom.api.runs.documents import MOST, After, Most, page, refusals

_ONE_OF_ALL = {200: {"model": schemas.Model}, **refusals(not_found=404, wrong_state=409)}


def add(router: APIRouter, desk: Desk, shelf: ModelShelf) -> None:
    """The routes, before those of one model."""

    @router.get(
        "/v1/models/reviews",
        summary="Models to be looked at",
        operation_id="listModelReviews",
        responses={200: {"model": schemas.Models}, **refusals()},
    )
    async def reviews(who: Who, after: After = None, limit: Most = MOST) -> Response:
        """Of all accounts: machines could not say whether others may use them."""
        who.need("admin")
        found, last = await desk.ask(shelf.waiting, who, after, limit)
        return JSONResponse(page(found, limit, last))

    @router.post(
        ONE + "/decision",
        summary="Decide on a model",
        operation_id="decideModel",
        responses=_ONE_OF_ALL,
    )
    async def decide(
        who: Who, owner: Owner, name: Name, body: schemas.Decision, request: Request
    ) -> Response:
        """Whether others may use a version. It becomes part of its report."""
        who.need("admin")
        me, full = actor(who, request), f"{owner}/{name}"
        return JSONResponse(await desk.ask(shelf.decide, me, full, body.passed, body.reason))

    @router.post(
        ONE + "/suspend",
        summary="Stop a model",
        operation_id="suspendModel",
        responses=_ONE_OF_ALL,
    )
    async def suspend(who: Who, owner: Owner, name: Name, request: Request) -> Response:
        """Nobody can use a version any more, its account included; within five seconds."""
        who.need("admin")
        told = await desk.ask(shelf.stop, actor(who, request), f"{owner}/{name}", again=False)
        return JSONResponse(told)

    @router.post(
        ONE + "/resume",
        summary="Let a model go on",
        operation_id="resumeModel",
        responses=_ONE_OF_ALL,
    )
    async def resume(who: Who, owner: Owner, name: Name, request: Request) -> Response:
        """A version that was suspended can be used again."""
        who.need("admin")
        told = await desk.ask(shelf.stop, actor(who, request), f"{owner}/{name}", again=True)
        return JSONResponse(told)
