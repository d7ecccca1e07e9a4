"""The wallet, and money in and out, over HTTP.

GET /v1/wallet
GET, POST /v1/wallet/topups  POST /v1/wallet/topups/{id}/confirm     for who owns the installation
GET, POST /v1/payouts        POST /v1/payouts/account, /v1/payouts/{id}/confirm
GET  /v1/payments/waiting    what is paid by hand
POST /v1/payments/notices    what the provider of payments tells
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request

from printroom.api.access import Who
from printroom.api.accounts.told import actor, page
from printroom.api.market import bodies, schemas, waiting
from printroom.api.proxied import base_of
from printroom.api.runs.desk import Desk
from printroom.api.runs.documents import MOST, After, Id, Most, refusals
from printroom.api.runs.routes import Key, once
from printroom.core.errors import BodyTooLarge
from printroom.marketplace import payouts, topups
from printroom.marketplace.ledger import reading
from printroom.marketplace.ledger.model import earned, payable, wallet
from printroom.marketplace.prices import WHOLE

_LONGEST = 256 * 1024
"""Bytes of a notice."""
_GONE = refusals(not_found=404)


def routes(desk: Desk) -> APIRouter:
    """The routes, over the market of `desk`; plain functions, since they wait for the database."""
    router = APIRouter(tags=["market"])
    _wallet(router, desk)
    _topups(router, desk)
    _payouts(router, desk)
    router.include_router(waiting.routes(desk))
    _notices(router, desk)
    return router


def _wallet(router: APIRouter, desk: Desk) -> None:
    workshop = desk.service.workshop

    @router.get(
        "/v1/wallet", summary="Wallet", operation_id="getWallet", response_model=schemas.Wallet
    )
    def balance(who: Who) -> dict[str, Any]:
        """What your account has."""
        who.need("market:read")
        rules = workshop.market.rules
        has = workshop.market.look(_has, who.account)
        return has | {"currency": rules.currency, "fee": rules.fee / WHOLE}


def _topups(router: APIRouter, desk: Desk) -> None:
    workshop = desk.service.workshop

    @router.post(
        "/v1/wallet/topups",
        summary="Buy credits",
        operation_id="createTopup",
        status_code=201,
        response_model=schemas.Topup,
        responses=refusals(payment_failed=502, idempotency_key_reused=422),
    )
    def create(
        who: Who, wanted: bodies.NewTopup, request: Request, key: Key = None
    ) -> dict[str, Any]:
        """The answer says where they are paid; they are in the wallet once they are."""
        who.need("market:write")
        back = _home(desk, request)
        return asdict(workshop.money.topped_up(who.account, wanted.credits, once(key), back))

    @router.get(
        "/v1/wallet/topups",
        summary="Bought credits",
        operation_id="listTopups",
        response_model=schemas.Topups,
    )
    def listed(who: Who, after: After = None, limit: Most = MOST) -> dict[str, Any]:
        """Your account's, the newest first."""
        who.need("market:read")
        found = workshop.market.look(topups.of_account, who.account, after, limit)
        return page([asdict(one) for one in found], limit)

    @router.post(
        "/v1/wallet/topups/{id}/confirm",
        summary="Confirm that credits were paid",
        operation_id="confirmTopup",
        response_model=schemas.Topup,
        responses=_GONE,
    )
    def confirm(who: Who, id: Id) -> dict[str, Any]:  # noqa: A002
        """By hand; for who owns the installation."""
        who.need("admin")
        return asdict(workshop.market.do(topups.paid, id))


def _payouts(router: APIRouter, desk: Desk) -> None:
    workshop = desk.service.workshop

    @router.post(
        "/v1/payouts/account",
        summary="Let yourself be paid",
        operation_id="enrolPayee",
        response_model=schemas.Enrolled,
        responses=refusals(payment_failed=502),
    )
    def enrol(who: Who, request: Request) -> dict[str, Any]:
        """The answer says where the provider of payments wants to know who you are."""
        who.need("market:write")
        return {"url": workshop.money.enrolled(who.account, _home(desk, request))}

    @router.post(
        "/v1/payouts",
        summary="Be paid",
        operation_id="createPayout",
        status_code=201,
        response_model=schemas.Payout,
        responses=refusals(not_found=404, idempotency_key_reused=422),
    )
    def create(
        who: Who, wanted: bodies.NewPayout, request: Request, key: Key = None
    ) -> dict[str, Any]:
        """Out of what you sold, once it has matured."""
        who.need("market:write")
        me = actor(who, request)
        return asdict(workshop.money.paid_out(me, wanted.credits, once(key)))

    @router.get(
        "/v1/payouts", summary="Payouts", operation_id="listPayouts", response_model=schemas.Payouts
    )
    def listed(who: Who, after: After = None, limit: Most = MOST) -> dict[str, Any]:
        """Your account's, the newest first."""
        who.need("market:read")
        found = workshop.market.look(payouts.of_account, who.account, after, limit)
        return page([asdict(one) for one in found], limit)

    @router.post(
        "/v1/payouts/{id}/confirm",
        summary="Confirm that a payout was made",
        operation_id="confirmPayout",
        response_model=schemas.Payout,
        responses=refusals(not_found=404, wrong_state=409),
    )
    def confirm(who: Who, id: Id) -> dict[str, Any]:  # noqa: A002
        """By hand; for who owns the installation."""
        who.need("admin")
        return asdict(workshop.market.do(payouts.sent, id, None))


def _notices(router: APIRouter, desk: Desk) -> None:
    workshop = desk.service.workshop

    @router.post(
        "/v1/payments/notices",
        summary="A notice of the provider of payments",
        operation_id="hearPayments",
        status_code=204,
        responses=refusals(body_too_large=413),
    )
    async def heard(request: Request) -> None:
        """Signed by the provider; what is not, or is late, is refused."""
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > _LONGEST:
                raise BodyTooLarge(f"a notice has at most {_LONGEST} bytes")
        signature = request.headers.get("stripe-signature", "")
        await asyncio.to_thread(lambda: workshop.money.heard(body, signature))


def _has(connection: Any, _now: float, account: str) -> dict[str, int]:
    mine = reading.balance(connection, wallet(account))
    return {
        "balance": mine.balance,
        "held": mine.held,
        "earned": reading.balance(connection, earned(account)).balance,
        "payable": reading.balance(connection, payable(account)).balance,
    }


def _home(desk: Desk, request: Request) -> str:
    """Where the buyer comes back to."""
    return base_of(request.scope, desk.service.workshop.settings.url)
