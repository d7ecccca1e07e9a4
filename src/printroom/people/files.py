"""The files of people: one for each version, `people/<id>/<version>.safetensors` in their store.

    Version, bytes -> written, and never over another     what stores raise
    Version -> bytes, checked against its digest           NotFound ObjectChanged ...
    person  -> nothing of them is left

Files of a store that is far away are read through a cache of its own on this machine's disk, which
is emptied when somebody is forgotten.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from printroom.core.errors import ConditionFailed, NotFound
from printroom.people.model import Version, prefix
from printroom.storage.book import StoreBook
from printroom.storage.disk import DiskStore
from printroom.storage.keys import Prefix
from printroom.storage.memory import MemoryStore
from printroom.storage.scoped import Scoped
from printroom.storage.store import ABSENT, Store

if TYPE_CHECKING:
    from printroom.storage.cache import BlockCache

ROOT = "people/"
"""The only place in the store that is touched."""
CACHE = 2**30
"""Bytes that the cache may take."""


class Files:
    """For one installation. Safe from many threads and processes; close it."""

    def __init__(self, store: Store, under: str, cache: Path, ttl: float) -> None:
        """`under`: the prefix within the store; `ttl`: seconds that a file stays in the cache when
        nobody uses it.
        """
        self._root = Prefix(under)
        self._store = Scoped(store, write=[self._root + ROOT])
        self._near = isinstance(store, DiskStore | MemoryStore)
        self._folder, self._ttl = cache, ttl
        self._made: BlockCache | None = None

    @classmethod
    def at(cls, place: str | None, data: Path, ttl: float) -> Files:
        """In the store that `place` names, as `hub` or `hub/prefix`; None = the data folder.

        Raises NotFound, BadOption.
        """
        cache = data / "cache/people"
        if place is None:
            return cls(DiskStore(data), "", cache, ttl)
        name, _, under = place.partition("/")
        return cls(StoreBook(data).open(name), under, cache, ttl)

    def write(self, version: Version, file: bytes) -> bytes:
        """What is kept of that version: `file`, or what an attempt before wrote that was killed."""
        key, store = self._root + version.key, self._store
        try:
            store.put(key, file, ABSENT if "if_absent" in store.features else None)
        except ConditionFailed:
            return store.read(key)
        return file

    def written(self, version: Version) -> bytes | None:
        """What an attempt before wrote; None = nothing."""
        try:
            return self._store.read(self._root + version.key)
        except NotFound:
            return None

    def read(self, version: Version) -> bytes:
        """The file. Raises NotFound, ObjectChanged for another content than was learnt."""
        key = self._root + version.key
        if self._near:
            data = self._store.read(key)
        else:
            found = self._cache.object(self._store, key)
            data = found.read(0, found.size)
        if hashlib.sha256(data).hexdigest() != version.digest:
            raise self._store.changed(key)
        return data

    def keep(self, version: Version, checkpoint: bytes) -> None:
        """How far its training is."""
        self._store.put(self._root + _checkpoint(version), checkpoint)

    def kept(self, version: Version) -> bytes | None:
        """How far its training was; None = it has not begun."""
        try:
            return self._store.read(self._root + _checkpoint(version))
        except NotFound:
            return None

    def done(self, version: Version) -> None:
        """Its training is over: what was kept of it goes."""
        self._store.delete(self._root + _checkpoint(version))

    def erase(self, person: str) -> int:
        """Have nothing of a person; how many objects went."""
        found = list(self._store.list(self._root + prefix(person)))
        for stat in found:
            self._store.delete(stat.key)
        self.forget()
        return len(found)

    def forget(self) -> None:
        """Have nothing in the cache but what is being read."""
        if not self._near and self._folder.exists():
            self._cache.room.clear()

    def sweep(self) -> None:
        """Let go of what was not used for long."""
        if self._made is not None:
            self._made.room.sweep()

    def close(self) -> None:
        """Let go of the cache."""
        if self._made is not None:
            self._made.close()

    @property
    def mark(self) -> Path:
        """Where this machine notes of whom it has heard that they were forgotten."""
        return self._folder / "forgotten"

    @property
    def _cache(self) -> BlockCache:
        if self._made is None:
            from printroom.storage.cache import BlockCache

            self._made = BlockCache(self._folder, CACHE, self._ttl)
        return self._made


def _checkpoint(version: Version) -> str:
    return f"{prefix(version.person)}{version.number}.checkpoint"
