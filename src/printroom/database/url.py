"""Which database, from a URL.

    "sqlite:////var/lib/printroom/printroom.db" -> URL       BadOption
    "postgresql+psycopg://user@host/name"       -> URL       BadOption

No other database is spoken to, and PostgreSQL through one driver. A password never appears in
a message: `shown` puts stars in its place.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from printroom.core.errors import BadOption
from printroom.core.settings import EMBEDDED

SQLITE, POSTGRES = "sqlite", "postgresql+psycopg"
_REMEDY = f"write it as sqlite:////folder/file.db or {POSTGRES}://user:password@host/name"


def embedded(folder: Path) -> str:
    """The URL of the database that lies in `folder` when nobody names another."""
    return f"{SQLITE}:///{(folder / EMBEDDED).absolute()}"


def parse(text: str) -> URL:
    """The database that `text` names. Raises BadOption, without the text: it may hold a secret."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise BadOption("the database URL cannot be read", _REMEDY) from None
    if url.drivername not in (SQLITE, POSTGRES):
        raise BadOption(f"databases of the kind {url.drivername!r} are not known", _REMEDY)
    if url.drivername == SQLITE and (url.database or ":memory:") == ":memory:":
        raise BadOption("a database in memory is gone with its process", _REMEDY)
    if url.drivername == SQLITE and (url.query or str(url.database).startswith("file:")):
        raise BadOption("SQLite is given a path and nothing else", _REMEDY)
    if url.drivername == POSTGRES and not url.database:
        raise BadOption("the URL does not name a database", _REMEDY)
    return url


def shown(url: URL) -> str:
    """`url` for people: without its password, and without options, which may hold one."""
    return url.set(query={}).render_as_string(hide_password=True)
