"""A store in a folder of this machine's disk.

    key -> file below the root, found part by part without following a link: StoreRefused

OpenDAL's own file system store follows symbolic links out of its root and has no ETags, so this
one is ours. A file is written aside, synced, and renamed; its ETag is made of its inode, time and
size.
Conditions hold among all who use this class.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import stat as modes
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from printroom.core.errors import (
    BadKey,
    BadOption,
    DiskFull,
    PrintroomError,
    StoreRefused,
    StoreUnavailable,
)
from printroom.storage.keys import OWN, Key, Prefix, shown
from printroom.storage.store import ABSENT, Condition, Stat, Store

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # a pipe must not hold us up
_DRAFT = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_ABSENT = {errno.ENOENT, errno.ENOTDIR}


class DiskStore(Store):
    """Objects as files. Links and special files are not objects."""

    features = frozenset({"if_absent", "if_match"})

    def __init__(self, root: Path) -> None:
        """`root` is made if it is not there; it may be a link. Raises BadOption."""
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadOption(f"{root} is no folder for a store", error.strerror or "") from error
        self._root = root.resolve()
        self.name = f"fs://{self._root}"

    def _stat(self, key: Key) -> Stat:
        with self._open(key) as file:
            return _stat(key, os.fstat(file))

    def _read(self, key: Key, start: int, size: int, etag: str) -> bytes:
        with self._open(key) as file:
            if _stat(key, os.fstat(file)).etag != etag:
                raise self.changed(key)
            parts, left = [], size
            while left and (part := os.pread(file, left, start)):
                parts.append(part)
                start, left = start + len(part), left - len(part)
            if _stat(key, os.fstat(file)).etag != etag:
                raise self.changed(key)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _put(self, key: Key, source: Iterator[bytes], when: Condition) -> Stat:
        with self._told(key), self._drafting(key) as (folder, file, draft):
            _write(file, source)
            stat = _stat(key, os.fstat(file))
            with self._alone():
                if when is not None and not _holds(folder, key, when):
                    raise self.unmet(key, when)
                os.rename(draft, key.name, src_dir_fd=folder, dst_dir_fd=folder)
            os.fsync(folder)
            return stat

    def _list(self, prefix: Prefix) -> Iterator[Stat]:
        for child in self._children(prefix):
            if isinstance(child, Prefix):
                yield from self._list(child)
            else:
                yield child

    def _children(self, prefix: Prefix) -> Iterator[Stat | Prefix]:
        found: list[Stat | Prefix] = []
        parts = prefix.removesuffix("/").split("/") if prefix else []
        with self._told(prefix):
            try:
                with self._walk(parts) as folder:
                    for name in os.listdir(folder):  # noqa: PTH208 (a descriptor, not a path)
                        found += _child(prefix, name, folder)
            except OSError as error:
                if error.errno not in _ABSENT | {errno.ELOOP}:
                    raise
        return iter(found)

    def _delete(self, key: Key) -> None:
        with self._told(key):
            try:
                with self._walk(key.parts[:-1]) as folder:
                    os.unlink(key.name, dir_fd=folder)
                self._prune(key)
            except OSError as error:
                if error.errno not in _ABSENT | {errno.EISDIR}:
                    raise

    def _prune(self, key: Key) -> None:
        """Remove folders that became empty: prefixes are not things, they come with objects."""
        parts = key.parts[:-1]
        with contextlib.suppress(OSError):
            for depth in range(len(parts), 0, -1):
                with self._walk(parts[: depth - 1]) as folder:
                    os.rmdir(parts[depth - 1], dir_fd=folder)

    @contextmanager
    def _open(self, key: Key) -> Iterator[int]:
        """The file of `key`, to read. Raises NotFound, StoreRefused for a link."""
        with self._told(key):
            with self._walk(key.parts[:-1]) as folder:
                file = os.open(key.name, _FILE, dir_fd=folder)
            try:
                if not modes.S_ISREG(os.fstat(file).st_mode):
                    raise self.missing(key)
                yield file
            finally:
                os.close(file)

    @contextmanager
    def _drafting(self, key: Key) -> Iterator[tuple[int, int, str]]:
        """(folder, file, name) of a new file beside `key`; removed unless it is renamed."""
        draft = f"{OWN}{secrets.token_hex(8)}"
        with contextlib.ExitStack() as opened:
            while True:
                folder = opened.enter_context(self._walk(key.parts[:-1], make=True))
                with contextlib.suppress(FileNotFoundError):  # emptied by another, and removed
                    file = os.open(draft, _DRAFT, 0o666, dir_fd=folder)
                    break
            opened.callback(os.close, file)
            try:
                yield folder, file, draft
            finally:
                with contextlib.suppress(OSError):
                    os.unlink(draft, dir_fd=folder)

    @contextmanager
    def _walk(self, parts: Sequence[str], make: bool = False) -> Iterator[int]:
        """The folder `parts` below the root. Raises OSError: ELOOP for a link."""
        if make:
            self._root.mkdir(parents=True, exist_ok=True)
        current = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for part in parts:
                deeper = _enter(part, current, make)
                os.close(current)
                current = deeper
            yield current
        finally:
            os.close(current)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One writer at a time decides whether its condition holds."""
        root = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(root, fcntl.LOCK_EX)
            yield
        finally:
            os.close(root)

    @contextmanager
    def _told(self, key: str) -> Iterator[None]:
        """The system's errors as ours."""
        try:
            yield
        except PrintroomError:
            raise
        except OSError as error:
            raise self._error(key, error) from error

    def _error(self, key: str, error: OSError) -> PrintroomError:
        where, why = f"{self.name}: {shown(key)}", error.strerror or str(error)
        if error.errno == errno.ELOOP:
            return StoreRefused(f"{where} is a link", "put the file itself there")
        if error.errno in _ABSENT:
            return self.missing(key)
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return StoreRefused(f"{where}: {why}", "check the rights of the folder")
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return DiskFull(f"{where}: {why}", "free some room")
        if error.errno in (errno.EEXIST, errno.EISDIR, errno.ENOTEMPTY):
            return StoreRefused(f"{where} lies where there is something else", "rename it")
        return StoreUnavailable(f"{where}: {why}", "check the disk")


def _enter(part: str, folder: int, make: bool) -> int:
    while True:
        try:
            return os.open(part, _FOLDER, dir_fd=folder)
        except FileNotFoundError:
            if not make:
                raise
            with contextlib.suppress(FileExistsError):
                os.mkdir(part, 0o777, dir_fd=folder)
        except NotADirectoryError as error:
            # a link, too: O_DIRECTORY is looked at first
            if modes.S_ISLNK(os.stat(part, dir_fd=folder, follow_symlinks=False).st_mode):
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from error
            if make:
                raise OSError(errno.EEXIST, os.strerror(errno.EEXIST)) from error
            raise


def _write(file: int, source: Iterator[bytes]) -> None:
    """All of `source`, down to the disk."""
    for piece in source:
        left = memoryview(piece)
        while left:
            left = left[os.write(file, left) :]
    os.fsync(file)


def _holds(folder: int, key: Key, when: Condition) -> bool:
    try:
        there = os.stat(key.name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return when is ABSENT
    return when is not ABSENT and _stat(key, there).etag == when


def _stat(key: Key, found: os.stat_result) -> Stat:
    etag = f"{found.st_ino:x}-{found.st_mtime_ns:x}-{found.st_size:x}"
    return Stat(key, found.st_size, etag, datetime.fromtimestamp(found.st_mtime, UTC))


def _child(prefix: Prefix, name: str, folder: int) -> list[Stat | Prefix]:
    """What `name` in `folder` is; nothing if it is no object and no folder."""
    try:
        key = Key(prefix + name)
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except (BadKey, OSError):
        return []
    if modes.S_ISDIR(found.st_mode):
        return [Prefix(key)]
    return [_stat(key, found)] if modes.S_ISREG(found.st_mode) else []
