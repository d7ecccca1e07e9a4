"""`/v1/listings`: what is offered, and one's own offers.

GET   /v1/listings                         -> page of Listings, by words, tags, order
GET   /v1/listings/similar?file=...        -> Listings, by what their examples look like
GET   /v1/listings/{id}                    -> Listing            not_found
POST  /v1/listings                         -> 201 Listing        already_exists not_found
PATCH, DELETE /v1/listings/{id}            PUT /v1/listings/{id}/offer
POST  /v1/listings/{id}/publish, /withdraw                       wrong_state bad_option
GET   /v1/listings/{id}/sales              -> page of Sales, of one's own
GET   /v1/listings/{id}/reviews            PUT, DELETE /v1/listings/{id}/review      no_access
"""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request

from printroom.accounts.handles import account_of
from printroom.accounts.principal import Principal
from printroom.api.access import Who
from printroom.api.accounts.told import actor
from printroom.api.market import bodies, handing, schemas, told, trying
from printroom.api.runs.desk import Desk
from printroom.api.runs.documents import MOST, After, Id, Most, Plain, page, refusals
from printroom.core.errors import BadOption
from printroom.marketplace import listings, orders, reviews
from printroom.marketplace.market import Market
from printroom.marketplace.offering import Card, Terms
from printroom.marketplace.prices import WHOLE, Price
from printroom.marketplace.search import FURTHEST, Order, Wanted

Tag = Annotated[list[str], Query(max_length=12, description="All of them.")]
_GONE = refusals(not_found=404)
_PAGE = 24
"""Listings of a page, unless somebody asks for more."""


def routes(desk: Desk) -> APIRouter:
    """The routes, over the market of `desk`; plain functions, since they wait for the database."""
    router = APIRouter(prefix="/v1/listings", tags=["market"])
    workshop = desk.service.workshop
    _looking(router, lambda: workshop.market)
    router.include_router(handing.routes(desk))
    router.include_router(trying.routes(desk))
    _selling(router, lambda: workshop.market)
    _sales(router, lambda: workshop.market)
    _reviewing(router, lambda: workshop.market)
    return router


def _looking(router: APIRouter, market: Any) -> None:
    @router.get("", summary="Search", operation_id="listListings", response_model=schemas.Listings)
    def searched(
        who: Who,
        query: Annotated[Plain, Query(max_length=200, description="Words.")] = "",
        kind: Literal["model", "pipeline"] | None = None,
        tag: Tag = [],  # noqa: B006
        owner: Annotated[str | None, Query(max_length=60, description="A handle.")] = None,
        free: bool = False,
        order: Order = "relevance",
        own: Annotated[bool, Query(description="Your own, whatever their state.")] = False,
        shared: Annotated[bool, Query(description="What others share with you.")] = False,
        after: After = None,
        limit: Most = _PAGE,
    ) -> dict[str, Any]:
        """What is offered to everybody; or your own, or what is shared, the newest first."""
        who.need("market:read")
        if own or shared:
            which = told.mine if own else told.shared
            found = market().look(which, who.account, after, limit)
            return page(found, limit, found[-1]["id"] if found else None)
        skip = _skip(after)
        account = None if owner is None else market().look(_account, owner)
        wanted = Wanted(query, kind, tuple(tag), account, free, order, skip, limit)
        found = market().look(told.searched, who.account, wanted)
        more = skip + limit
        return page(found, limit, str(more) if more < FURTHEST else None)

    @router.get(
        "/similar",
        summary="Search by a picture",
        operation_id="listSimilar",
        response_model=schemas.Listings,
        responses=_GONE,
    )
    def similar(
        who: Who,
        file: Annotated[str, Query(pattern=r"^file_\w{1,80}$", description="Of yours.")],
        limit: Most = _PAGE,
    ) -> dict[str, Any]:
        """What makes pictures like this one, by colours and edges; the likest first."""
        who.need("market:read")
        who.need("files:read")
        names = market().similar(who.account, file, limit)
        return {"data": market().look(told.named, who.account, names), "next": None}

    @router.get(
        "/{id}",
        summary="A listing",
        operation_id="getListing",
        response_model=schemas.Listing,
        responses=_GONE,
    )
    def listing(who: Who, id: Id) -> dict[str, Any]:  # noqa: A002
        """If you may see it; who owns the installation sees all."""
        who.need("market:read")
        return _told(market(), who, id)


def _selling(router: APIRouter, market: Any) -> None:
    @router.post(
        "",
        summary="Begin a listing",
        operation_id="createListing",
        status_code=201,
        response_model=schemas.Listing,
        responses=refusals(not_found=404, already_exists=409),
    )
    def create(who: Who, wanted: bodies.NewListing, request: Request) -> dict[str, Any]:
        """A draft of a model or pipeline of yours, which nobody else sees."""
        who.need("market:write")
        made = market().create(actor(who, request), wanted.kind, wanted.name, _card(wanted))
        return _told(market(), who, made.id)

    @router.patch(
        "/{id}",
        summary="Describe a listing",
        operation_id="changeListing",
        response_model=schemas.Listing,
        responses=_GONE,
    )
    def edit(who: Who, id: Id, wanted: bodies.Words, request: Request) -> dict[str, Any]:  # noqa: A002
        """Other words and examples, in place of all there were; the prices stay."""
        who.need("market:write")
        market().edit(actor(who, request), id, _card(wanted))
        return _told(market(), who, id)

    @router.put(
        "/{id}/offer",
        summary="Set prices",
        operation_id="offerListing",
        response_model=schemas.Listing,
        responses=_GONE,
    )
    def offer(who: Who, id: Id, wanted: bodies.NewOffer, request: Request) -> dict[str, Any]:  # noqa: A002
        """The terms from now on; what was bought before stays as it was bought."""
        who.need("market:write")
        price = wanted.price
        terms = Terms(
            Price(
                price.run, _thousandths(price.megapixel), price.month, price.quota, price.download
            ),
            round(wanted.share * WHOLE),
            wanted.version,
            wanted.tries,
        )
        market().offer(actor(who, request), id, terms)
        return _told(market(), who, id)

    @router.post(
        "/{id}/publish",
        summary="Publish a listing",
        operation_id="publishListing",
        response_model=schemas.Listing,
        responses=refusals(not_found=404, wrong_state=409),
    )
    def publish(who: Who, id: Id, wanted: bodies.Publishing, request: Request) -> dict[str, Any]:  # noqa: A002
        """Show it. All models in it need a report of a verification that they passed."""
        who.need("market:write")
        market().publish(actor(who, request), id, wanted.visibility, wanted.shared_with)
        return _told(market(), who, id)

    @router.post(
        "/{id}/withdraw",
        summary="Withdraw a listing",
        operation_id="withdrawListing",
        response_model=schemas.Listing,
        responses=refusals(not_found=404, wrong_state=409),
    )
    def withdraw(who: Who, id: Id, request: Request) -> dict[str, Any]:  # noqa: A002
        """No new run, no new order, from this moment on."""
        who.need("market:write")
        market().do(listings.withdraw, actor(who, request), id)
        return _told(market(), who, id)

    @router.delete(
        "/{id}",
        summary="Remove a listing",
        operation_id="removeListing",
        status_code=204,
        responses=refusals(not_found=404, wrong_state=409),
    )
    def remove(who: Who, id: Id, request: Request) -> None:  # noqa: A002
        """For good; its subscriptions end with their months."""
        who.need("market:write")
        market().do(listings.remove, actor(who, request), id)


def _sales(router: APIRouter, market: Any) -> None:
    @router.get(
        "/{id}/sales",
        summary="What was sold of your listing",
        operation_id="listSales",
        response_model=schemas.Sales,
        responses=_GONE,
    )
    def sales(who: Who, id: Id, after: After = None, limit: Most = MOST) -> dict[str, Any]:  # noqa: A002
        """Runs and months, the newest first, without saying to whom."""
        who.need("market:read")
        if market().look(listings.shown, who.account, id).owner != who.account:
            raise listings.missing(id)
        found = market().look(orders.sold, id, place(after), limit)
        last = f"{found[-1].at!r}_{found[-1].id}" if found else None
        return page([asdict(one) for one in found], limit, last)


def _reviewing(router: APIRouter, market: Any) -> None:
    @router.get(
        "/{id}/reviews",
        summary="Reviews",
        operation_id="listReviews",
        response_model=schemas.Reviews,
        responses=_GONE,
    )
    def listed(who: Who, id: Id, after: After = None, limit: Most = MOST) -> dict[str, Any]:  # noqa: A002
        """By those who ran it, the newest first."""
        who.need("market:read")
        market().look(listings.shown, who.account, id, any_=who.may("admin"))
        found = market().look(reviews.listed, id, place(after), limit)
        data = market().look(told.reviews_json, found)
        last = f"{found[-1].at!r}_{found[-1].account}" if found else None
        return page(data, limit, last)

    @router.put(
        "/{id}/review",
        summary="Review",
        operation_id="writeReview",
        response_model=schemas.Review,
        responses=refusals(not_found=404, no_access=403),
    )
    def write(who: Who, id: Id, wanted: bodies.NewReview) -> dict[str, Any]:  # noqa: A002
        """Of what your account ran, in place of what it said before."""
        who.need("market:write")
        market().look(listings.shown, who.account, id)
        made = market().do(reviews.write, who.account, id, wanted.stars, wanted.text)
        found: list[dict[str, Any]] = market().look(told.reviews_json, [made])
        return found[0]

    @router.delete(
        "/{id}/review",
        summary="Take your review back",
        operation_id="removeReview",
        status_code=204,
        responses=_GONE,
    )
    def remove(who: Who, id: Id) -> None:  # noqa: A002
        """Yours alone."""
        who.need("market:write")
        market().do(reviews.remove, who.account, id)


def _told(market: Market, who: Principal, name: str) -> dict[str, Any]:
    """A listing as `who` sees it. Raises NotFound."""
    return market.look(told.shown, who.account, name, any_=who.may("admin"))


def _account(connection: Any, _now: float, handle: str) -> str:
    return account_of(connection, handle) or ""


def _card(wanted: bodies.Words) -> Card:
    examples = tuple(one.model_dump() for one in wanted.examples)
    return Card(wanted.title, wanted.text, tuple(wanted.tags), examples)


def _thousandths(credits_: float) -> int:
    found = round(credits_ * 1000)
    if abs(found - credits_ * 1000) > 1e-6:
        raise BadOption("a price for a megapixel has three decimals at most", "round it")
    return found


def _skip(after: str | None) -> int:
    if after is None:
        return 0
    if not (after.isascii() and after.isdigit() and int(after) <= FURTHEST):
        raise BadOption("there is no such page", "take `next` of the page before")
    return int(after)


def place(after: str | None) -> tuple[float, str] | None:
    """Behind which row a page begins: its time, and what tells it from others of that moment."""
    at, _, name = (after or "").partition("_")
    try:
        time = float(at or 0)
    except ValueError:
        time = math.nan
    if not math.isfinite(time):
        raise BadOption("there is no such page", "take `next` of the page before")
    return (time, name) if at else None
