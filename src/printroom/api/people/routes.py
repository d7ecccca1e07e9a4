"""`/v1/people`: consent, pictures, training, portraits, and that somebody is forgotten.

POST   /v1/people                          -> 201 Person       consent_missing
GET    /v1/people, …/{id}                  -> page of People, Person
POST   /v1/people/{id}/pictures            -> what became of each
GET    /v1/people/{id}/pictures            -> Pictures
DELETE /v1/people/{id}/pictures/{picture}  -> Person           wrong_state: it is learnt from
POST   /v1/people/{id}/train               -> 202 Person       too_few_pictures pictures_differ
DELETE /v1/people/{id}/train               -> Person           wrong_state: nothing is learnt now
GET    /v1/people/{id}/events              -> SSE              Last-Event-ID
DELETE /v1/people/{id}                     -> what went

Portraits and styles: `portraits`. What is another account's is not found.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse

from printroom.api.access import Who
from printroom.api.accounts.told import actor
from printroom.api.people import bodies, portraits, schemas, told
from printroom.api.people.schemas import Person, PictureId
from printroom.api.runs.desk import Desk
from printroom.api.runs.documents import MOST, After, Most, page, refusals
from printroom.api.runs.routes import number
from printroom.api.runs.stream import EventStream
from printroom.core.errors import NoConsent, NotFound
from printroom.people.consent import TEXT, Given
from printroom.people.people import People
from printroom.people.rows import Whole


def routes(desk: Desk) -> APIRouter:
    """The routes, over the people of all accounts."""
    router = APIRouter(tags=["people"])
    _reading(router, desk)
    _writing(router, desk)
    _pictures(router, desk)
    _following(router, desk)
    portraits.add(router, desk)
    return router


def people_of(desk: Desk) -> People:
    """In a thread: it may have to wait for the database."""
    return desk.service.workshop.people


def _reading(router: APIRouter, desk: Desk) -> None:
    @router.get(
        "/v1/people",
        summary="People",
        operation_id="listPeople",
        responses={200: {"model": schemas.People}, **refusals()},
    )
    async def people(who: Who, after: After = None, limit: Most = MOST) -> Response:
        """Your account's, the newest first."""
        who.need("people:read")

        def listed() -> list[Whole]:
            return list(people_of(desk).list(who.account, after, limit))

        found = await desk.ask(listed)
        last = found[-1].person.id if found else None
        return JSONResponse(page([told.person_json(one) for one in found], limit, last))

    @router.get(
        "/v1/people/{id}",
        summary="A person",
        operation_id="getPerson",
        responses={200: {"model": schemas.PersonShown}, **refusals(not_found=404)},
    )
    async def person(who: Who, id: Person) -> Response:  # noqa: A002
        """With what was agreed to, and all versions."""
        who.need("people:read")
        found = await desk.ask(lambda: people_of(desk).get(who.account, id))
        return JSONResponse(told.person_json(found))


def _writing(router: APIRouter, desk: Desk) -> None:
    @router.post(
        "/v1/people",
        summary="Enter a person",
        operation_id="createPerson",
        status_code=201,
        responses={201: {"model": schemas.PersonShown}, **refusals(consent_missing=422)},
    )
    async def create(who: Who, body: schemas.PersonCreate, request: Request) -> Response:
        """Who has agreed; who agreed, when, and to which text is kept, and cannot be changed."""
        who.need("people:write")
        if body.consent is None:
            raise NoConsent(f"nobody says that {body.name} agrees", "send `consent` with `who`")
        given = Given(body.consent.who, TEXT if body.consent.text is None else body.consent.text)
        me = actor(who, request)
        found = await desk.ask(
            lambda: people_of(desk).create(me, body.name, given, body.pictures_needed)
        )
        shown = told.person_json(found)
        return JSONResponse(shown, 201, headers={"location": shown["urls"]["get"]})

    @router.post(
        "/v1/people/{id}/train",
        summary="Learn a person",
        operation_id="trainPerson",
        status_code=202,
        responses={
            202: {"model": schemas.PersonShown},
            **refusals(not_found=404, wrong_state=409, too_few_pictures=409, pictures_differ=409),
        },
    )
    async def train(who: Who, id: Person, body: schemas.Train, request: Request) -> Response:  # noqa: A002
        """From all pictures that there are now, as the next version. It begins by itself when there
        are enough for the first time.
        """
        who.need("people:write")
        me = actor(who, request)
        found = await desk.ask(lambda: people_of(desk).train(me, id, anyway=body.anyway))
        return JSONResponse(told.person_json(found), 202)

    @router.delete(
        "/v1/people/{id}/train",
        summary="Take a training back",
        operation_id="stopTraining",
        responses={
            200: {"model": schemas.PersonShown},
            **refusals(not_found=404, wrong_state=409),
        },
    )
    async def stop(who: Who, id: Person, request: Request) -> Response:  # noqa: A002
        """At once if it waits; if it runs, it ends within a moment. The pictures stay."""
        who.need("people:write")
        me = actor(who, request)
        found = await desk.ask(lambda: people_of(desk).stop(me, id))
        return JSONResponse(told.person_json(found))

    @router.delete(
        "/v1/people/{id}",
        summary="Forget a person",
        operation_id="forgetPerson",
        responses={200: {"model": schemas.Forgotten}, **refusals(not_found=404)},
    )
    async def forget(who: Who, id: Person, request: Request) -> Response:  # noqa: A002
        """Pictures, what was learnt, portraits, the runs that drew them and what other runs made of
        them, copies in caches: all of it is deleted, and nothing brings it back.
        """
        who.need("people:write")
        me = actor(who, request)
        erased = await desk.ask(lambda: people_of(desk).forget(me, id))
        return JSONResponse(told.erased_json(erased))


def _pictures(router: APIRouter, desk: Desk) -> None:
    @router.post(
        "/v1/people/{id}/pictures",
        summary="Add pictures of a person",
        operation_id="addPictures",
        openapi_extra=bodies.BODY,
        responses={
            200: {"model": schemas.PicturesAdded},
            **refusals(not_found=404, body_too_large=413, body_timeout=408),
        },
    )
    async def add(
        who: Who,
        id: Person,  # noqa: A002
        request: Request,
        name: Annotated[str, Query(max_length=200, description="What a picture is called.")] = "",
    ) -> Response:
        """A form with fields `picture`, `{"pictures": [...]}`, or the bytes of one. Each is looked
        at, and those that are refused say why; at the fifteenth that is accepted, training begins.
        """
        who.need("people:write")
        me = actor(who, request)
        await desk.ask(lambda: people_of(desk).get(who.account, id))
        brought = await bodies.brought(desk, who, request, name)
        answers, found = await desk.ask(lambda: people_of(desk).add(me, id, brought))
        return JSONResponse(told.added_json(answers, found))

    @router.get(
        "/v1/people/{id}/pictures",
        summary="Pictures of a person",
        operation_id="listPictures",
        responses={200: {"model": schemas.Pictures}, **refusals(not_found=404)},
    )
    async def pictures(who: Who, id: Person) -> Response:  # noqa: A002
        """Those that were accepted, the oldest first."""
        who.need("people:read")
        found = await desk.ask(lambda: people_of(desk).get(who.account, id))
        return JSONResponse({"data": [told.picture_json(one) for one in found.pictures]})

    @router.delete(
        "/v1/people/{id}/pictures/{picture}",
        summary="Remove a picture of a person",
        operation_id="removePicture",
        responses={
            200: {"model": schemas.PersonShown},
            **refusals(not_found=404, wrong_state=409),
        },
    )
    async def remove(who: Who, id: Person, picture: PictureId, request: Request) -> Response:  # noqa: A002
        """What was learnt from it stays until the person is learnt again."""
        who.need("people:write")
        me = actor(who, request)
        found = await desk.ask(lambda: people_of(desk).remove(me, id, picture))
        return JSONResponse(told.person_json(found))


def _following(router: APIRouter, desk: Desk) -> None:
    stream = {"content": {"text/event-stream": {"schema": {"type": "string"}}}}

    @router.get(
        "/v1/people/{id}/events",
        summary="Events of a person's training",
        operation_id="followPerson",
        response_class=Response,
        responses={200: {"description": "Server-sent events", **stream}, **refusals(not_found=404)},
    )
    async def events(
        who: Who,
        id: Person,  # noqa: A002
        last_event_id: Annotated[str | None, Header(max_length=20)] = None,
        after: Annotated[int, Query(ge=0, description="As `Last-Event-ID`.")] = 0,
    ) -> Response:
        """Of the newest version, as they happen, until it is over; the last one has the person."""
        who.need("people:read")
        found = await desk.ask(lambda: people_of(desk).get(who.account, id))
        if not found.versions:
            raise NotFound(f"{id} was not learnt yet", "add pictures first")
        job = found.versions[0].job
        follower = await desk.follower()
        listener = follower.listen(job, number(last_event_id) or after)

        async def last() -> dict[str, Any]:
            return told.person_json(await desk.ask(lambda: people_of(desk).get(who.account, id)))

        async def position() -> int | None:
            return await desk.ask(lambda: desk.runs.queue.position(job))

        gate, idle = desk.service.gate, desk.service.limits.idle
        return EventStream(
            follower, listener, last, position, idle=idle, ending=lambda: gate.stopping,
            ended="person",
        )  # fmt: skip
