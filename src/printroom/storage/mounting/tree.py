"""What lies where, as files and folders, remembered for a while.

    path of a file or folder -> Stat or Prefix        NotFound BadKey, and what stores raise
    Prefix -> what lies in it

A store has no folders: one is there while something lies below it, or while it was made, or
emptied, through this mount. What is not there is remembered, too, but for less long.
"""

from __future__ import annotations

import threading
import time

from printroom.core.errors import NotFound
from printroom.storage.keys import Key, Prefix
from printroom.storage.store import Stat, Store

Found = Stat | Prefix
TTL, MISSING = 60.0, 5.0
"""Seconds for which what is there, and that something is not, is taken on trust."""
_MOST = 100_000
"""Names that are remembered."""


class Tree:
    """Names in one place of a store. Safe from many threads."""

    def __init__(self, store: Store, root: Prefix, ttl: float = TTL) -> None:
        self.store, self.root = store, root
        self._ttl, self._missing = ttl, min(ttl, MISSING)
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, Found | None]] = {}
        self._listed: dict[Prefix, tuple[float, dict[str, Found]]] = {}
        self._made: set[Prefix] = set()

    def find(self, path: str) -> Found:
        """What lies at `/path`. Raises NotFound, BadKey."""
        if path == "/":
            return self.root
        return self.look(self.key(path))

    def key(self, path: str) -> Key:
        """Its key, whether there is one or not. Raises BadKey."""
        return self.root.key(path.lstrip("/"))

    def look(self, key: Key) -> Found:
        """What is there under that name. Raises NotFound."""
        known, found = self._remembered(key)
        if not known:
            found = self._asked(key)
            self._remember(key, found)
        if found is None:
            raise self.store.missing(key)
        return found

    def children(self, prefix: Prefix) -> dict[str, Found]:
        """Name -> what lies directly in `prefix`; folders before objects of the same name."""
        with self._lock:
            until, names = self._listed.get(prefix, (0.0, {}))
        if time.monotonic() > until:
            names = {}
            for one in self.store.children(prefix):
                name = (one.key if isinstance(one, Stat) else one).removeprefix(prefix).rstrip("/")
                if isinstance(one, Prefix) or name not in names:
                    names[name] = one
            with self._lock:
                self._room()
                self._listed[prefix] = (time.monotonic() + self._ttl, names)
        with self._lock:
            made = {folder.removeprefix(prefix).partition("/")[0]: folder for folder in self._made
                    if folder != prefix and folder in prefix}  # fmt: skip
        folders = {name: Prefix(prefix + name) for name in made}
        return {**names, **folders}

    def entered(self, stat: Stat) -> None:
        """It was written through this mount."""
        self._change(stat.key, stat)

    def gone(self, key: Key) -> None:
        """It was removed; its folder stays."""
        with self._lock:
            if key.parent != self.root:
                self._made.add(key.parent)
        self._change(key, None)

    def make(self, folder: Prefix) -> None:
        """A folder that is empty."""
        with self._lock:
            self._made.add(folder)
        self._change(Key(folder.rstrip("/")), folder)

    def remove(self, folder: Prefix) -> None:
        """The folder is gone."""
        with self._lock:
            self._made.discard(folder)
        self._change(Key(folder.rstrip("/")), None)

    def _remembered(self, key: Key) -> tuple[bool, Found | None]:
        """(whether anything is known of it, what is there)."""
        folder = Prefix(key)
        with self._lock:
            if any(made in folder for made in self._made):
                return True, folder
            until, found = self._known.get(key, (0.0, None))
            if time.monotonic() <= until:
                return True, found
            until, names = self._listed.get(key.parent, (0.0, {}))
            if time.monotonic() <= until and key.name in names:
                return True, names[key.name]
        return False, None

    def _asked(self, key: Key) -> Found | None:
        folder = Prefix(key)
        if next(iter(self.store.children(folder)), None) is not None:
            return folder
        try:
            return self.store.stat(key)
        except NotFound:
            return None

    def _remember(self, key: Key, found: Found | None) -> None:
        seconds = self._missing if found is None else self._ttl
        with self._lock:
            self._room()
            self._known[key] = (time.monotonic() + seconds, found)

    def _change(self, key: Key, found: Found | None) -> None:
        self._remember(key, found)
        with self._lock:
            if (listed := self._listed.get(key.parent)) is not None:
                names = {name: one for name, one in listed[1].items() if name != key.name}
                if found is not None:
                    names[key.name] = found
                self._listed[key.parent] = (listed[0], names)

    def _room(self) -> None:
        if len(self._known) + sum(len(names) for _, names in self._listed.values()) > _MOST:
            self._known.clear()
            self._listed.clear()
