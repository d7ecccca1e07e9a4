"""Being woken when others have committed something.

    told = wakes.tell(connection, topic)  -- commit -->  everybody's wakes.wait(topic, seen) returns
    wakes.done(told)                                     this process's own at once

PostgreSQL carries the topic with NOTIFY. SQLite says only that some other connection committed
(`PRAGMA data_version`), looked at every few milliseconds while somebody waits, less often once it
has been quiet; which topics were told is counted in the table `wakes`. Guarantee: never misses a
commit that told its topic after `seen` was taken, while the database can be reached; may wake for
nothing. Who waits looks again after a while all the same.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from printroom.database.engine import TCP, Database
from printroom.database.prepared import Prepared

POLL, IDLE = 0.003, 0.05
"""Seconds between looks at an SQLite file, and once nothing was told for `_QUIET` seconds: a look
wakes the processor, and a server on a laptop has nothing to do for most of the day."""
_QUIET = 2.0
_AWAY = 0.5
"""Seconds until a listener that lost its database tries again."""
_CHANNEL = "printroom"
_NOTIFY = Prepared(text(f"SELECT pg_notify('{_CHANNEL}', :topics)"))
_TABLE = "CREATE TABLE IF NOT EXISTS wakes (topic TEXT PRIMARY KEY, told INTEGER NOT NULL)"
_COUNT = (
    "INSERT INTO wakes (topic, told) VALUES {rows}"
    " ON CONFLICT (topic) DO UPDATE SET told = told + 1 RETURNING topic, told"
)
Told = Sequence[tuple[str, int]]
"""Topics that a transaction told, and their counts; 0 where nobody counts."""
_log = logging.getLogger(__name__)


class Wakes:
    """One listener for a process; threads wait on it. Starts when first waited on."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._changed = threading.Condition()
        self._all = 0
        self._topics: dict[str, int] = {}
        self._counts: dict[str, int] = {}
        """What the table says, as far as its commits have woken those who wait here."""
        self._waiting = 0
        self._heard = time.monotonic()
        """When any topic was last told."""
        self._closed = False
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        if database.sqlite:
            database.run(lambda connection: connection.exec_driver_sql(_TABLE), lasting=False)

    def tell(self, connection: Connection, *topics: str) -> Told:
        """Have the commit of this transaction wake those who wait for `topics`, anywhere else.

        After the commit give what this returns to `done`, for those who wait here.
        """
        named = tuple(dict.fromkeys(topics))
        if not named:
            return ()
        if self._database.sqlite:
            rows = ", ".join(["(?, 1)"] * len(named))
            driver: Any = connection.connection.dbapi_connection
            found: Told = driver.execute(_COUNT.format(rows=rows), named).fetchall()
            return found
        _NOTIFY(connection, {"topics": ",".join(named)})
        return [(topic, 0) for topic in named]

    def done(self, told: Told) -> None:
        """Wake this process's own waiters at once, after the commit that told."""
        with self._changed:
            for topic, count in told:
                if self._counts.get(topic, 0) == count - 1:  # or others told it meanwhile, too
                    self._counts[topic] = count
            self.bump(*(topic for topic, _ in told))

    def bump(self, *topics: str) -> None:
        """Wake this process's own waiters, though nothing was committed."""
        if not topics:  # most turns of a worker: they are no news
            return
        with self._changed:
            for topic in topics:
                self._topics[topic] = self._topics.get(topic, 0) + 1
            self._heard = time.monotonic()
            self._changed.notify_all()

    def seen(self, *topics: str) -> int:
        """How often any of `topics` was told so far; take it before you look at the tables."""
        self._start()
        with self._changed:
            return self._told(topics)

    def wait(self, topics: str | Sequence[str], seen: int, timeout: float) -> bool:
        """Whether any of `topics` was told since `seen`; waits at most `timeout` seconds."""
        wanted = (topics,) if isinstance(topics, str) else topics
        self._start()
        with self._changed:
            self._waiting += 1
            self._changed.notify_all()
            try:
                return self._changed.wait_for(
                    lambda: self._closed or self._told(wanted) != seen, timeout
                )
            finally:
                self._waiting -= 1

    def close(self) -> None:
        """Wake everybody, and end the listener."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _told(self, topics: Sequence[str]) -> int:
        return self._all + sum(self._topics.get(topic, 0) for topic in topics)

    def _start(self) -> None:
        with self._changed:
            if self._thread is None and not self._closed:
                work = self._watch if self._database.sqlite else self._listen
                self._thread = threading.Thread(target=self._forever, args=(work,), daemon=True)
                self._thread.start()
        self._ready.wait(timeout=5)

    def _forever(self, work: Any) -> None:
        """`work`, again whenever the database goes away; what was missed meanwhile wakes all."""
        away = False
        while not self._closed:
            try:
                work()
            except Exception as error:
                if not away:  # who waits says so when it is for long
                    _log.info("%s: not listening: %s", self._database.name, error)
                away = True
                self._ready.set()  # waiters fall back on looking once in a while
                with self._changed:
                    self._changed.wait_for(lambda: self._closed, _AWAY)
            self._everything()

    def _everything(self) -> None:
        with self._changed:
            self._all += 1
            self._changed.notify_all()

    def _counted(self, rows: Told) -> None:
        """What the table says now."""
        with self._changed:
            fresh = [topic for topic, count in rows if self._counts.get(topic, 0) < count]
            self._counts.update(rows)
            self.bump(*fresh)

    def _watch(self) -> None:
        path = str(self._database.engine.url.database)
        with contextlib.closing(sqlite3.connect(path, check_same_thread=False)) as connection:
            last = _version(connection)
            self._counted(connection.execute("SELECT topic, told FROM wakes").fetchall())
            self._ready.set()
            while not self._closed:
                with self._changed:
                    self._changed.wait_for(lambda: self._waiting or self._closed)
                if (version := _version(connection)) != last:
                    last = version
                    self._counted(connection.execute("SELECT topic, told FROM wakes").fetchall())
                quiet = time.monotonic() - self._heard > _QUIET
                with self._changed:  # who begins to wait, or tells, is looked after at once
                    self._changed.wait(IDLE if quiet else POLL)

    def _listen(self) -> None:
        import psycopg

        url = self._database.engine.url.set(drivername="postgresql")
        address = url.render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True, **TCP) as connection:
            connection.execute(f"LISTEN {_CHANNEL}")
            self._everything()
            self._ready.set()
            while not self._closed:
                for notice in connection.notifies(timeout=0.5):
                    self.bump(*notice.payload.split(","))


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA data_version").fetchone()[0])
