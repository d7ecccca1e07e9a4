"""An installation back from its copy.

    archive -> Settings' data folder and database     BadArchive; WrongState: something is there

The archive is unpacked beside the data folder and believed only when it was read to its end; then
the database is loaded, in one transaction, and the folder renamed into place. A restore that fails
leaves neither.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path, PurePosixPath
from typing import IO

from printroom.core.errors import BadArchive, DiskFull, Unwritable, WrongState
from printroom.core.settings import Settings
from printroom.database.url import embedded
from printroom.operations.archive import HEAD, members
from printroom.operations.backup import DATA, Copied
from printroom.operations.dump import KINDS, check_empty, kind_of, load

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL


def restore(settings: Settings, source: Path) -> Copied:
    """Bring back what `backup` wrote to `source`; nothing may be there yet."""
    data = settings.data
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise WrongState(f"{data} is in use", "restore into an empty folder: set PRINTROOM_DATA")
    check_empty(settings)
    try:
        data.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".printroom-", dir=data.parent))
        try:
            return _restored(settings, source, draft)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        kind = DiskFull if error.errno == 28 else Unwritable
        raise kind(f"{data} cannot be written", error.strerror or str(error)) from error


def _restored(settings: Settings, source: Path, draft: Path) -> Copied:
    files, size = 0, 0
    folder = draft / "data"
    folder.mkdir()

    def keep(name: str, member: IO[bytes]) -> None:
        nonlocal files, size
        if name == HEAD:
            return
        target = folder / _inside(name) if name.startswith(DATA) else draft / name
        if not name.startswith(DATA) and name not in KINDS.values():
            raise BadArchive(f"{source} holds {name[:200]!r}, which we never wrote")
        target.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(target, _NEW, 0o600), "wb") as file:
            shutil.copyfileobj(member, file, 1 << 20)
            size += file.tell()
        files += name.startswith(DATA)

    head = members(source, keep)
    kind = head.get("database")
    if kind is not None:
        if kind != kind_of(settings):
            raise WrongState(
                f"{source} holds a database of the kind {kind}, {kind_of(settings)} is set",
                "set PRINTROOM_DATABASE_URL to one of the same kind",
            )
        copy = draft / KINDS[kind]
        if not copy.is_file():
            raise BadArchive(f"{source} promises a database and holds none", "take another copy")
        if settings.database_url is None:
            copy.rename(folder / Path(embedded(folder)).name)
        else:
            load(settings, copy)
    if settings.data.exists():
        settings.data.rmdir()
    folder.rename(settings.data)
    return Copied(files, size, kind is not None)


def _inside(name: str) -> PurePosixPath:
    """Where a file goes below the data folder. Raises BadArchive."""
    path = PurePosixPath(name.removeprefix(DATA))
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
        raise BadArchive(f"the archive holds {name[:200]!r}, which leads out of its folder")
    return path
