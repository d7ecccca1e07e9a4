"""What is delivered: an artifact, named by the digest of its bytes, in some store.

    digest -> Artifact           NotFound
    Artifact -> Content          NotFound ObjectChanged StoreUnavailable ...

Bytes never change under a digest; whether it is public, or still there, may.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from printroom.core.errors import ObjectChanged
from printroom.storage.cache import BlockCache
from printroom.storage.disk import DiskStore
from printroom.storage.memory import MemoryStore
from printroom.storage.store import Store

_DIGEST = re.compile(r"[0-9a-f]{64}")


def is_digest(text: str) -> bool:
    """Whether `text` is a SHA-256 in lower-case hexadecimal."""
    return _DIGEST.fullmatch(text) is not None


@dataclass(frozen=True)
class Artifact:
    """One thing that can be delivered."""

    digest: str
    """SHA-256 of its bytes, 64 hexadecimal digits."""
    store: Store
    key: str
    """Where it lies in `store`."""
    size: int
    """Bytes."""
    media_type: str
    """As `image/png`."""
    public: bool = False
    """Whether whoever knows the digest may have it."""
    name: str = ""
    """What a browser that saves it calls it; empty = the digest."""


class Artifacts(Protocol):
    """Whoever keeps them."""

    def artifact(self, digest: str, account: str | None = None) -> Artifact:
        """The artifact of that digest: of `account`, None = of anybody. Raises NotFound."""

    def publish(self, account: str, digest: str, public: bool) -> None:
        """Let everybody have it who knows its digest, or not any more. Raises NotFound."""


class Content(Protocol):
    """Bytes to be read in parts, by any thread."""

    @property
    def size(self) -> int:
        """All of them."""

    def read(self, start: int, size: int) -> bytes:
        """Exactly those bytes, which must be there."""


class Held:
    """Bytes in memory."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)

    def read(self, start: int, size: int) -> bytes:
        """Those bytes."""
        return self.data[start : start + size]


class Stored:
    """One version of an object of a store, through the cache on disk if it is far away."""

    def __init__(self, artifact: Artifact, cache: BlockCache) -> None:
        """Raises NotFound; ObjectChanged when it has not the size that the artifact had."""
        store, key = artifact.store, artifact.key
        near = isinstance(store, DiskStore | MemoryStore)
        self._far = None if near else cache.object(store, key)
        self._stat = self._far.stat if self._far else store.stat(key)
        self._store, self.size = store, artifact.size
        if self._stat.size != artifact.size:
            raise store.changed(key)

    def read(self, start: int, size: int) -> bytes:
        """Those bytes. Raises ObjectChanged, and what else a store raises."""
        if self._far:
            return self._far.read(start, size)
        data = self._store.read(self._stat.key, start, size, self._stat.etag)
        if len(data) != size:
            raise self._store.changed(self._stat.key)
        return data


def spoilt(artifact: Artifact) -> ObjectChanged:
    """The error for bytes that have another digest than they should."""
    reason = f"{artifact.store.name}: what lies at {artifact.key} is not {artifact.digest}"
    return ObjectChanged(reason, "restore it, or make it again")
