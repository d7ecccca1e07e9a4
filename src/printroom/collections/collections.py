"""Collections of accounts: made, filled, searched, removed.

    account, name, length -> make -> Collection          AlreadyThere BadOption
    items -> add                                         NotFound BadOption
    vector or picture -> nearest -> Found, the nearest first      NotFound BadOption PictureError

Nobody sees another account's.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from numpy.typing import NDArray
from sqlalchemy import Connection

from printroom.collections import rows
from printroom.collections.items import LONGEST, Item, unit
from printroom.collections.looking import Index
from printroom.collections.model import SCRIPTS, Collection
from printroom.core.errors import BadOption
from printroom.database.engine import Database
from printroom.database.migrate import migrate
from printroom.imaging.likeness import LENGTH

T = TypeVar("T")
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}", re.ASCII)
AT_ONCE = 1000
"""Items that are added in one transaction."""


@dataclass(frozen=True)
class Found:
    """An item that is near."""

    id: str
    payload: Any
    """JSON."""
    distance: float
    """1 less the cosine: 0 = the same direction, 2 = the opposite one."""


class Collections:
    """Of all accounts. Safe from many threads."""

    def __init__(self, database: Database) -> None:
        """Migrates the tables first. Raises DatabaseMismatch, DatabaseUnavailable."""
        migrate(database, [SCRIPTS])
        self._database = database
        self._index = Index(self._read)

    def make(self, account: str, name: str, length: int | None = None) -> Collection:
        """An empty one, of vectors of that many numbers; None = of the looks of pictures.

        Raises AlreadyThere, BadOption.
        """
        if not NAME.fullmatch(name):
            remedy = "take lower case letters, digits, dots and dashes"
            raise BadOption(f"a collection cannot be called {name[:80]!r}", remedy)
        if length is not None and not 1 <= length <= LONGEST:
            raise BadOption(f"vectors have no {length} numbers", f"1 to {LONGEST} are taken")
        now, key = self._database.clock(), f"col_{secrets.token_hex(16)}"
        new = Collection(
            key, account, name, length or LENGTH, length is None, 0, 0, 0, now, now
        )  # fmt: skip
        return self._database.run(partial(rows.made, new=new))

    def get(self, account: str, name: str) -> Collection:
        """Raises NotFound."""
        return self._look(partial(rows.found, account=account, name=name))

    def listed(self, account: str, after: str = "", most: int = rows.MOST) -> list[Collection]:
        """Those behind a name, by name."""
        return self._look(partial(rows.listed, account=account, after=after, most=most))

    def add(self, account: str, name: str, items: Sequence[Item]) -> Collection:
        """All of `items`, or none. Raises NotFound, BadOption."""
        if not 1 <= len(items) <= AT_ONCE:
            raise BadOption(f"{len(items)} items cannot be added", f"1 to {AT_ONCE} at once")
        now = self._database.clock()
        return self._database.run(
            partial(rows.added, now=now, account=account, name=name, items=items)
        )

    def items(self, account: str, name: str, after: int = 0, most: int = 50) -> Sequence[Any]:
        """Rows with `id`, `number`, `payload` (JSON) and `created_at`, by number."""

        def look(connection: Connection) -> Sequence[Any]:
            return rows.of(connection, rows.found(connection, account, name), after, most)

        return self._look(look)

    def drop(self, account: str, name: str, item: str) -> None:
        """Without one item. Raises NotFound."""
        now = self._database.clock()
        self._database.run(partial(rows.dropped, now=now, account=account, name=name, item=item))

    def remove(self, account: str, name: str) -> None:
        """With all its items. Raises NotFound."""
        self._database.run(partial(rows.removed, account=account, name=name))

    def nearest(self, account: str, name: str, vector: NDArray[Any], most: int) -> list[Found]:
        """What is nearest, the nearest first, `most` at most. Raises NotFound, BadOption."""
        collection, asked = self.get(account, name), unit(vector)
        if asked.size != collection.length:
            reason = f"{name} has vectors of {collection.length} numbers, not of {asked.size}"
            raise BadOption(reason, "ask with one of those")
        near = self._index.nearest(collection, asked, most)
        numbers = [number for number, _ in near]
        there = self._look(partial(rows.named, collection=collection, numbers=numbers))
        return [
            Found(there[number].id, json.loads(there[number].payload), distance)
            for number, distance in near
            if number in there  # it may have gone meanwhile
        ]

    def _read(self, collection: Collection, after: int) -> Sequence[Any]:
        return self._look(partial(rows.vectors, collection=collection, after=after))

    def _look(self, work: Callable[[Connection], T]) -> T:
        return self._database.run(work, write=False)
