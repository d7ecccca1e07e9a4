"""A folder of files that can be made again: bounded, the least recently used go first.

    name -> Kept or None         name, maker -> Kept         DiskFull Unwritable

A file appears whole or not at all. What is open is read to its end although it was removed. Any
number of processes may use a folder; one of them at a time makes files whose names begin alike.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from printroom.core.errors import Unwritable

COUNT = 100_000
"""Files of a folder, at most."""
_USED = 60.0
"""Seconds within which a second use is not written down."""
_SLACK = 0.9
"""Share of the limit to which a full folder is emptied, so that not every file empties it."""


class Kept:
    """A file that is there, or was when it was opened."""

    def __init__(self, path: Path) -> None:
        """Raises FileNotFoundError."""
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._file)
        found = os.fstat(self._file)
        self.size = found.st_size
        self.used = found.st_mtime

    def fileno(self) -> int:
        """The descriptor, open for as long as this is."""
        return self._file

    def read(self, start: int, size: int) -> bytes:
        """Those bytes."""
        return os.pread(self._file, size, start)


class Keep:
    """The folder."""

    def __init__(self, folder: Path, limit: int, count: int = COUNT) -> None:
        """`limit`: bytes of all files. Nothing is made yet."""
        self._folder, self._limit, self._count = folder, limit, count
        self._lock = threading.Lock()
        self._size: int | None = None  # of all files, by our own count
        self._files = 0

    def get(self, name: str) -> Kept | None:
        """The file of that name, which is hexadecimal."""
        path = self._path(name)
        try:
            found = Kept(path)
        except FileNotFoundError:
            return None
        if time.time() - found.used > _USED:
            with contextlib.suppress(OSError):  # removed meanwhile, or the disk is read-only
                os.utime(path)
        return found

    def make(self, name: str, maker: Callable[[Path], object]) -> Kept:
        """The file; if it is not there, `maker` writes it, whole, to the path that it is given."""
        path = self._path(name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with self._alone(path.parent):
                if (found := self.get(name)) is not None:
                    return found
                maker(path)
                made = Kept(path)
        except OSError as error:
            why = error.strerror or str(error)
            raise Unwritable(f"{self._folder} cannot be written, {why}", "see to it") from error
        self._count_in(made.size)
        return made

    def clear(self) -> None:
        """Remove all files; who has one open may read on."""
        with self._lock:
            for path in self._folder.glob("??/*"):
                if path.name != ".lock":
                    path.unlink(missing_ok=True)
            self._size = None

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name[2:]

    @contextmanager
    def _alone(self, folder: Path) -> Iterator[None]:
        lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _count_in(self, size: int) -> None:
        """Remove files if there are too many now. Others' are counted when ours say it is full."""
        with self._lock:
            if self._size is None:
                self._sweep()
            else:
                self._size, self._files = self._size + size, self._files + 1
            if (self._size or 0) > self._limit or self._files > self._count:
                self._sweep()

    def _sweep(self) -> None:
        """Count all, and remove what was used least if that is too much."""
        found: list[tuple[float, int, Path]] = []
        for path in self._folder.glob("??/*"):
            with contextlib.suppress(FileNotFoundError):
                about = path.stat()
                if path.name != ".lock":
                    found.append((about.st_mtime, about.st_size, path))
        self._size, self._files = sum(size for _, size, _ in found), len(found)
        if self._size <= self._limit and self._files <= self._count:
            return
        for _, size, path in sorted(found):
            path.unlink(missing_ok=True)
            self._size, self._files = self._size - size, self._files - 1
            if self._size <= self._limit * _SLACK and self._files <= self._count * _SLACK:
                return
