"""What was used, over HTTP.

GET /v1/usage?from=2026-11-01&to=2026-11-30&by=day&by=target -> sums
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BeforeValidator

from printroom.accounts import metering
from printroom.accounts.metering import Usage
from printroom.accounts.quotas import THOUSANDTHS
from printroom.api.access import Who
from printroom.api.accounts import schemas
from printroom.api.service import Service
from printroom.core.errors import BadOption

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOST = 400
"""Days of one answer."""


def _written(text: Any) -> Any:
    """A day as 2026-11-26, and not as seconds of the epoch, which pydantic takes as well."""
    if not isinstance(text, str) or not _DAY.fullmatch(text):
        raise ValueError("write a day as 2026-11-26")
    return text


Day = Annotated[date, BeforeValidator(_written)]


def routes(service: Service) -> APIRouter:
    """The routes, over the book of `service`."""
    door = service.door
    router = APIRouter(prefix="/v1/usage", tags=["account"])

    @router.get(
        "",
        summary="Usage",
        operation_id="getUsage",
        response_model=schemas.Usage,
        response_model_exclude_unset=True,
    )
    def usage(
        who: Who,
        first: Annotated[Day | None, Query(alias="from", description="30 days ago.")] = None,
        to: Annotated[Day | None, Query(description="Today, UTC.")] = None,
        by: Annotated[list[Literal["day", "key", "target", "end_user"]] | None, Query()] = None,
    ) -> dict[str, Any]:
        """What succeeded: runs, pictures, megapixels of results, seconds, units; of some seconds
        ago. `by` keeps apart days, keys, targets, end users; without it there are only days.
        """
        who.need("usage:read")
        last = to or datetime.now(UTC).date()
        begin = first or last - timedelta(days=29)
        if not 0 <= (last - begin).days < _MOST:
            raise BadOption("the days do not go together", f"take up to {_MOST}, in order")
        groups = by or ["day"]
        found = door.accounts.look(
            metering.usage, who.account, begin.isoformat(), last.isoformat(), groups
        )
        return {
            "from": begin.isoformat(),
            "to": last.isoformat(),
            "data": [shown(one) for one in found],
        }

    return router


def shown(usage: Usage) -> dict[str, Any]:
    """Sums as clients see them."""
    apart = {name: getattr(usage, name) for name in metering.GROUPS}
    return {name: value for name, value in apart.items() if value is not None} | {
        "runs": usage.runs,
        "pictures": usage.pictures,
        "megapixels": usage.pixels / 10**6,
        "seconds": usage.milliseconds / 1000,
        "units": usage.cost / THOUSANDTHS,
    }
