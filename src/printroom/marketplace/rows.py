"""What most tables of the market have in common.

Adding(TABLE)(connection, row) -> whether it is new      what is there already stays as it is
TABLE, account -> page -> rows, the newest first
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, CursorResult, Table, select
from sqlalchemy.dialects import postgresql, sqlite


class Adding:
    """Rows that are added once: each is known by what is unique in its table."""

    def __init__(self, table: Table) -> None:
        first = next(iter(table.primary_key))
        self._queries = {
            "sqlite": sqlite.insert(table).on_conflict_do_nothing().returning(first),
            "postgresql": postgresql.insert(table).on_conflict_do_nothing().returning(first),
        }

    def __call__(self, connection: Connection, row: Mapping[str, Any]) -> bool:
        """Whether it was added; False: there is one like it."""
        query = self._queries[connection.dialect.name]
        return connection.execute(query, dict(row)).first() is not None


def page(
    connection: Connection,
    table: Table,
    account: str,
    before: str | None,
    most: int,
    *which: ColumnElement[bool],
) -> CursorResult[Any]:
    """An account's rows, the newest first; `before`: an id, for the next page."""
    query = select(table).where(table.c.account == account, *which)
    if before is not None:
        query = query.where(table.c.id < before)
    return connection.execute(query.order_by(table.c.id.desc()).limit(most))
