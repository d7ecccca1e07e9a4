"""The book of accounts in the database that the settings name, for commands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from printroom.core.settings import Settings

if TYPE_CHECKING:
    from printroom.accounts.book import Accounts


@contextmanager
def opened() -> Iterator[Accounts]:
    """The book, closed again. Raises BadOption, DatabaseUnavailable, DatabaseMismatch."""
    from printroom.accounts.book import Accounts
    from printroom.database.engine import Database
    from printroom.database.url import embedded

    settings = Settings.read()
    with closing(Database.open(settings.database_url or embedded(settings.data))) as database:
        yield Accounts(database)
