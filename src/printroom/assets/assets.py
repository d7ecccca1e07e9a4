"""Files and results: whose they are, what they are called, and their bytes.

    bytes, path -> write, then enter -> Asset   rows and bytes together, or neither
    id, account -> get, open, delete            NotFound: also for what is another account's
    a run's end -> discard                      all that it made
    sweep()     -> what has expired is gone

Of each content the store holds one copy, however many files have it. A row is there only while
its bytes are; bytes without a row are swept.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from printroom.assets.blobs import Blobs, Swept, Written, abandon, vouch
from printroom.assets.looking import Look, looked_at
from printroom.assets.model import ASSETS, SCRIPTS, Asset, Kind
from printroom.core.errors import DiskFull, NotFound, Unwritable
from printroom.database.engine import Database
from printroom.database.migrate import migrate
from printroom.database.prepared import Prepared
from printroom.storage.book import StoreBook
from printroom.storage.disk import DiskStore
from printroom.storage.keys import Prefix
from printroom.storage.store import PIECE, Stat, Store

Files = list[Asset]
_TRIES = 3
"""Times that bytes are written which are swept before they are vouched for."""
_MOST = 200
"""Files that go in one go."""
SHOWN = ASSETS.c.kind.in_(("upload", "result"))
"""Of files that accounts see; the others are nobody's to have."""
_INSERT = Prepared(
    {
        "sqlite": sqlite.insert(ASSETS).on_conflict_do_nothing(),
        "postgresql": postgresql.insert(ASSETS).on_conflict_do_nothing(),
    }
)
_named = select(ASSETS).where(ASSETS.c.id == bindparam("named"))
_theirs = _named.where(ASSETS.c.account == bindparam("whose"))
_FOUND, _FIND, _GET = Prepared(_named), Prepared(_theirs), Prepared(_theirs.where(SHOWN))
_RELEASE = Prepared(
    update(ASSETS)
    .where(ASSETS.c.run == bindparam("whose"), ASSETS.c.kind == "part")
    .values(expires_at=bindparam("at"))
)


@dataclass(frozen=True)
class New:
    """A file that is to be."""

    account: str
    source: bytes | Path
    kind: Kind
    name: str = ""
    """See `plain`."""
    media_type: str = "application/octet-stream"
    """Believed for what is no picture."""
    run: str | None = None
    id: str = ""
    """Empty = a new one. A file that has this id already stays as it is."""
    expires_at: float | None = None
    look: Look | None = None
    """What it is, where whoever made it knows; None = it is looked at."""


@dataclass(frozen=True)
class Content:
    """The bytes of a file, one version of them; safe from many threads."""

    asset: Asset
    store: Store
    stat: Stat

    @property
    def size(self) -> int:
        """All of them."""
        return self.asset.size

    def read(self, start: int, size: int) -> bytes:
        """`size` bytes from `start` on, fewer only at the end. Raises what the store does."""
        return self.store.read(self.stat.key, start, size, self.stat.etag)

    def pieces(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` to before `end`, in pieces."""
        stop = self.size if end is None else min(end, self.size)
        for at in range(start, stop, PIECE):
            yield self.read(at, min(PIECE, stop - at))

    def save(self, path: Path) -> None:
        """Write them to `path`. Raises DiskFull, Unwritable, and what the store does."""
        try:
            with path.open("wb") as file:
                for piece in self.pieces():
                    file.write(piece)
        except OSError as error:
            raise unwritable(error, path) from error


class Assets:
    """The files of all accounts. Safe from many threads and processes."""

    def __init__(self, database: Database, store: Store, prefix: str = "") -> None:
        """Migrates the tables first. Raises DatabaseMismatch, DatabaseUnavailable."""
        migrate(database, [SCRIPTS])
        self.database = database
        self.blobs = Blobs(database, store, Prefix(prefix))

    @classmethod
    def at(cls, place: str | None, data: Path, database: Database) -> Assets:
        """In the store that `place` names, as `hub` or `hub/prefix`; None = a folder of `data`.

        Raises NotFound, BadOption, and what `Assets` does.
        """
        if place is None:
            return cls(database, DiskStore(data / "assets"))
        name, _, prefix = place.partition("/")
        return cls(database, StoreBook(data).open(name), prefix)

    def add(self, new: New) -> Asset:
        """A file, whole or not at all."""
        return self.add_all([new])[0]

    def add_all(self, news: Sequence[New]) -> list[Asset]:
        """Files, all or none. Raises what the store does, DatabaseUnavailable, DiskFull."""
        for tried in range(_TRIES):
            made = [self.write(new, anew=tried > 0) for new in news]
            try:
                return self.database.run(partial(enter, made=made, now=self.database.clock()))
            except Swept:
                continue
        raise Unwritable("the store of files loses what is written", "see PRINTROOM_ASSETS")

    def write(self, new: New, *, anew: bool = False) -> tuple[Asset, Written]:
        """The bytes into the store; `enter` makes a file of them, within a day."""
        now = self.database.clock()
        look = new.look or looked_at(new.source, new.media_type)
        written = self.blobs.write(new.source, anew=anew)
        asset = Asset(
            new.id or new_id(now),
            new.account,
            new.kind,
            plain(new.name),
            look.media_type,
            written.digest,
            written.size,
            look.width,
            look.height,
            new.run,
            now,
            new.expires_at,
            written.place,
        )
        return asset, written

    def get(self, account: str, name: str) -> Asset:
        """The file of that id. Raises NotFound, also for what is somebody else's."""
        return self._named(_GET, account, name)

    def find(self, account: str, name: str) -> Asset:
        """The same, parts of runs and models included."""
        return self._named(_FIND, account, name)

    def by_digest(self, digest: str, account: str | None = None) -> Asset:
        """The newest file with that content, of `account` if that is said. Raises NotFound."""
        query = select(ASSETS).where(ASSETS.c.digest == digest, SHOWN)
        if account is not None:
            query = query.where(ASSETS.c.account == account)
        return self._one(query.order_by(ASSETS.c.created_at.desc()).limit(1), digest)

    def list(self, account: str, *, before: str | None = None, most: int = 100) -> Files:
        """Files, the newest first; `before`: an id, for the next page."""
        query = select(ASSETS).where(ASSETS.c.account == account, SHOWN)
        if before is not None:
            query = query.where(ASSETS.c.id < before)
        query = query.order_by(ASSETS.c.id.desc()).limit(most)
        return self._all(query)

    def open(self, account: str, name: str) -> Content:
        """The bytes of a file. Raises NotFound, and what the store does."""
        return self.content(self.get(account, name))

    def content(self, asset: Asset) -> Content:
        """The bytes of a file that was found. Raises NotFound, and what the store does."""
        store = self.blobs.store
        return Content(asset, store, store.stat(asset.place))

    def delete(self, account: str, name: str) -> None:
        """Have no such file. Raises NotFound."""
        asset = self.get(account, name)
        self.database.run(partial(drop, assets=[asset]))
        self.blobs.sweep()

    def discard(self, run: str) -> None:
        """All files of a run go, parts and results; fine if there are none."""
        query = select(ASSETS).where(ASSETS.c.run == run)
        if found := self._all(query):
            self.database.run(partial(drop, assets=found))
            self.blobs.sweep()

    def sweep(self) -> int:
        """What has expired goes, and bytes that nobody has. Returns how many files went."""
        now, gone = self.database.clock(), 0
        query = select(ASSETS).where(ASSETS.c.expires_at <= now).limit(_MOST)
        while found := self._all(query):
            self.database.run(partial(drop, assets=found))
            gone += len(found)
        self.blobs.sweep()
        return gone

    def _named(self, query: Prepared, account: str, name: str) -> Asset:
        values = {"named": name, "whose": account}
        row = self.database.run(lambda c: query.first(c, values), write=False)
        if row is None:
            raise _missing(name)
        return Asset.of(row)

    def _one(self, query: Select[Any], name: str) -> Asset:
        if found := self._all(query):
            return found[0]
        raise _missing(name)

    def _all(self, query: Select[Any]) -> Files:
        def read(connection: Connection) -> Files:
            return [Asset.of(row) for row in connection.execute(query)]

        return self.database.run(read, write=False)


def enter(connection: Connection, made: Sequence[tuple[Asset, Written]], now: float) -> list[Asset]:
    """Make files of what was written, in the caller's transaction. Raises Swept."""
    entered = []
    for asset, written in made:
        vouch(connection, written, now)
        row = {name: getattr(asset, name) for name in ASSETS.c.keys()}  # noqa: SIM118
        there = _INSERT.count(connection, row) != 1
        found = _FOUND.first(connection, {"named": asset.id}) if there else None
        entered.append(asset if found is None else Asset.of(found))
    return entered


def enter_results(
    connection: Connection, made: Sequence[tuple[Asset, Written]], now: float
) -> None:
    """The same where a job ends: what the store lost is made again. Raises Unwritable."""
    try:
        enter(connection, made, now)
    except Swept:
        raise Unwritable("the store of files lost what was written", "it is done again") from None


def give_to(connection: Connection, files: Sequence[str], run: str) -> None:
    """`files` go with the run from now on, and no sooner."""
    if files:
        theirs = update(ASSETS).where(ASSETS.c.id.in_(files))
        connection.execute(theirs.values(run=run, expires_at=None))


def release_parts(connection: Connection, run: str, now: float) -> None:
    """A run is over: what it kept for itself goes with the next sweep."""
    _RELEASE.count(connection, {"whose": run, "at": now})


def new_id(now: float, seed: str = "") -> str:
    """`file_`, 12 hexadecimal digits of the time in milliseconds, and 20 of `seed`, or at random.

    The same time and seed give the same id.
    """
    rest = hashlib.sha256(seed.encode()).hexdigest()[:20] if seed else os.urandom(10).hex()
    return f"file_{int(now * 1000):012x}{rest}"


def _missing(name: str) -> NotFound:
    return NotFound(f"there is no file {name[:64]!r}", "it may have expired, or been deleted")


def unwritable(error: OSError, path: Path) -> DiskFull | Unwritable:
    """What a scratch file that cannot be written means."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"no room for {path.name}", "free some")
    return Unwritable(f"{path.name} cannot be written", error.strerror or str(error))


def drop(connection: Connection, assets: Sequence[Asset]) -> None:
    """Have these files no more, in the caller's transaction; `sweep` deletes their bytes."""
    ids = [asset.id for asset in assets]
    connection.execute(delete(ASSETS).where(ASSETS.c.id.in_(ids)))
    abandon(connection, {asset.place for asset in assets})


def plain(name: str) -> str:
    """A name that leads nowhere: parts between slashes, none of them empty or of dots."""
    shown = "".join(letter for letter in name[:1000] if letter.isprintable())[:200]
    parts = shown.replace("\\", "/").split("/")
    return "/".join(part for part in parts if part.strip(". "))
