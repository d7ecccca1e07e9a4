"""Buying, over HTTP.

GET, POST /v1/orders         POST /v1/orders/{id}/refund, /v1/runs/{id}/refund
GET /v1/subscriptions        POST /v1/subscriptions/{id}/cancel, /resume, /switch, /revoke
GET, POST /v1/coupons        DELETE /v1/coupons/{code}, POST /v1/coupons/redeem
"""

from __future__ import annotations

import secrets
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request

from printroom.api.access import Who
from printroom.api.accounts.told import actor, page
from printroom.api.market import bodies, schemas, told
from printroom.api.runs.desk import Desk
from printroom.api.runs.documents import MOST, After, Id, Most, refusals
from printroom.api.runs.routes import Key, once
from printroom.marketplace import coupons, entitlements, orders, refunds, subscriptions
from printroom.marketplace.coupons import Coupon
from printroom.marketplace.entitlements import Entitlement
from printroom.marketplace.market import Market
from printroom.marketplace.orders import Order, Wanted
from printroom.marketplace.prices import WHOLE

_GONE = refusals(not_found=404)
_BACK = refusals(not_found=404, wrong_state=409, idempotency_key_reused=422)
_BUY = refusals(
    not_found=404,
    already_exists=409,
    terms_changed=409,
    insufficient_credits=402,
    no_access=403,
    idempotency_key_reused=422,
)


def routes(desk: Desk) -> APIRouter:
    """The routes, over the market of `desk`; plain functions, since they wait for the database."""
    router = APIRouter(tags=["market"])
    _orders(router, desk)
    _subscriptions(router, desk)
    _coupons(router, desk)
    return router


def _orders(router: APIRouter, desk: Desk) -> None:
    workshop = desk.service.workshop

    @router.post(
        "/v1/orders",
        summary="Buy",
        operation_id="createOrder",
        status_code=201,
        response_model=schemas.Order,
        responses=_BUY,
    )
    def create(who: Who, wanted: bodies.NewOrder, key: Key = None) -> dict[str, Any]:
        """Pay from the wallet. Charged is the offer that you saw, or nothing."""
        who.need("market:write")
        order = Wanted(
            who.account, wanted.listing, wanted.kind, wanted.offer, wanted.coupon, once(key)
        )
        market = workshop.market
        return _titled(market, market.do(orders.buy, market.rules, order))

    @router.get(
        "/v1/orders", summary="Orders", operation_id="listOrders", response_model=schemas.Orders
    )
    def listed(who: Who, after: After = None, limit: Most = MOST) -> dict[str, Any]:
        """Your account's, the newest first."""
        who.need("market:read")
        found = workshop.market.look(orders.of_account, who.account, after, limit)
        return page(workshop.market.look(told.titled, found), limit)

    @router.post(
        "/v1/orders/{id}/refund",
        summary="Refund an order",
        operation_id="refundOrder",
        response_model=schemas.Order,
        responses=_BACK,
    )
    def refund(
        who: Who,
        id: Id,  # noqa: A002
        wanted: bodies.Refunding,
        request: Request,
        key: Key = None,
    ) -> dict[str, Any]:
        """Of what you sold; for who owns the installation, of anything. Then its right ends.

        The same key gives it back once, and is answered how things are.
        """
        who.need("market:write")
        me, any_, name = actor(who, request), who.may("admin"), _occasion(key)
        market = workshop.market
        back = market.do(refunds.refund_order, me, id, wanted.credits, name, any_=any_)
        return _titled(market, back)

    @router.post(
        "/v1/runs/{id}/refund",
        summary="Refund a run",
        operation_id="refundRun",
        response_model=schemas.Refunded,
        responses=_BACK,
    )
    def refund_run(
        who: Who,
        id: Id,  # noqa: A002
        wanted: bodies.Refunding,
        request: Request,
        key: Key = None,
    ) -> dict[str, Any]:
        """Of what you sold; for who owns the installation, of anything. A key: as of an order."""
        who.need("market:write")
        me, any_, name = actor(who, request), who.may("admin"), _occasion(key)
        back = workshop.market.do(refunds.refund_run, me, id, wanted.credits, name, any_=any_)
        return {"run": id, "refunded": back}


def _subscriptions(router: APIRouter, desk: Desk) -> None:
    workshop = desk.service.workshop
    wrong = refusals(not_found=404, wrong_state=409)

    @router.get(
        "/v1/subscriptions",
        summary="Subscriptions",
        operation_id="listSubscriptions",
        response_model=schemas.Subscriptions,
    )
    def listed(who: Who, after: After = None, limit: Most = MOST) -> dict[str, Any]:
        """Your account's, the newest first."""
        who.need("market:read")
        found = workshop.market.look(entitlements.of_account, who.account, after, limit)
        return page(workshop.market.look(told.titled, found), limit)

    @router.post(
        "/v1/subscriptions/{id}/cancel",
        summary="Cancel a subscription",
        operation_id="cancelSubscription",
        response_model=schemas.Subscription,
        responses=wrong,
    )
    def cancel(who: Who, id: Id, wanted: bodies.Cancelling, request: Request) -> dict[str, Any]:  # noqa: A002
        """At the end of its month; or at once, and what is left of it comes back."""
        who.need("market:write")
        me = actor(who, request)
        market = workshop.market
        return _titled(market, market.do(subscriptions.cancel, me, id, at_once=wanted.at_once))

    @router.post(
        "/v1/subscriptions/{id}/resume",
        summary="Go on with a subscription",
        operation_id="resumeSubscription",
        response_model=schemas.Subscription,
        responses=wrong,
    )
    def resume(who: Who, id: Id, request: Request) -> dict[str, Any]:  # noqa: A002
        """Take a cancellation back, while the month lasts."""
        who.need("market:write")
        market = workshop.market
        return _titled(market, market.do(subscriptions.resume, actor(who, request), id))

    @router.post(
        "/v1/subscriptions/{id}/switch",
        summary="Switch to the offer of today",
        operation_id="switchSubscription",
        response_model=schemas.Subscription,
        responses=_BUY | wrong,
    )
    def switch(who: Who, id: Id, request: Request) -> dict[str, Any]:  # noqa: A002
        """What is left of this month comes back, and a new one begins."""
        who.need("market:write")
        market = workshop.market
        me = actor(who, request)
        return _titled(market, market.do(subscriptions.switch, market.rules, me, id))

    @router.post(
        "/v1/subscriptions/{id}/revoke",
        summary="Revoke a subscription",
        operation_id="revokeSubscription",
        response_model=schemas.Subscription,
        responses=wrong,
    )
    def revoke(who: Who, id: Id, request: Request) -> dict[str, Any]:  # noqa: A002
        """Of what you sell: no new run begins from this moment on. Refund its order apart."""
        who.need("market:write")
        me, any_ = actor(who, request), who.may("admin")
        market = workshop.market
        return _titled(market, market.do(subscriptions.revoke, me, id, any_=any_))


def _coupons(router: APIRouter, desk: Desk) -> None:
    workshop = desk.service.workshop

    @router.get(
        "/v1/coupons", summary="Coupons", operation_id="listCoupons", response_model=schemas.Coupons
    )
    def listed(who: Who) -> dict[str, Any]:
        """That you made, as a seller; for who owns the installation, with its own."""
        who.need("market:read")
        found = workshop.market.look(coupons.of_owner, who.account, house=who.may("admin"))
        return {"data": [_coupon_json(one) for one in found]}

    @router.post(
        "/v1/coupons",
        summary="Make a coupon",
        operation_id="createCoupon",
        status_code=201,
        response_model=schemas.Coupon,
        responses=refusals(already_exists=409),
    )
    def create(who: Who, wanted: bodies.NewCoupon, request: Request) -> dict[str, Any]:
        """Something `off` what you sell; or `credits`, for who owns the installation."""
        who.need("admin" if wanted.credits else "market:write")
        made = Coupon(
            wanted.code,
            None if wanted.credits else who.account,
            wanted.listing,
            round(wanted.off * WHOLE),
            wanted.credits,
            wanted.most,
            0,
            wanted.until,
            workshop.market.database.clock(),
        )
        return _coupon_json(workshop.market.do(coupons.make, actor(who, request), made))

    @router.delete(
        "/v1/coupons/{code}",
        summary="End a coupon",
        operation_id="endCoupon",
        status_code=204,
        responses=_GONE,
    )
    def end(who: Who, code: Id, request: Request) -> None:
        """It is worth nothing from now on."""
        who.need("market:write")
        workshop.market.do(coupons.end, actor(who, request), code, house=who.may("admin"))

    @router.post(
        "/v1/coupons/redeem",
        summary="Redeem a coupon",
        operation_id="redeemCoupon",
        response_model=schemas.Redeemed,
        responses=refusals(no_access=403),
    )
    def redeem(who: Who, wanted: bodies.Code) -> dict[str, Any]:
        """One of the installation's puts credits into your wallet."""
        who.need("market:write")
        return {"credits": workshop.market.do(coupons.redeem, who.account, wanted.code)}


def _occasion(key: str | None) -> str:
    """What a refund is known by: made here, before its transaction may be tried again, where the
    client names nothing. Raises BadOption.
    """
    return once(key) or f"once_{secrets.token_hex(12)}"


def _titled(market: Market, one: Order | Entitlement) -> dict[str, Any]:
    """With the title of what it is for."""
    found: dict[str, Any] = market.look(told.titled, [one])[0]
    return found


def _coupon_json(coupon: Coupon) -> dict[str, Any]:
    return asdict(coupon) | {"off": coupon.off / WHOLE}
