"""What time it is, the same for all that share a database.

    SQLite: the machine's clock        PostgreSQL: the server's clock, read through its answers

Seconds since 1970. Leases are only as good as the agreement on time: two servers whose own clocks
are a minute apart would take each other's jobs. So the time of a PostgreSQL database is the
server's; it is asked once in a while, and carried on with the monotonic clock in between.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

REFRESH = 10.0
"""Seconds for which an answer of the server is carried on; the clocks drift less than 1 ms."""


class Clock(Protocol):
    """Tells the time."""

    def __call__(self) -> float: ...


class ServerClock:
    """The clock of a server that is asked by `ask`, wrong by half a round trip at most."""

    def __init__(self, ask: Callable[[], float]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._offset = 0.0
        self._asked = float("-inf")

    def __call__(self) -> float:
        """Raises what `ask` raises, if it never got an answer."""
        with self._lock:
            if time.monotonic() - self._asked > REFRESH:
                self._refresh()
            return time.monotonic() + self._offset

    def _refresh(self) -> None:
        before = time.monotonic()
        try:
            answer = self._ask()
        except Exception:
            if self._asked == float("-inf"):
                raise
            self._asked = before  # the server is away: carry on, and ask again in a while
            return
        after = time.monotonic()
        self._offset, self._asked = answer - (before + after) / 2, after
