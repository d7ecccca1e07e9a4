"""Who was not let in, for the audit log: keys that are none any more, passwords that are wrong.

    Refused -> TurnedAway.note -> an entry at once, and after WINDOW seconds one with the number of
                                  those that came since

Whoever tries keys or passwords in bulk writes the log no faster for it: what is refused for one
reason from one place is one entry and one number in each window, and beyond MOST kinds of them all
others are one. Those of nobody we know are in the log of the installation.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from printroom.accounts import audit
from printroom.accounts.audit import Actor
from printroom.accounts.book import Accounts
from printroom.accounts.principal import LOCAL_ACCOUNT
from printroom.api.accounts.sent import place_of
from printroom.core.errors import PrintroomError

WINDOW = 600.0
"""Seconds in which what is alike is added up."""
MOST = 100
"""Kinds that are kept apart in one window."""
log = logging.getLogger("printroom.api")


@dataclass(frozen=True)
class Refused:
    """A kind of refusal: all that are equal are counted together."""

    action: str
    """`key.refused` or `session.refused`."""
    code: str
    """Of the error."""
    place: str
    """Where it came from: an address, or a network of IPv6; empty = many."""
    account: str = LOCAL_ACCOUNT
    """In whose log it stands."""
    subject: str = ""
    """The key or the person it would have been, where that is known."""

    @classmethod
    def of(cls, action: str, error: PrintroomError, address: str) -> Refused:
        """What `error` says, to somebody at `address`."""
        account = getattr(error, "account", None) or LOCAL_ACCOUNT
        return cls(action, error.code, place_of(address), account, getattr(error, "subject", ""))


class TurnedAway:
    """For one server process; safe from any thread. Close it."""

    def __init__(
        self,
        accounts: Callable[[], Accounts],
        loop: asyncio.AbstractEventLoop,
        window: float = WINDOW,
    ) -> None:
        self._accounts, self._loop, self._window = accounts, loop, window
        self._lock = threading.Lock()
        self._more: dict[Refused, int] = {}
        """How many came after the first, in this window."""
        self._timer: asyncio.TimerHandle | None = None
        self._pool = ThreadPoolExecutor(1, "printroom-audit")

    def note(self, refused: Refused) -> None:
        """One more was refused. Nobody waits for the database."""
        with self._lock:
            if refused not in self._more and len(self._more) >= MOST:
                refused = replace(refused, place="", account=LOCAL_ACCOUNT, subject="")
            first = refused not in self._more
            begins = not self._more
            self._more[refused] = 0 if first else self._more[refused] + 1
        if first:
            log.warning("%s from %s: %s", refused.action, refused.place or "many", refused.code)
            self._submit([(refused, 1)])
        if begins:
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._arm)

    def close(self) -> None:
        """Write down what was counted."""
        if self._timer is not None:
            self._timer.cancel()
        self._end_window()
        self._pool.shutdown()

    def _arm(self) -> None:
        self._timer = self._loop.call_later(self._window, self._end_window)

    def _end_window(self) -> None:
        with self._lock:
            found, self._more = self._more, {}
        if counted := [(one, count) for one, count in found.items() if count]:
            self._submit(counted)

    def _submit(self, counted: Sequence[tuple[Refused, int]]) -> None:
        with suppress(RuntimeError):  # closed
            self._pool.submit(self._write, counted)

    def _write(self, counted: Sequence[tuple[Refused, int]]) -> None:
        try:
            self._accounts().do(_noted, counted)
        except PrintroomError as error:
            log.warning("%d refusals are not in the audit log: %s", len(counted), error)


def _noted(connection: Connection, now: float, counted: Sequence[tuple[Refused, int]]) -> None:
    for one, count in counted:
        actor = Actor(one.account, address=one.place)
        audit.note(connection, now, actor, one.action, one.subject, code=one.code, count=count)
