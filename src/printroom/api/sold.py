"""What is done at once and uses what others sell: held for before, charged before it is answered.

whose, target -> Selling -> of(inputs) -> Sale        NoAccess NoQuote NotEnoughCredits
Sale -> sold -> headers, of what is paid for
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from printroom.accounts.principal import Principal
from printroom.api.problems import Headers
from printroom.marketplace.terms import Sale
from printroom.runs.quotes import planned
from printroom.runs.target import Target, Targets
from printroom.workshop import Workshop


class Selling:
    """For one request, or several runs of one: `of` for each."""

    def __init__(self, workshop: Workshop, who: Principal, target: Target) -> None:
        self._workshop, self._account, self._target = workshop, who.account, target
        self._limited = who.limited
        self.viewer = who.viewer
        """Whose models may be named."""
        self.owner = target.account or ""
        """Whose pipeline it is."""
        self.sale = Sale()
        """The last one; it has no id where nothing is to be paid."""

    @contextmanager
    def of(self, values: Mapping[str, Any]) -> Iterator[Sale]:
        """One run on these inputs, as the engine takes them: say when it is `done`."""
        workshop, target = self._workshop, self._target
        named = {} if self._limited else values  # others' customers spend nothing of the account's
        models = Targets(workshop).others(target, named)

        def measure(paid: tuple[str, ...]) -> tuple[int, bool]:
            _, amounts, exact = planned(workshop, self._account, target, values, paid)
            return amounts.pixels, exact

        with workshop.terms.sale(self._account, target, models, measure) as self.sale:
            yield self.sale


def sold(sale: Sale) -> Headers:
    """`X-Printroom-Sale: id; credits=3`, by which it can be refunded."""
    if not sale.id:
        return []
    return [(b"x-printroom-sale", f"{sale.id}; credits={sale.cost}".encode())]
