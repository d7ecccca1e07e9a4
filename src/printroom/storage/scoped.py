"""A handle on a part of a store: `models/acme/` to read, `results/42/` to write, nothing else.

    Store, prefixes -> Scoped: every other key raises OutOfScope, before the store is asked

Keys stay those of the store. The handle keeps to its prefixes in this process; whoever runs code of
others needs credentials that do, too: `printroom.storage.sts`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from printroom.core.errors import OutOfScope
from printroom.storage.keys import Key, Prefix, shown
from printroom.storage.store import Condition, Stat, Store

Name = TypeVar("Name", Key, Prefix)


class Scoped(Store):
    """What lies below `write` can be read, written and deleted, below `read` only read."""

    def __init__(self, store: Store, read: Iterable[str] = (), write: Iterable[str] = ()) -> None:
        self._store = store
        self._write = tuple(Prefix(prefix) for prefix in write)
        self._seen = (*(Prefix(prefix) for prefix in read), *self._write)
        self.name, self.features = store.name, store.features

    @property
    def identity(self) -> str:
        return self._store.identity

    def _stat(self, key: Key) -> Stat:
        return self._store._stat(self._readable(key))

    def _read(self, key: Key, start: int, size: int, etag: str) -> bytes:
        return self._store._read(self._readable(key), start, size, etag)

    def _put(self, key: Key, source: Iterator[bytes], when: Condition) -> Stat:
        return self._store._put(self._writable(key), source, when)

    def _list(self, prefix: Prefix) -> Iterator[Stat]:
        return self._store._list(self._readable(prefix))

    def _children(self, prefix: Prefix) -> Iterator[Stat | Prefix]:
        return self._store._children(self._readable(prefix))

    def _delete(self, key: Key) -> None:
        self._store._delete(self._writable(key))

    def _copy(self, source: Key, target: Key) -> Stat:
        return self._store._copy(self._readable(source), self._writable(target))

    def _presign(self, key: Key, seconds: int, method: str) -> str:
        checked = self._writable(key) if method == "PUT" else self._readable(key)
        return self._store._presign(checked, seconds, method)

    def _readable(self, name: Name) -> Name:
        return self._within(name, self._seen, "read")

    def _writable(self, key: Key) -> Key:
        return self._within(key, self._write, "written")

    def _within(self, name: Name, allowed: tuple[Prefix, ...], verb: str) -> Name:
        if not any(name in prefix for prefix in allowed):
            places = ", ".join(prefix or "everything" for prefix in allowed) or "nothing"
            reason = f"{self.name}: {shown(name)} may not be {verb} by this handle"
            raise OutOfScope(reason, f"it is for {places}")
        return name
