"""Brings tables to the shape that this printroom knows.

    migrate(database, [Scripts("jobs", folder)])     DatabaseMismatch: made by a newer printroom

Each package that owns tables ships a folder of Alembic scripts; each such folder has its own line
of versions, kept in the table `<owner>_version`. All scripts of an owner run in one transaction,
so a migration that fails leaves everything as it was. Of several servers that start at once, one
migrates and the others wait, then find nothing to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, text

from printroom.core.errors import DatabaseMismatch
from printroom.database.engine import Database

_LOCK = text("SELECT pg_advisory_xact_lock(7305613)")
"""Any number, as long as nobody else takes it."""


@dataclass(frozen=True)
class Scripts:
    """What one package knows of its tables."""

    owner: str
    """The package: `jobs`."""
    folder: Path
    """Alembic scripts, one a revision."""

    @property
    def table(self) -> str:
        """Where the database keeps the revision it has."""
        return f"{self.owner}_version"

    def directory(self) -> ScriptDirectory:
        return ScriptDirectory(str(self.folder), version_locations=[str(self.folder)])


def migrate(database: Database, all_scripts: Iterable[Scripts]) -> None:
    """Bring the tables of each owner to its newest revision; nothing happens if they are there.

    Raises DatabaseMismatch when the database was migrated by a newer printroom.
    """
    for scripts in all_scripts:
        if revision(database, scripts) != scripts.directory().get_current_head():
            database.run(partial(_upgrade, scripts))


def revision(database: Database, scripts: Scripts) -> str | None:
    """The revision that the tables of an owner have; None = there are none yet."""
    with database.read() as connection:
        return _context(connection, scripts).get_current_revision()


def _upgrade(scripts: Scripts, connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK)
    directory = scripts.directory()

    def steps(current: Any, _context: MigrationContext) -> Any:
        try:
            return directory._upgrade_revs("head", current)  # what `alembic upgrade head` does
        except CommandError as error:
            reason = f"the tables of {scripts.owner} were made by a newer printroom"
            raise DatabaseMismatch(reason, "update this one") from error

    context = _context(connection, scripts, fn=steps)
    with Operations.context(context):
        context.run_migrations()


def _context(connection: Connection, scripts: Scripts, **options: Any) -> MigrationContext:
    settings = {"version_table": scripts.table, "transactional_ddl": True, **options}
    return MigrationContext.configure(connection, opts=settings)
