"""`/v1/runs`: ask for runs, wait for them, look at them, follow them, take them back.

POST /v1/runs                  -> 201 Run      Prefer: wait=N; Idempotency-Key
GET  /v1/runs, /v1/runs/{id}   -> Run, page of Runs
POST /v1/runs/{id}/cancel      -> Run
POST /v1/runs/{id}/retry       -> Run          wrong_state: it has not failed
GET  /v1/runs/{id}/events      -> SSE          Last-Event-ID
GET  /v1/events                -> SSE of all runs of the account
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import JSONResponse

from printroom.accounts.principal import Principal
from printroom.api.access import Anyone, Who
from printroom.api.accounts.door import limited_only
from printroom.api.runs import schemas
from printroom.api.runs.desk import Desk, seen_by
from printroom.api.runs.documents import MOST, After, Id, Most, page, refusals
from printroom.api.runs.prefer import wait_of
from printroom.api.runs.stream import AccountStream, EventStream
from printroom.api.runs.waiting import made, waited
from printroom.core.errors import BadOption
from printroom.jobs.model import Job
from printroom.jobs.submit import Submitted
from printroom.runs.runs import Asked
from printroom.runs.target import said
from printroom.runs.view import run_json

_WANTED = {
    "not_found": 404,
    "bad_pipeline": 422,
    "address_refused": 422,
    "idempotency_key_reused": 422,
    "body_too_large": 413,
    "insufficient_credits": 402,
    "terms_changed": 409,
    "no_access": 403,
    "no_quote": 422,
}
_TARGET = "Of this pipeline alone, in all its versions: `name`, `owner/name`, or `draft`."
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
    _everything(router, desk)
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
        asked, seconds = asked_for(who, body, key), wait_of(prefer)
        submitted, job = await made(desk, asked, seconds or 0)
        return JSONResponse(run_json(job), 201, headers=headers_of(submitted, seconds))

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
        target: Annotated[
            str | None,
            Query(max_length=300, pattern=r"^[A-Za-z0-9_./-]*$", description=_TARGET),
        ] = None,
        after: After = None,
        limit: Most = MOST,
    ) -> Response:
        """The newest first."""
        who.need("runs:read")
        jobs = await desk.ask(
            lambda: desk.runs.list(
                who.account, status=status, target=target or None, before=after, most=limit
            )
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
        listener = follower.listen(job.id, number(last_event_id) or after)

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


def _everything(router: APIRouter, desk: Desk) -> None:
    stream = {"content": {"text/event-stream": {"schema": {"type": "string"}}}}

    @router.get(
        "/v1/events",
        summary="Events of all runs",
        operation_id="followRuns",
        response_class=Response,
        responses={200: {"description": "Server-sent events", **stream}, **refusals()},
    )
    async def events(
        who: Who,
        last_event_id: Annotated[str | None, Header(max_length=20)] = None,
    ) -> Response:
        """Of the account, as they happen; each says of which run it is.

        Who sends `Last-Event-ID` is told what came since, some of it once more; `gap` says that it
        was too much. Previews and lines of steps are among the events of their runs alone.
        """
        who.need("runs:read")
        everything, since = await desk.everything(), number(last_event_id)
        listening = everything.listen(who.account, since / 1e6 if since else None)
        whole = True
        if since:
            try:
                whole = await desk.ask(everything.again, listening)
            except BaseException:
                everything.leave(listening)
                raise
        gate, idle = desk.service.gate, desk.service.limits.idle
        return AccountStream(
            everything, listening, whole=whole, idle=idle, ending=lambda: gate.stopping
        )


def once(key: str | None) -> str | None:
    """An `Idempotency-Key` that was sent; None = none was. Raises BadOption."""
    if key is not None and not key.isprintable():
        raise BadOption("this cannot be an Idempotency-Key", "take 1 to 255 printable letters")
    return key or None


def asked_for(who: Principal, body: schemas.RunCreate, key: str | None) -> Asked:
    """What a request wants, for whoever sent it. Raises NotFound, NotAllowed."""
    if body.pipeline is not None:
        limited_only(who)
        who.need("pipelines:read")
    if body.target is not None:
        who.need_target(said(body.target, who.account))
    return Asked(
        who.account,
        body.target or "",
        body.input,
        body.output.wanted,
        body.pipeline,
        webhook=body.webhook,
        key=once(key),
        deadline=body.deadline,
        most=body.most,
        by=who.key,
        end_user=who.end_user,
    )


async def found(desk: Desk, who: Principal, run: str) -> Job:
    """The run, if `who` may see it. Raises NotFound."""
    return seen_by(who, await desk.ask(lambda: desk.runs.get(who.account, run)))


async def _position(desk: Desk, job: Job) -> int | None:
    if job.state != "queued":
        return None
    return await desk.ask(lambda: desk.runs.queue.position(job.id))


def headers_of(submitted: Submitted, seconds: int | None) -> dict[str, str]:
    """Of the answer to who asked for a run, and would wait so long."""
    headers = {"location": f"/v1/runs/{submitted.job.id}", **_applied(seconds)}
    if not submitted.fresh:
        headers["idempotent-replayed"] = "true"
    return headers


def _applied(seconds: int | None) -> dict[str, str]:
    return {} if seconds is None else {"preference-applied": f"wait={seconds}"}


def number(text: str | None) -> int:
    """The number of an event; what is none is passed over."""
    return int(text) if text and text.isascii() and text.isdigit() else 0
