"""`/v1/models`: what there is for an account, and the account's own, given and examined.

GET    /v1/models                          -> page of Models
POST   /v1/models                          -> 202 Model         Idempotency-Key
POST   /v1/models/{owner}/{name}@v/examinations   -> 202 Model  wrong_state
GET    /v1/models/{owner}/{name}[@v]       -> Model
GET    /v1/models/{owner}/{name}/versions  -> page of Models
GET    /v1/models/{owner}/{name}[@v]/pipeline     -> Alone      bad_model: it is not ready
GET    /v1/models/{owner}/{name}[@v]/report       -> Report
GET    /v1/models/{owner}/{name}@v/events  -> SSE               Last-Event-ID
GET    /v1/verifications/key               -> what reports are checked with
PATCH  /v1/models/{owner}/{name}@v         -> Model
DELETE /v1/models/{owner}/{name}[@v]       -> 204               wrong_state: somebody holds it

Weights are given, and never given out.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse

from printroom.accounts.principal import Principal
from printroom.api.access import Who
from printroom.api.accounts.told import actor
from printroom.api.models import reviews, schemas
from printroom.api.models.schemas import ONE, Name, Owner
from printroom.api.models.shelf import ModelShelf
from printroom.api.runs.desk import Desk
from printroom.api.runs.documents import MOST, After, Most, page, refusals
from printroom.api.runs.routes import Key, number, once
from printroom.api.runs.stream import EventStream
from printroom.catalogue.entries import Draft
from printroom.core.errors import BadOption
from printroom.runtimes.reading import Reading


def routes(desk: Desk) -> APIRouter:
    """The routes, over the models of the server and of its accounts."""
    router = APIRouter(tags=["models"])
    shelf = ModelShelf(desk.service.workshop)
    _reading(router, desk, shelf)
    _writing(router, desk, shelf)
    _following(router, desk, shelf)
    reviews.add(router, desk, shelf)
    return router


def _reading(router: APIRouter, desk: Desk, shelf: ModelShelf) -> None:
    @router.get(
        "/v1/models",
        summary="Models",
        operation_id="listModels",
        responses={200: {"model": schemas.Models}, **refusals()},
    )
    async def models(
        who: Who,
        query: Annotated[
            str, Query(max_length=200, description="Words in name, title, description or task.")
        ] = "",
        after: After = None,
        limit: Most = MOST,
    ) -> Response:
        """What comes with printroom, what the server has, and your account's own, by name."""
        who.need("models:read")
        found = await desk.ask(shelf.listed, who, query, after, limit)
        return JSONResponse(page(found, limit, found[-1]["name"] if found else None))

    @router.get(
        ONE,
        summary="A model",
        operation_id="getModel",
        responses={200: {"model": schemas.Model}, **refusals(not_found=404)},
    )
    async def model(who: Who, owner: Owner, name: Name) -> Response:
        """A version, or the newest; of your own also while it is examined, and how far that is."""
        who.need("models:read")
        return JSONResponse(await desk.ask(shelf.one, who, f"{owner}/{name}"))

    @router.get(
        ONE + "/versions",
        summary="Versions of a model",
        operation_id="listModelVersions",
        responses={200: {"model": schemas.Versions}, **refusals(not_found=404)},
    )
    async def versions(
        who: Who, owner: Owner, name: Name, after: After = None, limit: Most = MOST
    ) -> Response:
        """The newest first."""
        who.need("models:read")
        before = number(after) or None
        found = await desk.ask(shelf.versions, who, f"{owner}/{name}", before, limit)
        return JSONResponse(page(found, limit, str(found[-1]["version"]) if found else None))

    @router.get(
        ONE + "/report",
        summary="Report on a model",
        operation_id="getModelReport",
        responses={200: {"model": schemas.Report}, **refusals(not_found=404)},
    )
    async def report(who: Who, owner: Owner, name: Name) -> Response:
        """All that was found when it was examined, signed; for whoever may use it."""
        who.need("models:read")
        return JSONResponse(await desk.ask(shelf.report, who, f"{owner}/{name}"))

    @router.get(
        ONE + "/pipeline",
        summary="Pipeline of a model alone",
        operation_id="getModelPipeline",
        responses={200: {"model": schemas.Alone}, **refusals(not_found=404, bad_model=422)},
    )
    async def alone(who: Who, owner: Owner, name: Name) -> Response:
        """What does what the model does, and nothing else, ready to be published: it takes a
        picture, or, of a model that draws, a seed and the name of a class.
        """
        who.need("models:read")
        return JSONResponse(await desk.ask(shelf.alone, who, f"{owner}/{name}"))

    @router.get(
        "/v1/verifications/key",
        summary="Key of reports",
        operation_id="getReportKey",
        responses={200: {"model": schemas.PublicKey}, **refusals()},
    )
    async def key(who: Who) -> Response:
        """What the signature of a report is checked with."""
        who.need("models:read")
        public = await desk.ask(shelf.key)
        return JSONResponse({"algorithm": "Ed25519", "public_key": public})


def _writing(router: APIRouter, desk: Desk, shelf: ModelShelf) -> None:
    @router.post(
        "/v1/models",
        summary="Give a model",
        operation_id="createModel",
        status_code=202,
        responses={
            202: {"model": schemas.Model},
            **refusals(not_found=404, already_exists=409, idempotency_key_reused=422),
        },
    )
    async def create(
        who: Who, body: schemas.ModelCreate, request: Request, key: Key = None
    ) -> Response:
        """The next version of that name, from an uploaded file. It can be used once it was examined
        and found good: follow it at its address.
        """
        who.need("models:write")
        draft = draft_of(who, body, key)
        told, fresh = await desk.ask(shelf.give, actor(who, request), draft, body.file)
        headers = {"location": told["urls"]["get"]}
        if not fresh:
            headers["idempotent-replayed"] = "true"
        return JSONResponse(told, 202, headers=headers)

    @router.post(
        ONE + "/examinations",
        summary="Examine a model again",
        operation_id="examineModel",
        status_code=202,
        responses={202: {"model": schemas.Model}, **refusals(not_found=404, wrong_state=409)},
    )
    async def again(who: Who, owner: Owner, name: Name, request: Request) -> Response:
        """A version of your own, when its report expires, or could not be made. One that is ready
        stays so meanwhile.
        """
        who.need("models:write")
        told = await desk.ask(shelf.again, actor(who, request), f"{owner}/{name}")
        return JSONResponse(told, 202)

    @router.patch(
        ONE,
        summary="Describe a model",
        operation_id="changeModel",
        responses={200: {"model": schemas.Model}, **refusals(not_found=404)},
    )
    async def change(
        who: Who, owner: Owner, name: Name, body: schemas.ModelChange, request: Request
    ) -> Response:
        """Title and description of one of your own; the model itself never changes."""
        who.need("models:write")
        me = actor(who, request)
        told = await desk.ask(
            shelf.change, me, f"{owner}/{name}", body.title or None, body.description
        )
        return JSONResponse(told)

    @router.delete(
        ONE,
        summary="Delete a model",
        operation_id="deleteModel",
        status_code=204,
        responses=refusals(not_found=404, wrong_state=409),
    )
    async def delete(who: Who, owner: Owner, name: Name, request: Request) -> Response:
        """A version of your own, or all of them. Its number is not used again."""
        who.need("models:write")
        await desk.ask(shelf.remove, actor(who, request), f"{owner}/{name}")
        return Response(status_code=204)


def _following(router: APIRouter, desk: Desk, shelf: ModelShelf) -> None:
    stream = {"content": {"text/event-stream": {"schema": {"type": "string"}}}}

    @router.get(
        ONE + "/events",
        summary="Events of a model's examination",
        operation_id="followModel",
        response_class=Response,
        responses={200: {"description": "Server-sent events", **stream}, **refusals(not_found=404)},
    )
    async def events(
        who: Who,
        owner: Owner,
        name: Name,
        last_event_id: Annotated[str | None, Header(max_length=20)] = None,
        after: Annotated[int, Query(ge=0, description="As `Last-Event-ID`.")] = 0,
    ) -> Response:
        """Of one of your own, as they happen, until it is over; the last one has the model."""
        who.need("models:read")
        full = f"{owner}/{name}"
        job = await desk.ask(shelf.job, who, full)
        follower = await desk.follower()
        listener = follower.listen(job, number(last_event_id) or after)

        async def last() -> dict[str, Any]:
            return await desk.ask(shelf.one, who, full)

        async def position() -> int | None:
            return await desk.ask(lambda: desk.runs.queue.position(job))

        gate, idle = desk.service.gate, desk.service.limits.idle
        return EventStream(
            follower, listener, last, position, idle=idle, ending=lambda: gate.stopping,
            ended="model",
        )  # fmt: skip


def draft_of(who: Principal, body: schemas.ModelCreate, key: str | None) -> Draft:
    """What a request gives. Raises BadOption."""
    try:
        reading = None if body.reading is None else Reading.of(body.reading).raw()
        json.dumps(reading, allow_nan=False)
    except (ValueError, TypeError, AttributeError, OverflowError, KeyError) as error:
        raise BadOption(f"the model cannot be read so: {error}", "see a model's reading") from error
    declared = {
        "licence": body.licence, "task": body.task, "reading": reading, "parts": body.parts,
        "architecture": body.architecture or "",
    }  # fmt: skip
    return Draft(
        who.account, body.name, body.title, body.description, declared, once(key),
        who.key or who.user,
    )  # fmt: skip
