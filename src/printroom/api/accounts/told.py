"""What routes about accounts have in common: refusals in the document, pages of lists, actors."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict

from printroom.accounts.audit import Actor
from printroom.accounts.principal import Principal
from printroom.api.accounts.sent import COOKIE
from printroom.api.problems import MEDIA_TYPE

_PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
_ABOUT = {
    401: "Unauthorized: credentials_missing, credentials_malformed, credentials_unknown, "
    "credentials_expired, credentials_revoked",
    403: "Forbidden: not_allowed, cross_site",
    404: "Not Found: not_found",
    409: "Conflict: already_exists",
    422: "Unprocessable Entity: bad_option",
    429: "Too Many Requests: rate_limited",
    502: "Bad Gateway: provider_failed",
    503: "Service Unavailable: database_unavailable, overloaded",
}
Before = Annotated[str | None, Query(max_length=64, description="The `next` of the page before.")]
Most = Annotated[int, Query(ge=1, le=200, description="Entries of a page.")]


SCHEMES: dict[str, Any] = {
    "securitySchemes": {
        "bearer": {"type": "http", "scheme": "bearer", "description": "A key or a token."},
        "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": COOKIE,
            "description": "With `X-CSRF-Token` for whatever changes something.",
        },
    }
}
"""How requests say who sends them."""
SECURITY: list[dict[str, list[str]]] = [{"bearer": []}, {"key": []}, {"session": []}]


class Taken(BaseModel):
    """A body; members that nobody knows are refused."""

    model_config = ConfigDict(extra="forbid")


def refusals(*more: int) -> dict[int | str, dict[str, Any]]:
    """Answers that any route gives, and those of `more`."""
    statuses = sorted({401, 403, 422, 429, 503, *more})
    return {one: {"description": _ABOUT[one], "content": _PROBLEM} for one in statuses}


def actor(who: Principal, request: Request) -> Actor:
    """Who does it, from where, for the audit log."""
    return Actor.of(who, request.client.host if request.client else "")


def page(rows: list[dict[str, Any]], most: int) -> dict[str, Any]:
    """A page of a list; `next` is null on the last."""
    return {"data": rows, "next": rows[-1]["id"] if len(rows) == most else None}
