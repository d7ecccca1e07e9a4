"""The folder of a cache: how much is in it, and what goes when there is no room.

    <folder>/objects/<2>/<id>/     entries
    <folder>/held/<token>/         files that were handed to a library, under their own names
    <folder>/usage                 bytes reserved by all processes together
    <folder>/users                 locked by each process that uses the folder

What is kept never takes more than the limit: room is reserved before it is used. The least
recently used entry goes first, as a whole, and none that somebody has open. A process that was
killed leaves a few reservations too many; the next that has the folder for itself counts anew.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import threading
import time
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_CREDIT = 4 * 2**20
"""Bytes that a process reserves at once."""
_GRAIN = 4096
"""Bytes that a disk gives at once."""


@dataclass(frozen=True)
class _Kept:
    folder: Path
    used: float
    """When it was used last, in seconds since 1970."""
    size: int
    """Bytes it takes on disk."""


class Room:
    """A folder that may hold `limit` bytes of objects. Safe from many threads and processes."""

    def __init__(self, folder: Path, limit: int, ttl: float) -> None:
        """`ttl`: seconds after which what was not used goes. Raises OSError."""
        self.folder, self.limit, self._ttl = folder, limit, ttl
        for name in ("objects", "held"):
            (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._credit = 0  # reserved, and not used yet
        mode = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._usage = os.open(folder / "usage", mode, 0o600)
        self._users = os.open(folder / "users", mode, 0o600)
        self._close = weakref.finalize(self, _close, self._usage, self._users)
        self._close.atexit = False
        self._enter()

    def close(self) -> None:
        """Use the folder no longer."""
        with self._lock:  # never a file number that is somebody else's by now
            if self._close.alive:
                with self._alone():
                    self._set(max(0, self.used - self._credit))
                self._credit = 0
                self._close()

    @property
    def used(self) -> int:
        """Bytes reserved, by all processes."""
        return int.from_bytes(os.pread(self._usage, 8, 0), "little")

    def reserve(self, size: int) -> bool:
        """Whether `size` bytes may be written, now that what is old has gone."""
        size = rounded(size)
        with self._lock:
            if not self._close.alive or (self._credit < size and not self._borrow(size)):
                return False
            self._credit -= size
            return True

    def release(self, size: int) -> None:
        """Bytes that were reserved and not written."""
        with self._lock:
            self._credit += rounded(size)

    def _borrow(self, size: int) -> bool:
        """Reserve more than is needed now, if that is easy, so as to ask less often."""
        with self._alone():
            more = max(size, _CREDIT)
            if self.used + more > self.limit:
                more = size - self._credit
                if self.used + more > self.limit:
                    self._evict(self.limit - more)
                if self.used + more > self.limit:
                    return False
            self._set(self.used + more)
            self._credit += more
            return True

    def sweep(self) -> None:
        """Let go of what nobody used for too long, and of what killed processes held."""
        with self._lock, self._alone():
            self._evict(self.limit)

    def clear(self) -> None:
        """Let go of all that nobody has open."""
        with self._lock, self._alone():
            self._evict(-1)

    @contextlib.contextmanager
    def holding(self) -> Iterator[Path]:
        """A folder for files under their own names, gone afterwards, even if we are killed."""
        folder = self.folder / "held" / secrets.token_hex(8)
        with self._lock, self._alone():  # else it might be swept before it is locked
            folder.mkdir(mode=0o700)
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(lock, fcntl.LOCK_SH)
        try:
            yield folder
        finally:
            os.close(lock)
            shutil.rmtree(folder, ignore_errors=True)

    def _enter(self) -> None:
        with self._alone():
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                for gone in self.folder.glob(".gone-*"):
                    shutil.rmtree(gone, ignore_errors=True)
                self._set(sum(kept.size for kept in self._kept()))
            fcntl.flock(self._users, fcntl.LOCK_SH)
            self._evict(self.limit)

    def _evict(self, limit: int) -> None:
        """Until no more than `limit` bytes are used, or nothing more can go."""
        for folder in (self.folder / "held").iterdir():
            _remove(folder, folder)
        oldest = time.time() - self._ttl
        for kept in sorted(self._kept(), key=lambda kept: kept.used):
            if kept.used > oldest and self.used <= limit:
                return
            gone = self.folder / f".gone-{secrets.token_hex(8)}"
            if _remove(kept.folder, kept.folder / "index", gone):
                self._set(max(0, self.used - kept.size))

    def _kept(self) -> Iterator[_Kept]:
        for folder in (self.folder / "objects").glob("*/*"):
            with contextlib.suppress(OSError):
                used = (folder / "index").stat().st_mtime
                data = (folder / "data").stat()
                yield _Kept(folder, used, data.st_blocks * 512)

    def _set(self, used: int) -> None:
        os.pwrite(self._usage, used.to_bytes(8, "little"), 0)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """The only process that changes the folder; the caller is the only thread."""
        if not self._close.alive:
            raise ValueError("the cache is closed")
        fcntl.flock(self._usage, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._usage, fcntl.LOCK_UN)


def rounded(size: int) -> int:
    """Bytes that `size` bytes take on disk.

    >>> rounded(1), rounded(4096)
    (4096, 4096)
    """
    return -(-size // _GRAIN) * _GRAIN


def _remove(folder: Path, locked: Path, aside: Path | None = None) -> bool:
    """Remove a folder unless its lock is held; by way of `aside`, so that it goes at once."""
    try:
        lock = os.open(locked, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if aside is not None:
            folder = folder.rename(aside)
        shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        return False
    finally:
        os.close(lock)
    return True


def _close(*files: int) -> None:
    for file in files:
        os.close(file)
