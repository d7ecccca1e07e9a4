"""Who asks, for routes: `def route(who: Who): who.need("runs:read")`."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from printroom.accounts.principal import LOCAL, Principal


async def principal(_request: Request) -> Principal:
    """Whoever sent the request."""
    return LOCAL


Who = Annotated[Principal, Depends(principal)]
