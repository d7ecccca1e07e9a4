"""A store in the memory of this process: for tests, and for what need not outlast it."""

from __future__ import annotations

import itertools
import secrets
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NoReturn

from printroom.storage.keys import Key, Prefix
from printroom.storage.store import ABSENT, Condition, Stat, Store


class MemoryStore(Store):
    """The smallest real store. Each one is empty at first and shared with nobody."""

    features = frozenset({"if_absent", "if_match", "copy"})

    def __init__(self) -> None:
        self.name = f"memory://{secrets.token_hex(8)}"
        self._objects: dict[Key, tuple[Stat, bytes]] = {}
        self._writes = itertools.count(1)
        self._lock = threading.Lock()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a store in memory cannot be handed to another process; use a disk")

    def _stat(self, key: Key) -> Stat:
        return self._object(key)[0]

    def _read(self, key: Key, start: int, size: int, etag: str) -> bytes:
        stat, data = self._object(key)
        if stat.etag != etag:
            raise self.changed(key)
        return data[start : start + size]

    def _put(self, key: Key, source: Iterator[bytes], when: Condition) -> Stat:
        data = b"".join(source)
        with self._lock:
            there = self._objects.get(key)
            if (when is ABSENT and there) or (
                isinstance(when, str) and (there is None or there[0].etag != when)
            ):
                raise self.unmet(key, when)
            stat = Stat(key, len(data), f"{next(self._writes)}", datetime.now(UTC))
            self._objects[key] = stat, data
        return stat

    def _list(self, prefix: Prefix) -> Iterator[Stat]:
        with self._lock:
            stats = [stat for stat, _ in self._objects.values()]
        return (stat for stat in stats if stat.key in prefix)

    def _delete(self, key: Key) -> None:
        with self._lock:
            self._objects.pop(key, None)

    def _object(self, key: Key) -> tuple[Stat, bytes]:
        found: Any = self._objects.get(key)
        if found is None:
            raise self.missing(key)
        stat, data = found
        return stat, data
