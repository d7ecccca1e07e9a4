"""What a run uses of what others sell, and on which terms: goes with the run, and does not change.

Thing: what is used         Agreed: the terms of one         Deal: of all of them
Deal -> to_json -> the payload of the run -> of -> Deal
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from printroom.marketplace.offering import Kind


@dataclass(frozen=True)
class Thing:
    """A pipeline or a model of another account."""

    kind: Kind
    owner: str
    """The id of its account."""
    name: str
    version: int | None
    """None = that which is offered."""

    def model(self, offered: int | None) -> str:
        """What a model that was paid for is known by: see `engine.order.Order.paid`. Empty = it is
        none. `offered`: the one version that is; None = whichever is ready.
        """
        if self.kind != "model":
            return ""
        plain = f"{self.owner}/{self.name}"
        return plain if offered is None else f"{plain}@{offered}"


@dataclass(frozen=True)
class Agreed:
    """What a run is charged by, for one thing that it uses."""

    listing: str
    offer: int
    quote: int
    """Credits that it costs, and is charged at most."""
    run: int
    megapixel: int
    """Thousandths of a credit."""
    entitlement: str | None
    """The right that pays for it; None = credits do, or nothing."""
    shares: Mapping[str, int]
    fee: int
    model: str = ""
    """As of `Thing.model`."""
    tries: int = 0
    """Above 0 = it is a free try, of so many that there are."""


@dataclass(frozen=True)
class Deal:
    """What a run is charged by: something at least."""

    parts: tuple[Agreed, ...]

    @property
    def quote(self) -> int:
        """Credits that it costs in all, and is charged at most."""
        return sum(part.quote for part in self.parts)

    @property
    def paid(self) -> tuple[str, ...]:
        """The models of others that it may use."""
        return tuple(part.model for part in self.parts if part.model)

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Self:
        """From what `to_json` made."""
        return cls(tuple(Agreed(**part) for part in raw["parts"]))

    def to_json(self) -> dict[str, Any]:
        """For the payload of the run: in short, and all of it."""
        first = self.parts[0]
        return {
            "listing": first.listing,
            "offer": first.offer,
            "quote": self.quote,
            "entitlement": first.entitlement,
            "parts": [asdict(part) for part in self.parts],
        }
