"""By hand: who runs the installation says that a top-up was paid, and pays sellers themselves.

Works without anybody else, as on an embedded server.
"""

from __future__ import annotations

from printroom.core.errors import BadOption
from printroom.marketplace.payments.contract import Asked, Enrolled, Notice
from printroom.marketplace.payouts import Payout
from printroom.marketplace.topups import Topup


class Manual:
    """Implements `PaymentProvider`."""

    name = "manual"

    def ask(self, topup: Topup, back: str) -> Asked:  # noqa: ARG002
        """Nothing is to be asked: its id is what the buyer names when they pay."""
        return Asked(topup.id, None)

    def pay(self, payout: Payout) -> str | None:  # noqa: ARG002
        """Somebody does it."""
        return None

    def enrol(self, account: str, back: str, destination: str | None) -> Enrolled:  # noqa: ARG002
        """They are known by their account."""
        return Enrolled(destination or account, None)

    def told(self, body: bytes, signature: str) -> Notice | None:  # noqa: ARG002
        """Nobody tells anything over HTTP."""
        raise BadOption("payments are confirmed by hand here", "see printroom market confirm")
