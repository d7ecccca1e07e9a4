"""Being woken when others have committed something.

    write: wakes.tell(connection, topic)  -- commit -->  everybody's wakes.wait(topic, seen) returns

PostgreSQL carries the topic with NOTIFY. SQLite says only that some other connection committed
(`PRAGMA data_version`), looked at every few milliseconds while somebody waits; it wakes every
topic. Guarantee: never misses a commit that told its topic after `seen` was taken, while the
database can be reached; may wake for nothing. Who waits looks again after a while all the same.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
import time
from typing import Any

from sqlalchemy import Connection, text

from printroom.database.engine import TCP, Database

POLL = 0.003
"""Seconds between looks at an SQLite file; one look takes some microseconds."""
_AWAY = 0.5
"""Seconds until a listener that lost its database tries again."""
_CHANNEL = "printroom"
_NOTIFY = text(f"SELECT pg_notify('{_CHANNEL}', :topics)")
_log = logging.getLogger(__name__)


class Wakes:
    """One listener for a process; threads wait on it. Starts when first waited on."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._changed = threading.Condition()
        self._all = 0
        self._topics: dict[str, int] = {}
        self._waiting = 0
        self._closed = False
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()

    def tell(self, connection: Connection, *topics: str) -> None:
        """Have the commit of this transaction wake those who wait for `topics`, anywhere."""
        if topics and not self._database.sqlite:
            connection.execute(_NOTIFY, {"topics": ",".join(topics)})

    def bump(self, *topics: str) -> None:
        """Wake this process's own waiters at once; for after the commit."""
        with self._changed:
            for topic in topics:
                self._topics[topic] = self._topics.get(topic, 0) + 1
            self._changed.notify_all()

    def seen(self, topic: str) -> int:
        """How often `topic` was told so far; take it before you look at the tables."""
        self._start()
        with self._changed:
            return self._all + self._topics.get(topic, 0)

    def wait(self, topic: str, seen: int, timeout: float) -> bool:
        """Whether `topic` was told since `seen`; waits for it at most `timeout` seconds."""
        self._start()
        with self._changed:
            self._waiting += 1
            self._changed.notify_all()
            try:
                return self._changed.wait_for(
                    lambda: self._closed or self._all + self._topics.get(topic, 0) != seen, timeout
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

    def _watch(self) -> None:
        path = str(self._database.engine.url.database)
        with contextlib.closing(sqlite3.connect(path, check_same_thread=False)) as connection:
            last = _version(connection)
            self._ready.set()
            while not self._closed:
                with self._changed:
                    self._changed.wait_for(lambda: self._waiting or self._closed)
                if (version := _version(connection)) != last:
                    last = version
                    self._everything()
                time.sleep(POLL)

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
