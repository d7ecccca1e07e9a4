"""The line of those who wait to load models: one at a time is first.

    Line.turn -> first inside the `with`          Overloaded Cancelled
    Line.alone -> nobody passes inside it

Those who find their models loaded need not stand in line: they pass, for a moment. Then the first
in line holds them back, so that models come out of use and it gets its turn; then it lets them pass
again, since it may be in for a long picture, and begins anew after a while.

The condition is the owner's: all of this happens under its lock.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from printroom.core.errors import Overloaded
from printroom.engine.order import Order

PATIENCE = 0.25
"""Seconds that the first in line lets others pass, so that a swap is worth its cost."""
PRESSING = 2.0
"""Seconds that it then holds new leases back."""
EVERY = 8.0
"""Seconds after which it begins anew with patience."""
LONGEST = 60.0
"""Seconds after which whoever waits is told to come back later."""
_POLL = 0.05
"""Seconds between looks at the cancel flag while waiting."""


class Line:
    """Who waits, in order of arrival."""

    def __init__(self, changed: threading.Condition) -> None:
        """`changed` is notified when waiting may be over; its lock guards this, too."""
        self._changed = changed
        self._waiting: deque[object] = deque()
        self._since = 0.0
        """When the first became the first."""
        self._alone: int | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def mine(self) -> bool:
        """Whether this thread has all to itself."""
        return self._alone == threading.get_ident()

    @property
    def holds_back(self) -> bool:
        """Under the lock: whether nobody may pass now."""
        waited = (time.monotonic() - self._since) % EVERY if self._waiting else 0.0
        return self._alone is not None or PATIENCE <= waited < PATIENCE + PRESSING

    @contextmanager
    def turn(self, order: Order) -> Iterator[float]:
        """Be the first inside the `with`; until when one may wait there."""
        ticket, until = object(), time.monotonic() + LONGEST
        with self._changed:
            if not self._waiting:
                self._since = time.monotonic()
            self._waiting.append(ticket)
            try:
                while self._waiting[0] is not ticket:
                    self.rest(order, until)
            except BaseException:
                self._leave(ticket)
                raise
        try:
            yield until
        finally:
            with self._changed:
                self._leave(ticket)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """For the first, once nobody else has a lease: nobody gets one but this thread."""
        with self._changed:
            self._alone = threading.get_ident()
        try:
            yield
        finally:
            with self._changed:
                self._alone = None

    def rest(self, order: Order, until: float) -> None:
        """Under the lock: until something changes, or a moment is over."""
        order.check()
        if time.monotonic() > until:
            raise Overloaded(
                "there was no room to load a model beside those in use",
                "try again later, or allow more memory",
                retry_after=10,
            )
        self._changed.wait(_POLL)

    def _leave(self, ticket: object) -> None:
        """Under the lock: the next one's time begins."""
        if self._waiting[0] is ticket:
            self._since = time.monotonic()
        self._waiting.remove(ticket)
        self._changed.notify_all()
