"""Collections in the database: each function is part of somebody's transaction.

account, name -> found -> Collection or None          account -> listed
made, added, dropped, removed                          AlreadyThere BadOption NotFound
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from printroom.collections.items import Item
from printroom.collections.model import COLLECTIONS, ITEMS, Collection
from printroom.core.errors import AlreadyThere, BadOption, NotFound

MOST = 100
"""Collections of an account."""
ITEMS_MOST = 100_000
"""Items of a collection: all of them are looked at."""
BYTES_MOST = 2**28
"""Of the vectors of a collection."""


def found(connection: Connection, account: str, name: str) -> Collection:
    """Raises NotFound, also for what is another account's."""
    query = select(COLLECTIONS).where(COLLECTIONS.c.account == account, COLLECTIONS.c.name == name)
    row = connection.execute(query).first()
    if row is None:
        remedy = "GET /v1/collections, or `printroom collections list`, has yours"
        raise NotFound(f"there is no collection {name[:80]!r}", remedy)
    return Collection.of(row)


def listed(connection: Connection, account: str, after: str, most: int) -> list[Collection]:
    """Those behind a name, by name."""
    query = select(COLLECTIONS).where(COLLECTIONS.c.account == account, COLLECTIONS.c.name > after)
    rows = connection.execute(query.order_by(COLLECTIONS.c.name).limit(most))
    return [Collection.of(row) for row in rows]


def made(connection: Connection, new: Collection) -> Collection:
    """A new one; the same again is the one that is there. Raises AlreadyThere, BadOption."""
    mine = COLLECTIONS.c.account == new.account
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    values = {name: getattr(new, name) for name in COLLECTIONS.c.keys()}  # noqa: SIM118
    connection.execute(dialect.insert(COLLECTIONS).values(values).on_conflict_do_nothing())
    if found(connection, new.account, new.name).id != new.id:
        raise AlreadyThere(f"there is a collection {new.name!r}", "take another name")
    if connection.execute(select(func.count()).where(mine)).scalar_one() > MOST:
        raise BadOption(f"there are {MOST} collections", "remove one first")
    return new


def added(
    connection: Connection, now: float, account: str, name: str, items: Sequence[Item]
) -> Collection:
    """With these at its end, all or none; what was added before is not again.

    Raises NotFound, BadOption for vectors of another length, or too many.
    """
    if items and connection.execute(select(ITEMS.c.id).where(ITEMS.c.id == items[0].id)).first():
        return found(connection, account, name)
    mine = (COLLECTIONS.c.account == account) & (COLLECTIONS.c.name == name)
    count = len(items)
    counted = update(COLLECTIONS).where(mine)
    values: dict[str, Any] = {
        "size": COLLECTIONS.c.size + count, "last": COLLECTIONS.c.last + count, "changed_at": now,
    }  # fmt: skip
    connection.execute(counted.values(values))  # one at a time, so that numbers count up
    new = found(connection, account, name)
    if any(len(item.vector) != 4 * new.length for item in items):
        reason = f"the vectors of {name} have {new.length} numbers"
        raise BadOption(reason, "give as many")
    if new.size > ITEMS_MOST or 4 * new.length * new.size > BYTES_MOST:
        raise BadOption(f"{name} would have {new.size} items", "begin another collection")
    rows = [
        {
            "id": item.id,
            "collection": new.id,
            "number": new.last - count + place,
            "payload": item.payload,
            "vector": item.vector,
            "created_at": now,
        }
        for place, item in enumerate(items, 1)
    ]
    if rows:
        connection.execute(insert(ITEMS), rows)
    return new


def of(connection: Connection, collection: Collection, after: int, most: int) -> Sequence[Any]:
    """Rows of items behind a number, without their vectors, by number."""
    query = select(ITEMS.c.id, ITEMS.c.number, ITEMS.c.payload, ITEMS.c.created_at)
    query = query.where(ITEMS.c.collection == collection.id, ITEMS.c.number > after)
    return connection.execute(query.order_by(ITEMS.c.number).limit(most)).all()


def vectors(connection: Connection, collection: Collection, after: int) -> Sequence[Any]:
    """Number and vector of all items behind a number, up to its last."""
    query = select(ITEMS.c.number, ITEMS.c.vector).where(
        ITEMS.c.collection == collection.id,
        ITEMS.c.number > after,
        ITEMS.c.number <= collection.last,
    )
    return connection.execute(query.order_by(ITEMS.c.number)).all()


def named(connection: Connection, collection: Collection, numbers: Sequence[int]) -> dict[int, Any]:
    """Number -> the row of that item."""
    query = select(ITEMS.c.id, ITEMS.c.number, ITEMS.c.payload).where(
        ITEMS.c.collection == collection.id, ITEMS.c.number.in_(numbers)
    )
    return {row.number: row for row in connection.execute(query)}


def dropped(connection: Connection, now: float, account: str, name: str, item: str) -> None:
    """Without one item. Raises NotFound."""
    collection = found(connection, account, name)
    gone = delete(ITEMS).where(ITEMS.c.collection == collection.id, ITEMS.c.id == item)
    values: dict[str, Any] = {
        "size": COLLECTIONS.c.size - 1, "epoch": COLLECTIONS.c.epoch + 1, "changed_at": now,
    }  # fmt: skip
    connection.execute(update(COLLECTIONS).where(COLLECTIONS.c.id == collection.id).values(values))
    if not connection.execute(gone).rowcount:
        raise NotFound(f"{name} has no item {item[:80]!r}", "see its items")


def removed(connection: Connection, account: str, name: str) -> None:
    """With all its items. Raises NotFound."""
    found(connection, account, name)
    _gone(connection, (COLLECTIONS.c.account == account) & (COLLECTIONS.c.name == name))


def closed(connection: Connection, account: str) -> None:
    """All of an account that is closed."""
    _gone(connection, COLLECTIONS.c.account == account)


def _gone(connection: Connection, those: ColumnElement[bool]) -> None:
    ids = select(COLLECTIONS.c.id).where(those)
    connection.execute(delete(ITEMS).where(ITEMS.c.collection.in_(ids)))
    connection.execute(delete(COLLECTIONS).where(those))
