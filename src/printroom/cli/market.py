"""`printroom market`: what is offered and bought, in the database that the settings name.

Whoever has the database at hand acts for any account, and confirms payments by hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from printroom.cli.tables import table
from printroom.core.errors import BadOption, NotFound

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from printroom.marketplace.offering import Offer
    from printroom.marketplace.prices import Price
    from printroom.workshop import Workshop

market = typer.Typer(no_args_is_help=True)
"""The group of verbs about the market."""
Account = Annotated[str, typer.Option(help="Who does it; the handle of an account.")]
Month = Annotated[str, typer.Argument(help="As 2026-11.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON, one object per line.")]


@market.callback()
def about() -> None:
    """Offer models and pipelines, buy them, and look into the books."""


@market.command("publish")
def publish(
    name: Annotated[str, typer.Argument(help="Of a model or pipeline of the account.")],
    kind: Annotated[str, typer.Option(help="pipeline or model.")] = "pipeline",
    title: Annotated[str, typer.Option(help="Of the listing. [the name]")] = "",
    text: Annotated[str, typer.Option(help="What it says of itself.")] = "",
    tag: Annotated[list[str] | None, typer.Option(help="A word to find it by.")] = None,
    run: Annotated[int, typer.Option(min=0, help="Credits for a run.")] = 0,
    megapixel: Annotated[
        float, typer.Option(min=0, help="Credits for a megapixel of results.")
    ] = 0.0,
    month: Annotated[int | None, typer.Option(min=1, help="Credits for a month of runs.")] = None,
    quota: Annotated[int | None, typer.Option(min=1, help="Runs in a month. [any number]")] = None,
    tries: Annotated[int, typer.Option(min=0, help="Free runs for each account.")] = 3,
    visibility: Annotated[
        str | None,
        typer.Option(help="public, unlisted, private or shared. [as it is; at first public]"),
    ] = None,
    account: Account = "local",
) -> None:
    """Offer it at these prices, or change what it is offered at; without any it is free."""
    from printroom.accounts.audit import Actor
    from printroom.marketplace.listings import of_thing
    from printroom.marketplace.offering import KINDS, VISIBILITIES, Card, Terms
    from printroom.marketplace.prices import Price

    wanted = next((one for one in KINDS if one == kind), None)
    if wanted is None:
        raise BadOption(f"{kind!r} cannot be offered", f"take {' or '.join(KINDS)}")
    shown = next((one for one in VISIBILITIES if one == visibility), None)
    if visibility is not None and shown is None:
        raise BadOption(f"{visibility!r} is no visibility", f"take {', '.join(VISIBILITIES)}")
    price = Price(run, round(megapixel * 1000), month, quota)
    with _opened() as workshop:
        who = Actor(_account(workshop, account))
        known = workshop.market.look(of_thing, who.account, wanted, name)
        seen = shown or (known.visibility if known else "public")
        if known is None:
            card = Card(title or name, text, tuple(tag or ()))
            known = workshop.market.create(who, wanted, name, card)
        elif title or text or tag:
            tags = tuple(tag or known.tags)
            card = Card(title or known.title, text or known.text, tags, known.examples)
            workshop.market.edit(who, known.id, card)
        offer = workshop.market.offer(who, known.id, Terms(price, tries=tries))
        if shown is not None or known.state != "listed":
            guests = workshop.market.look(_guests, known.id)
            invited = [workshop.accounts.handle(one) for one in guests]
            workshop.market.publish(who, known.id, seen, invited)
    typer.echo(known.id)
    typer.echo(f"offer {offer.number}: {_priced(offer.price)}", err=True)


@market.command("list")
def listed(
    words: Annotated[str, typer.Argument(help="To look for. [all]")] = "",
    as_json: AsJson = False,
) -> None:
    """What is offered to everybody."""
    from dataclasses import asdict

    from printroom.marketplace import search
    from printroom.marketplace.search import Wanted

    rows = []
    with _opened() as workshop:
        for one in workshop.market.look(search.found, Wanted(words)):
            found = one.listing
            offer = workshop.market.look(_offered, found.id)
            if as_json:
                told: dict[str, Any] = {
                    "id": found.id,
                    "kind": found.kind,
                    "name": found.name,
                    "title": found.title,
                    "offer": offer.number,
                    "price": asdict(offer.price),
                }
                typer.echo(json.dumps(told))
            rows.append(
                (found.id, found.kind, found.title, _priced(offer.price), str(one.standing.uses))
            )
    if not as_json:
        typer.echo(table([("LISTING", "KIND", "TITLE", "PRICE", "RUNS"), *rows]))


@market.command("buy")
def buy(
    listing: Annotated[str, typer.Argument(help="Id of a listing.")],
    account: Account = "local",
    coupon: Annotated[str | None, typer.Option(help="A code.")] = None,
) -> None:
    """A month of runs, from the wallet; it is renewed until it is cancelled."""
    from printroom.marketplace import orders
    from printroom.marketplace.orders import Wanted

    with _opened() as workshop:
        market_ = workshop.market
        offer = market_.look(_offered, listing)
        wanted = Wanted(_account(workshop, account), listing, "month", offer.number, coupon)
        order = market_.do(orders.buy, market_.rules, wanted)
    typer.echo(f"{order.id}: {order.paid} credits")


@market.command("wallet")
def wallet(account: Account = "local") -> None:
    """What an account has."""
    from printroom.marketplace.ledger import reading
    from printroom.marketplace.statements import PARTS

    with _opened() as workshop:
        name = _account(workshop, account)
        parts = {part: full(name) for part, full in PARTS.items()}
        with workshop.market.database.read() as connection:
            has = {part: reading.balance(connection, full) for part, full in parts.items()}
    rows = [(part, str(one.balance), str(one.held)) for part, one in has.items()]
    typer.echo(table([("PART", "CREDITS", "HELD"), *rows]))


@market.command("topup")
def topup(
    amount: Annotated[int, typer.Argument(help="Credits.", metavar="CREDITS")],
    account: Account = "local",
) -> None:
    """Put credits that were paid by other means into a wallet."""
    from printroom.marketplace import topups

    with _opened() as workshop:
        do, name = workshop.market.do, _account(workshop, account)
        made = do(topups.asked, name, amount, "manual", None)
        do(topups.paid, made.id)
    typer.echo(made.id)


@market.command("confirm")
def confirm(
    name: Annotated[str, typer.Argument(help="Id of a top-up or payout.", metavar="ID")],
) -> None:
    """Say that a top-up was paid, or a payout made, by hand; a second time changes nothing."""
    from printroom.marketplace import payouts, topups

    with _opened() as workshop:
        if name.startswith("top_"):
            done = workshop.market.do(topups.paid, name)
            typer.echo(f"{done.id}: {done.credits} credits are in the wallet")
        else:
            paid = workshop.market.do(payouts.sent, name, None)
            typer.echo(f"{paid.id}: {paid.credits} credits are paid out")


@market.command("refund")
def refund(
    name: Annotated[str, typer.Argument(help="Id of an order, or of a run.", metavar="ID")],
    credits_: Annotated[
        int | None, typer.Option("--credits", min=1, help="How many. [all that are left]")
    ] = None,
    once: Annotated[
        str, typer.Option(help="A name of yours for it: given back once. [a new one]")
    ] = "",
) -> None:
    """Give back what was paid, as who owns the installation."""
    import secrets

    from printroom.accounts.audit import CONSOLE
    from printroom.marketplace import refunds

    once = once or secrets.token_hex(12)
    with _opened() as workshop:
        do = workshop.market.do
        if name.startswith("ord_"):
            order = do(refunds.refund_order, CONSOLE, name, credits_, once, any_=True)
            back = order.refunded
        else:
            back = do(refunds.refund_run, CONSOLE, name, credits_, once, any_=True)
    typer.echo(f"{name}: {back} credits went back in all")


@market.command("statement")
def statement(month: Month, account: Account = "local") -> None:
    """What came and went in a month, and what is left, as CSV."""
    from printroom.marketplace import statements

    with _opened() as workshop:
        found = workshop.market.look(statements.statement, _account(workshop, account), month)
    typer.echo(found.csv(), nl=False)


@market.command("earnings")
def earnings(month: Month, account: Account = "local") -> None:
    """What each listing brought in a month, as CSV."""
    from printroom.marketplace.earnings import earnings as earned

    with _opened() as workshop:
        found = workshop.market.look(earned, _account(workshop, account), month)
    typer.echo(found.csv(), nl=False)


@market.command("close")
def close(
    account: Annotated[str, typer.Option(help="Which; the handle of an account.")],
    forfeit: Annotated[
        bool, typer.Option("--forfeit", help="Give up the credits that it has.")
    ] = False,
) -> None:
    """Close an account for good: see the reference for what stands in the way."""
    from printroom.accounts.audit import Actor
    from printroom.marketplace import closing
    from printroom.runs.runs import Runs

    with _opened() as workshop:
        Runs(workshop)  # its tables are there
        workshop.collections  # noqa: B018  likewise
        who = Actor(_account(workshop, account))
        given_up = workshop.market.do(closing.closed, who, forfeit=forfeit)
        workshop.people.tidy()
    typer.echo(f"{account} is closed; {given_up} credits were given up")


@market.command("audit")
def audit() -> None:
    """Whether the books add up, line by line; reads all of them."""
    from printroom.marketplace.ledger import reading

    with _opened() as workshop, workshop.market.database.read() as connection:
        faults = reading.audit(connection)
    for fault in faults:
        typer.echo(fault)
    if faults:
        raise typer.Exit(1)
    typer.echo("the books add up")


@contextmanager
def _opened() -> Iterator[Workshop]:
    from printroom.core.settings import Settings
    from printroom.workshop import Workshop

    with Workshop(Settings.read()) as workshop:
        yield workshop


def _account(workshop: Workshop, handle: str) -> str:
    found = workshop.accounts.holder(handle)
    if found is None:
        raise NotFound(f"there is no account {handle[:60]!r}", "printroom accounts list")
    return found


def _offered(connection: Connection, _now: float, name: str) -> Offer:
    from printroom.marketplace import listings

    return listings.offered(connection, name)


def _guests(connection: Connection, _now: float, name: str) -> list[str]:
    from printroom.marketplace import listings

    return listings.guests(connection, name)


def _priced(price: Price) -> str:
    parts = [
        f"{price.run} a run" if price.run else "",
        f"{price.megapixel / 1000:g} a megapixel" if price.megapixel else "",
        f"{price.month} a month" if price.month else "",
        f"({price.quota} runs)" if price.quota else "",
    ]
    return " ".join(filter(None, parts)) or "free"
