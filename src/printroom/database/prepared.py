"""Statements that are run again and again: compiled once, then handed to the driver as they are.

    Prepared(statement)(connection, {"name": value}) -> rows, plain tuples
    Prepared(statement).count(connection, {...})     -> how many rows it changed
    Prepared(statement).each(connection, [{...}])    -> the same statement for each of these

What a statement costs by SQLAlchemy's own way is some 80 µs, most of it for what these do without:
results that know their columns, types that convert. So SQLite's booleans are numbers here. Errors
are SQLAlchemy's, and mean the same: `printroom.database.faults`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Executable
from sqlalchemy.exc import DBAPIError

Row = tuple[Any, ...]
Values = Mapping[str, Any]
_NONE: Values = {}


@dataclass(frozen=True, slots=True)
class _Text:
    """A statement in the words of a driver, for lists of certain lengths."""

    sql: str
    places: tuple[tuple[str, str, int | None], ...]
    """Of each parameter: its name for the driver, ours, and its place in a list."""
    preset: Values
    """Values that stand in the statement itself."""
    ordered: bool
    """Whether the driver wants values in order, not by name."""

    def given(self, values: Values) -> Any:
        """What the driver takes."""
        found = []
        for _, name, at in self.places:
            value = values[name] if name in values else self.preset[name]
            found.append(value if at is None else value[at])
        if self.ordered:
            return found
        return dict(zip((key for key, _, _ in self.places), found, strict=True))


class Prepared:
    """One statement, or one for each kind of database; make it once, at the top of a module."""

    def __init__(self, statement: Executable | Mapping[str, Executable]) -> None:
        """`statement`: or the dialect's name -> statement."""
        self._statement = statement
        self._texts: dict[tuple[Any, ...], _Text] = {}

    def __call__(self, connection: Connection, values: Values = _NONE) -> list[Row]:
        """All rows that it finds, or returns."""
        cursor = self._run(connection, values)
        try:
            return list(cursor.fetchall()) if cursor.description is not None else []
        finally:
            cursor.close()

    def first(self, connection: Connection, values: Values = _NONE) -> Row | None:
        """The first row; None = there is none."""
        rows = self(connection, values)
        return rows[0] if rows else None

    def count(self, connection: Connection, values: Values = _NONE) -> int:
        """How many rows it changed."""
        cursor = self._run(connection, values)
        try:
            return int(cursor.rowcount)
        finally:
            cursor.close()

    def each(self, connection: Connection, values: Sequence[Values]) -> None:
        """Run it for each of `values`, which have the same names."""
        if len(values) == 1:
            self._run(connection, values[0]).close()
        elif values:
            text = self._text(connection, values[0])
            cursor = connection.connection.cursor()
            try:
                cursor.executemany(text.sql, [text.given(one) for one in values])
            except Exception as error:
                raise _told(connection, text, error) from error
            finally:
                cursor.close()

    def _run(self, connection: Connection, values: Values) -> Any:
        values = _even(values)
        text = self._text(connection, values)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(text.sql, text.given(values))
        except Exception as error:
            raise _told(connection, text, error) from error
        return cursor

    def _text(self, connection: Connection, values: Values) -> _Text:
        """`values`: with lists as `_even` leaves them."""
        lengths = [len(one) for one in values.values() if isinstance(one, list)]
        key = (connection.dialect.name, *lengths)
        if key not in self._texts:
            self._texts[key] = self._compiled(connection, values)
        return self._texts[key]

    def _compiled(self, connection: Connection, values: Values) -> _Text:
        dialect, chosen = connection.dialect, self._statement
        statement: Any = chosen[dialect.name] if isinstance(chosen, Mapping) else chosen
        compiled = statement.compile(dialect=dialect)
        preset = dict(compiled.params)
        state = compiled.construct_expanded_state({**preset, **values})
        spread = {
            one: (name, at)
            for name, several in state.parameter_expansion.items()
            for at, one in enumerate(several)
        }
        names = state.positiontup if compiled.positional else list(state.parameters)
        places = tuple((name, *spread.get(name, (name, None))) for name in names)
        return _Text(state.statement, places, preset, compiled.positional)


def _even(values: Values) -> Values:
    """The same with lists as long as a power of two, the last entry said again: to `IN` it is the
    same, and there are few lengths to compile, and to keep, a text for.
    """
    lists = {
        name: one + one[-1:] * ((1 << (len(one) - 1).bit_length()) - len(one))
        for name, one in values.items()
        if isinstance(one, list) and len(one) > 2
    }
    return {**values, **lists} if lists else values


def _told(connection: Connection, text: _Text, error: Exception) -> Exception:
    """What SQLAlchemy would have raised; a connection that is gone is not used again."""
    dialect = connection.dialect
    driver = dialect.loaded_dbapi
    if not isinstance(error, driver.Error):
        return error
    lost = dialect.is_disconnect(error, connection.connection.dbapi_connection, None)
    if lost:
        connection.invalidate(error)
    return DBAPIError.instance(
        text.sql, None, error, driver.Error, connection_invalidated=lost, dialect=dialect
    )
