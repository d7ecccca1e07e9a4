"""Closing an account, over HTTP.

GET    /v1/account/closing     -> what stands in the way, and what would be given up
DELETE /v1/account             -> 204       wrong_state: says all that stands in the way
                                            not_allowed: an owner does it, signed in
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from printroom.api.access import Who
from printroom.api.accounts.told import actor
from printroom.api.market import schemas
from printroom.api.runs.desk import Desk
from printroom.api.runs.documents import refusals
from printroom.marketplace import closing

Forfeit = Annotated[
    bool,
    Query(description="Whether the credits that it has are given up; else they are in the way."),
]


def routes(desk: Desk) -> APIRouter:
    """The routes, over the market of `desk`; plain functions, since they wait for the database."""
    router = APIRouter(tags=["account"])
    workshop, door = desk.service.workshop, desk.service.door

    @router.get(
        "/v1/account/closing",
        summary="How your account would be closed",
        operation_id="getClosing",
        response_model=schemas.Closing,
    )
    def standing(who: Who) -> dict[str, Any]:
        """What stands in the way, and what would be given up."""
        who.need("account")
        desk.runs  # noqa: B018  its tables are there
        return asdict(workshop.market.look(closing.standing, who.account))

    @router.delete(
        "/v1/account",
        summary="Close your account",
        operation_id="closeAccount",
        status_code=204,
        responses=refusals(wrong_state=409),
    )
    def close(who: Who, request: Request, forfeit: Forfeit = False) -> None:
        """For good, with all that it has: by one of its owners, signed in."""
        who.need("account")
        desk.runs  # noqa: B018  its tables are there
        people, _ = workshop.people, workshop.collections  # whose tables are there
        me = actor(who, request)
        workshop.market.do(closing.closed, me, forfeit=forfeit)
        people.tidy()
        workshop.owned.forget()
        door.forget()

    return router
