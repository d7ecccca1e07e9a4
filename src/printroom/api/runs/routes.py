"""`/v1/runs`: ask for runs, wait for them, look at them, follow them, take them back.

POST /v1/runs                  -> 201 Run      Prefer: wait=N; Idempotency-Key
GET  /v1/runs, /v1/runs/{id}   -> Run, page of Runs
POST /v1/runs/{id}/cancel      -> Run
POST /v1/runs/{id}/retry       -> Run          wrong_state: it has not failed
GET  /v1/runs/{id}/events      -> SSE          Last-Event-ID
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import JSONResponse

from printroom.accounts.principal import Principal
from printroom.api.access import Anyone, Who
from printroom.api.runs import schemas
from printroom.api.runs.desk import Desk, seen_by
from printroom.api.runs.documents import MOST, After, Id, Most, page, refusals
from printroom.api.runs.prefer import wait_of
from printroom.api.runs.stream import EventStream
from printroom.core.errors import BadOption
from printroom.jobs.model import Job
from printroom.jobs.states import OVER
from printroom.jobs.submit import Submitted
from printroom.runs.runs import Asked
from printroom.runs.view import run_json

_LOOK = 1.0
"""Seconds between looks at whether the server ends."""
_WANTED = {
    "not_found": 404,
    "bad_pipeline": 422,
    "address_refused": 422,
    "idempotency_key_reused": 422,
    "body_too_large": 413,
}
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=255,
        description="The same request with the same key is the same run, while it is kept.",
    ),
]
Prefer = Annotated[
    str | None,
    Header(description="`wait=10`: answer when it is over, or after ten seconds (RFC 7240)."),
]


def routes(desk: Desk) -> APIRouter:
    """The routes, over the runs of `desk`."""
    router = APIRouter(tags=["runs"])
    _writing(router, desk)
    _reading(router, desk)
    _following(router, desk)
    return router


def _writing(router: APIRouter, desk: Desk) -> None:
    @router.post(
        "/v1/runs",
        summary="Run a pipeline",
        operation_id="createRun",
        status_code=201,
        responses={201: {"model": schemas.Run}, **refusals(**_WANTED)},
    )
    async def create(
        who: Anyone, body: schemas.RunCreate, prefer: Prefer = None, key: Key = None
    ) -> Response:
        """Queue a run; with `Prefer: wait` the answer comes when it is over."""
        who.need("runs:write")
        asked = asked_for(who, body, key)
        submitted = await desk.ask(lambda: desk.runs.submit(asked))
        seconds = wait_of(prefer)
        job = submitted.job
        if seconds is not None:
            job = await waited(desk, job, seconds)
        return JSONResponse(run_json(job), 201, headers=_headers(submitted, seconds))

    @router.post(
        "/v1/runs/{id}/cancel",
        summary="Take a run back",
        operation_id="cancelRun",
        responses={200: {"model": schemas.Run}, **refusals(not_found=404)},
    )
    async def cancel(who: Anyone, id: Id) -> Response:  # noqa: A002
        """At once if it waits; one that is over stays as it is."""
        who.need("runs:write")
        await found(desk, who, id)
        job = await desk.ask(lambda: desk.runs.cancel(who.account, id))
        return JSONResponse(run_json(job))

    @router.post(
        "/v1/runs/{id}/retry",
        summary="Try a failed run again",
        operation_id="retryRun",
        responses={200: {"model": schemas.Run}, **refusals(not_found=404, wrong_state=409)},
    )
    async def retry(who: Who, id: Id) -> Response:  # noqa: A002
        """It goes on at the step that it failed in."""
        who.need("runs:write")
        job = await desk.ask(lambda: desk.runs.retry(who.account, id))
        return JSONResponse(run_json(job))


def _reading(router: APIRouter, desk: Desk) -> None:
    @router.get(
        "/v1/runs",
        summary="Runs",
        operation_id="listRuns",
        responses={200: {"model": schemas.Runs}, **refusals()},
    )
    async def runs(
        who: Who,
        status: Annotated[schemas.Status | None, Query()] = None,
        after: After = None,
        limit: Most = MOST,
    ) -> Response:
        """The newest first."""
        who.need("runs:read")
        jobs = await desk.ask(
            lambda: desk.runs.list(who.account, status=status, before=after, most=limit)
        )
        last = jobs[-1].id if jobs else None
        return JSONResponse(page([run_json(job) for job in jobs], limit, last))

    @router.get(
        "/v1/runs/{id}",
        summary="A run",
        operation_id="getRun",
        responses={200: {"model": schemas.Run}, **refusals(not_found=404)},
    )
    async def run(who: Anyone, id: Id, prefer: Prefer = None) -> Response:  # noqa: A002
        """As it is now; with `Prefer: wait`, when it is over."""
        who.need("runs:read")
        job = await found(desk, who, id)
        seconds = wait_of(prefer)
        if seconds is not None:
            job = await waited(desk, job, seconds)
        place = await _position(desk, job)
        return JSONResponse(run_json(job, place), headers=_applied(seconds))


def _following(router: APIRouter, desk: Desk) -> None:
    stream = {"content": {"text/event-stream": {"schema": {"type": "string"}}}}

    @router.get(
        "/v1/runs/{id}/events",
        summary="Events of a run",
        operation_id="followRun",
        response_class=Response,
        responses={200: {"description": "Server-sent events", **stream}, **refusals(not_found=404)},
    )
    async def events(
        who: Anyone,
        id: Id,  # noqa: A002
        last_event_id: Annotated[str | None, Header(max_length=20)] = None,
        after: Annotated[int, Query(ge=0, description="As `Last-Event-ID`.")] = 0,
    ) -> Response:
        """As they happen, until the run is over; the last one has the run itself."""
        who.need("runs:read")
        job = await found(desk, who, id)
        follower = await desk.follower()
        listener = follower.listen(job.id, _number(last_event_id) or after)

        async def last() -> dict[str, Any]:
            return run_json(await desk.ask(lambda: desk.runs.get(who.account, id)))

        async def position() -> int | None:
            return await desk.ask(lambda: desk.runs.queue.position(id))

        gate = desk.service.gate
        return EventStream(
            follower,
            listener,
            last,
            position,
            idle=desk.service.limits.idle,
            ending=lambda: gate.stopping,
        )


def asked_for(who: Principal, body: schemas.RunCreate, key: str | None) -> Asked:
    """What a request wants, for whoever sent it. Raises NotFound."""
    who.need_target(body.target.rpartition("/")[2])
    if key is not None and not key.isprintable():
        raise BadOption("this cannot be an Idempotency-Key", "take 1 to 255 printable letters")
    return Asked(
        who.account,
        body.target,
        body.input,
        format=body.output.format,
        webhook=body.webhook,
        key=key or None,
        deadline=body.deadline,
        by=who.key,
        end_user=who.end_user,
    )


async def found(desk: Desk, who: Principal, run: str) -> Job:
    """The run, if `who` may see it. Raises NotFound."""
    return seen_by(who, await desk.ask(lambda: desk.runs.get(who.account, run)))


async def waited(desk: Desk, job: Job, seconds: float) -> Job:
    """The run when it is over, or as it is after `seconds`."""
    if job.state in OVER or seconds <= 0:
        return job
    load, loop = desk.service.load, asyncio.get_running_loop()
    until = loop.time() + seconds
    follower = await desk.follower()
    listener = follower.listen(job.id, end=True)
    load.active += 1  # a server that ends answers these as well, with what is known then
    try:
        while not listener.over and (left := until - loop.time()) > 0:
            if desk.service.gate.stopping:
                break
            await listener.next(min(left, _LOOK))
    finally:
        load.active -= 1
        follower.leave(listener)
    return await desk.ask(lambda: desk.runs.queue.get(job.id))


async def _position(desk: Desk, job: Job) -> int | None:
    if job.state != "queued":
        return None
    return await desk.ask(lambda: desk.runs.queue.position(job.id))


def _headers(submitted: Submitted, seconds: int | None) -> dict[str, str]:
    headers = {"location": f"/v1/runs/{submitted.job.id}", **_applied(seconds)}
    if not submitted.fresh:
        headers["idempotent-replayed"] = "true"
    return headers


def _applied(seconds: int | None) -> dict[str, str]:
    return {} if seconds is None else {"preference-applied": f"wait={seconds}"}


def _number(text: str | None) -> int:
    """The number of an event; what is none is passed over."""
    return int(text) if text and text.isascii() and text.isdigit() else 0
