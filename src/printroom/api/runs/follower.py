"""Events for all who listen in this process, by one thread that asks the database for them.

    follower.listen(job, after) -> Listener: batches of events, in order, none left out
                                             ends when the job is over, or the listener is too slow

However many listen, there is one look at the database when something was told, and at most one in
`APART` seconds: for all jobs that somebody listens to, and only what is new of those that changed.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy import Connection, bindparam, select

from printroom.jobs.events import END, TOPIC, Event, read
from printroom.jobs.model import JOBS
from printroom.jobs.queue import Queue
from printroom.jobs.states import OVER

APART = 0.02
"""Seconds between two looks, at least."""
_LOOK = 1.0
"""Seconds between two looks when nothing is told."""
_NOTHING = 2**62
"""Number of an event behind which there is none."""
_PAGE = 500
"""Jobs, or events, in one query."""
MOST = 2000
"""Events that wait for a listener before it is dropped."""
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
        self.slow = False
        """Whether it was dropped because it took nothing."""
        self._waiting: list[Event] = []
        self._told = asyncio.Event()

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
        if len(self._waiting) > MOST:
            self._waiting, self.slow, over = [], True, True
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
            try:
                self._look()
            except Exception as error:  # the database is away: all wait until it is back
                _log.warning("events: %s", error)
                time.sleep(_LOOK)
            self._queue.wakes.wait(topic, seen, _LOOK)
            time.sleep(max(0.0, APART - (time.monotonic() - began)))

    @property
    def _eager(self) -> bool:
        """Whether anybody wants more than the end."""
        with self._changed:
            return any(not one.end for those in self._listeners.values() for one in those)

    def _look(self) -> None:
        with self._changed:
            least = {
                job: min((one.seen for one in those if not one.end), default=_NOTHING)
                for job, those in self._listeners.items()
            }
        names = list(least)
        for start in range(0, len(names), _PAGE):
            page = names[start : start + _PAGE]
            with self._queue.database.read() as connection:
                found = {row[0]: row for row in connection.execute(_STATES, {"ids": page})}
                news = {
                    job: self._news(connection, job, least[job], found.get(job)) for job in page
                }
            self._loop.call_soon_threadsafe(self._hand_out, news)

    def _news(
        self, connection: Connection, job: str, after: int, row: Sequence[object] | None
    ) -> tuple[list[Event], bool]:
        """What is new of a job, and whether it is over."""
        if row is None:
            return [], True
        _, number, state = row
        events: list[Event] = []
        while after < int(str(number)) and (page := read(connection, job, after, _PAGE)):
            events += page
            after = page[-1].number
        return events, state in OVER

    def _hand_out(self, news: dict[str, tuple[list[Event], bool]]) -> None:
        for job, (events, over) in news.items():
            if not (events or over):
                continue
            for listener in list(self._listeners.get(job, ())):
                fresh = [event for event in events if event.number > listener.seen]
                if listener.end:
                    fresh = []
                elif fresh:
                    listener.seen = fresh[-1].number
                if fresh or over:
                    listener.take(fresh, over)
