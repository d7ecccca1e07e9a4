"""The contract of all stores: objects by key, read and written whole or not at all.

    key -> Stat                           stat      NotFound
    key, range, ETag -> bytes             read      NotFound ObjectChanged
    bytes or a stream -> object           put       ConditionFailed NotOffered
    prefix -> Stats                       list
    key -> nothing there                  delete
    key -> the same under another key     copy      NotFound
    key -> URL                            presign   NotOffered

Each may raise BadKey, StoreRefused and StoreUnavailable. A store is safe from many threads, and
can be pickled for a process that was spawned. What was put is visible at once and only when all
of it is there; a put that fails leaves the object as it was.
"""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Final, Literal, cast

from printroom.core.errors import ConditionFailed, NotFound, NotOffered, ObjectChanged
from printroom.storage.keys import Key, Prefix, shown

PIECE = 8 * 2**20
"""Bytes of one piece of an object that is streamed in or out."""
Feature = Literal["if_absent", "if_match", "presign", "copy"]
"""What only some stores can do; `copy` is done by reading and writing where it is missing."""
Source = bytes | bytearray | memoryview | BinaryIO | Iterable[bytes]
"""Where the bytes of an object come from."""


class Absent:
    """The condition that there is no object of that key yet."""

    def __repr__(self) -> str:
        return "ABSENT"

    def __reduce__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()
"""The only one of its kind."""
Condition = Absent | str | None
"""ABSENT, the ETag that the object must have, or None: whatever is there."""


@dataclass(frozen=True)
class Stat:
    """What a store knows of an object without reading it."""

    key: Key
    size: int
    """Bytes."""
    etag: str
    """Names this content: another one under the same key has another ETag. Opaque."""
    modified: datetime | None = None
    """When it was written, with its time zone; None = the store does not say."""


class Store(ABC):
    """Objects by key. Keys may be given as `str`; they are checked at this door."""

    name: str
    """For messages, as `s3://bucket/prefix`; never with credentials."""
    features: frozenset[Feature] = frozenset()
    """What it offers beyond the contract."""

    @property
    def identity(self) -> str:
        """For caches: two stores of one identity have the same objects."""
        return self.name

    def stat(self, key: str) -> Stat:
        """Size and ETag as they are now. Raises NotFound."""
        return self._stat(Key(key))

    def exists(self, key: str) -> bool:
        """Whether there is an object of that key."""
        try:
            self._stat(Key(key))
        except NotFound:
            return False
        return True

    def read(
        self, key: str, start: int = 0, size: int | None = None, etag: str | None = None
    ) -> bytes:
        """`size` bytes from `start` on, less only where the object ends; None = all the rest.

        The bytes are of one version of the object: of `etag` if given, else of the one that is
        there. Raises NotFound, and ObjectChanged when there is another one.
        """
        key, stat = Key(key), None
        if start < 0 or (size is not None and size < 0):
            raise ValueError("a range begins at 0 or later, and has no negative size")
        if etag is None or size is None:
            stat = self._stat(key)
            if etag not in (None, stat.etag):
                raise self.changed(key)
            etag = stat.etag
            left = max(0, stat.size - start)
            size = left if size is None else min(size, left)
        return self._read(key, start, size, etag) if size else b""

    def stream(self, key: str, piece: int = PIECE) -> Iterator[bytes]:
        """The object in pieces, all of one version. Raises NotFound, ObjectChanged."""
        stat = self.stat(key)
        for start in range(0, stat.size, piece):
            size = min(piece, stat.size - start)
            yield self._read(stat.key, start, size, stat.etag)

    def put(self, key: str, source: Source, when: Condition = None) -> Stat:
        """Write an object, in pieces if it comes in pieces. Raises ConditionFailed, NotOffered.

        What `source` itself raises is raised, and nothing is written.
        """
        key = Key(key)
        self.need("if_absent", when is ABSENT)
        self.need("if_match", isinstance(when, str))
        parts = _Source(pieces(source))
        try:
            return self._put(key, parts, when)
        except Exception:
            if parts.error is not None:
                raise parts.error from None
            raise

    def list(self, prefix: str = "") -> Iterator[Stat]:
        """All objects below `prefix`, each once, in no order.

        Objects whose names are no keys are left out: they cannot be asked for.
        """
        return self._list(Prefix(prefix))

    def children(self, prefix: str = "") -> Iterator[Stat | Prefix]:
        """What lies directly in `prefix`: objects, and the prefixes of deeper ones, each once."""
        return self._children(Prefix(prefix))

    def delete(self, key: str) -> None:
        """Have no object of that key; nothing happens if there is none."""
        self._delete(Key(key))

    def copy(self, source: str, target: str) -> Stat:
        """The same bytes under another key. Raises NotFound."""
        return self._copy(Key(source), Key(target))

    def presign(self, key: str, seconds: int, method: Literal["GET", "PUT"] = "GET") -> str:
        """A URL that lets whoever has it read or write this object. Raises NotOffered."""
        self.need("presign")
        return self._presign(Key(key), seconds, method)

    def need(self, feature: Feature, needed: bool = True) -> None:
        """Raises NotOffered if `feature` is needed and the store does not have it."""
        if needed and feature not in self.features:
            raise NotOffered(f"{self.name} does not offer {feature}", "use another kind of store")

    def missing(self, key: str) -> NotFound:
        """The error for an object that is not there."""
        return NotFound(f"{self.name}: there is no object {shown(key)}", "check the key")

    def changed(self, key: str) -> ObjectChanged:
        """The error for an object that is another one than before."""
        reason = f"{self.name}: {shown(key)} is not the object that it was"
        return ObjectChanged(reason, "open it again")

    def unmet(self, key: str, when: Condition) -> ConditionFailed:
        """The error for a condition that does not hold."""
        why = "there is one already" if when is ABSENT else "it is not of the ETag named"
        return ConditionFailed(f"{self.name}: {shown(key)} was not written, {why}", "read it again")

    @abstractmethod
    def _stat(self, key: Key) -> Stat: ...

    @abstractmethod
    def _read(self, key: Key, start: int, size: int, etag: str) -> bytes:
        """At least one byte is asked for. Less only where the object of `etag` ends."""

    @abstractmethod
    def _put(self, key: Key, source: Iterator[bytes], when: Condition) -> Stat:
        """`when` is None or something that the store offers."""

    @abstractmethod
    def _list(self, prefix: Prefix) -> Iterator[Stat]: ...

    @abstractmethod
    def _delete(self, key: Key) -> None: ...

    def _children(self, prefix: Prefix) -> Iterator[Stat | Prefix]:
        seen: set[Prefix] = set()
        for stat in self._list(prefix):
            head, slash, _ = stat.key.removeprefix(prefix).partition("/")
            if not slash:
                yield stat
            elif (deeper := Prefix(prefix + head)) not in seen:
                seen.add(deeper)
                yield deeper

    def _copy(self, source: Key, target: Key) -> Stat:
        return self._put(target, self.stream(source), None)

    def _presign(self, key: Key, seconds: int, method: str) -> str:
        raise NotImplementedError


class _Source:
    """Pieces of an object; remembers whether it was they who failed."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self.error: Exception | None = None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._parts)
        except StopIteration:
            raise
        except Exception as error:
            self.error = error
            raise


def pieces(source: Source, size: int = PIECE) -> Iterator[bytes]:
    """The bytes of `source`, in pieces of `size`; the last may be shorter, none is empty.

    >>> list(pieces([b"ab", b"", b"cde"], 2))
    [b'ab', b'cd', b'e']
    """
    if isinstance(source, bytes | bytearray | memoryview):
        source = io.BytesIO(source)
    if hasattr(source, "read"):
        parts: Iterator[bytes] = iter(lambda: cast("BinaryIO", source).read(size), b"")
    else:
        parts = iter(source)
    held = bytearray()
    for part in parts:
        held += part
        while len(held) >= size:
            yield bytes(held[:size])
            del held[:size]
    if held:
        yield bytes(held)
