"""A copy of an installation in one file: its database, and what lies in its data folder.

    Settings, file -> Copied          Unwritable DiskFull DatabaseUnavailable NotFound

The database is copied first: files never change once they are kept, so all that it speaks of is
there when they are copied next, but what was deleted meanwhile. Servers and workers may go on.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from printroom.core.errors import NotFound
from printroom.core.settings import Settings
from printroom.database.url import parse
from printroom.operations.archive import HEAD, Writer
from printroom.operations.dump import KINDS, dump, kind_of

LEFT_OUT = ("tmp", "cache", "environments", "variants", "limits", "metrics")
"""Folders of the data folder that are made again when they are needed."""
_SIDE = ("-wal", "-shm", "-journal")
"""What lies beside a SQLite file."""
DATA = "data/"
"""Where files of the data folder are in the archive."""


@dataclass(frozen=True)
class Copied:
    """What is in the archive."""

    files: int
    bytes: int
    """Of those files, and of the database."""
    database: bool
    """Whether there was one."""


def backup(settings: Settings, target: Path) -> Copied:
    """Write `target`, a tar file, compressed where its name ends in `.gz`."""
    if not settings.data.is_dir():
        raise NotFound(f"there is no folder {settings.data}", "set PRINTROOM_DATA")
    kind = kind_of(settings)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".printroom-") as near:
        copy = Path(near) / KINDS[kind]
        found = dump(settings, copy)
        with Writer(target) as writer:
            made = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            head = {"format": 1, "printroom": version("printroom"), "made": made}
            writer.text(HEAD, head | {"database": kind if found else None})
            if found:
                writer.add(KINDS[kind], copy)
            files = size = 0
            for path in _kept(settings, target):
                if writer.add(DATA + path.relative_to(settings.data).as_posix(), path):
                    files += 1
                    size += path.stat().st_size if path.exists() else 0
        return Copied(files, size + (copy.stat().st_size if found else 0), found)


def _kept(settings: Settings, target: Path) -> Iterator[Path]:
    """Files of the data folder that nothing could make again; links are left out."""
    aside = {target.resolve(), *_database(settings)}
    for path in _walked(settings.data, settings.data):
        if path.resolve() not in aside and not path.name.startswith(".printroom-"):
            yield path


def _walked(folder: Path, data: Path) -> Iterator[Path]:
    try:
        inside = sorted(folder.iterdir())
    except FileNotFoundError:
        return
    for path in inside:
        if path.is_symlink():
            continue
        if path.is_dir():
            if not (folder == data and path.name in LEFT_OUT):
                yield from _walked(path, data)
        elif path.is_file():
            yield path


def _database(settings: Settings) -> set[Path]:
    """Files of SQLite's: copying them under a writer's hands would make no database."""
    if kind_of(settings) != "sqlite":
        return set()
    text = settings.database_url
    file = Path(str(parse(text).database)) if text else settings.data / "printroom.db"
    return {file.resolve().with_name(file.name + side) for side in ("", *_SIDE)}
