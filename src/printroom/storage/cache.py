"""Objects of any store on this machine's disk, as far as they were read.

    store, key -> CachedObject -> ranges of it:    NotFound ObjectChanged StoreUnavailable ...

A part is fetched once, by whoever comes first, in pieces of up to 4 MiB, side by side; the others
wait for it, in other processes too. Every range names the ETag that the object had when it was
opened: an object that was replaced is noticed, and never mixed. When the disk is full or the limit
is reached, bytes pass by without being kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from printroom.core.errors import NotFound, ObjectChanged, Unwritable
from printroom.storage.entry import PAGE, Entry
from printroom.storage.keys import Key
from printroom.storage.room import Room
from printroom.storage.store import Stat, Store

BLOCK = 4 * 2**20
"""Bytes that are asked for at once, at most; a multiple of a page."""
STREAMS = 16
"""Ranges that are on their way at once."""
LIMIT = 20 * 2**30
"""Bytes that a cache may take, if nothing else is said."""
TTL = 30 * 86400.0
"""Seconds after which what was not used goes."""
_PATIENCE = 60.0
"""Seconds to wait for another process that fetches the same; then it is fetched here, too."""
_PAGES = BLOCK // PAGE
_LEAST = 2**20 // PAGE
"""Pages that are asked for at once at least, where there are more: so that as many streams as
there are share what is wanted, and not one request is made for each page."""
_LARGEST = 16
"""Objects larger than this many caches are not kept, not even in part: what a store says of their
size costs memory and disk before a byte of them was seen."""
Piece = tuple[int, memoryview]
"""Bytes that could not be kept: first page, data."""

_Flight = Future[Piece | None]
"""A fetch: None when what it brought is on disk."""
_Task = tuple[_Flight, int, int]
"""A flight, and its first and last page."""


class BlockCache:
    """A folder with parts of objects. Any number of threads and processes may use it."""

    def __init__(
        self, folder: Path, limit: int = LIMIT, ttl: float = TTL, fresh: float = 0.0
    ) -> None:
        """`limit`: bytes. `fresh`: seconds for which it is taken on trust that an object is the
        same; 0 = it is looked at each time it is opened. Raises Unwritable.
        """
        self._arguments = (folder, limit, ttl, fresh)
        self._fresh = fresh
        try:
            self.room = Room(folder, limit, ttl)
        except OSError as error:
            why = error.strerror or str(error)
            raise Unwritable(f"{folder} cannot hold a cache, {why}", "name another") from error
        self._pool = ThreadPoolExecutor(STREAMS, "printroom-fetch")
        self._lock = threading.Lock()
        self._open: weakref.WeakValueDictionary[str, CachedObject] = weakref.WeakValueDictionary()
        self._stats: weakref.WeakKeyDictionary[Store, dict[Key, tuple[float, Stat]]]
        self._stats = weakref.WeakKeyDictionary()

    def __reduce__(self) -> tuple[Any, ...]:
        return BlockCache, self._arguments

    def __enter__(self) -> BlockCache:
        return self

    def __exit__(self, *about: object) -> None:
        self.close()

    def close(self) -> None:
        """Wait for what is on its way, and let go of the folder."""
        self._pool.shutdown(cancel_futures=True)
        self.room.close()

    def object(self, store: Store, key: str) -> CachedObject:
        """The object as it is now; nothing of it is read yet. Raises NotFound."""
        stat = self._stat(store, Key(key))
        about = json.dumps([store.identity, stat.key, stat.etag, stat.size])
        name = hashlib.sha256(about.encode("utf-8", "surrogatepass")).hexdigest()
        with self._lock:
            found = self._open.get(f"{name}{id(store)}")
            if found is None:
                folder = self.room.folder / "objects" / name[:2] / name
                entry = None
                if 0 < stat.size <= _LARGEST * self.room.limit:
                    with contextlib.suppress(OSError):  # read all the same, and keep nothing
                        entry = Entry(folder, stat.size)
                forget = partial(self._known(store).pop, stat.key, None)
                found = CachedObject(store, stat, entry, self.room, self._pool, forget)
                self._open[f"{name}{id(store)}"] = found
        return found

    def _stat(self, store: Store, key: Key) -> Stat:
        if self._fresh <= 0:
            return store.stat(key)
        with self._lock:
            known = self._known(store)
        seen, stat = known.get(key, (0.0, None))
        if stat is None or time.monotonic() - seen > self._fresh:
            stat = store.stat(key)
            known[key] = (time.monotonic(), stat)
        return stat

    def _known(self, store: Store) -> dict[Key, tuple[float, Stat]]:
        return self._stats.setdefault(store, {})


class CachedObject:
    """One version of an object. Safe from many threads."""

    def __init__(
        self,
        store: Store,
        stat: Stat,
        entry: Entry | None,
        room: Room,
        pool: ThreadPoolExecutor,
        changed: Callable[[], object],
    ) -> None:
        """`changed`: called when the store has another version."""
        self.store, self.stat, self._changed = store, stat, changed
        self._entry, self._room, self._pool = entry, room, pool
        self._lock = threading.Lock()
        self._flights: dict[int, _Flight] = {}
        self._full = entry is None
        self.fetched = 0
        """Bytes that came from the store, through this handle."""

    @property
    def size(self) -> int:
        """Bytes of the whole object."""
        return self.stat.size

    @property
    def entry(self) -> Entry | None:
        """What is kept on disk; None if nothing can be."""
        return self._entry

    def read(self, start: int, size: int, ahead: int = 0) -> bytes:
        """Bytes from `start` on, fewer than `size` only at the end; begins to fetch `ahead` more.

        Raises ObjectChanged and what else a store raises.
        """
        size = max(0, min(size, self.size - start))
        if self._entry and self._near(start, size, ahead):
            return self._entry.get(start, size)
        buffer = bytearray(size)
        self.read_into(start, memoryview(buffer), ahead)
        return bytes(buffer)

    def read_into(self, start: int, buffer: memoryview, ahead: int = 0) -> int:
        """The same, into `buffer`; how many bytes."""
        size = max(0, min(len(buffer), self.size - start))
        buffer = buffer[:size]
        if size == 0:
            return 0
        pieces = [] if self._near(start, size, ahead) else self._fetch(start, size, ahead)
        if pieces:
            self._join(start, buffer, pieces)
        elif self._entry:
            self._entry.get_into(start, buffer)
        return size

    def fill(self) -> bool:
        """Have all of it on disk; whether that was possible."""
        if self.size == 0 or self._entry is None or self._entry.whole():
            return self._entry is not None
        step = STREAMS * BLOCK
        waiting: list[_Flight] = []
        for start in range(0, self.size, step):
            size = min(step, self.size - start)
            flights, tasks = self._claim(*_span(start, size), needed=True)
            self._start(tasks)
            waiting += flights
            while len(waiting) > 2 * STREAMS:
                if waiting.pop(0).result() is not None:
                    return False
        return all(flight.result() is None for flight in waiting) and self._entry.whole()

    def _near(self, start: int, size: int, ahead: int) -> bool:
        """Whether it is all here, seen before; the fast way."""
        first, last = _span(start, size)
        if size == 0:
            return True
        return self._entry is not None and not ahead and self._entry.known(first, last)

    def _fetch(self, start: int, size: int, ahead: int) -> list[Piece]:
        """Have all of the range; what could not be kept is returned."""
        flights, tasks = self._claim(*_span(start, size), needed=True)
        self._start(tasks[1:])
        if ahead and not self._full and (beyond := min(ahead, self.size - start - size)) > 0:
            self._start(self._claim(*_span(start + size, beyond), needed=False)[1])
        if tasks:  # we would wait anyway, and a small one costs less than a change of threads
            self._fly(*tasks[0])
        return [piece for flight in flights if (piece := flight.result()) is not None]

    def _claim(self, first: int, last: int, needed: bool) -> tuple[list[_Flight], list[_Task]]:
        """(flights to wait for, those of them that are ours to fly) of what is missing."""
        if self._entry and self._entry.known(first, last):
            return [], []
        there = self._entry and (self._entry.sound if needed else self._entry.recorded)
        absent = [page for page in range(first, last + 1) if not (there and there(page))]
        found: dict[int, _Flight] = {}
        tasks: list[_Task] = []
        with self._lock:
            fresh = []
            for page in absent:
                if flight := self._flights.get(page):
                    found[id(flight)] = flight
                elif not (self._entry and self._entry.known(page, page)):
                    fresh.append(page)
            for begin, end in _runs(fresh, _step(len(fresh))):
                flight = Future()
                found[id(flight)] = flight
                self._flights |= dict.fromkeys(range(begin, end + 1), flight)
                tasks.append((flight, begin, end))
        return list(found.values()), tasks

    def _start(self, tasks: list[_Task]) -> None:
        """Have others fly them."""
        for task in tasks:
            try:
                self._pool.submit(self._fly, *task).add_done_callback(partial(self._dropped, task))
            except RuntimeError:
                self._landed(*task[1:])
                task[0].set_exception(ValueError("the cache is closed"))

    def _dropped(self, task: _Task, done: Future[None]) -> None:
        if done.cancelled():
            self._landed(*task[1:])
            task[0].set_exception(ValueError("the cache was closed"))

    def _fly(self, flight: _Flight, first: int, last: int) -> None:
        """Fetch, and tell those who wait."""
        try:
            piece = self._land(first, last)
        except BaseException as error:
            self._landed(first, last)
            flight.set_exception(error)
        else:
            self._landed(first, last)
            flight.set_result(piece)

    def _landed(self, first: int, last: int) -> None:
        with self._lock:
            for page in range(first, last + 1):
                self._flights.pop(page, None)

    def _land(self, first: int, last: int) -> Piece | None:
        """Fetch these pages, or wait for the process that does; what could not be kept."""
        if self._entry is None:
            return first, memoryview(self._get(first, last))
        deadline, pause = time.monotonic() + _PATIENCE, 0.002
        while True:
            with self._entry.filling(first, last) as alone:
                if alone or time.monotonic() > deadline:
                    return self._keep(first, last)
            if all(map(self._entry.sound, range(first, last + 1))):
                return None
            time.sleep(pause)
            pause = min(2 * pause, 0.05)

    def _keep(self, first: int, last: int) -> Piece | None:
        entry = self._entry
        assert entry is not None
        absent = [page for page in range(first, last + 1) if not entry.sound(page)]
        if not absent:
            return None
        first, last = absent[0], absent[-1]
        data = self._get(first, last)
        taken = min(len(absent) * PAGE, len(data))
        if not self._room.reserve(taken):
            self._full = True
            return first, memoryview(data)
        try:
            entry.put(first, data)
        except OSError:  # the disk is full, whatever our limit says
            self._room.release(taken)
            self._full = True
            return first, memoryview(data)
        self._full = False
        return None

    def _get(self, first: int, last: int) -> bytes:
        start = first * PAGE
        size = min((last + 1) * PAGE, self.size) - start
        key = self.stat.key
        try:
            data = self.store.read(key, start, size, self.stat.etag)
        except (NotFound, ObjectChanged):
            self._changed()
            raise
        if len(data) != size:
            raise self.store.changed(key)
        with self._lock:
            self.fetched += size
        return data

    def _join(self, start: int, buffer: memoryview, pieces: list[Piece]) -> None:
        """Fill `buffer` with what is kept, then with what is not."""
        loose = {page: part for piece in pieces for page, part in _pages(*piece)}
        first, last = _span(start, len(buffer))
        for page in range(first, last + 1):
            begin, end = page * PAGE, min((page + 1) * PAGE, self.size)
            low, high = max(begin, start), min(end, start + len(buffer))
            if page in loose:
                part = loose[page][low - begin : high - begin]
            else:
                assert self._entry is not None
                part = memoryview(self._entry.get(low, high - low))
            buffer[low - start : high - start] = part


def _span(start: int, size: int) -> tuple[int, int]:
    """First and last page of a range."""
    return start // PAGE, (start + max(size, 1) - 1) // PAGE


def _step(pages: int) -> int:
    """Pages of one request, of so many that are wanted.

    >>> _step(1), _step(160), _step(640), _step(10_000)
    (16, 16, 40, 64)
    """
    return min(_PAGES, max(_LEAST, -(-pages // STREAMS)))


def _runs(pages: list[int], step: int) -> Iterator[tuple[int, int]]:
    """Neighbouring pages as (first, last), cut at multiples of `step`.

    >>> list(_runs([1, 2, 5, 63, 64], 64))
    [(1, 2), (5, 5), (63, 63), (64, 64)]
    """
    begin = previous = None
    for page in pages:
        if previous is None or page != previous + 1 or page % step == 0:
            if begin is not None and previous is not None:
                yield begin, previous
            begin = page
        previous = page
    if begin is not None and previous is not None:
        yield begin, previous


def _pages(first: int, view: memoryview) -> Iterator[Piece]:
    for at in range(-(-len(view) // PAGE)):
        yield first + at, view[at * PAGE : (at + 1) * PAGE]
