"""An object as a file: `io.RawIOBase`, read on demand.

    BlockCache, store, key -> ObjectFile: NotFound
    ObjectFile -> bytes:                  ObjectChanged, and what else stores raise

Read-ahead learns from what is read: nothing for jumps, and for reads that follow one another four
times what was read in a row, up to 64 MiB.
"""

from __future__ import annotations

import io
import os
from typing import Any, NoReturn

from printroom.storage.cache import BLOCK, BlockCache, CachedObject
from printroom.storage.entry import PAGE
from printroom.storage.store import Store

FARTHEST = 16 * BLOCK
"""Bytes that are fetched ahead, at most."""
_GROWTH = 4


class ObjectFile(io.RawIOBase):
    """One version of an object, open for reading. `read_at` is safe from many threads."""

    def __init__(self, found: CachedObject) -> None:
        super().__init__()
        self.object = found
        self.name = f"{found.store.name}{found.stat.key}"
        self._place = 0
        self._row = 0  # bytes read in a row, up to here
        self._end = -1  # where the last read ended
        self._front = 0  # where what was asked for ends

    @property
    def size(self) -> int:
        """Bytes."""
        return self.object.size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def write(self, _data: Any, /) -> NoReturn:
        """Objects are written whole, by their store."""
        raise io.UnsupportedOperation("not writable")

    def tell(self) -> int:
        self._check()
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move; beyond the end there is nothing to read. Raises ValueError before the start."""
        self._check()
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self.size}
        if whence not in origin:
            raise ValueError(f"{whence} is no place to seek from")
        if (place := origin[whence] + offset) < 0:
            raise ValueError("a file has nothing before its start")
        self._place = place
        return place

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer`; fewer bytes only at the end."""
        self._check()
        view = memoryview(buffer).cast("B")
        ahead = self._learn(self._place, min(len(view), max(0, self.size - self._place)))
        count = self.object.read_into(self._place, view, ahead)
        self._place += count
        return count

    def readall(self) -> bytes:
        """From here to the end, at once."""
        self._check()
        data = self.object.read(self._place, max(0, self.size - self._place))
        self._place += len(data)
        return data

    def read_at(self, start: int, size: int) -> bytes:
        """Bytes from `start` on, fewer only at the end, without moving or reading ahead."""
        self._check()
        if start < 0 or size < 0:
            raise ValueError("a range begins at 0 or later, and has no negative size")
        return self.object.read(start, size)

    def _learn(self, start: int, size: int) -> int:
        """How many bytes to fetch beyond this read."""
        self._row = self._row + size if start == self._end else 0
        self._end = start + size
        ahead = min(_GROWTH * self._row, FARTHEST)
        if ahead < PAGE:
            self._front = self._end
            return 0
        if self._front - self._end > ahead // 2:  # enough is on its way
            return 0
        if ahead >= BLOCK:  # whole blocks
            ahead += -(self._end + ahead) % BLOCK
        self._front = self._end + ahead
        return ahead

    def _check(self) -> None:
        if self.closed:
            raise ValueError("I/O operation on closed file")


def open_object(cache: BlockCache, store: Store, key: str) -> ObjectFile:
    """The object of that key, as it is now. Raises NotFound."""
    return ObjectFile(cache.object(store, key))
