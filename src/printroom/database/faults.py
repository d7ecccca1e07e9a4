"""What a database's own exceptions mean.

    SQLAlchemyError, sqlite3.Error
        -> DatabaseUnavailable   it does not answer, or is locked: worth another try
        -> DiskFull              its disk is full: worth another try, later
        -> DatabaseMismatch      tables are missing, or are not as this printroom knows
        -> BadOption             a text with a zero byte, which PostgreSQL cannot hold
        -> itself                a mistake of ours

Guarantee: what is called transient left nothing behind, unless the answer to a commit was lost;
whoever tries again must be content with finding its work done.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from printroom.core.errors import (
    BadOption,
    DatabaseMismatch,
    DatabaseUnavailable,
    DiskFull,
    PrintroomError,
)

_AGAIN = {"40001", "40P01", "55P03", "57014"}
"""SQLSTATE: serialization failure, deadlock, lock not available, query cancelled."""
_NO_TABLE = {"42P01", "42703"}
"""SQLSTATE: no such table, no such column."""
_DISK = "53100"
_TEXT = "22021"
_RESOURCES = ("08", "53", "57P")
"""SQLSTATE classes: connection, resources, operator intervention."""


def meaning(error: Exception, where: str) -> Exception:
    """The error of ours that says what `error` is, or `error` itself. `where`: the database."""
    if isinstance(error, PrintroomError):
        return error
    if isinstance(error, PoolTimeout):
        return DatabaseUnavailable(f"{where}: all connections are in use", "try again later")
    if isinstance(error, sqlite3.Error):  # of a statement that we gave to the driver ourselves
        return _sqlite(error, error, where)
    if not isinstance(error, DBAPIError):
        return error
    original: Any = error.orig
    if isinstance(original, sqlite3.Error):
        return _sqlite(error, original, where)
    return _postgres(error, getattr(original, "sqlstate", None) or "", where)


def _sqlite(error: Exception, original: sqlite3.Error, where: str) -> Exception:
    code = getattr(original, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return DiskFull(f"{where}: its disk is full", "free some room; nothing was half written")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return DatabaseUnavailable(f"{where}: locked for too long", "try again later")
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
        remedy = "check that its folder is there and can be written"
        return DatabaseUnavailable(f"{where}: {original}", remedy)
    if str(original).startswith("no such"):
        return _mismatch(original, where)
    return error


def _postgres(error: DBAPIError, state: str, where: str) -> Exception:
    if state == _DISK:
        return DiskFull(f"{where}: its disk is full", "free some room; nothing was half written")
    if state in _NO_TABLE:
        return _mismatch(error.orig, where)
    if state == _TEXT or (not state and isinstance(error, DataError)):
        return BadOption("a text cannot be kept: it has a zero byte", "leave that out")
    lost = error.connection_invalidated or state in _AGAIN or state.startswith(_RESOURCES)
    if lost or (not state and isinstance(error, OperationalError | InterfaceError)):
        reason = str(error.orig).splitlines()[0] if str(error.orig) else "the connection was lost"
        return DatabaseUnavailable(f"{where}: {reason}", "check that it runs and can be reached")
    return error


def _mismatch(original: object, where: str) -> DatabaseMismatch:
    return DatabaseMismatch(f"{where}: {str(original).splitlines()[0]}", "migrate it first")
