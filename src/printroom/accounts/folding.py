"""Journals of uses become sums in the database, each line once, whatever is killed when.

    fold(database, folder) -> lines counted; None = another process is at it
                              DatabaseUnavailable DiskFull

How far a journal has been counted stands beside the sums and moves in the same transaction, so a
transaction that is repeated finds its work done. One process at a time folds a folder; should two,
they wait for each other at the journal's row. A journal is removed when its process is gone and all
of it is counted, and only then its row: the other way round, a crash would count it again.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from printroom.accounts.journal import SUFFIX, parsed
from printroom.accounts.metering import add
from printroom.accounts.model import JOURNALS
from printroom.database.engine import Database

_AT_ONCE = 2**20
"""Bytes of a journal that are counted in one transaction."""


def fold(database: Database, folder: Path, patience: float | None = None) -> int | None:
    """Count what the journals in `folder` have; None at once where another process does.

    `patience`: seconds to wait for a database that is away; None = as long as it usually does.
    """
    with _locked(folder / "lock") as ours:
        if not ours:
            return None
        paths = sorted(folder.glob(f"*{SUFFIX}"))
        return sum(_fold_one(database, path, patience) for path in paths)


def _fold_one(database: Database, path: Path, patience: float | None) -> int:
    with path.open("rb") as file, _held(file.fileno()) as gone:  # asked before the last look
        total = 0
        work = partial(_counted, database.clock(), path)
        while (count := database.run(work, patience=patience)) is not None:
            total += count
        if gone:
            path.unlink()
            _sync(path.parent)
            database.run(partial(_forgotten, path.stem), patience=patience)
    return total


def _counted(now: float, path: Path, connection: Connection) -> int | None:
    """Count the next whole lines of a journal; None = there are none."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    first = dialect.insert(JOURNALS).values(journal=path.stem, offset=0, folded_at=now)
    known = select(JOURNALS.c.offset).where(JOURNALS.c.journal == path.stem).with_for_update()
    offset = connection.execute(known).scalar()
    data = _read(path, offset or 0)
    if not data:
        return None
    if offset is None:
        connection.execute(first.on_conflict_do_nothing())
        offset = connection.execute(known).scalar_one()
        data = _read(path, offset)
    uses, size = parsed(data)
    add(connection, uses)
    mine = JOURNALS.update().where(JOURNALS.c.journal == path.stem)
    connection.execute(mine.values(offset=offset + size, folded_at=now))
    return len(uses)


def _read(path: Path, offset: int) -> bytes:
    """Whole lines from there on."""
    with path.open("rb") as file:
        file.seek(offset)
        data = file.read(_AT_ONCE)
    return data[: data.rfind(b"\n") + 1]


def _forgotten(journal: str, connection: Connection) -> None:
    connection.execute(delete(JOURNALS).where(JOURNALS.c.journal == journal))


@contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """Whether we are the only one inside."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        with _held(descriptor) as ours:
            yield ours
    finally:
        os.close(descriptor)


@contextmanager
def _held(descriptor: int) -> Iterator[bool]:
    """Whether nobody else holds a lock on the file; released when it is closed."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
