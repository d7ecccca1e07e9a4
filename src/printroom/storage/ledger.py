"""Which version of each object was done last, with which options, and what became of it.

    Work -> intend -> (the result is put) -> done        a result is never made twice
    Work -> standing: DONE, an Intent, or None: not begun
    alone(flow), until the process ends                  BadOption: another one does it

A version is a key and an ETag. An intent says what the result will be, down to its digest, and is
on disk before the result is put: whoever was killed in between finds out, from the result, that it
was done. One SQLite file for any number of flows and processes.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Final, Literal

from printroom.core.errors import BadOption, Unwritable

_TABLE = """
CREATE TABLE IF NOT EXISTS results (
    flow TEXT NOT NULL, key TEXT NOT NULL, etag TEXT NOT NULL, options TEXT NOT NULL,
    target TEXT NOT NULL, size INTEGER NOT NULL, digest TEXT NOT NULL,
    done INTEGER NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (flow, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS results_target ON results (flow, target);
"""
_PATIENCE = 30.0
DONE: Final = "done"
"""How it stands with a version whose result is there."""


@dataclass(frozen=True)
class Work:
    """One version of an object, and what is to be done with it."""

    flow: str
    """From where to where: `flow_id`."""
    key: str
    etag: str
    options: str
    """What else the result depends on."""


@dataclass(frozen=True)
class Intent:
    """A result that is about to be put, or was."""

    target: str
    """Its key."""
    size: int
    """Bytes."""
    digest: str
    """SHA-256, hexadecimal."""


class FlowLedger:
    """The file. Safe from many threads and processes."""

    def __init__(self, path: Path) -> None:
        """Raises Unwritable."""
        self._path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(
                path, timeout=_PATIENCE, check_same_thread=False, isolation_level=None
            )
            self._file.execute("PRAGMA journal_mode = WAL")
            self._file.execute("PRAGMA synchronous = FULL")
            self._file.executescript(_TABLE)
        except (OSError, sqlite3.Error) as error:
            raise self._unwritable(error) from error

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._file.close()

    def standing(self, work: Work) -> Intent | Literal["done"] | None:
        """How far it came."""
        rows = self._run(
            "SELECT target, size, digest, done FROM results"
            " WHERE flow = ? AND key = ? AND etag = ? AND options = ?",
            astuple(work),
        )
        if not rows:
            return None
        target, size, digest, done = rows[0]
        return DONE if done else Intent(target, size, digest)

    def owner(self, flow: str, target: str) -> str | None:
        """The key whose result lies, or was to lie, at `target`."""
        rows = self._run(
            "SELECT key FROM results WHERE flow = ? AND target = ? LIMIT 1", (flow, target)
        )
        return str(rows[0][0]) if rows else None

    def intend(self, work: Work, intent: Intent) -> None:
        """The result is about to be put."""
        self._enter(work, intent, done=False)

    def done(self, work: Work, intent: Intent) -> None:
        """It was put; that is never forgotten."""
        self._enter(work, intent, done=True)

    @contextmanager
    def alone(self, flow: str) -> Iterator[None]:
        """One process at a time does a flow. Raises BadOption when another one does."""
        lock = os.open(self._path.with_name(f"{flow}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BadOption(
                    "another process is doing the same, from there to there", "wait for it"
                ) from None
            yield
        finally:
            os.close(lock)

    def _enter(self, work: Work, intent: Intent, done: bool) -> None:
        self._run(
            "INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*astuple(work), *astuple(intent), int(done), time.time()),
        )

    def _run(self, statement: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        try:
            with self._lock:
                return self._file.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: Exception) -> Unwritable:
        return Unwritable(f"{self._path} cannot be used, {error}", "see to its disk")


def flow_id(*parts: str) -> str:
    """32 hexadecimal digits for what goes from one place to another."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
