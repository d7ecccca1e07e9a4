"""Reports of abuse, over HTTP.

POST /v1/reports                       -> 201 Report     not_found already_exists
GET  /v1/reports                       -> page of Reports, for who owns the installation
POST /v1/reports/{id}/decide           -> Report         wrong_state; likewise
POST /v1/reports/{id}/appeal           -> Report         by the seller, once
GET  /v1/listings/{id}/reports         -> Reports of one's own listing
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request

from printroom.api.access import Who
from printroom.api.accounts.told import actor, page
from printroom.api.market import bodies, schemas
from printroom.api.runs.desk import Desk
from printroom.api.runs.documents import MOST, After, Id, Most, refusals
from printroom.marketplace import listings, reports

_WRONG = refusals(not_found=404, wrong_state=409)


def routes(desk: Desk) -> APIRouter:
    """The routes, over the market of `desk`; plain functions, since they wait for the database."""
    router = APIRouter(tags=["market"])
    workshop = desk.service.workshop

    @router.post(
        "/v1/reports",
        summary="Report a listing",
        operation_id="createReport",
        status_code=201,
        response_model=schemas.Report,
        responses=refusals(not_found=404, already_exists=409),
    )
    def create(who: Who, wanted: bodies.NewReport, request: Request) -> dict[str, Any]:
        """Say what is wrong with it."""
        who.need("market:read")
        me = actor(who, request)
        made = workshop.market.do(reports.report, me, wanted.listing, wanted.reason, wanted.text)
        return asdict(made)

    @router.get(
        "/v1/reports", summary="Reports", operation_id="listReports", response_model=schemas.Reports
    )
    def queue(who: Who, after: After = None, limit: Most = MOST) -> dict[str, Any]:
        """What has to be decided, the oldest first; for who owns the installation."""
        who.need("admin")
        found = workshop.market.look(reports.queue, after, limit)
        return page([asdict(one) for one in found], limit)

    @router.post(
        "/v1/reports/{id}/decide",
        summary="Decide on a report",
        operation_id="decideReport",
        response_model=schemas.Report,
        responses=_WRONG,
    )
    def decide(who: Who, id: Id, wanted: bodies.Decision, request: Request) -> dict[str, Any]:  # noqa: A002
        """Take the listing down, or not; of an appeal, leave it down, or not."""
        who.need("admin")
        me = actor(who, request)
        found = workshop.market.do(
            reports.decide, me, id, take_down=wanted.take_down, why=wanted.why
        )
        return asdict(found)

    @router.post(
        "/v1/reports/{id}/appeal",
        summary="Appeal",
        operation_id="appealReport",
        response_model=schemas.Report,
        responses=_WRONG,
    )
    def appeal(who: Who, id: Id, wanted: bodies.Appeal, request: Request) -> dict[str, Any]:  # noqa: A002
        """Ask for another look at a listing of yours that was taken down; once."""
        who.need("market:write")
        found = workshop.market.do(reports.appeal, actor(who, request), id, wanted.text)
        return asdict(found)

    @router.get(
        "/v1/listings/{id}/reports",
        summary="Reports of your listing",
        operation_id="listListingReports",
        response_model=schemas.Reports,
        responses=refusals(not_found=404),
    )
    def mine(who: Who, id: Id) -> dict[str, Any]:  # noqa: A002
        """What was reported of it, without saying by whom."""
        who.need("market:read")
        workshop.market.look(_own, who.account, id, any_=who.may("admin"))
        found = workshop.market.look(reports.of_listing, id)
        return {"data": [asdict(one) for one in found], "next": None}

    return router


def _own(connection: Any, _now: float, account: str, name: str, *, any_: bool) -> None:
    if listings.get(connection, name).owner != account and not any_:
        raise listings.missing(name)
