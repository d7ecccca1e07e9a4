"""What routes about accounts have in common: bodies, pages of lists, actors."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict

from printroom.accounts.audit import Actor
from printroom.accounts.principal import Principal

Before = Annotated[str | None, Query(max_length=64, description="The `next` of the page before.")]
Most = Annotated[int, Query(ge=1, le=200, description="Entries of a page.")]


class Taken(BaseModel):
    """A body; members that nobody knows are refused, and so is what is of another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


def actor(who: Principal, request: Request) -> Actor:
    """Who does it, from where, for the audit log."""
    return Actor.of(who, request.client.host if request.client else "")


def page(rows: list[dict[str, Any]], most: int) -> dict[str, Any]:
    """A page of a list; `next` is null on the last."""
    return {"data": rows, "next": rows[-1]["id"] if len(rows) == most else None}
