"""Which items of a collection are nearest to a vector: all of them are looked at, exactly.

    Collection, vector -> Index.nearest -> numbers of items and distances, the nearest first

Vectors that were read stay in memory, the least used collections go first; of one that grew, only
what is new is read.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.collections.model import Collection

KEPT = 2**28
"""Bytes of vectors that stay in memory, of all collections together."""
Read = Callable[[Collection, int], Sequence[Any]]
"""Collection, number -> rows of number and vector behind it."""


@dataclass(frozen=True)
class Seen:
    """The vectors of a collection up to `last`."""

    epoch: int
    last: int
    numbers: NDArray[np.int64]
    vectors: NDArray[np.float32]
    """(items, length)."""


class Index:
    """For one process. Safe from many threads."""

    def __init__(self, read: Read, *, kept: int = KEPT) -> None:
        self._read, self._most = read, kept
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Seen] = OrderedDict()

    def nearest(
        self, collection: Collection, vector: NDArray[Any], most: int
    ) -> list[tuple[int, float]]:
        """Number and distance (1 less the cosine), at most `most`; of two as near, the older first.

        `vector` is of length 1.
        """
        seen = self._seen(collection)
        if not len(seen.numbers):
            return []
        distances = 1 - seen.vectors @ vector
        count = min(most, len(distances))
        furthest = np.partition(distances, count - 1)[count - 1]
        among = np.flatnonzero(distances <= furthest)
        best = among[np.argsort(distances[among], kind="stable")][:count]
        return [(int(seen.numbers[one]), float(max(0.0, distances[one]))) for one in best]

    def _seen(self, collection: Collection) -> Seen:
        with self._lock:
            known = self._known.get(collection.id)
        if known is not None and known.epoch == collection.epoch and known.last >= collection.last:
            self._keep(collection.id, known)
            return known
        if known is None or known.epoch != collection.epoch:
            known = _empty(collection)
        rows = self._read(collection, known.last)
        seen = _grown(known, rows, collection)
        self._keep(collection.id, seen)
        return seen

    def _keep(self, name: str, seen: Seen) -> None:
        with self._lock:
            self._known[name] = seen
            self._known.move_to_end(name)
            while len(self._known) > 1 and self._bytes() > self._most:
                self._known.popitem(last=False)

    def _bytes(self) -> int:
        return sum(one.vectors.nbytes for one in self._known.values())


def _empty(collection: Collection) -> Seen:
    vectors = np.empty((0, collection.length), np.float32)
    return Seen(collection.epoch, 0, np.empty(0, np.int64), vectors)


def _grown(known: Seen, rows: Sequence[Any], collection: Collection) -> Seen:
    if not rows:
        return Seen(known.epoch, collection.last, known.numbers, known.vectors)
    numbers = np.array([row.number for row in rows], np.int64)
    joined = b"".join(row.vector for row in rows)
    vectors = np.frombuffer(joined, np.float32).reshape(len(rows), -1)
    if len(known.numbers):
        numbers = np.concatenate([known.numbers, numbers])
        vectors = np.concatenate([known.vectors, vectors])
    return Seen(known.epoch, collection.last, numbers, vectors)
