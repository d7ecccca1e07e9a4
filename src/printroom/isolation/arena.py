"""Shared memory that arrays are handed over in: made by us, mapped once, used again and again.

    bytes -> Slab -> arrays that lie in it; when the last of them is gone, the slab is free again

A slab is a memfd of its own. The first touch of memory costs more than copying into it, so slabs
are kept and used again. Their size is sealed: a child cannot shrink one under our feet, which
would kill us. Raises NeedsMemory when more would be handed over at once than is allowed.
"""

from __future__ import annotations

import fcntl
import itertools
import math
import mmap
import os
import threading
import weakref
from collections import deque
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from printroom.core.errors import NeedsMemory
from printroom.core.sizes import format_size

SMALLEST = 2**16
"""Bytes of the smallest slab."""
ROOMY = 4
"""A free slab is used for an array that fills at least this part (1/4) of it."""
SUPPORTED = hasattr(os, "memfd_create")
"""Whether this system has what it takes (Linux)."""


class Slab:
    """Shared memory of a fixed size."""

    _numbers = itertools.count(1)

    def __init__(self, size: int) -> None:
        self.number = next(self._numbers)
        """Never used twice in a process."""
        self.size = size
        self.fd = os.memfd_create("printroom", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.ftruncate(self.fd, size)
            seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
            fcntl.fcntl(self.fd, fcntl.F_ADD_SEALS, seals)
            self.memory = mmap.mmap(self.fd, size)
        except BaseException:
            os.close(self.fd)
            raise

    def close(self) -> None:
        """Its memory returns when no process maps it, and no array lies in it, any more."""
        os.close(self.fd)


class Hold:
    """Keeps a slab from being used for anything else. Arrays in it hold it too."""

    def __init__(self, arena: Arena, slab: Slab) -> None:
        self.slab = slab
        self.whole: NDArray[np.uint8] = np.frombuffer(slab.memory, np.uint8)
        arena.watch(self.whole, slab)

    def array(self, dtype: DTypeLike, shape: tuple[int, ...], offset: int = 0) -> NDArray[Any]:
        """An array at `offset` bytes, which must lie inside."""
        size = math.prod(shape) * np.dtype(dtype).itemsize
        return self.whole[offset : offset + size].view(dtype).reshape(shape)


class Arena:
    """Hands out slabs. Safe from many threads."""

    def __init__(self, most: int) -> None:
        """`most`: bytes in all slabs together."""
        self._most = most
        self._slabs: dict[int, Slab] = {}
        self._free: list[Slab] = []
        self._returned: deque[Slab] = deque()
        self._slab_of: dict[int, Slab] = {}
        self._closed = False
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Bytes in all slabs together, free or not."""
        return sum(slab.size for slab in list(self._slabs.values()))

    @property
    def held(self) -> int:
        """Slabs that arrays lie in."""
        with self._lock:
            self._collect()
            return len(self._slabs) - len(self._free)

    @property
    def numbers(self) -> frozenset[int]:
        """Of all slabs that may still be used."""
        return frozenset(list(self._slabs))

    def slab(self, number: int) -> Slab:
        """The slab of that number, which must be one of `numbers`."""
        return self._slabs[number]

    def hold(self, size: int) -> Hold:
        """A slab of at least `size` bytes, for as long as it, or an array in it, is kept."""
        with self._lock:
            self._collect()
            slab = self._reuse(size) or self._make(size)
        return Hold(self, slab)

    def found(self, array: NDArray[Any]) -> tuple[Slab, NDArray[np.uint8]] | None:
        """The slab that `array` lies in, and the whole of it; None for any other array."""
        root: Any = array
        while isinstance(root.base, np.ndarray):
            root = root.base
        slab = self._slab_of.get(id(root))
        return None if slab is None else (slab, root)

    def watch(self, whole: NDArray[np.uint8], slab: Slab) -> None:
        """Take `slab` back when `whole`, and every array made from it, is gone."""
        self._slab_of[id(whole)] = slab
        weakref.finalize(whole, self._back, id(whole), slab).atexit = False

    def close(self) -> None:
        """Give the memory back; that of arrays still in use follows when they are gone."""
        with self._lock:
            self._closed = True
            self._collect()
            for slab in self._free:
                self._drop(slab)
            self._free.clear()

    def _back(self, key: int, slab: Slab) -> None:
        # Runs wherever an array happens to be collected, perhaps under our own lock: so no locks.
        self._slab_of.pop(key, None)
        self._returned.append(slab)
        if self._closed and self._lock.acquire(blocking=False):
            try:
                self._collect()
            finally:
                self._lock.release()

    def _collect(self) -> None:
        while self._returned:
            slab = self._returned.popleft()
            if self._closed:
                self._drop(slab)
            else:
                self._free.append(slab)

    def _drop(self, slab: Slab) -> None:
        del self._slabs[slab.number]
        slab.close()

    def _reuse(self, size: int) -> Slab | None:
        fitting = [slab for slab in self._free if size <= slab.size <= ROOMY * _rounded(size)]
        if not fitting:
            return None
        slab = min(fitting, key=lambda slab: slab.size)
        self._free.remove(slab)
        return slab

    def _make(self, size: int) -> Slab:
        size = _rounded(size)
        while self._free and self.size + size > self._most:
            self._drop(self._free.pop(0))
        if self.size + size > self._most:
            raise NeedsMemory(
                f"arrays of {format_size(size)} cannot be handed over: "
                f"{format_size(self.size)} of {format_size(self._most)} are in use",
                "allow the step more `arrays`",
                needed=self.size + size,
            )
        try:
            slab = Slab(size)
        except OSError as error:
            reason = f"{format_size(size)} of shared memory cannot be had: {error.strerror}"
            raise NeedsMemory(reason, "see what the system allows", needed=size) from error
        self._slabs[slab.number] = slab
        return slab


def _rounded(size: int) -> int:
    """Up to a size that other arrays will have too: at most a quarter more.

    >>> [_rounded(size) for size in (1, 65536, 65537, 100_000_000)]
    [65536, 65536, 81920, 100663296]
    """
    step = max(SMALLEST, 1 << max(0, (size - 1).bit_length() - 1)) // 4
    return max(SMALLEST, -(-size // step) * step)
