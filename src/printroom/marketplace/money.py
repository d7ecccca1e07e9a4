"""Money in and out: the market's books on one side, a provider of payments on the other.

    topped_up -> Topup         paid_out -> Payout        enrolled -> where to tell about oneself
    heard(body, signature)     a provider's notice: checked, counted once, in whatever order
    tick                       what is due: months, matured sales, payouts that are not sent yet

The provider is never asked inside a transaction. Whatever is cut short goes on with the next
`tick`, under the same ids.
"""

from __future__ import annotations

import logging
import time

from sqlalchemy import Connection

from printroom.accounts.audit import Actor
from printroom.core.errors import NotFound, PaymentFailed
from printroom.marketplace import (
    entitlements,
    payouts,
    quality,
    sales,
    search,
    subscriptions,
    topups,
)
from printroom.marketplace.ledger import holds
from printroom.marketplace.market import Market
from printroom.marketplace.payments.contract import Declined, Notice, PaymentProvider
from printroom.marketplace.payouts import Payout
from printroom.marketplace.terms import LONGEST, SALE
from printroom.marketplace.topups import Topup

_HOUR = 3600.0
_log = logging.getLogger(__name__)


class Money:
    """Safe from many threads and processes."""

    def __init__(self, market: Market, provider: PaymentProvider) -> None:
        self.market, self.provider = market, provider
        self._next = 0.0
        """When the listed models are looked at again, of the monotonic clock."""

    def topped_up(self, account: str, credits_: int, key: str | None, back: str) -> Topup:
        """A top-up that waits to be paid. Raises BadOption, KeyReused, PaymentFailed."""
        do, name = self.market.do, self.provider.name
        topup = do(topups.asked, account, credits_, name, key)
        if topup.reference is not None:
            return topup
        asked = self.provider.ask(topup, back)
        return do(topups.awaited, topup.id, asked.reference, asked.url)

    def enrolled(self, account: str, back: str) -> str | None:
        """Let an account be paid; the address where it tells the provider about itself.

        Raises PaymentFailed.
        """
        name = self.provider.name
        known = self.market.look(_destination, account, name)
        made = self.provider.enrol(account, back, known)
        self.market.do(payouts.enrolled, account, name, made.destination)
        return made.url

    def paid_out(self, actor: Actor, amount: int | None, key: str | None) -> Payout:
        """Pay a seller. Raises what `payouts.request` does."""
        market = self.market
        made = market.do(payouts.request, market.rules, actor, amount, self.provider.name, key)
        return self._send(made) if made.state == "requested" else made

    def heard(self, body: bytes, signature: str) -> None:
        """What a provider says. Raises BadOption for what is not its word."""
        notice = self.provider.told(body, signature)
        if notice is not None:
            self.market.do(self._heed, notice)

    def tick(self) -> None:
        """Do what is due."""
        market = self.market
        subscriptions.renew_all(market.rules, market.do)
        while market.do(sales.mature):
            pass
        while market.do(search.count):
            pass
        market.do(holds.expired)
        market.do(entitlements.abandoned, f"{SALE}_", LONGEST)
        self._measured()
        for payout in market.look(payouts.waiting, self.provider.name):
            self._send(payout)

    def _measured(self) -> None:
        """What listings are sorted by, once an hour."""
        if self._next > time.monotonic():
            return
        after: str | None = ""
        while after is not None:
            after = self.market.do(quality.refreshed, after)
        self._next = time.monotonic() + _HOUR

    def _send(self, payout: Payout) -> Payout:
        """Raises nothing: what cannot be sent now waits for the next tick."""
        if payout.provider != self.provider.name:
            return payout
        try:
            reference = self.provider.pay(payout)
        except Declined as error:
            return self.market.do(payouts.failed, payout.id, error.reason)
        except PaymentFailed as error:
            _log.warning("payout %s is not sent yet: %s", payout.id, error)
            return payout
        if reference is None:
            return payout
        return self.market.do(payouts.sent, payout.id, reference)

    def _heed(self, connection: Connection, now: float, notice: Notice) -> None:
        if not payouts.noticed(connection, now, self.provider.name, notice.id):
            return
        try:
            match notice.what:
                case "paid":
                    topups.paid(connection, now, notice.subject)
                case "failed":
                    topups.failed(connection, now, notice.subject)
                case "returned":
                    topups.returned(connection, now, notice.subject, notice.credits)
                case "bounced":
                    payouts.failed(connection, now, notice.subject, "the transfer was reversed")
        except NotFound:  # another installation's, at the same provider
            _log.info("%s told of %s, which is not ours", self.provider.name, notice.subject)


def _destination(connection: Connection, _now: float, account: str, provider: str) -> str | None:
    return payouts.destination(connection, account, provider)
