"""Bytes by digest: written once for each content, and swept when no file has them any more.

bytes, path -> write -> Written                 in the store, and listed as a draft
Written -> vouch, in the caller's transaction   Swept: it took a day, write it again
places -> abandon, in the caller's transaction  those that no file has become drafts
digests -> doom, in the caller's transaction    drafts of them go with the next sweep
sweep() -> how many drafts are gone, from store and list
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, bindparam, delete, exists, insert, select, update

from printroom.assets.model import ASSETS, BLOBS, DRAFTS
from printroom.database.engine import Database
from printroom.database.prepared import Prepared
from printroom.storage.keys import Key, Prefix
from printroom.storage.store import PIECE, Store

PATIENCE = 24 * 3600.0
"""Seconds within which bytes that were written must become a file's."""
_MOST = 200
"""Drafts swept in one go."""
_DRAFTED = Prepared(insert(DRAFTS))
_ENTERED = Prepared(insert(BLOBS))
_FOUND = Prepared(
    select(BLOBS.c.place)
    .where(BLOBS.c.digest == bindparam("wanted"), BLOBS.c.size == bindparam("bytes"))
    .order_by(BLOBS.c.created_at.desc())
    .limit(1)
)
_VOUCHED = Prepared(
    delete(DRAFTS).where(DRAFTS.c.place == bindparam("at"), DRAFTS.c.until > bindparam("now"))
)
_HOLD = Prepared(
    select(BLOBS.c.place).where(BLOBS.c.place == bindparam("at")).with_for_update(read=True)
)
_LOCK = (
    select(BLOBS.c.place)
    .where(BLOBS.c.place.in_(bindparam("places", expanding=True)))
    .order_by(BLOBS.c.place)
    .with_for_update()
)
_LEFT = select(BLOBS.c.place).where(
    BLOBS.c.place.in_(bindparam("places", expanding=True)),
    ~exists().where(ASSETS.c.place == BLOBS.c.place),
)
_FORGOTTEN = (
    select(BLOBS.c.place)
    .where(BLOBS.c.created_at < bindparam("before"))
    .where(~exists().where(ASSETS.c.place == BLOBS.c.place))
    .limit(_MOST)
)
_DOOMED = select(DRAFTS.c.place).where(DRAFTS.c.until <= bindparam("now")).limit(_MOST)


class Swept(Exception):
    """The bytes are not there any more."""


@dataclass(frozen=True)
class Written:
    """Bytes in the store."""

    place: str
    digest: str
    size: int
    fresh: bool
    """False = they were there before."""


class Blobs:
    """The bytes of all files. Safe from many threads and processes."""

    def __init__(self, database: Database, store: Store, prefix: Prefix) -> None:
        self.store = store
        self._database, self._prefix = database, prefix

    def write(self, source: bytes | Path, *, anew: bool = False) -> Written:
        """Have the bytes in the store. `anew`: also if they are there.

        Raises what the store does, DatabaseUnavailable, OSError of the file.
        """
        digest, size = _digest(source)
        fresh = self._prefix.key(f"blobs/{digest[:2]}/{digest}-{secrets.token_hex(4)}")
        draft = {"place": str(fresh), "until": self._database.clock() + PATIENCE}
        wanted = {"wanted": digest, "bytes": size}

        if not anew:
            found = self._database.run(lambda c: _FOUND.first(c, wanted), write=False)
            if found is not None:
                return Written(found[0], digest, size, fresh=False)
        self._database.run(lambda c: _DRAFTED.each(c, [draft]), lasting=False)
        self._put(fresh, source)
        return Written(str(fresh), digest, size, fresh=True)

    def draft(self, source: Path, until: float) -> str:
        """The place of bytes that nobody vouches for, swept after `until`."""
        place = self._prefix.key(f"parts/{secrets.token_hex(16)}")
        row = {"place": str(place), "until": until}
        self._database.run(lambda c: _DRAFTED.each(c, [row]), lasting=False)
        self._put(place, source)
        return str(place)

    def _put(self, place: Key, source: bytes | Path) -> None:
        if isinstance(source, Path):
            with source.open("rb") as file:
                self.store.put(place, file)
        else:
            self.store.put(place, source)

    def sweep(self) -> int:
        """Delete what nobody vouches for. Returns how many objects went."""
        swept, now = 0, self._database.clock()
        while places := self._database.run(partial(self._doomed, now), lasting=False):
            for place in places:
                self.store.delete(place)
            self._database.run(partial(_gone, places), lasting=False)
            swept += len(places)
        return swept

    def _doomed(self, now: float, connection: Connection) -> list[str]:
        """Drafts that nobody can vouch for from now on."""
        forgotten = connection.execute(_FORGOTTEN, {"before": now - PATIENCE}).scalars().all()
        abandon(connection, forgotten)
        places = list(connection.execute(_DOOMED, {"now": now}).scalars())
        if places:
            mark = update(DRAFTS).where(DRAFTS.c.place.in_(places)).values(until=0.0)
            connection.execute(mark)
        return places


def vouch(connection: Connection, written: Written, now: float) -> None:
    """From the commit on these bytes are kept for the files that have them. Raises Swept."""
    if not written.fresh:
        if _HOLD.first(connection, {"at": written.place}) is None:
            raise Swept
        return
    if _VOUCHED.count(connection, {"at": written.place, "now": now}) != 1:
        raise Swept
    row = {"place": written.place, "digest": written.digest, "size": written.size}
    _ENTERED.each(connection, [row | {"created_at": now}])


def abandon(connection: Connection, places: Collection[str]) -> None:
    """Bytes at `places` that no file has are to be swept."""
    if not places:
        return
    connection.execute(_LOCK, {"places": sorted(places)}).all()
    left = connection.execute(_LEFT, {"places": sorted(places)}).scalars().all()
    if left:
        connection.execute(delete(BLOBS).where(BLOBS.c.place.in_(left)))
        connection.execute(insert(DRAFTS), [{"place": place, "until": 1.0} for place in left])


def doom(connection: Connection, digests: Collection[str]) -> None:
    """Drafts of these contents are to be swept, whoever wrote them: who still wants one is told
    that it is gone, and writes it again.
    """
    for digest in digests:
        drafts = update(DRAFTS).where(DRAFTS.c.place.contains(f"/{digest}-", autoescape=True))
        connection.execute(drafts.values(until=1.0))


def _gone(places: Sequence[str], connection: Connection) -> None:
    connection.execute(delete(DRAFTS).where(DRAFTS.c.place.in_(places)))


def _digest(source: bytes | Path) -> tuple[str, int]:
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest(), len(source)
    digest, size = hashlib.sha256(), 0
    for piece in _pieces(source):
        digest.update(piece)
        size += len(piece)
    return digest.hexdigest(), size


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
