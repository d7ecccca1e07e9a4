"""What a listing costs: the same function before a run, as a quote, and after it, as the charge.

    Price.run_cost(pixels) -> credits, rounded up once, at the end

A price is in whole credits, for a megapixel in thousandths of one.
"""

from __future__ import annotations

from dataclasses import dataclass

from printroom.core.errors import BadOption

LARGEST = 10**9
"""Credits of any price, at most."""
WHOLE = 10_000
"""Ten-thousandths: what shares are counted in."""


@dataclass(frozen=True, slots=True)
class Price:
    """The prices of an offer; all zero or none = free. Raises BadOption."""

    run: int = 0
    """Credits for each run that goes well."""
    megapixel: int = 0
    """Thousandths of a credit for each million pixels of its results."""
    month: int | None = None
    """Credits for a month of runs; None = not sold by the month."""
    quota: int | None = None
    """Runs in a month that are paid by it; None = as many as one likes."""
    download: int | None = None
    """Credits for a copy of a model to keep; None = none are sold."""

    def __post_init__(self) -> None:
        for what, amount in (
            ("run", self.run),
            ("megapixel", self.megapixel),
            ("month", self.month or 0),
            ("a copy", self.download or 0),
        ):
            if not 0 <= amount <= LARGEST:
                raise BadOption(f"the price for {what} is out of range", f"take 0 to {LARGEST}")
        if self.quota is not None and not (self.month is not None and 0 < self.quota <= LARGEST):
            raise BadOption("a quota is of runs in a month", "give a price for the month, too")
        if self.month == 0:
            raise BadOption("a month costs 1 credit or more", "leave all prices out: it is free")

    @property
    def free(self) -> bool:
        """Whether anybody may run it for nothing."""
        return not (self.run or self.megapixel or self.month or self.download)

    @property
    def by_run(self) -> bool:
        """Whether single runs are sold."""
        return bool(self.run or self.megapixel)

    @property
    def usual(self) -> int:
        """What to sort by: credits for a run of a megapixel, or of a month."""
        return self.run_cost(10**6) if self.by_run else self.month or 0

    def run_cost(self, pixels: int) -> int:
        """Credits for a run whose results have `pixels` in all."""
        return self.run - (-self.megapixel * pixels // 10**9)
