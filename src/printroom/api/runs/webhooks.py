"""`/v1/webhooks`: addresses that are told when runs are over, and what they were told.

POST /v1/webhooks                                  -> 201 WebhookMade, with its secret
GET  /v1/webhooks, /v1/webhooks/{id}               -> Webhooks
PATCH, DELETE /v1/webhooks/{id}                    -> Webhook, 204
GET  /v1/webhooks/secret                           -> of addresses that runs name themselves
GET  /v1/webhooks/{id}/deliveries                  -> page of Deliveries
POST /v1/webhooks/{id}/deliveries/{id}/replay      -> 202 Delivery
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from printroom.api.access import Who
from printroom.api.runs import schemas
from printroom.api.runs.desk import Desk
from printroom.api.runs.documents import MOST, After, Id, Most, page, refusals
from printroom.jobs.model import Job, State
from printroom.runs.view import moment
from printroom.runs.webhooks import Webhook

_STATUS: Mapping[State, str] = {
    "delayed": "waiting",
    "queued": "waiting",
    "running": "waiting",
    "done": "delivered",
    "dead": "failed",
    "cancelled": "cancelled",
}


def routes(desk: Desk) -> APIRouter:
    """The routes, over the webhooks of `desk`."""
    router = APIRouter(tags=["webhooks"])
    _addresses(router, desk)
    _one(router, desk)
    _deliveries(router, desk)
    return router


def _addresses(router: APIRouter, desk: Desk) -> None:
    @router.post(
        "/v1/webhooks",
        summary="Tell an address",
        operation_id="createWebhook",
        status_code=201,
        responses={201: {"model": schemas.WebhookMade}, **refusals(address_refused=422)},
    )
    async def create(who: Who, body: schemas.WebhookCreate) -> Response:
        """Its secret is in the answer, and never shown again."""
        who.need("runs:write")
        made = await desk.ask(
            lambda: desk.webhooks.add(who.account, body.url, body.events, body.description)
        )
        return JSONResponse(_json(made) | {"secret": made.secret}, 201)

    @router.get(
        "/v1/webhooks",
        summary="Webhooks",
        operation_id="listWebhooks",
        responses={200: {"model": schemas.Webhooks}, **refusals()},
    )
    async def webhooks(who: Who) -> Response:
        """All of the account, the oldest first."""
        who.need("runs:read")
        found = await desk.ask(lambda: desk.webhooks.list(who.account))
        return JSONResponse({"data": [_json(one) for one in found]})

    @router.get(
        "/v1/webhooks/secret",
        summary="The account's secret",
        operation_id="getWebhookSecret",
        responses={200: {"model": schemas.WebhookSecret}, **refusals()},
    )
    async def secret(who: Who) -> Response:
        """What messages to addresses that runs name themselves are signed with."""
        who.need("runs:write")
        found = await desk.ask(lambda: desk.webhooks.secret(who.account))
        return JSONResponse({"secret": found}, headers={"cache-control": "no-store"})


def _one(router: APIRouter, desk: Desk) -> None:
    @router.get(
        "/v1/webhooks/{id}",
        summary="A webhook",
        operation_id="getWebhook",
        responses={200: {"model": schemas.Webhook}, **refusals(not_found=404)},
    )
    async def webhook(who: Who, id: Id) -> Response:  # noqa: A002
        """Without its secret."""
        who.need("runs:read")
        return JSONResponse(_json(await desk.ask(lambda: desk.webhooks.get(who.account, id))))

    @router.patch(
        "/v1/webhooks/{id}",
        summary="Switch a webhook on or off",
        operation_id="changeWebhook",
        responses={200: {"model": schemas.Webhook}, **refusals(not_found=404)},
    )
    async def change(who: Who, id: Id, body: schemas.WebhookChange) -> Response:  # noqa: A002
        """One that answers 410 is switched off by itself."""
        who.need("runs:write")
        changed = await desk.ask(
            lambda: desk.webhooks.change(who.account, id, enabled=body.enabled)
        )
        return JSONResponse(_json(changed))

    @router.delete(
        "/v1/webhooks/{id}",
        summary="Tell an address no more",
        operation_id="deleteWebhook",
        status_code=204,
        responses=refusals(not_found=404),
    )
    async def delete(who: Who, id: Id) -> Response:  # noqa: A002
        """What was not delivered yet is not delivered any more."""
        who.need("runs:write")
        await desk.ask(lambda: desk.webhooks.delete(who.account, id))
        return Response(status_code=204)


def _deliveries(router: APIRouter, desk: Desk) -> None:
    @router.get(
        "/v1/webhooks/{id}/deliveries",
        summary="What a webhook was told",
        operation_id="listDeliveries",
        responses={200: {"model": schemas.Deliveries}, **refusals(not_found=404)},
    )
    async def deliveries(
        who: Who,
        id: Id,  # noqa: A002
        after: After = None,
        limit: Most = MOST,
    ) -> Response:
        """The newest first."""
        who.need("runs:read")
        jobs = await desk.ask(
            lambda: desk.webhooks.deliveries(who.account, id, before=after, most=limit)
        )
        last = jobs[-1].id if jobs else None
        return JSONResponse(page([_delivery(job) for job in jobs], limit, last))

    @router.post(
        "/v1/webhooks/{id}/deliveries/{delivery}/replay",
        summary="Tell it again",
        operation_id="replayDelivery",
        status_code=202,
        responses={202: {"model": schemas.Delivery}, **refusals(not_found=404)},
    )
    async def replay(who: Who, id: Id, delivery: Id) -> Response:  # noqa: A002
        """The same message, under the same `webhook-id`."""
        who.need("runs:write")
        job = await desk.ask(lambda: desk.webhooks.replay(who.account, id, delivery))
        return JSONResponse(_delivery(job), 202)


def _json(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "events": list(webhook.events),
        "description": webhook.description,
        "enabled": webhook.enabled,
        "created_at": moment(webhook.created_at),
    }


def _delivery(job: Job) -> dict[str, Any]:
    failed = job.error_code is not None and job.state != "done"
    return {
        "id": job.id,
        "message": job.payload["message"],
        "type": job.payload["type"],
        "run": job.payload.get("run"),
        "batch": job.payload.get("batch"),
        "status": _STATUS[job.state],
        "attempts": job.attempt,
        "error": {"code": job.error_code, "message": job.error} if failed else None,
        "created_at": moment(job.created_at),
        "finished_at": moment(job.finished_at),
    }
