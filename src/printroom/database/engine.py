"""One database, safe from many threads; transactions that wait out its absence.

    Database.open(url) -> Database           BadOption DatabaseUnavailable
    database.read()    -> Connection         a snapshot; DatabaseUnavailable DatabaseMismatch
    database.write()   -> Connection         all or nothing; and DiskFull
    database.run(work) -> result             the same, tried again while the database is away

SQLite: one writer at a time (`BEGIN IMMEDIATE`: who waits for the lock waits before it reads, so no
transaction dies half way), write-ahead log, foreign keys. A commit outlasts a killed process; one
that is `lasting` outlasts a loss of power, too, and takes a sync of the disk with it all that came
before. PostgreSQL commits are lasting unless they say otherwise.
"""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text

from printroom.core.errors import BadOption, DatabaseUnavailable, DiskFull, Unwritable
from printroom.database.clock import Clock, ServerClock
from printroom.database.faults import meaning
from printroom.database.url import SQLITE, parse, shown

T = TypeVar("T")

PATIENCE = 15.0
"""Seconds for which `run` waits for a database that is away."""
BUSY = 5.0
"""Seconds for which SQLite waits for its lock before it is an error."""
CONNECTIONS = 16
"""To PostgreSQL, from one process; SQLite has as many files open at most."""
_FIRST, _LONGEST = 0.02, 1.0
"""Seconds between two tries, at first and at most."""


class Database:
    """A database that is there, though its tables may not be (`printroom.database.migrate`)."""

    def __init__(self, engine: Engine, name: str, patience: float) -> None:
        self.engine = engine
        self.name = name
        """For people: the URL without secrets."""
        self.sqlite = engine.dialect.name == "sqlite"
        self.patience = patience
        self.clock: Clock = time.time if self.sqlite else ServerClock(self._ask)
        """The time that all who share this database agree on. Ask before a transaction, not in
        it: it may take a connection of its own."""

    @classmethod
    def open(cls, address: str, *, patience: float = PATIENCE) -> Database:
        """The database at the URL `address`; a file that is not there is made.

        Raises BadOption for a URL that names none, Unwritable, DatabaseUnavailable.
        """
        url = parse(address)
        try:
            if url.drivername == SQLITE:
                engine = _sqlite(Path(str(url.database)))
            else:
                engine = create_engine(
                    url, pool_size=CONNECTIONS, max_overflow=0, pool_use_lifo=True, connect_args=TCP
                )
        except ModuleNotFoundError as error:
            reason = f"PostgreSQL needs the package {error.name}"
            raise BadOption(reason, "install printroom[postgres]") from None
        database = cls(engine, shown(url), patience)
        database.run(lambda connection: connection.execute(text("SELECT 1")), write=False)
        database.clock()
        return database

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that changes nothing."""
        with self._begun({}) as connection:
            yield connection

    @contextmanager
    def write(self, *, lasting: bool = True) -> Iterator[Connection]:
        """A transaction; rolled back when the block raises. `lasting`: see above."""
        with self._begun({"writes": True, "lasting": lasting}) as connection:
            yield connection

    def run(
        self,
        work: Callable[[Connection], T],
        *,
        write: bool = True,
        lasting: bool = True,
        patience: float | None = None,
        stop: threading.Event | None = None,
    ) -> T:
        """`work` in a transaction, from the start again while the database is away.

        `work` may find that it was done already: the answer to a commit can be lost. Raises the
        last DatabaseUnavailable or DiskFull after `patience` seconds (default: the database's), or
        when `stop` is set.
        """
        until = time.monotonic() + (self.patience if patience is None else patience)
        pause = _FIRST
        while True:
            try:
                with self.write(lasting=lasting) if write else self.read() as connection:
                    return work(connection)
            except (DatabaseUnavailable, DiskFull):
                left = until - time.monotonic()
                if left <= 0 or (stop is not None and stop.is_set()):
                    raise
            _wait(min(left, pause * random.uniform(0.5, 1)), stop)
            pause = min(pause * 2, _LONGEST)

    def scrub(self) -> None:
        """Have nothing of what was deleted in SQLite's log of changes, if nobody is reading now.

        PostgreSQL lets go of deleted rows by itself, when it vacuums.
        """
        if self.sqlite:
            with self.engine.connect() as idle:
                driver: Any = idle.connection.dbapi_connection
                driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Give the connections back. A database that is used again opens new ones."""
        self.engine.dispose()

    @contextmanager
    def _begun(self, options: dict[str, Any]) -> Iterator[Connection]:
        try:
            with self.engine.connect() as idle:
                connection = idle.execution_options(**options)
                with connection.begin():
                    if not self.sqlite and options.get("lasting") is False:
                        connection.execute(_UNHURRIED)
                    yield connection
        except Exception as error:
            other = meaning(error, self.name)
            if other is error:
                raise
            raise other from error

    def _ask(self) -> float:
        with self.read() as connection:
            return float(connection.execute(_NOW).scalar_one())


TCP: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""For psycopg: a server that vanished is noticed, not waited for."""
_UNHURRIED = text("SET LOCAL synchronous_commit = off")
_NOW = text("SELECT extract(epoch FROM clock_timestamp())")


def _sqlite(path: Path) -> Engine:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unwritable(f"{path.parent} cannot be made", error.strerror or str(error)) from error
    engine = create_engine(
        f"{SQLITE}:///{path}",
        pool_size=CONNECTIONS,
        max_overflow=0,
        connect_args={"timeout": BUSY, "check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA secure_delete = ON")  # what was deleted is not to be found in pages


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    driver: Any = connection.connection.dbapi_connection
    if not options.get("writes"):
        driver.execute("BEGIN")
        return
    level = "FULL" if options.get("lasting", True) else "NORMAL"
    driver.execute(f"PRAGMA synchronous = {level}")
    driver.execute("BEGIN IMMEDIATE")


def _wait(seconds: float, stop: threading.Event | None) -> None:
    if stop is None:
        time.sleep(seconds)
    else:
        stop.wait(seconds)
