"""Checking and publishing pipelines over HTTP, and moving their aliases.

POST /v1/pipelines/check                                -> faults, the text, the graph; always 200
POST /v1/pipelines                                      -> 201, or 200 for what is a version already
PUT, DELETE /v1/pipelines/{owner}/{name}/aliases/{…}    NotFound BadOption BadPipeline NotAllowed

What is sent may name neither files nor folders of the machine, nor, but for the account `local`,
its secrets: see `printroom.pipelines.shelf`.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import Connection

from printroom.accounts.audit import note
from printroom.accounts.principal import Principal
from printroom.api.access import Who
from printroom.api.accounts.told import actor
from printroom.api.pipelines import schemas
from printroom.api.pipelines.checking import checked, spec_of
from printroom.api.pipelines.endpoint import CHECK, PREFIX
from printroom.api.pipelines.routes import Name, Owner
from printroom.api.pipelines.told import page
from printroom.api.runs.documents import refusals
from printroom.api.service import Service
from printroom.core.errors import BadOption
from printroom.pipelines.reading import Unreadable
from printroom.pipelines.store import Witness

AliasName = Annotated[str, Path(max_length=64, pattern=r"^[a-z][a-z0-9-]*$", examples=["live"])]


def routes(service: Service) -> APIRouter:
    """The routes, over the pipelines of `service`."""
    router = APIRouter(tags=["pipelines"])
    _checking(router, service)
    _publishing(router, service)
    _aliases(router, service)
    return router


def _checking(router: APIRouter, service: Service) -> None:
    @router.post(
        CHECK,
        summary="Check a pipeline",
        operation_id="checkPipeline",
        response_model=schemas.Checked,
    )
    def check(wanted: schemas.Written, who: Who) -> dict[str, Any]:
        """What is wrong with it, each fault with its place, and what is known of it all the same.

        Nothing is kept, and a pipeline with faults is no error.
        """
        who.need("pipelines:read")
        return checked(service.workshop.shelf, who.account, wanted.yaml, wanted.pipeline)


def _publishing(router: APIRouter, service: Service) -> None:
    @router.post(
        PREFIX.rstrip("/"),
        summary="Publish a pipeline",
        operation_id="publishPipeline",
        status_code=201,
        responses={
            200: {"model": schemas.Pipeline, "description": "The content is a version already."},
            201: {"model": schemas.Pipeline},
            **refusals(bad_pipeline=422),
        },
    )
    def publish(wanted: schemas.Publication, who: Who, request: Request) -> Response:
        """As the next version of its name, of your account. A version never changes; the same
        content is the same version.
        """
        who.need("pipelines:write")
        try:
            spec = spec_of(wanted.yaml, wanted.pipeline)
        except Unreadable as error:
            raise error.told("the pipeline") from None
        shelf = service.workshop.shelf
        by, witness = who.user or who.key, witnessed(service, who, request, "published")
        found = shelf.accept(spec, who.account, by, witness)
        if wanted.alias is not None and found.version is not None:
            moved = witnessed(service, who, request, "alias_moved", version=found.version)
            shelf.store.alias(spec.name, wanted.alias, found.version, who.account, moved)
        told = page(service.workshop, found, shelf.ready(found), whole=True)
        return JSONResponse(told, 201 if found.fresh else 200, {"location": told["url"]})


def _aliases(router: APIRouter, service: Service) -> None:
    place = PREFIX + "{owner}/{name}/aliases/{alias}"
    store = service.workshop.pipelines

    @router.put(
        place,
        summary="Move an alias",
        operation_id="movePipelineAlias",
        response_model=schemas.AliasNow,
        responses=refusals(not_found=404),
    )
    def move(
        owner: Owner,
        name: Name,
        alias: AliasName,
        wanted: schemas.AliasTarget,
        who: Who,
        request: Request,
    ) -> dict[str, Any]:
        """Let `name@alias` mean that version from now on, at once and everywhere."""
        who.need("pipelines:write")
        witness = witnessed(service, who, request, "alias_moved", version=wanted.version)
        store.alias(_plain(owner, name), alias, wanted.version, who.account, witness)
        return {"alias": alias, "version": wanted.version}

    @router.delete(
        place,
        summary="Take an alias away",
        operation_id="removePipelineAlias",
        status_code=204,
        responses=refusals(not_found=404),
    )
    def remove(owner: Owner, name: Name, alias: AliasName, who: Who, request: Request) -> None:
        """The versions stay."""
        who.need("pipelines:write")
        witness = witnessed(service, who, request, "alias_removed")
        store.unalias(_plain(owner, name), alias, who.account, witness)


def witnessed(
    service: Service, who: Principal, request: Request, what: str, **details: Any
) -> Witness:
    """What enters it into the audit log, with the change itself."""
    now, me = service.door.accounts.database.clock(), actor(who, request)

    def enter(connection: Connection, name: str) -> None:
        note(connection, now, me, f"pipeline.{what}", name, **details)

    return enter


def _plain(owner: str, name: str) -> str:
    if "@" in name:
        raise BadOption("an alias is of all versions", "leave out the one you name")
    return f"{owner}/{name}"
