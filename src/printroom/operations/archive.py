"""A tar file that knows what is in it: each member's digest, in a list that comes last.

    Writer.add(name, file) ... close -> a file that appears whole or not at all     Unwritable
    file -> members(name, stream) -> each looked at, then the list                  BadArchive

An archive that was cut short has no list; one that was changed has other digests.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from printroom.core.errors import BadArchive, DiskFull, Unwritable

LIST = "printroom-list.json"
HEAD = "printroom-backup.json"
LARGEST_LIST = 1 << 28
_PIECE = 1 << 20
_MODE = 0o600
"""Of files that are restored: copies of secrets are nobody else's."""


class Writer:
    """Writes one; left by an exception it leaves nothing behind."""

    def __init__(self, target: Path) -> None:
        """Raises Unwritable for what is there already."""
        self._target = target
        self._draft = target.with_name(f".{target.name}.part")
        self._known: dict[str, str] = {}
        if target.exists():
            raise Unwritable(f"{target} is there already", "name another file, or remove it")
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            self._file = os.fdopen(os.open(self._draft, flags, _MODE), "wb")
        except OSError as error:
            raise Unwritable(f"{target} cannot be written", str(error)) from error
        self._tar = tarfile.open(  # noqa: SIM115
            fileobj=self._file, mode="w|gz" if target.suffix == ".gz" else "w|"
        )

    def text(self, name: str, content: Mapping[str, Any]) -> None:
        """A member of JSON."""
        data = json.dumps(content, indent=1).encode()
        self._put(name, len(data), 0, io.BytesIO(data))

    def add(self, name: str, path: Path) -> bool:
        """A member from a file; False when that is gone, or is none."""
        try:
            file = path.open("rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return False
        with file:
            about = os.fstat(file.fileno())
            self._put(name, about.st_size, int(about.st_mtime), file)
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.text(LIST, {"sha256": dict(self._known)})
                self._tar.close()
                self._file.flush()
                os.fsync(self._file.fileno())
                self._draft.rename(self._target)
        except OSError as failed:
            raise _unwritable(self._target, failed) from failed
        finally:
            self._file.close()
            self._draft.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _unwritable(self._target, error) from error

    def _put(self, name: str, size: int, changed: int, source: IO[bytes]) -> None:
        about = tarfile.TarInfo(name)
        about.size, about.mtime, about.mode = size, changed, _MODE
        seen = _Seen(source, size)
        self._tar.addfile(about, seen)
        self._known[name] = seen.digest.hexdigest()


class _Seen:
    """A file of exactly `size` bytes, digested as it is read: it may grow or shrink meanwhile."""

    def __init__(self, source: IO[bytes], size: int) -> None:
        self._source, self._left = source, size
        self.digest = hashlib.sha256()

    def read(self, most: int = -1) -> bytes:
        """At most `most` bytes; what is missing at the end is zero."""
        most = self._left if most < 0 else min(most, self._left)
        data = self._source.read(most)
        data += bytes(most - len(data))
        self._left -= most
        self.digest.update(data)
        return data


def members(path: Path, each: Callable[[str, IO[bytes]], None]) -> dict[str, Any]:
    """Hand every member to `each`, which reads all of it; what the first member says.

    Whoever calls may believe nothing until this returns. Raises BadArchive.
    """
    seen: dict[str, str] = {}
    head: dict[str, Any] = {}
    listed: dict[str, str] | None = None
    try:
        with tarfile.open(path, "r|*") as tar:
            for about in tar:
                source = tar.extractfile(about) if about.isreg() else None
                if source is None or listed is not None or about.name in seen:
                    raise BadArchive(f"{path} holds {about.name[:200]!r}, which we never wrote")
                if about.name == LIST:
                    listed = _json(source.read(LARGEST_LIST))["sha256"]
                    continue
                if not head:
                    head = _json(source.read(_PIECE)) if about.name == HEAD else {}
                    source = io.BytesIO(json.dumps(head, indent=1).encode())
                    if head.get("format") != 1:
                        raise BadArchive(f"{path} is no backup of printroom")
                reading = _Reading(source)
                each(about.name, reading)  # type: ignore[arg-type]
                reading.rest()
                seen[about.name] = reading.digest.hexdigest()
    except (tarfile.TarError, EOFError, OSError, ValueError, KeyError, TypeError) as error:
        raise BadArchive(f"{path} cannot be read: {error}", "take another copy") from error
    if listed != seen:
        raise BadArchive(f"{path} is cut short, or was changed", "take another copy")
    return head


class _Reading:
    """A member that is digested as it is read."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self.digest = hashlib.sha256()

    def read(self, most: int = -1) -> bytes:
        """The next bytes."""
        data = self._source.read(most)
        self.digest.update(data)
        return data

    def rest(self) -> None:
        """Read what nobody wanted."""
        while self.read(_PIECE):
            pass


def _json(data: bytes) -> dict[str, Any]:
    found = json.loads(data)
    if not isinstance(found, dict):
        raise ValueError("it is no object")
    return found


def _unwritable(target: Path, error: OSError) -> Exception:
    import errno

    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"the disk filled up while {target} was written", "make room")
    return Unwritable(f"{target} cannot be written", error.strerror or str(error))
