"""Limits, and how much of them is left, over HTTP.

GET /v1/quotas                  -> your account's, with what was spent
PUT /v1/quotas/{account}        -> another account's, by who owns the installation
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field

from printroom.accounts import metering, people, quotas
from printroom.accounts.quotas import THOUSANDTHS, Quota
from printroom.api.access import Who
from printroom.api.accounts import schemas
from printroom.api.accounts.told import Taken, actor
from printroom.api.runs.documents import refusals
from printroom.api.service import Service
from printroom.jobs.limits import Limit


class Limits(Taken):
    """Limits; null = none of that kind."""

    rate: Annotated[float | None, Field(ge=1e-6, le=1e6, examples=[10])] = None
    """Requests a second in the long run."""
    burst: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    """Requests at once after a quiet time."""
    running: Annotated[int | None, Field(ge=0, le=1_000_000)] = None
    """Requests, or runs, in progress at once."""
    daily: Annotated[float | None, Field(ge=0, le=1e12)] = None
    """Units a day (UTC)."""
    monthly: Annotated[float | None, Field(ge=0, le=1e12)] = None
    """Units a calendar month (UTC)."""

    def quota(self) -> Quota:
        """As the book has it."""
        return Quota(self.rate, self.burst, self.running, self.daily, self.monthly)


def routes(service: Service) -> APIRouter:
    """The routes, over the book of `service`."""
    door = service.door
    router = APIRouter(prefix="/v1/quotas", tags=["account"])

    @router.get(
        "",
        summary="Limits of your account",
        operation_id="getQuota",
        response_model=schemas.QuotaSpent,
    )
    def mine(who: Who) -> dict[str, Any]:
        """What your account may have, and the units it has spent this day and month."""
        who.need("usage:read")
        quota = door.accounts.look(quotas.fetched, [who.account]).get(who.account, quotas.NONE)
        spent = door.accounts.look(metering.spent, {who.account: "account"})[who.account]
        return vars(quota) | {
            "spent_today": spent.day / THOUSANDTHS,
            "spent_this_month": spent.month / THOUSANDTHS,
        }

    @router.put(
        "/{account}",
        summary="Limit an account",
        responses=refusals(not_found=404),
        operation_id="limitAccount",
        response_model=schemas.Quota,
    )
    def put(account: str, wanted: Limits, who: Who, request: Request) -> dict[str, Any]:
        """For who owns the installation. `running` and `rate` hold for queued runs as well."""
        who.need("admin")
        quota = wanted.quota()
        door.accounts.look(people.account, account)
        door.accounts.do(quotas.put, actor(who, request), account, quota)
        limit = Limit(quota.running, quota.rate, quota.burst)
        service.workshop.queue.set_limit(account, limit)
        door.forget()
        return vars(quota)

    return router
