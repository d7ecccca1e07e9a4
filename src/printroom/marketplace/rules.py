"""How the market of this installation works: fees, waiting times, and what a credit is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from printroom.core.errors import BadOption
from printroom.core.settings import Settings
from printroom.marketplace.prices import WHOLE

DAY = 86_400.0
MONTH = 30 * DAY
"""A month of a subscription: as long in February as in July."""


@dataclass(frozen=True)
class Rules:
    """Raises BadOption."""

    fee: int = 2_000
    """Ten-thousandths of each sale that the installation keeps."""
    maturing: float = 14 * DAY
    """Seconds from a sale until it may be paid to the seller: refunds come first."""
    grace: float = 5 * DAY
    """Seconds for which a subscription goes on that could not be paid."""
    reserve: int = 0
    """Credits that a payout leaves where they are, against later refunds."""
    least: int = 1_000
    """Credits of a payout, at least."""
    currency: str = "eur"
    """A credit is a hundredth of it."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As the installation is set."""
        return cls(
            fee=round(settings.market_fee * WHOLE),
            maturing=settings.market_maturing,
            currency=settings.market_currency,
        )

    def __post_init__(self) -> None:
        if not 0 <= self.fee <= WHOLE:
            raise BadOption(f"the fee {self.fee / WHOLE} is no part of a sale", "take 0 to 1")
        if min(self.maturing, self.grace, self.reserve, self.least) < 0:
            raise BadOption("times and amounts of the market are 0 or more")
        if not (len(self.currency) == 3 and self.currency.isalpha()):
            raise BadOption(f"{self.currency[:20]!r} is no currency", "write it as eur")
