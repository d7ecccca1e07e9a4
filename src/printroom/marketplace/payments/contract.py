"""What a provider of payments does for the market.

    Topup -> ask -> Asked             PaymentFailed
    Payout -> pay -> its reference    PaymentFailed: try again; Declined: it will not
    account -> enrol -> Enrolled      PaymentFailed
    body, signature -> told -> Notice, or None for what does not concern us      BadOption

Each call may come twice with the same id: a provider does it once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from printroom.core.errors import PaymentFailed
from printroom.marketplace.payouts import Payout
from printroom.marketplace.topups import Topup

What = Literal["paid", "failed", "returned", "bounced"]
"""A top-up was `paid`, or will not be (`failed`), or went back (`returned`); a payout `bounced`."""


class Declined(PaymentFailed):
    """The provider will not pay this out, however often it is asked."""


@dataclass(frozen=True)
class Asked:
    """A top-up that the provider waits to be paid for."""

    reference: str
    url: str | None
    """Where the buyer pays; None = by other means."""


@dataclass(frozen=True)
class Enrolled:
    """A seller whom the provider may pay."""

    destination: str
    """What the provider calls them."""
    url: str | None
    """Where the seller tells the provider about themselves."""


@dataclass(frozen=True)
class Notice:
    """What a provider says has happened, once its signature was found good."""

    id: str
    """The same when it is told again."""
    what: What
    subject: str
    """The id of the top-up or payout."""
    credits: int = 0
    """Of `returned`: in all until now."""


class PaymentProvider(Protocol):
    """A provider. Safe from many threads."""

    name: str

    def ask(self, topup: Topup, back: str) -> Asked:
        """Wait for a top-up to be paid; the buyer comes back to the address `back`."""
        ...

    def pay(self, payout: Payout) -> str | None:
        """Pay out; None = somebody has to do it by hand and say so. Raises Declined too."""
        ...

    def enrol(self, account: str, back: str, destination: str | None) -> Enrolled:
        """Let a seller be paid. `destination`: what they are called, if they are known already."""
        ...

    def told(self, body: bytes, signature: str) -> Notice | None:
        """Check what came over HTTP. Raises BadOption for what is not this provider's word."""
        ...
