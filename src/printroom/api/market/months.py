"""What a month was, over HTTP: as JSON, as a table, and as a page to print.

GET /v1/wallet/statements/{month}[.csv, .html]     what came and went
GET /v1/wallet/earnings/{month}[.csv, .html]       what brought how much
                                                   bad_option: a month that has not begun
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from starlette.responses import HTMLResponse, PlainTextResponse

from printroom.accounts.principal import Principal
from printroom.api.access import Who
from printroom.api.market import schemas
from printroom.api.runs.desk import Desk
from printroom.marketplace.earnings import Earned, Earnings, earnings
from printroom.marketplace.pages import earnings_page, statement_page
from printroom.marketplace.statements import Statement, statement

Month = Annotated[str, Path(pattern=r"^20\d\d-(0[1-9]|1[0-2])$", examples=["2026-11"])]
_TABLE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}}
}
_PAGE = {
    "cache-control": "private, no-store",
    "content-security-policy": "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
"""Beside the policy that stands in the page itself, and lets in its own style alone."""


def routes(desk: Desk) -> APIRouter:
    """The routes, over the books of `desk`; plain functions, since they wait for the database."""
    router = APIRouter(tags=["market"])
    _statements(router, desk)
    _earnings(router, desk)
    return router


def _statements(router: APIRouter, desk: Desk) -> None:
    workshop = desk.service.workshop

    def told(who: Principal, month: str) -> Statement:
        who.need("market:read")
        return workshop.market.look(statement, who.account, month)

    @router.get(
        "/v1/wallet/statements/{month}.csv",
        summary="Statement as CSV",
        operation_id="getStatementCsv",
        response_class=PlainTextResponse,
        responses=_TABLE,
    )
    def table(who: Who, month: Month) -> Response:
        """The same, a row for each move."""
        return _table(f"printroom-{month}.csv", told(who, month).csv())

    @router.get(
        "/v1/wallet/statements/{month}.html",
        summary="Statement as a page",
        operation_id="getStatementPage",
        response_class=HTMLResponse,
    )
    def page(who: Who, month: Month) -> Response:
        """To read and to print; it fetches nothing."""
        return _page(desk, who, statement_page, told(who, month))

    @router.get(
        "/v1/wallet/statements/{month}",
        summary="Statement",
        operation_id="getStatement",
        response_model=schemas.Statement,
    )
    def month(who: Who, month: Month) -> dict[str, Any]:
        """What came and went in a month (UTC)."""
        return asdict(told(who, month))


def _earnings(router: APIRouter, desk: Desk) -> None:
    workshop = desk.service.workshop

    def told(who: Principal, month: str) -> Earnings:
        who.need("market:read")
        return workshop.market.look(earnings, who.account, month)

    @router.get(
        "/v1/wallet/earnings/{month}.csv",
        summary="Earnings as CSV",
        operation_id="getEarningsCsv",
        response_class=PlainTextResponse,
        responses=_TABLE,
    )
    def table(who: Who, month: Month) -> Response:
        """The same, a row for each listing and way in which it was sold."""
        return _table(f"printroom-earnings-{month}.csv", told(who, month).csv())

    @router.get(
        "/v1/wallet/earnings/{month}.html",
        summary="Earnings as a page",
        operation_id="getEarningsPage",
        response_class=HTMLResponse,
    )
    def page(who: Who, month: Month) -> Response:
        """To read and to print; it fetches nothing."""
        return _page(desk, who, earnings_page, told(who, month))

    @router.get(
        "/v1/wallet/earnings/{month}",
        summary="Earnings",
        operation_id="getEarnings",
        response_model=schemas.Earnings,
    )
    def month(who: Who, month: Month) -> dict[str, Any]:
        """What you sold in a month (UTC), your part of it, and what went back."""
        found = told(who, month)
        data, whole = [_earned(one) for one in found.rows], _earned(found.total)
        total = {name: whole[name] for name in ("count", "earned", "refunded", "net")}
        return {"month": found.month, "data": data, "total": total}


def _earned(one: Earned) -> dict[str, Any]:
    return asdict(one) | {"net": one.net}


def _table(name: str, text: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


def _page(
    desk: Desk, who: Principal, made: Callable[[Any, str, str], str], found: Statement | Earnings
) -> Response:
    workshop = desk.service.workshop
    handle = workshop.accounts.handle(who.account)
    return HTMLResponse(made(found, handle, workshop.market.rules.currency), headers=_PAGE)
