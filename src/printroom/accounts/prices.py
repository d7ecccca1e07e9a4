"""What work costs, in units: the same function before a run, as a quote, and after it, as usage.

    "megapixel=1; acme/portrait: picture=5, second=0.2" -> Prices          BadOption
    Prices.cost(target, Amounts) -> thousandths of a unit, rounded up

A unit is whatever the operator sells. Without a price list a unit is a megapixel of results.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from printroom.accounts.quotas import THOUSANDTHS
from printroom.core.errors import BadOption

DEFAULT = "megapixel=1"
_PARTS = ("picture", "megapixel", "second")


@dataclass(frozen=True)
class Amounts:
    """What was made, or would be."""

    pictures: int = 0
    pixels: int = 0
    """Of all results."""
    milliseconds: int = 0
    """Spent on the work."""


@dataclass(frozen=True)
class Price:
    """Units for each of what is counted."""

    picture: Fraction = Fraction(0)
    megapixel: Fraction = Fraction(0)
    second: Fraction = Fraction(0)

    def cost(self, amounts: Amounts) -> int:
        """Thousandths of a unit, rounded up once, at the end."""
        units = (
            self.picture * amounts.pictures
            + self.megapixel * Fraction(amounts.pixels, 10**6)
            + self.second * Fraction(amounts.milliseconds, 1000)
        )
        return math.ceil(units * THOUSANDTHS)


class Prices:
    """A price list: one for everything, and some for single targets."""

    def __init__(self, usual: Price, targets: Mapping[str, Price]) -> None:
        self._usual, self._targets = usual, targets

    @classmethod
    def parse(cls, text: str) -> Prices:
        """The list that `text` is. Raises BadOption."""
        usual, targets = Price(), {}
        for part in filter(None, (one.strip() for one in (text or DEFAULT).split(";"))):
            target, colon, prices = part.rpartition(":")
            if colon:
                targets[target.strip()] = _price(prices)
            else:
                usual = _price(prices)
        return cls(usual, targets)

    def cost(self, target: str, amounts: Amounts) -> int:
        """What `amounts` by `target`, in any version unless one is priced, cost in thousandths."""
        price = self._targets.get(target) or self._targets.get(target.partition("@")[0])
        return (price or self._usual).cost(amounts)


def _price(text: str) -> Price:
    found: dict[str, Fraction] = {}
    for part in text.split(","):
        name, _, number = (piece.strip() for piece in part.partition("="))
        try:
            value = Fraction(number)
        except (ValueError, ZeroDivisionError):
            value = Fraction(-1)
        if name not in _PARTS or name in found or value < 0:
            raise BadOption(
                f"{part.strip()[:60]!r} is no price",
                "write it as picture=0.5, megapixel=1, second=0",
            )
        found[name] = value
    return Price(**found)
