"""One amount of memory, shared by the runs in progress.

    Ledger(total).reserve(bytes, cancel) -> granted in order of arrival: NeedsMemory, Cancelled

Guarantee: what is granted at any moment never exceeds the total. A run that waits is not passed
by a smaller one behind it, so a large run cannot starve.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from printroom.core.errors import Cancelled, NeedsMemory
from printroom.core.sizes import format_size

_POLL = 0.05
"""Seconds between looks at the cancel flag while waiting."""


class Ledger:
    """Hands out `total` bytes. Safe from many threads."""

    def __init__(self, total: int) -> None:
        self.total = total
        """Bytes in all."""
        self._granted = 0
        self._queue: deque[object] = deque()
        self._changed = threading.Condition()

    @property
    def granted(self) -> int:
        """Bytes handed out at the moment."""
        return self._granted

    @property
    def waiting(self) -> int:
        """Runs that wait for their share."""
        return len(self._queue)

    def half(self) -> int:
        """A share that leaves as much for the next run: the largest of a half, a quarter, an
        eighth ... of the total that is at most half of what is free, and at least 1/64.
        """
        free = self.total - self._granted
        shares = (self.total >> part for part in range(1, 7))
        return next((share for share in shares if 2 * share <= free), self.total >> 6)

    @contextmanager
    def reserve(
        self,
        amount: int,
        cancel: threading.Event | None = None,
        aside: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> Iterator[None]:
        """Hold `amount` bytes inside the `with`; waits until they are free, inside `aside`.

        Raises NeedsMemory when they never can be, Cancelled when `cancel` is set while waiting.
        """
        if amount > self.total:
            raise NeedsMemory(
                f"needs {format_size(amount)} of memory, there are {format_size(self.total)}",
                "allow more memory",
                needed=amount,
            )
        if not self._take_at_once(amount):
            with aside():
                self._take(amount, cancel)
        try:
            yield
        finally:
            with self._changed:
                self._granted -= amount
                self._changed.notify_all()

    def _take_at_once(self, amount: int) -> bool:
        with self._changed:
            free = not self._queue and self._granted + amount <= self.total
            self._granted += amount * free
            return free

    def _take(self, amount: int, cancel: threading.Event | None) -> None:
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
            try:
                while self._queue[0] is not ticket or self._granted + amount > self.total:
                    if cancel is not None and cancel.is_set():
                        raise Cancelled("cancelled while waiting for memory")
                    self._changed.wait(None if cancel is None else _POLL)
                self._granted += amount
            finally:
                self._queue.remove(ticket)
                self._changed.notify_all()
