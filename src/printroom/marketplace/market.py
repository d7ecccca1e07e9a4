"""The market of an installation: transactions over its tables, and what has to be asked elsewhere.

    Market(database, rules, goods)                      DatabaseMismatch DatabaseUnavailable
    market.do(orders.buy, ...), market.look(...)        what that function raises
    market.offer, market.publish                        NotFound BadOption NoAccess WrongState
    market.visible(account, owner, name)                whether a pipeline may be named at all
    market.lent(account, owner, name)                   whether a model may, and be used

Safe from many threads and processes. Work is tried again while the database is away for a moment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection, update

from printroom.accounts.audit import Actor
from printroom.accounts.handles import account_of, handle_of
from printroom.assets.model import ASSETS
from printroom.catalogue import entries
from printroom.catalogue.model import Entry
from printroom.catalogue.verification.report import Report
from printroom.core.errors import BadOption, BadReport, NotFound, WrongState
from printroom.core.visible import Loan
from printroom.database.engine import Database
from printroom.database.migrate import migrate
from printroom.imaging.likeness import look_of
from printroom.marketplace import listings, quality
from printroom.marketplace.admission import lent
from printroom.marketplace.ledger.model import SCRIPTS
from printroom.marketplace.likeness import Looks, keep
from printroom.marketplace.offering import Card, Kind, Listing, Offer, Terms, Visibility
from printroom.marketplace.prices import WHOLE
from printroom.marketplace.rules import Rules
from printroom.people.erasing import TABLES

P = ParamSpec("P")
T = TypeVar("T")


class Goods(Protocol):
    """What accounts have that could be offered."""

    def models(self, account: str, pipeline: str) -> Sequence[str]:
        """The models of accounts that the newest version of a pipeline uses, as `owner/name@3`.

        Raises NotFound for a pipeline that the account does not have.
        """
        ...

    def picture(self, account: str, file: str) -> bytes:
        """A picture of the account's. Raises NotFound."""
        ...


class Market:
    """What accounts offer each other."""

    def __init__(self, database: Database, rules: Rules, goods: Goods) -> None:
        """Migrates its tables first, and those that an account takes along when it is closed."""
        migrate(database, [SCRIPTS, *TABLES])
        self.database, self.rules, self._goods = database, rules, goods
        self._looks = Looks(lambda work: database.run(work, write=False, patience=1.0))

    def do(
        self,
        work: Callable[Concatenate[Connection, float, P], T],
        /,
        *args: P.args,
        **more: P.kwargs,
    ) -> T:
        """`work` in a transaction, with the time of the database."""
        now = self.database.clock()
        return self.database.run(lambda connection: work(connection, now, *args, **more))

    def look(
        self,
        work: Callable[Concatenate[Connection, float, P], T],
        /,
        *args: P.args,
        **more: P.kwargs,
    ) -> T:
        """The same, where nothing is changed; a database that is away is not waited for."""
        now = self.database.clock()
        return self.database.run(
            lambda connection: work(connection, now, *args, **more), write=False, patience=1.0
        )

    def create(self, actor: Actor, kind: Kind, name: str, card: Card) -> Listing:
        """A draft of what the account has. Raises NotFound, AlreadyThere."""
        models = self._models(actor.account, kind, name)
        if kind == "model":
            self.look(_ready, models[0])
        looks = self._seen(actor.account, card)
        return self.do(_written, actor.account, card, looks, listings.create, actor, kind, name)

    def edit(self, actor: Actor, listing: str, card: Card) -> Listing:
        """Another card. Raises NotFound, BadOption for examples that are no pictures of theirs."""
        looks = self._seen(actor.account, card)
        return self.do(_written, actor.account, card, looks, listings.edit, actor, listing)

    def similar(self, account: str, file: str, most: int) -> list[str]:
        """Ids of listings that make pictures like that one of the account's, the likest first.

        Raises NotFound, NotAPicture.
        """
        return self._looks.like(look_of(self._goods.picture(account, file)), most)

    def _seen(self, account: str, card: Card) -> list[bytes]:
        """What the examples look like that a card has. Raises BadOption, NotAPicture."""
        try:
            files = [self._goods.picture(account, str(one["output"])) for one in card.examples]
        except NotFound as error:
            raise BadOption(error.reason, "upload it first: POST /v1/files") from None
        return [look_of(data) for data in files]

    def offer(self, actor: Actor, listing: str, terms: Terms) -> Offer:
        """Other terms from now on. Raises NotFound, BadOption."""
        found = self.look(_mine, actor, listing)
        price = terms.price
        if found.kind == "pipeline" and (terms.share or price.download is not None):
            raise BadOption("shares and copies are of models", "leave them out")
        models = self._models(actor.account, found.kind, found.name)
        shares = self.look(_shares, actor.account, models)
        return self.do(listings.offer, actor, listing, terms, shares)

    def publish(
        self, actor: Actor, listing: str, visibility: Visibility, invited: Sequence[str] = ()
    ) -> Listing:
        """Show it, once all that is in it has passed verification. `invited`: handles.

        Raises NotFound, WrongState.
        """
        found = self.look(_mine, actor, listing)
        models = self._models(actor.account, found.kind, found.name)
        self.look(_verified, models)
        guests = self.look(_accounts, invited)
        return self.do(_published, actor, listing, visibility, guests)

    def visible(self, account: str, owner: str, name: str) -> bool:
        """Whether `account` may name a pipeline of another's, to be agreed on when it is run."""
        return self.look(_visible, account, owner, name)

    def lent(self, account: str, owner: str, name: str) -> Loan:
        """Whether it may use a model of another's: what is free, or had by the month, as its own;
        what is sold by the run, where that is paid for.
        """
        return self.look(lent, account, owner, name)

    def _models(self, account: str, kind: Kind, name: str) -> Sequence[str]:
        if kind == "pipeline":
            return self._goods.models(account, name)
        return [f"{self.look(_handle, account)}/{name}"]


def _written(
    connection: Connection,
    now: float,
    account: str,
    card: Card,
    looks: Sequence[bytes],
    work: Callable[..., Listing],
    *args: object,
) -> Listing:
    """`work`, which writes a card, with all that belongs to its examples."""
    _keep(connection, account, card)
    made = work(connection, now, *args, card)
    keep(connection, made.id, looks)
    return made


def _published(
    connection: Connection,
    now: float,
    actor: Actor,
    name: str,
    visibility: Visibility,
    guests: Sequence[str],
) -> Listing:
    made = listings.publish(connection, now, actor, name, visibility, guests)
    quality.refresh(connection, made)
    return made


def _keep(connection: Connection, account: str, card: Card) -> None:
    """The pictures of examples stay for as long as nobody deletes them."""
    names = {str(one[side]) for one in card.examples for side in ("input", "output")}
    mine = ASSETS.c.id.in_(names), ASSETS.c.account == account, ASSETS.c.width.is_not(None)
    kept = update(ASSETS).where(*mine).values(expires_at=None)
    if names and connection.execute(kept).rowcount != len(names):
        raise BadOption("an example is no picture of yours", "upload it first: POST /v1/files")


def _handle(connection: Connection, _now: float, account: str) -> str:
    return handle_of(connection, account)


def _mine(connection: Connection, _now: float, actor: Actor, name: str) -> Listing:
    found = listings.get(connection, name)
    if found.owner != actor.account:
        raise listings.missing(name)
    return found


def _ready(connection: Connection, _now: float, model: str) -> None:
    _entry(connection, model)


def _entry(connection: Connection, model: str) -> tuple[str, Entry]:
    """The owner of `model`, and the version that is named, or the newest that is ready."""
    place, _, version = model.partition("@")
    handle, _, name = place.partition("/")
    owner = account_of(connection, handle)
    found = None
    if owner is not None and version:
        found = entries.found(connection, owner, name, int(version))
    elif owner is not None:
        found = entries.newest(connection, owner, name, ready=True)
    if owner is None or found is None or found.state != "ready":
        raise NotFound(f"there is no model {model[:120]!r} that is ready", "see GET /v1/models")
    return owner, found


def _shares(
    connection: Connection, _now: float, account: str, models: Sequence[str]
) -> dict[str, int]:
    """Owner -> ten-thousandths: what the models of others ask for, and the rest to the seller."""
    shares: dict[str, int] = {}
    for model in models:
        owner, entry = _entry(connection, model)
        if owner == account:
            continue
        listing = listings.by_thing(connection, "model", owner, entry.name)
        if listing is None or not listings.sees(connection, listing, account):
            raise BadOption(f"{model} is not on offer", "use a model that is")
        part = listings.offered(connection, listing.id).share
        shares[owner] = shares.get(owner, 0) + part
    left = WHOLE - sum(shares.values())
    if left < 0:
        raise BadOption("the models in it ask for more than all of a sale", "use fewer of them")
    return {owner: part for owner, part in (shares | {account: left}).items() if part}


def _verified(connection: Connection, now: float, models: Sequence[str]) -> None:
    """Raises WrongState unless each model has a report that it passed, and that holds today."""
    for model in models:
        _, entry = _entry(connection, model)
        try:
            report = Report.from_json(entry.report_json or "")
        except BadReport:
            report = None
        if report is None or not report.holds(now):
            reason = f"{model} has no report of a verification that it passed and that holds today"
            raise WrongState(reason, "have it verified again")


def _accounts(connection: Connection, _now: float, handles: Sequence[str]) -> list[str]:
    found = {handle: account_of(connection, handle) for handle in handles}
    if unknown := [handle for handle, account in found.items() if account is None]:
        raise NotFound(f"there is no account {unknown[0][:60]!r}", "check the handle")
    return [account for account in found.values() if account is not None]


def _visible(connection: Connection, _now: float, account: str, owner: str, name: str) -> bool:
    listing = listings.by_thing(connection, "pipeline", owner, name)
    return listing is not None and listings.sees(connection, listing, account)
