"""`POST /v1/quotes`: what a run would take, before it is run.

target, inputs -> Quote         whatever asking for the run would raise

Of pictures that are files of the account, or came with the request, the size is known; for others
a photo of 12 megapixels is planned for, and the quote says that it is not exact.
"""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from printroom.api.access import Who
from printroom.api.runs import schemas
from printroom.api.runs.desk import Desk
from printroom.api.runs.documents import refusals
from printroom.runs.quotes import quote


def routes(desk: Desk) -> APIRouter:
    """The route, over the pipelines and prices of `desk`."""
    router = APIRouter(tags=["quotes"])

    @router.post(
        "/v1/quotes",
        summary="What a run would take",
        operation_id="createQuote",
        responses={
            200: {"model": schemas.Quote},
            **refusals(
                not_found=404, bad_pipeline=422, needs_memory=413, no_access=403, no_quote=422
            ),
        },
    )
    async def create(who: Who, body: schemas.QuoteCreate) -> Response:
        """Nothing is queued, and nothing is counted."""
        who.need("runs:read")
        if body.pipeline is not None:
            who.need("pipelines:read")
        found = await desk.ask(
            lambda: quote(desk.runs, who.account, body.target or "", body.input, body.pipeline)
        )
        return JSONResponse(found)

    return router
