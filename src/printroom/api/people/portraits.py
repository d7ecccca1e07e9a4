"""Portraits of a person, and the manners they are drawn in.

POST   /v1/people/{id}/portraits   -> 201 Run           Prefer: wait=N; Idempotency-Key
GET    /v1/people/{id}/portraits   -> page of Runs      with signed addresses of the pictures
GET    /v1/portraits/styles        -> Styles
PUT, DELETE …/styles/{name}        -> Style, 204        forbidden_words

A portrait is a run like any other: `/v1/runs/{id}` shows it, follows it and takes it back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from printroom.accounts.principal import Principal
from printroom.api.access import Who
from printroom.api.people import schemas, told
from printroom.api.people.schemas import Person, StyleName
from printroom.api.runs.desk import Desk
from printroom.api.runs.documents import MOST, After, Most, page, refusals
from printroom.api.runs.prefer import wait_of
from printroom.api.runs.routes import Key, Prefer, headers_of, once
from printroom.api.runs.waiting import waited
from printroom.jobs.model import Job
from printroom.people.portraits import Wanted

if TYPE_CHECKING:
    from printroom.people.asking import Asking


def add(router: APIRouter, desk: Desk) -> None:
    """The routes of portraits and styles."""
    _drawing(router, desk)
    _styles(router, desk)


def _asking(desk: Desk) -> Asking:
    """In a thread."""
    return desk.service.workshop.asking


def _drawing(router: APIRouter, desk: Desk) -> None:
    workshop = desk.service.workshop

    def shown(job: Job) -> dict[str, object]:
        return told.portraits_json(job, workshop.delivery.link)

    @router.post(
        "/v1/people/{id}/portraits",
        summary="Draw a person",
        operation_id="createPortraits",
        status_code=201,
        responses={
            201: {"model": schemas.Portraits},
            **refusals(
                not_found=404,
                wrong_state=409,
                forbidden_words=422,
                address_refused=422,
                idempotency_key_reused=422,
            ),
        },
    )
    async def create(
        who: Who,
        id: Person,  # noqa: A002
        body: schemas.PortraitsCreate,
        prefer: Prefer = None,
        key: Key = None,
    ) -> Response:
        """Queue a run of several pictures; with `Prefer: wait` the answer comes when it is over."""
        who.need("people:write")
        wanted, seconds = wanted_of(who, id, body, once(key)), wait_of(prefer)
        runs = await desk.ask(lambda: desk.runs)
        submitted = await desk.ask(lambda: _asking(desk).ask(wanted))
        job = await waited(desk, submitted.job, seconds or 0)
        job = await desk.ask(lambda: runs.queue.get(job.id))
        answer = await desk.ask(shown, job)
        return JSONResponse(answer, 201, headers=headers_of(submitted, seconds))

    @router.get(
        "/v1/people/{id}/portraits",
        summary="Portraits of a person",
        operation_id="listPortraits",
        responses={200: {"model": schemas.PortraitRuns}, **refusals(not_found=404)},
    )
    async def portraits(
        who: Who,
        id: Person,  # noqa: A002
        after: After = None,
        limit: Most = MOST,
    ) -> Response:
        """The newest runs first, with addresses of their pictures that need no key."""
        who.need("people:read")

        def listed() -> tuple[list[dict[str, object]], str | None]:
            jobs = _asking(desk).list(who.account, id, after, limit)
            return [shown(job) for job in jobs], jobs[-1].id if jobs else None

        found, last = await desk.ask(listed)
        return JSONResponse(page(found, limit, last))


def _styles(router: APIRouter, desk: Desk) -> None:
    @router.get(
        "/v1/portraits/styles",
        summary="Styles of portraits",
        operation_id="listStyles",
        responses={200: {"model": schemas.Styles}, **refusals()},
    )
    async def styles(who: Who) -> Response:
        """Those of the generator, then your account's own."""
        who.need("people:read")
        own = await desk.ask(lambda: _asking(desk).styles(who.account))
        return JSONResponse(told.styles_json(own))

    @router.put(
        "/v1/portraits/styles/{name}",
        summary="Name a style",
        operation_id="putStyle",
        responses={200: {"model": schemas.Style}, **refusals(forbidden_words=422)},
    )
    async def put(who: Who, name: StyleName, body: schemas.StylePut) -> Response:
        """A prompt that comes before what is asked for, under a name of your own."""
        who.need("people:write")
        await desk.ask(lambda: _asking(desk).keep_style(who.account, name, body.prompt))
        return JSONResponse({"name": name, "prompt": body.prompt.strip(), "own": True})

    @router.delete(
        "/v1/portraits/styles/{name}",
        summary="Delete a style",
        operation_id="deleteStyle",
        status_code=204,
        responses=refusals(not_found=404),
    )
    async def delete(who: Who, name: StyleName) -> Response:
        """Portraits that were drawn in it stay."""
        who.need("people:write")
        await desk.ask(lambda: _asking(desk).drop_style(who.account, name))
        return Response(status_code=204)


def wanted_of(
    who: Principal, person: str, body: schemas.PortraitsCreate, key: str | None
) -> Wanted:
    """What a request wants, for whoever sent it."""
    return Wanted(
        who.account,
        person,
        body.prompt,
        body.style or None,
        body.count,
        tuple(body.seeds),
        body.format,
        body.version,
        body.webhook,
        key,
        body.deadline,
        who.key,
        who.end_user,
    )
