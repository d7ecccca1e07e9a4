"""Who asks, for routes: `def route(who: Who): who.need("runs:read")`.

A route that takes `Who` sees nobody who may touch only what is their own; one that takes `Anyone`
does, and has to heed `who.end_user`, `who.need_target(...)` and `who.prefix`.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from printroom.accounts.principal import Principal
from printroom.api.accounts.door import Visit, limited_only
from printroom.api.accounts.guard import VISIT


async def visit(request: Request) -> Visit:
    """The visit of a request, which has passed the guard."""
    found: Visit = request.scope[VISIT]
    return found


async def anyone(request: Request) -> Principal:
    """Whoever sent the request."""
    return (await visit(request)).principal


async def principal(request: Request) -> Principal:
    """Whoever sent the request, for routes over all that an account has. Raises NotAllowed."""
    found = await anyone(request)
    limited_only(found)
    return found


Who = Annotated[Principal, Depends(principal)]
Anyone = Annotated[Principal, Depends(anyone)]
