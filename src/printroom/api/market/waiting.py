"""Payments by hand, over HTTP.

GET /v1/payments/waiting     -> page of Payments, for who owns the installation
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from printroom.api.access import Who
from printroom.api.market import schemas, told
from printroom.api.market.listings import place
from printroom.api.runs.desk import Desk
from printroom.api.runs.documents import MOST, After, Most, page
from printroom.marketplace.waiting import waiting


def routes(desk: Desk) -> APIRouter:
    """The route, over the market of `desk`; a plain function, since it waits for the database."""
    router = APIRouter()
    workshop = desk.service.workshop

    @router.get(
        "/v1/payments/waiting",
        summary="Payments to be made by hand",
        operation_id="listWaitingPayments",
        response_model=schemas.Payments,
    )
    def listed(who: Who, after: After = None, limit: Most = MOST) -> dict[str, Any]:
        """Of all accounts, the oldest first; for who owns the installation."""
        who.need("admin")
        found = workshop.market.look(waiting, place(after), limit)
        data = workshop.market.look(told.payments_json, found)
        return page(data, limit, f"{found[-1].at!r}_{found[-1].id}" if found else None)

    return router
