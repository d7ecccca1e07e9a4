"""One version of one object in the cache on disk: the pages of it that are there, each with a sum.

    <folder>/data      as long as the object; holes where nothing was read yet
    <folder>/index     8 bytes a page: CRC-32 of the page, and a mark that makes the record whole

A page counts when its record does, and is written first: a killed writer leaves a page that does
not count. Several processes may write the same page, since a version's bytes are always the same.
Whoever has an entry open holds a shared lock on its index, and it is not evicted.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import mmap
import os
import struct
import weakref
import zlib
from collections.abc import Iterator
from pathlib import Path

PAGE = 2**16
"""Bytes of the smallest part that is kept."""
_RECORD = struct.Struct("<II")
_LOCK = struct.Struct("hhqqi4x")
"""The system's `struct flock`."""
_MODE = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Entry:
    """Pages of an object of `size` bytes, more than none. Safe from many threads and processes.

    Its files are closed when nothing refers to it any more, and not before.
    """

    def __init__(self, folder: Path, size: int) -> None:
        """Opens what is in `folder`, or begins it. Raises OSError."""
        self.folder, self.size = folder, size
        self.pages = -(-size // PAGE)
        self._index, self._data = _opened(folder)
        weakref.finalize(self, _close, self._index, self._data).atexit = False
        _resize(self._data, size)
        _resize(self._index, self.pages * _RECORD.size)
        # The index is mapped: a page of it that the disk has no room for would kill us.
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(self._index, 0, self.pages * _RECORD.size)
        self._records = mmap.mmap(self._index, 0, access=mmap.ACCESS_READ)
        self._known = bytearray(self.pages)
        os.utime(self._index)

    def known(self, first: int, last: int) -> bool:
        """Whether this process has seen all pages from `first` to `last` and their sums."""
        return self._known.find(0, first, last + 1) < 0

    def recorded(self, page: int) -> bool:
        """Whether the page is there; its sum was not looked at."""
        return bool(self._known[page]) or self._sum(page) is not None

    def sound(self, page: int) -> bool:
        """Whether the page is there, with the bytes that were written. What is not is forgotten."""
        if self._known[page]:
            return True
        expected = self._sum(page)
        if expected is None:
            return False
        if zlib.crc32(os.pread(self._data, self._length(page), page * PAGE)) != expected:
            self._record(page, bytes(_RECORD.size))
            return False
        self._known[page] = 1
        return True

    def get(self, start: int, size: int) -> bytes:
        """Bytes of pages that are there. Raises OSError if somebody cut the file."""
        data = os.pread(self._data, size, start)
        if len(data) == size:
            return data
        buffer = bytearray(size)  # the kernel gives 2 GiB at once
        self.get_into(start, memoryview(buffer))
        return bytes(buffer)

    def get_into(self, start: int, buffer: memoryview) -> None:
        """The same, into `buffer`."""
        done = 0
        while done < len(buffer):
            count = os.preadv(self._data, [buffer[done:]], start + done)
            if count == 0:
                raise OSError(errno.EIO, "the file was cut", str(self.folder))
            done += count

    def put(self, page: int, data: bytes) -> None:
        """Keep whole pages from `page` on. Raises OSError when the disk is full."""
        left, place = memoryview(data), page * PAGE
        while left:
            written = os.pwrite(self._data, left, place)
            left, place = left[written:], place + written
        view = memoryview(data)
        count = -(-len(data) // PAGE)
        sums = [zlib.crc32(view[at * PAGE : (at + 1) * PAGE]) for at in range(count)]
        records = b"".join(_packed(page + at, total) for at, total in enumerate(sums))
        self._record(page, records)
        self._known[page : page + count] = b"\1" * count

    @contextlib.contextmanager
    def filling(self, first: int, last: int) -> Iterator[bool]:
        """Be the only one who fetches these pages, if that can be had at once; else False.

        Holds against other processes, and other entries of the same folder. The lock is the
        kernel's, and ends with the process.
        """
        alone = self._lock(fcntl.F_WRLCK, first, last)
        try:
            yield alone
        finally:
            if alone:
                self._lock(fcntl.F_UNLCK, first, last)

    def whole(self) -> bool:
        """Whether all of it is there and sound; what was found so is not read again until the
        file changes or the machine starts anew, when the disk may have lost what it had not kept.
        """
        seal = self.folder / "whole"
        with contextlib.suppress(OSError):
            if seal.read_text() == self._seal():
                return True
        if not all(map(self.sound, range(self.pages))):
            return False
        draft = self.folder / f"whole.{os.getpid()}"
        with contextlib.suppress(OSError):  # no room: it will be looked at again
            draft.write_text(self._seal())
            draft.replace(seal)
        return True

    def touch(self) -> None:
        """It was used just now."""
        os.utime(self._index)

    def _lock(self, kind: int, first: int, last: int) -> bool:
        verb = getattr(fcntl, "F_OFD_SETLK", None)
        if verb is None:  # not Linux: two may fetch the same bytes
            return True
        place, span = first * _RECORD.size, (last - first + 1) * _RECORD.size
        try:
            fcntl.fcntl(self._index, verb, _LOCK.pack(kind, os.SEEK_SET, place, span, 0))
        except BlockingIOError:
            return False
        return True

    def _seal(self) -> str:
        data = os.fstat(self._data)
        boot = _BOOT.read_text().strip()
        return json.dumps([boot, data.st_ino, data.st_mtime_ns, data.st_size])

    def _length(self, page: int) -> int:
        return min(PAGE, self.size - page * PAGE)

    def _sum(self, page: int) -> int | None:
        total, mark = _RECORD.unpack_from(self._records, page * _RECORD.size)
        return total if _packed(page, total) == _RECORD.pack(total, mark) else None

    def _record(self, page: int, records: bytes) -> None:
        os.pwrite(self._index, records, page * _RECORD.size)


def _packed(page: int, total: int) -> bytes:
    """The record of a page: nothing else, and no page elsewhere, looks like it."""
    return _RECORD.pack(total, zlib.crc32(struct.pack("<QI", page, total)) | 1)


def _resize(file: int, size: int) -> None:
    if os.fstat(file).st_size != size:  # else it would count as written to
        os.ftruncate(file, size)


def _opened(folder: Path) -> tuple[int, int]:
    """(index, data), the index locked, of a folder that is in its place."""
    while True:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        index = data = -1
        try:
            index = os.open(folder / "index", _MODE, 0o600)
            fcntl.flock(index, fcntl.LOCK_SH)
            data = os.open(folder / "data", _MODE, 0o600)
            if os.path.samestat(os.fstat(index), (folder / "index").stat()):
                return index, data
        except FileNotFoundError:  # evicted between two of these lines
            pass
        except BaseException:
            _close(index, data)
            raise
        _close(index, data)


def _close(*files: int) -> None:
    for file in files:
        if file >= 0:
            os.close(file)
