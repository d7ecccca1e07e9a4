"""The database as one file, as it is at one moment, while it is in use; and back into an empty one.

SQLite      its online copy: no writer waits for longer than a page takes
PostgreSQL  pg_dump and pg_restore, in their own format

settings -> dump(file)             BadOption DatabaseUnavailable NotFound
file -> load into settings' own    the same, Unwritable; WrongState where there is something
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

from sqlalchemy.engine import URL

from printroom.core.errors import DatabaseUnavailable, NotFound, WrongState
from printroom.core.settings import Settings
from printroom.database.url import SQLITE, embedded, parse, shown

KINDS = {"sqlite": "database.sqlite", "postgresql": "database.pgdump"}
"""Kind of a database -> what its copy is called."""
_PAGES = 1024
"""Pages that are copied at once; others write in between."""
_INSTALLED = Path("/usr/lib/postgresql")


def kind_of(settings: Settings) -> str:
    """The kind of the database that is set: a key of KINDS. Raises BadOption."""
    return "sqlite" if _url(settings).drivername == SQLITE else "postgresql"


def dump(settings: Settings, target: Path) -> bool:
    """Write the copy to `target`; False when there is no database yet."""
    url = _url(settings)
    if url.drivername != SQLITE:
        _run("pg_dump", url, "--format=custom", "--no-owner", "--no-acl", f"--file={target}")
        return True
    source = Path(str(url.database))
    if not source.is_file():
        return False
    try:
        with (
            contextlib.closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as here,
            contextlib.closing(sqlite3.connect(target)) as there,
        ):
            here.backup(there, pages=_PAGES)
    except sqlite3.Error as error:
        raise DatabaseUnavailable(f"{source} cannot be copied: {error}", "try again") from error
    return True


def check_empty(settings: Settings) -> None:
    """Raises WrongState where the database that is set holds anything."""
    url = _url(settings)
    if url.drivername == SQLITE:
        there = Path(str(url.database)).exists()
    else:
        query = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"
        there = _run("psql", url, "--no-psqlrc", "-At", "-c", query).strip() != "0"
    if there:
        raise WrongState(f"{shown(url)} holds a database already", "restore into one that is empty")


def load(settings: Settings, source: Path) -> None:
    """Bring the copy in `source` back; all of it or nothing."""
    url = _url(settings)
    if url.drivername != SQLITE:
        options = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-acl")
        _run("pg_restore", url, *options, str(source))
        return
    target = Path(str(url.database))
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(target.name + ".restoring")
    shutil.copyfile(source, draft)
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.rename(target)


def _url(settings: Settings) -> URL:
    return parse(settings.database_url or embedded(settings.data))


def _run(tool: str, url: URL, *arguments: str) -> str:
    """What a tool of PostgreSQL printed. The password goes by its environment: others see a
    command line. Raises NotFound, DatabaseUnavailable.
    """
    variables = {
        "PGHOST": url.host,
        "PGPORT": str(url.port) if url.port else None,
        "PGUSER": url.username,
        "PGPASSWORD": None if url.password is None else str(url.password),
        "PGDATABASE": url.database,
        "PGCONNECT_TIMEOUT": "10",
        "PGSSLMODE": _option(url, "sslmode"),
        "PGSSLROOTCERT": _option(url, "sslrootcert"),
    }
    given = {name: value for name, value in variables.items() if value}
    where = (f"--dbname={url.database}",) if tool != "pg_dump" else ()
    done = subprocess.run(
        [_tool(tool), "--no-password", *where, *arguments],
        env=os.environ | given,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it gave no reason"])[-1]
        raise DatabaseUnavailable(f"{tool} failed on {shown(url)}: {said[:300]}", "mend that")
    return done.stdout


def _option(url: URL, name: str) -> str | None:
    value = url.query.get(name)
    return value if isinstance(value, str) else None


def _tool(name: str) -> str:
    """The newest there is: it must not be older than the server."""
    found = list(_INSTALLED.glob(f"*/bin/{name}"))
    if found:
        return str(max(found, key=lambda path: float(path.parent.parent.name)))
    path = shutil.which(name)
    if path is None:
        raise NotFound(f"there is no {name} here", "install the package postgresql-client")
    return path
