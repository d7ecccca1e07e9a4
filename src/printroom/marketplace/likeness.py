"""Which listings make pictures like a given one: by their looks (`imaging.likeness`).

examples of a listing -> kept          a look -> Looks.like -> ids of listings, the likest first
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, insert, select

from printroom.marketplace.model import LISTINGS, LOOKS
from printroom.marketplace.search import SHOWN

if TYPE_CHECKING:
    from numpy.typing import NDArray

FRESH = 60.0
"""Seconds for which the looks that were read are good."""


def keep(connection: Connection, listing: str, looks: Sequence[bytes]) -> None:
    """The looks of a listing's examples, in place of those it had."""
    connection.execute(delete(LOOKS).where(LOOKS.c.listing == listing))
    rows = [
        {"listing": listing, "number": number, "look": look} for number, look in enumerate(looks, 1)
    ]
    if rows:
        connection.execute(insert(LOOKS), rows)


class Looks:
    """All looks of what is offered to everybody, for FRESH seconds. Safe from many threads."""

    def __init__(self, read: Callable[[Callable[[Connection], Any]], Any]) -> None:
        """`read`: runs something in a transaction that reads."""
        self._read, self._lock = read, threading.Lock()
        self._at = float("-inf")
        self._names: list[str] = []
        self._looks: NDArray[Any] | None = None

    def like(self, look: bytes, most: int) -> list[str]:
        """Ids of listings, the likest first, each once."""
        import numpy as np

        names, looks = self._all()
        if not names:
            return []
        closeness = looks @ np.frombuffer(look, np.int8).astype(np.float32)
        count = min(len(names), 4 * most)  # a listing has several examples
        best = np.argpartition(-closeness, count - 1)[:count]
        ordered = best[np.argsort(-closeness[best], kind="stable")]
        return list(dict.fromkeys(names[one] for one in ordered))[:most]

    def _all(self) -> tuple[list[str], NDArray[Any]]:
        import numpy as np

        with self._lock:
            if self._looks is None or time.monotonic() - self._at > FRESH:
                rows = self._read(_rows)
                self._names = [row.listing for row in rows]
                joined = np.frombuffer(b"".join(row.look for row in rows), np.int8)
                self._looks = joined.reshape(len(rows), -1).astype(np.float32)
                self._at = time.monotonic()
            return self._names, self._looks


def _rows(connection: Connection) -> Sequence[Any]:
    query = select(LOOKS.c.listing, LOOKS.c.look).join(LISTINGS, LISTINGS.c.id == LOOKS.c.listing)
    return connection.execute(query.where(SHOWN)).all()
