"""The tables of collections, and a collection as one value.

    collections --< collection_items      a vector of length 1, and what it stands for

Items are numbered as they come. `last` is the newest number, and `epoch` counts what went: whoever
has read a collection up to `last`, and sees the same `epoch`, reads only what is newer. Times are
seconds since 1970 by the database's clock. `migrations` makes the tables; a test holds the two
together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

from printroom.database.migrate import Scripts

SCRIPTS = Scripts("collections", Path(__file__).parent / "migrations")
METADATA = MetaData()
COLLECTIONS = Table(
    "collections",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("length", Integer, nullable=False),
    Column("pictures", Boolean, nullable=False),
    Column("size", Integer, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("changed_at", Double, nullable=False),
)
Index("collections_name", COLLECTIONS.c.account, COLLECTIONS.c.name, unique=True)
ITEMS = Table(
    "collection_items",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("collection", Text, ForeignKey("collections.id", ondelete="CASCADE"), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("payload", Text, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    Column("created_at", Double, nullable=False),
)
Index("collection_items_number", ITEMS.c.collection, ITEMS.c.number, unique=True)


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection, as it was when it was read."""

    id: str
    account: str
    """Whose it is."""
    name: str
    length: int
    """Numbers in each vector."""
    pictures: bool
    """Whether its vectors are the looks of pictures."""
    size: int
    """Items in it."""
    last: int
    """Number of the newest item; 0 = there was none."""
    epoch: int
    """How often items went."""
    created_at: float
    changed_at: float

    @classmethod
    def of(cls, row: Sequence[object]) -> Collection:
        """From a row of `COLLECTIONS`, whose columns have the order of the fields."""
        return cls(*row)  # type: ignore[arg-type]


if tuple(COLLECTIONS.c.keys()) != tuple(field.name for field in fields(Collection)):
    raise AssertionError("Collection and its table have come apart")
