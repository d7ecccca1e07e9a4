"""Small contents that were asked for lately, in memory; the least recently used go first."""

from __future__ import annotations

import threading
from collections import OrderedDict

from printroom.delivery.artifact import Content, Held

LARGEST = 2**20
"""Bytes of a content that is held whole."""
LIMIT = 32 * 2**20
"""Bytes of all of them."""


class Memory:
    """Contents by name; the bytes of a name never change. Safe from many threads."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit, self._size = limit, 0
        self._held: OrderedDict[str, Held] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: str) -> Held | None:
        """The content, if it is here."""
        with self._lock:
            found = self._held.get(name)
            if found is not None:
                self._held.move_to_end(name)
        return found

    def keep(self, name: str, content: Content) -> Content:
        """`content`, in memory from now on if it is small."""
        if not 0 < content.size <= LARGEST:
            return content
        held = Held(content.read(0, content.size))
        with self._lock:
            self._drop(name)
            self._held[name] = held
            self._size += held.size
            while self._size > self._limit:
                self._drop(next(iter(self._held)))
        return held

    def drop(self, name: str) -> None:
        """Forget it."""
        with self._lock:
            self._drop(name)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._held.clear()
            self._size = 0

    def _drop(self, name: str) -> None:
        found = self._held.pop(name, None)
        if found is not None:
            self._size -= found.size
