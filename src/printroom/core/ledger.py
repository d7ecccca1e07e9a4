"""One amount of memory, shared by the runs in progress and by what is kept between them.

    Ledger(total).reserve(bytes, cancel) -> granted in order of arrival: NeedsMemory, Cancelled
                                            Crowded: what is kept is in the way, and stays
    Ledger.keep(bytes) -> whether there was room, at once; Ledger.drop(bytes) gives it back

Guarantee: what is granted or kept at any moment does not exceed the total, as far as it was known
when it was asked for. A run that waits is not passed by a smaller one behind it, so a large run
cannot starve. What is kept (loaded models) gives way to runs where `make_room` can make it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from printroom.core.errors import Cancelled, NeedsMemory
from printroom.core.sizes import format_size

_POLL = 0.05
"""Seconds between looks while waiting: at the cancel flag, and whether what is kept may go now."""


class Crowded(Exception):
    """No run is in the way, but what is kept and cannot be dropped now."""


def _none(_: int) -> bool:
    return False


class Ledger:
    """Hands out `total` bytes. Safe from many threads."""

    def __init__(self, total: int, make_room: Callable[[int], bool] = _none) -> None:
        """`make_room` is asked to drop so many of the bytes that are kept; whether it dropped any.

        It is called without our lock, in the thread that wants the room.
        """
        self.total = total
        """Bytes in all."""
        self._granted = self._kept = 0
        self._make_room = make_room
        self._queue: deque[object] = deque()
        self._changed = threading.Condition()

    @property
    def granted(self) -> int:
        """Bytes handed out to runs at the moment."""
        return self._granted

    @property
    def kept(self) -> int:
        """Bytes of what stays between runs."""
        return self._kept

    @property
    def waiting(self) -> int:
        """Runs that wait for their share."""
        return len(self._queue)

    def half(self, beside: int = 0) -> int:
        """A share that leaves as much for the next run: the largest of a half, a quarter, an
        eighth ... of the total that is at most half of what is free, and at least 1/64.

        `beside`: bytes that are kept and not to be counted on.
        """
        total = self.total - beside
        free = total - self._granted
        shares = (total >> part for part in range(1, 7))
        return next((share for share in shares if 2 * share <= free), total >> 6)

    def resize(self, total: int) -> None:
        """Another total from now on; what is handed out stays so."""
        with self._changed:
            self.total = total
            self._changed.notify_all()

    def keep(self, amount: int, most: int | None = None) -> bool:
        """Count `amount` bytes as kept, if they are free and no more than `most` are kept then."""
        with self._changed:
            kept = self._kept + amount
            fits = self._granted + kept <= self.total and (most is None or kept <= most)
            self._kept += amount * fits
            return fits

    def drop(self, amount: int) -> None:
        """So many bytes are kept no longer; below 0: more are, as was found out late."""
        with self._changed:
            self._kept -= amount
            self._changed.notify_all()

    @contextmanager
    def reserve(
        self,
        amount: int,
        cancel: threading.Event | None = None,
        aside: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> Iterator[None]:
        """Hold `amount` bytes inside the `with`; waits until they are free, inside `aside`.

        Raises NeedsMemory when they never can be, Cancelled when `cancel` is set while waiting,
        and Crowded when no other run holds anything and `make_room` does not help.
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
            free = not self._queue and self._short(amount) <= 0
            self._granted += amount * free
            return free

    def _take(self, amount: int, cancel: threading.Event | None) -> None:
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
        try:
            while short := self._missing(ticket, amount, cancel):
                if not self._make_room(short):
                    self._wait_behind(amount, cancel)
        finally:
            with self._changed:
                self._queue.remove(ticket)
                self._changed.notify_all()

    def _missing(self, ticket: object, amount: int, cancel: threading.Event | None) -> int:
        """When its turn has come: 0 and it is granted, or by how much it does not fit."""
        with self._changed:
            while self._queue[0] is not ticket:
                self._rest(cancel)
            short = self._short(amount)
            if short <= 0:
                self._granted += amount
            return max(0, short)

    def _wait_behind(self, amount: int, cancel: threading.Event | None) -> None:
        """Until something changes, if it still does not fit. Raises Crowded, Cancelled."""
        with self._changed:
            if self._short(amount) > 0:
                if not self._granted:
                    raise Crowded
                self._rest(cancel)

    def _rest(self, cancel: threading.Event | None) -> None:
        """Under the lock: until something changes, or a moment is over."""
        if cancel is not None and cancel.is_set():
            raise Cancelled("cancelled while waiting for memory")
        self._changed.wait(_POLL if cancel is not None or self._kept else None)

    def _short(self, amount: int) -> int:
        """Under the lock: bytes that are missing for `amount`."""
        return self._granted + self._kept + amount - self.total
