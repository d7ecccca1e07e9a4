"""What happens to all runs of an account, for whoever shows them: by one line, not one for each.

    account, since -> Everything.listen -> Listening: pieces of a stream, in order

One thread looks for all who listen in this process, when something was told and at most once in
`APART` seconds; what is new is written once for all listeners of an account. Events come in the
order of their times; one that was committed late comes late, and never before an earlier one of its
own run. A listener that comes again is told once more of the last seconds: each event says of which
run it is, and which number it has there. Previews and lines of steps are in the runs' own streams.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select

from printroom.database.prepared import Prepared, Row
from printroom.jobs.events import TOPIC, Event
from printroom.jobs.model import EVENTS, JOBS, Job
from printroom.jobs.queue import Queue
from printroom.jobs.states import OVER
from printroom.runs.handler import KINDS
from printroom.runs.view import event_json, run_json

APART = 0.05
"""Seconds between two looks, at least."""
_LOOK = 1.0
"""Seconds between two looks when nothing is told."""
NEAR, FAR = 1.0, 15.0
"""Seconds that each look goes back, and that one goes back once in a while: a transaction that
waited for a lock commits events that are as old."""
BACK = 5.0
"""The same for a listener that comes again."""
MOST = 1000
"""Events that are told again to a listener that comes again, and that wait for one at most."""
_PRIVATE = ("preview", "log")
_log = logging.getLogger("printroom.api")
_keys = (
    select(EVENTS.c.job, EVENTS.c.number, EVENTS.c.at, JOBS.c.account)
    .join(JOBS, JOBS.c.id == EVENTS.c.job)
    .where(EVENTS.c.at > bindparam("since"), EVENTS.c.kind.not_in(_PRIVATE))
    .where(JOBS.c.kind.in_(KINDS), JOBS.c.account.in_(bindparam("accounts", expanding=True)))
    .order_by(EVENTS.c.at, EVENTS.c.job, EVENTS.c.number)
)
_NEW = Prepared(_keys)
_AGAIN = Prepared(_keys.limit(MOST + 1))
_DATA = Prepared(
    select(EVENTS.c.kind, EVENTS.c.data_json).where(
        EVENTS.c.job == bindparam("named"), EVENTS.c.number == bindparam("which")
    )
)
_BEFORE = Prepared(
    select(EVENTS.c.number, EVENTS.c.at)
    .where(EVENTS.c.job == bindparam("named"), EVENTS.c.number < bindparam("which"))
    .where(EVENTS.c.at > bindparam("since"), EVENTS.c.kind.not_in(_PRIVATE))
    .order_by(EVENTS.c.number)
)
_RUN = Prepared(select(JOBS).where(JOBS.c.id == bindparam("named")))


@dataclass(frozen=True, slots=True)
class Told:
    """One event, as it is sent."""

    run: str
    number: int
    data: bytes


class Listening:
    """One who listens to an account; used on the event loop alone."""

    def __init__(self, account: str, since: float | None) -> None:
        self.account, self.since = account, since
        """`since`: seconds since 1970 from which on it wants to be told again; None = from now."""
        self.over = False
        self._seen: dict[str, int] = {}
        self._held: list[Told] | None = None if since is None else []
        """What is new, until it was told what came before."""
        self._waiting: list[bytes] = []
        self._told = asyncio.Event()

    async def next(self, timeout: float) -> bytes:
        """What has come since; empty after `timeout` seconds, or when it is over."""
        if not self._waiting and not self.over:
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await self._told.wait()
        self._told.clear()
        found, self._waiting = self._waiting, []
        return b"".join(found)

    def take(self, several: Iterable[Told]) -> None:
        """On the event loop: there is something new, or something that it knows."""
        if self._held is not None:
            self._held += several
            return
        for one in several:
            if one.number > self._seen.get(one.run, 0):
                self._seen[one.run] = one.number
                self._waiting.append(one.data)
        if len(self._seen) > 4 * MOST:  # the oldest are of runs that are long over
            self._seen = dict(list(self._seen.items())[-2 * MOST :])
        if len(self._waiting) > 2 * MOST:
            self._waiting, self.over = [], True
        self._told.set()

    def begin(self, before: Iterable[Told]) -> None:
        """On the event loop: what it is told again, and all that is new from now on."""
        held, self._held = self._held or [], None
        self.take([*before, *held])

    def end(self) -> None:
        """On the event loop: nothing more will come."""
        self.over = True
        self._told.set()


class Everything:
    """For one process and one event loop; close it."""

    def __init__(self, queue: Queue, loop: asyncio.AbstractEventLoop) -> None:
        self._queue, self._loop = queue, loop
        self._changed = threading.Condition()
        self._listeners: dict[str, set[Listening]] = {}
        self._closed = False
        self._thread: threading.Thread | None = None
        self._seen: dict[tuple[str, int], float] = {}
        """What was handed out, and when it came, as far back as a look may go."""
        self._newest = self._far = 0.0

    def listen(self, account: str, since: float | None = None) -> Listening:
        """On the event loop. `leave` it in the end."""
        listening = Listening(account, since)
        with self._changed:
            self._listeners.setdefault(account, set()).add(listening)
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._work, name="everything", daemon=True)
                self._thread.start()
            self._changed.notify_all()
        return listening

    def again(self, listening: Listening) -> bool:
        """In a thread: tell it what came since `since`; False if that is too much: it is not."""
        assert listening.since is not None
        accounts = [listening.account]
        with self._queue.database.read() as connection:
            rows = _AGAIN(connection, {"since": listening.since - BACK, "accounts": accounts})
            whole = len(rows) <= MOST
            told = [self._told(connection, *row[:3]) for row in _in_order(rows)] if whole else []
        self._loop.call_soon_threadsafe(listening.begin, told)
        return whole

    def leave(self, listening: Listening) -> None:
        """It listens no more."""
        with self._changed:
            those = self._listeners.get(listening.account, set())
            those.discard(listening)
            if not those:
                self._listeners.pop(listening.account, None)

    def close(self) -> None:
        """All are over."""
        with self._changed:
            self._closed = True
            everybody = [one for those in self._listeners.values() for one in those]
            self._changed.notify_all()
        for listening in everybody:
            listening.end()
        self._queue.wakes.bump(TOPIC)
        if self._thread is not None:
            self._thread.join(5)

    def _work(self) -> None:
        while True:
            with self._changed:
                idle = not self._listeners
                self._changed.wait_for(lambda: self._listeners or self._closed)
                if self._closed:
                    return
            seen, began = self._queue.wakes.seen(TOPIC), time.monotonic()
            try:
                if idle or not self._newest:
                    self._newest, self._far = self._queue.database.clock(), began
                self._look(began)
            except Exception as error:  # the database is away: all wait until it is back
                _log.warning("events: %s", error)
                time.sleep(_LOOK)
            self._queue.wakes.wait(TOPIC, seen, _LOOK)
            time.sleep(max(0.0, APART - (time.monotonic() - began)))

    def _look(self, now: float) -> None:
        with self._changed:
            accounts = sorted(self._listeners)
        if not accounts:
            return
        far = now - self._far >= FAR / 3
        self._far = now if far else self._far
        since = self._newest - (FAR if far else NEAR)
        news: dict[str, list[Told]] = {}
        with self._queue.database.read() as connection:
            rows = _NEW(connection, {"since": since, "accounts": accounts})
            for run, number, at, account in _in_order(rows):
                if (run, number) in self._seen:
                    continue
                self._newest = max(self._newest, at)
                told = news.setdefault(account, [])
                for which, when in (*self._missed(connection, run, number), (number, at)):
                    self._seen[run, which] = when
                    told.append(self._told(connection, run, which, when))
        if far:
            oldest = self._newest - 2 * FAR
            self._seen = {key: at for key, at in self._seen.items() if at > oldest}
        if news:
            self._loop.call_soon_threadsafe(self._hand_out, news)

    def _missed(self, connection: Connection, run: str, number: int) -> list[tuple[int, float]]:
        """Events of a run before one that is new, if they are new as well but look too old."""
        if number == 1 or (run, number - 1) in self._seen:
            return []
        values = {"named": run, "which": number, "since": self._newest - FAR}
        return [row for row in _BEFORE(connection, values) if (run, row[0]) not in self._seen]

    def _told(self, connection: Connection, run: str, number: int, at: float) -> Told:
        ((kind, data),) = _DATA(connection, {"named": run, "which": number})
        said: dict[str, Any] = {"run_id": run}
        said |= event_json(Event(number, at, kind, json.loads(data)))
        if kind in OVER and (row := _RUN.first(connection, {"named": run})) is not None:
            said["run"] = run_json(Job.of(row))
        text = json.dumps(said, separators=(",", ":"))
        return Told(run, number, f"id: {round(at * 1e6)}\nevent: {kind}\ndata: {text}\n\n".encode())

    def _hand_out(self, news: Mapping[str, list[Told]]) -> None:
        for account, told in news.items():
            for listening in list(self._listeners.get(account, ())):
                listening.take(told)


def _in_order(rows: Sequence[Row]) -> Iterator[Row]:
    """By time, but those of one run by their numbers: clocks are read before locks are waited for.

    >>> list(_in_order([("a", 2, 1.0), ("b", 1, 2.0), ("a", 1, 3.0)]))
    [('a', 1, 3.0), ('b', 1, 2.0), ('a', 2, 1.0)]
    """
    runs: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: -row[1]):
        runs.setdefault(row[0], []).append(row)
    for row in rows:
        yield runs[row[0]].pop()
