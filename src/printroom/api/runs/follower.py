"""Events for all who listen in this process, by one thread that asks the database for them.

    follower.listen(job, after) -> Listener: batches of events, in order, none left out
                                             ends when the job is over

However many listen, there is one look at the database when something was told, and at most one in
`APART` seconds: for all jobs that somebody listens to, and only what is new of those that changed.
Whoever takes more slowly than events come lags behind, and is read its own pages later: nobody has
more than MOST events in memory. That a client takes nothing at all is for `stream` to see.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from printroom.jobs.events import END, TOPIC, Event, read
from printroom.jobs.model import JOBS
from printroom.jobs.queue import Queue
from printroom.jobs.states import OVER

APART = 0.02
"""Seconds between two looks, at least."""
_LOOK = 1.0
"""Seconds between two looks when nothing is told."""
_PAGE = 500
"""Jobs, or events, in one query."""
MOST = 1000
"""Events that wait for a listener before no more are read for it, until it has taken some."""
_FULL = 0.25
"""Seconds between two looks while somebody has that many."""
_STATES = select(JOBS.c.id, JOBS.c.events, JOBS.c.state).where(
    JOBS.c.id.in_(bindparam("ids", expanding=True))
)
_log = logging.getLogger("printroom.api")


class Listener:
    """One who listens to one job; used on the event loop alone, but for `seen`."""

    def __init__(self, job: str, after: int, *, end: bool) -> None:
        self.job = job
        self.end = end
        """Whether only the end counts, and no event is wanted."""
        self.seen = after
        """The number of the latest event that was handed over."""
        self.over = False
        """Whether nothing more will come."""
        self._waiting: list[Event] = []
        self._told = asyncio.Event()

    @property
    def room(self) -> bool:
        """Whether more may be read for it."""
        return len(self._waiting) < MOST

    async def next(self, timeout: float) -> list[Event]:
        """What has come since; empty after `timeout` seconds, or when it is over."""
        if not self._waiting and not self.over:
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await self._told.wait()
        self._told.clear()
        found, self._waiting = self._waiting, []
        return found

    def take(self, events: Sequence[Event], over: bool) -> None:
        """On the event loop: there is something new."""
        self._waiting += events
        self.over |= over
        self._told.set()


class Follower:
    """For one process and one event loop; close it."""

    def __init__(self, queue: Queue, loop: asyncio.AbstractEventLoop) -> None:
        self._queue, self._loop = queue, loop
        self._changed = threading.Condition()
        self._listeners: dict[str, set[Listener]] = {}
        self._closed = False
        self._thread: threading.Thread | None = None

    def listen(self, job: str, after: int = 0, *, end: bool = False) -> Listener:
        """From the event behind number `after` on; `end`: it wants to know only when the job is
        over. `leave` it in the end.
        """
        listener = Listener(job, after, end=end)
        with self._changed:
            self._listeners.setdefault(job, set()).add(listener)
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._work, name="follower", daemon=True)
                self._thread.start()
            self._changed.notify_all()
        self._queue.wakes.bump(TOPIC, END)
        return listener

    def leave(self, listener: Listener) -> None:
        """It listens no more."""
        with self._changed:
            those = self._listeners.get(listener.job, set())
            those.discard(listener)
            if not those:
                self._listeners.pop(listener.job, None)

    def close(self) -> None:
        """All are over."""
        with self._changed:
            self._closed = True
            everybody = [one for those in self._listeners.values() for one in those]
            self._changed.notify_all()
        for listener in everybody:
            listener.take([], over=True)
        self._queue.wakes.bump(TOPIC, END)
        if self._thread is not None:
            self._thread.join(5)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._listeners or self._closed)
                if self._closed:
                    return
            topic = TOPIC if self._eager else END
            seen, began = self._queue.wakes.seen(topic), time.monotonic()
            pause = _LOOK
            try:
                pause = self._look()
            except Exception as error:  # the database is away: all wait until it is back
                _log.warning("events: %s", error)
                time.sleep(_LOOK)
            self._queue.wakes.wait(topic, seen, pause)
            time.sleep(max(0.0, APART - (time.monotonic() - began)))

    @property
    def _eager(self) -> bool:
        """Whether anybody wants more than the end."""
        with self._changed:
            return any(not one.end for those in self._listeners.values() for one in those)

    def _look(self) -> float:
        """Read what is new; seconds after which to look again though nothing is told."""
        with self._changed:
            wanted = {
                job: {one.seen for one in those if not one.end and one.room}
                for job, those in self._listeners.items()
            }
            full = any(
                not (one.end or one.room) for those in self._listeners.values() for one in those
            )
        names, pause = list(wanted), _FULL if full else _LOOK
        for start in range(0, len(names), _PAGE):
            page = names[start : start + _PAGE]
            with self._queue.database.read() as connection:
                found = {row[0]: row for row in connection.execute(_STATES, {"ids": page})}
                news = {job: _news(connection, job, wanted[job], found.get(job)) for job in page}
            if any(len(events) == _PAGE for one in news.values() for events in one.pages.values()):
                pause = 0.0
            self._loop.call_soon_threadsafe(self._hand_out, news)
        return pause

    def _hand_out(self, news: dict[str, _News]) -> None:
        for job, new in news.items():
            for listener in list(self._listeners.get(job, ())):
                events = [] if listener.end else new.pages.get(listener.seen, [])
                if events:
                    listener.seen = events[-1].number
                over = new.over and (listener.end or listener.seen >= new.number)
                if events or over:
                    listener.take(events, over)


@dataclass(frozen=True, slots=True)
class _News:
    """What is new of a job."""

    number: int
    """Of its latest event."""
    over: bool
    pages: dict[int, list[Event]]
    """Number of an event -> the next ones behind it, a page at most."""


def _news(
    connection: Connection, job: str, wanted: set[int], row: Sequence[object] | None
) -> _News:
    if row is None:
        return _News(0, True, {})
    _, number, state = row
    latest = int(str(number))
    pages = {at: read(connection, job, at, _PAGE) for at in wanted if at < latest}
    return _News(latest, state in OVER, pages)
