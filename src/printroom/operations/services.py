"""What printroom talks to: its database, the stores.

Settings -> Findings
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from sqlalchemy import func, select

from printroom.core.errors import PrintroomError
from printroom.core.settings import Settings
from printroom.database.engine import Database
from printroom.database.migrate import Scripts, revision
from printroom.database.url import embedded
from printroom.operations.finding import Finding, fault, good, warning
from printroom.storage.book import StoreBook

AHEAD = 2.0
"""Seconds by which the clocks of this machine and of the database may differ."""
PATIENCE = 20.0
"""Seconds in which a store must have answered."""


def owners() -> list[Scripts]:
    """All packages that own tables."""
    from printroom.accounts import model as accounts
    from printroom.assets import model as assets
    from printroom.catalogue import model as catalogue
    from printroom.collections import model as collections
    from printroom.delivery import public as delivery
    from printroom.jobs import model as jobs
    from printroom.marketplace.ledger import model as marketplace
    from printroom.people import model as people
    from printroom.pipelines import model as pipelines
    from printroom.runs import model as runs

    first = (accounts, assets, catalogue, collections, delivery, jobs)
    owned = (*first, marketplace, people, pipelines, runs)
    return [owner.SCRIPTS for owner in owned]


def database(settings: Settings) -> Iterator[Finding]:
    """Whether it answers, agrees on the time, and has the tables that we know."""
    address = settings.database_url or embedded(settings.data)
    if settings.database_url is None and not (settings.data / "printroom.db").exists():
        yield good("database", "none yet; a file in the data folder, made when first needed")
        return
    try:
        with closing(Database.open(address, patience=0)) as found:
            yield good("database", f"{found.name} answers")
            yield from _time(found)
            yield from _tables(found)
            yield from _workers(found, settings)
    except PrintroomError as error:
        remedy = error.remedy or "start it, or mend PRINTROOM_DATABASE_URL"
        yield fault("database", error.reason, remedy)


def stores(settings: Settings) -> Iterator[Finding]:
    """Whether each of them lets us in and lists something."""
    book = StoreBook(settings.data)
    try:
        names = [listed.name for listed in book.listed()]
    except PrintroomError as error:
        yield fault("stores", error.reason, error.remedy)
        return
    if not names:
        yield good("stores", "none")
        return
    answers: dict[str, Finding] = {}
    threads = [
        threading.Thread(target=lambda name=name: answers.update({name: _asked(book, name)}))
        for name in names
    ]
    until = time.monotonic() + PATIENCE
    for thread in threads:
        thread.daemon = True  # one that hangs is not waited for
        thread.start()
    for name, thread in zip(names, threads, strict=True):
        thread.join(max(0.0, until - time.monotonic()))
        told = f"{name} did not answer in {PATIENCE:g} s"
        yield answers.get(name) or fault("stores", told, _test(name))


def config(path: Path | None) -> Iterator[Finding]:
    """The file of settings: others may not read it where it holds secrets."""
    if path is None:
        yield good("settings", "from the environment alone")
        return
    text = path.read_text("utf-8", "replace")
    secret = any(word in text for word in ("[secrets]", "[stores", "_key", "database_url"))
    if secret and path.stat().st_mode & 0o077:
        yield warning("settings", f"{path} may be read by others", f"chmod 600 {path}")
    else:
        yield good("settings", f"from {path}, under the environment")


def _time(found: Database) -> Iterator[Finding]:
    apart = abs(found.clock() - time.time())
    if apart > AHEAD:
        told = f"{apart:.0f} s apart from the database's"
        yield warning("clock", told, "let a time service keep both")


def _tables(found: Database) -> Iterator[Finding]:
    behind: list[str] = []
    ahead: list[str] = []
    for scripts in owners():
        have, directory = revision(found, scripts), scripts.directory()
        if have == directory.get_current_head():
            continue
        known = {one.revision for one in directory.walk_revisions()}
        (behind if have is None or have in known else ahead).append(scripts.owner)
    if ahead:
        told = f"{', '.join(ahead)} were made by a newer printroom"
        yield fault("tables", told, "update this one")
    elif behind:
        told = f"{', '.join(behind)} are brought up to date when a server starts"
        yield good("tables", told)
    else:
        yield good("tables", "up to date")


def _workers(found: Database, settings: Settings) -> Iterator[Finding]:
    """Whether anybody does what servers queue."""
    from printroom.jobs.model import SCRIPTS, WORKERS

    if settings.http_worker or revision(found, SCRIPTS) is None:
        return
    now = found.clock()
    alive = select(func.count()).select_from(WORKERS).where(WORKERS.c.until > now)
    number = found.run(lambda connection: connection.execute(alive).scalar_one(), write=False)
    if number:
        yield good("workers", f"{number} on this database")
    else:
        told = "none, and PRINTROOM_HTTP_WORKER=0: runs would wait for ever"
        yield warning("workers", told, "start `printroom work` somewhere")


def _asked(book: StoreBook, name: str) -> Finding:
    try:
        next(iter(book.open(name).children()), None)
    except PrintroomError as error:
        return fault("stores", f"{name}: {error.reason}", error.remedy or _test(name))
    except Exception as error:
        return fault("stores", f"{name}: {type(error).__name__}: {error}", _test(name))
    return good("stores", f"{name} answers")


def _test(name: str) -> str:
    return f"try `printroom stores test {name}`"
