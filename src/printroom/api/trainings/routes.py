"""`/v1/trainings`: have recipes carried out, look at them, follow them, take them back.

GET  /v1/trainings/recipes          -> names
POST /v1/trainings                  -> 202 Training     Idempotency-Key
GET  /v1/trainings                  -> page of Trainings
GET  /v1/trainings/{id}             -> Training
POST /v1/trainings/{id}/cancel      -> Training
POST /v1/trainings/{id}/retry       -> Training         wrong_state: it has not failed
GET  /v1/trainings/{id}/events      -> SSE              Last-Event-ID
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import JSONResponse

from printroom import recipes
from printroom.api.access import Who
from printroom.api.runs.desk import Desk
from printroom.api.runs.documents import MOST, After, Id, Most, page, refusals
from printroom.api.runs.routes import Key, number, once
from printroom.api.runs.stream import EventStream
from printroom.api.trainings import schemas
from printroom.jobs.model import Job
from printroom.runs.training.trainings import Trainings, Wanted, training_json


def routes(desk: Desk) -> APIRouter:
    """The routes, over the trainings of the database of `desk`."""
    router = APIRouter(tags=["trainings"])
    _writing(router, desk)
    _reading(router, desk)
    _following(router, desk)
    return router


def _trainings(desk: Desk) -> Trainings:
    """In a thread: it may have to wait for the database."""
    return Trainings(desk.runs.workshop)


def _writing(router: APIRouter, desk: Desk) -> None:
    @router.post(
        "/v1/trainings",
        summary="Train a model",
        operation_id="createTraining",
        status_code=202,
        responses={
            202: {"model": schemas.Training},
            **refusals(not_found=404, already_exists=409, idempotency_key_reused=422, bad_key=422),
        },
    )
    async def create(who: Who, body: schemas.TrainingCreate, key: Key = None) -> Response:
        """Queue a training; a worker with PyTorch takes it, and goes on with it after a kill."""
        who.need("models:write")
        by = who.key or who.user
        wanted = Wanted(who.account, key=once(key), by=by, **body.model_dump())
        submitted = await desk.ask(lambda: _trainings(desk).submit(wanted))
        headers = {"location": f"/v1/trainings/{submitted.job.id}"}
        if not submitted.fresh:
            headers["idempotent-replayed"] = "true"
        return JSONResponse(training_json(submitted.job), 202, headers=headers)

    @router.post(
        "/v1/trainings/{id}/cancel",
        summary="Take a training back",
        operation_id="cancelTraining",
        responses={200: {"model": schemas.Training}, **refusals(not_found=404)},
    )
    async def cancel(who: Who, id: Id) -> Response:  # noqa: A002
        """At once if it waits; one that is over stays as it is."""
        who.need("models:write")
        job = await desk.ask(lambda: _trainings(desk).cancel(who.account, id))
        return JSONResponse(training_json(job))

    @router.post(
        "/v1/trainings/{id}/retry",
        summary="Let a failed training go on",
        operation_id="retryTraining",
        responses={200: {"model": schemas.Training}, **refusals(not_found=404, wrong_state=409)},
    )
    async def retry(who: Who, id: Id) -> Response:  # noqa: A002
        """It goes on at its last checkpoint."""
        who.need("models:write")
        job = await desk.ask(lambda: _trainings(desk).retry(who.account, id))
        return JSONResponse(training_json(job))


def _reading(router: APIRouter, desk: Desk) -> None:
    @router.get(
        "/v1/trainings/recipes",
        summary="Recipes",
        operation_id="listRecipes",
        responses={200: {"model": schemas.Recipes}, **refusals()},
    )
    async def offered(who: Who) -> Response:
        """What can be trained."""
        who.need("models:read")
        return JSONResponse({"data": recipes.names()})

    @router.get(
        "/v1/trainings",
        summary="Trainings",
        operation_id="listTrainings",
        responses={200: {"model": schemas.TrainingsPage}, **refusals()},
    )
    async def listed(who: Who, after: After = None, limit: Most = MOST) -> Response:
        """The newest first."""
        who.need("models:read")
        jobs = await desk.ask(lambda: _trainings(desk).list(who.account, before=after, most=limit))
        last = jobs[-1].id if jobs else None
        return JSONResponse(page([training_json(job) for job in jobs], limit, last))

    @router.get(
        "/v1/trainings/{id}",
        summary="A training",
        operation_id="getTraining",
        responses={200: {"model": schemas.Training}, **refusals(not_found=404)},
    )
    async def training(who: Who, id: Id) -> Response:  # noqa: A002
        """As it is now."""
        who.need("models:read")
        job = await desk.ask(lambda: _trainings(desk).get(who.account, id))
        return JSONResponse(training_json(job))


def _following(router: APIRouter, desk: Desk) -> None:
    stream = {"content": {"text/event-stream": {"schema": {"type": "string"}}}}

    @router.get(
        "/v1/trainings/{id}/events",
        summary="Events of a training",
        operation_id="followTraining",
        response_class=Response,
        responses={200: {"description": "Server-sent events", **stream}, **refusals(not_found=404)},
    )
    async def events(
        who: Who,
        id: Id,  # noqa: A002
        last_event_id: Annotated[str | None, Header(max_length=20)] = None,
        after: Annotated[int, Query(ge=0, description="As `Last-Event-ID`.")] = 0,
    ) -> Response:
        """How far it is, measures and lines, as they come; the last one has the training itself."""
        who.need("models:read")

        def get() -> Job:
            return _trainings(desk).get(who.account, id)

        job = await desk.ask(get)
        follower = await desk.follower()
        listener = follower.listen(job.id, number(last_event_id) or after)

        async def last() -> dict[str, Any]:
            return training_json(await desk.ask(get))

        async def position() -> int | None:
            return await desk.ask(lambda: desk.runs.queue.position(id))

        gate, idle = desk.service.gate, desk.service.limits.idle
        return EventStream(
            follower, listener, last, position, idle=idle, ending=lambda: gate.stopping,
            ended="training",
        )  # fmt: skip
