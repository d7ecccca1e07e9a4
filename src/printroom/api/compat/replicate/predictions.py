"""`/compat/replicate/v1/predictions`: runs, asked for, waited for, polled, streamed, taken back.

POST /v1/predictions, /v1/models/{owner}/{name}/predictions -> 201 prediction   Prefer: wait
GET  /v1/predictions, …/{id}                                -> page, prediction
POST /v1/predictions/{id}/cancel                            -> prediction
GET  /v1/predictions/{id}/stream                            -> SSE: output, logs, error, done
"""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import JSONResponse

from printroom.accounts.principal import Principal
from printroom.api.access import Anyone, Who
from printroom.api.compat.replicate.asked import PREFIX, Base, PredictionCreate, asked_for
from printroom.api.compat.replicate.places import predicted
from printroom.api.runs.desk import Desk
from printroom.api.runs.prefer import wait_of
from printroom.api.runs.routes import found
from printroom.api.runs.stream import EventStream
from printroom.api.runs.waiting import made as made_of
from printroom.jobs.events import Event
from printroom.jobs.model import Job
from printroom.jobs.states import OVER
from printroom.runs.prediction import content_of, prediction_json

_PAGE = 100
Prefer = Annotated[str | None, Header()]
Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=255)]


def routes(desk: Desk) -> APIRouter:
    """The routes, over the runs of `desk`."""
    router = APIRouter(prefix=PREFIX, include_in_schema=False)
    _writing(router, desk)
    _reading(router, desk)
    _streaming(router, desk)
    return router


def _writing(router: APIRouter, desk: Desk) -> None:
    settings = desk.service.workshop.settings

    async def made(
        who: Principal,
        request: Request,
        body: PredictionCreate,
        model: str | None,
        prefer: str | None,
        key: str | None,
    ) -> Response:
        who.need("runs:write")
        base = Base.of(request, settings)
        asked = asked_for(who, body, model, base, key)
        seconds = wait_of(prefer)
        _, job = await made_of(desk, asked, seconds or 0)
        told = await desk.ask(predicted, desk, job, base)
        if seconds is not None and job.state not in OVER:
            told["status"] = "starting"  # clients take anything else for the end
        return JSONResponse(told, 201)

    @router.post("/v1/predictions")
    async def create(
        who: Anyone,
        request: Request,
        body: PredictionCreate,
        prefer: Prefer = None,
        key: Key = None,
    ) -> Response:
        return await made(who, request, body, None, prefer, key)

    @router.post("/v1/models/{owner}/{name}/predictions")
    async def create_of(
        who: Anyone,
        owner: str,
        name: str,
        request: Request,
        body: PredictionCreate,
        prefer: Prefer = None,
        key: Key = None,
    ) -> Response:
        return await made(who, request, body, f"{owner}/{name}", prefer, key)

    @router.post("/v1/predictions/{id}/cancel")
    async def cancel(who: Anyone, id: str, request: Request) -> Response:  # noqa: A002
        who.need("runs:write")
        await found(desk, who, id)
        job = await desk.ask(lambda: desk.runs.cancel(who.account, id))
        base = Base.of(request, settings)
        return JSONResponse(await desk.ask(predicted, desk, job, base))


def _reading(router: APIRouter, desk: Desk) -> None:
    settings = desk.service.workshop.settings

    @router.get("/v1/predictions")
    async def predictions(who: Who, request: Request, after: str | None = None) -> Response:
        who.need("runs:read")
        base = Base.of(request, settings)
        jobs = await desk.ask(lambda: desk.runs.list(who.account, before=after, most=_PAGE))
        more = f"{base.address}/v1/predictions?after={jobs[-1].id}" if len(jobs) == _PAGE else None
        results = [_short(job, base) for job in jobs]
        return JSONResponse({"previous": None, "next": more, "results": results})

    @router.get("/v1/predictions/{id}")
    async def prediction(who: Anyone, id: str, request: Request) -> Response:  # noqa: A002
        who.need("runs:read")
        job = await found(desk, who, id)
        base = Base.of(request, settings)
        return JSONResponse(await desk.ask(predicted, desk, job, base))


def _streaming(router: APIRouter, desk: Desk) -> None:
    settings = desk.service.workshop.settings

    @router.get("/v1/predictions/{id}/stream")
    async def stream(
        who: Anyone,
        id: str,  # noqa: A002
        request: Request,
        last_event_id: Annotated[str | None, Header(max_length=20)] = None,
    ) -> Response:
        who.need("runs:read")
        job = await found(desk, who, id)
        follower = await desk.follower()
        after = last_event_id or ""
        seen = int(after) if after.isascii() and after.isdigit() else 0
        base = Base.of(request, settings)

        async def last() -> dict[str, Any]:
            now = await desk.ask(lambda: desk.runs.get(who.account, id))
            return await desk.ask(predicted, desk, now, base)

        async def position() -> int | None:
            return None

        gate = desk.service.gate
        return PredictionStream(
            follower,
            follower.listen(job.id, seen),
            last,
            position,
            idle=desk.service.limits.idle,
            ending=lambda: gate.stopping,
        )


class PredictionStream(EventStream):
    """The events of a run in the words of replicate: steps are log lines, outputs come last."""

    async def _written(self, events: list[Event]) -> bytes:
        parts: list[bytes] = []
        for event in events:
            if event.kind == "step":
                text = f"step {event.data.get('step', '')}\n"
                parts.append(_event("logs", event.number, text))
            if self._listener.over and event is events[-1]:
                parts += _ending(await self._last(), event.number)
        return b"".join(parts) or b": alive\n\n"


def _ending(prediction: dict[str, Any], number: int) -> list[bytes]:
    output, why = prediction["output"], {}
    told: list[bytes] = []
    for value in output if isinstance(output, list) else [output]:
        if value is not None:
            text = value if isinstance(value, str) else json.dumps(value)
            told.append(_event("output", number, text))
    if prediction["status"] == "failed":
        told.append(_event("error", number, str(prediction["error"])))
        why = {"reason": "error"}
    elif prediction["status"] == "canceled":
        why = {"reason": "canceled"}
    return [*told, _event("done", number, json.dumps(why))]


def _event(kind: str, number: int, text: str) -> bytes:
    data = "".join(f"data: {line}\n" for line in text.split("\n"))
    return f"event: {kind}\nid: {number}\n{data}\n".encode()


def _short(job: Job, base: Base) -> dict[str, Any]:
    """For a list: results are told by the prediction itself."""
    return prediction_json(job, base.address, lambda one: content_of(base.address, one["file"]))
