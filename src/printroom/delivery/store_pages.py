"""The stores of accounts, in the database: all servers and workers that share it have them.

    account, name -> page        sealed: what opens a store lies here in cipher alone

The key is not here: several machines need the same one, in PRINTROOM_STORES_KEY.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Column, ColumnElement, Connection, Table, Text, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from printroom.database.engine import Database
from printroom.database.migrate import migrate
from printroom.delivery.public import METADATA, SCRIPTS

STORES = Table(
    "account_stores",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("page", Text, nullable=False),
)


class TablePages:
    """The pages of one account."""

    def __init__(self, database: Database, account: str) -> None:
        """Migrates the table first. Raises DatabaseMismatch, DatabaseUnavailable."""
        migrate(database, [SCRIPTS])
        self._database, self._account = database, account

    def names(self) -> Iterable[str]:
        """Of all pages."""
        query = select(STORES.c.name).where(STORES.c.account == self._account)
        return self._database.run(lambda c: c.execute(query).scalars().all(), write=False)

    def read(self, name: str) -> str | None:
        """A page; None if there is none."""
        query = select(STORES.c.page).where(*self._at(name))
        found = self._database.run(lambda c: c.execute(query).scalar_one_or_none(), write=False)
        return None if found is None else str(found)

    def write(self, name: str, page: str) -> None:
        """Keep a page, in place of one of that name."""
        row = {"account": self._account, "name": name, "page": page}

        def kept(connection: Connection) -> None:
            dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
            entered = dialect.insert(STORES).values(row)
            keys = [STORES.c.account, STORES.c.name]
            changed = entered.on_conflict_do_update(index_elements=keys, set_={"page": page})
            connection.execute(changed)

        self._database.run(kept)

    def remove(self, name: str) -> None:
        """Have no such page."""
        gone = delete(STORES).where(*self._at(name))
        self._database.run(lambda connection: connection.execute(gone))

    def _at(self, name: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        return STORES.c.account == self._account, STORES.c.name == name
