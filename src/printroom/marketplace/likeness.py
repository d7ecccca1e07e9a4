"""Which listings make pictures like a given one: by their colours, and by where their edges run.

    bytes of a picture -> look_of -> 112 whole numbers          NotAPicture
    examples of a listing -> kept          a look -> Looks.like -> ids of listings, the likest first

A look is coarse on purpose: a grid of 4 x 4 fields, each with its colour and four directions of
edges. It tells ink from oil and day from night, not one face from another.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, insert, select

from printroom.core.errors import NotAPicture
from printroom.marketplace.model import LISTINGS, LOOKS
from printroom.marketplace.search import SHOWN

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE, FIELDS, DIRECTIONS = 32, 4, 4
"""Pixels of the small picture that is looked at, and fields, along each side."""
FRESH = 60.0
"""Seconds for which the looks that were read are good."""


def look_of(data: bytes) -> bytes:
    """What a picture looks like. Raises NotAPicture."""
    import numpy as np

    planes = _small(data)
    light = planes @ np.array([0.299, 0.587, 0.114], np.float32)
    colours = np.stack([light, planes[..., 2] - light, planes[..., 0] - light], -1) / 255
    down, right = np.gradient(light)
    angle = np.floor((np.arctan2(down, right) % np.pi) / np.pi * DIRECTIONS).astype(int)
    strength = np.hypot(down, right)
    edges = [np.where(angle % DIRECTIONS == one, strength, 0) for one in range(DIRECTIONS)]
    parts = (_fields(colours - colours.mean((0, 1)) / 2), np.sqrt(_fields(np.stack(edges, -1))))
    units = [part / (np.linalg.norm(part) or 1) for part in parts]
    look: bytes = np.rint(np.concatenate(units) * 127).astype(np.int8).tobytes()
    return look


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


def _small(data: bytes) -> NDArray[Any]:
    """The picture as (SIDE, SIDE, 3) floats, 0 to 255."""
    import numpy as np

    from printroom.imaging.vips import pyvips

    try:
        image = pyvips.Image.thumbnail_buffer(data, SIDE, height=SIDE, size="force")
        image = image.colourspace("srgb")
        if image.hasalpha():
            image = image.flatten(background=255)
        return np.asarray(image.numpy(), np.float32)
    except pyvips.Error as error:
        raise NotAPicture("an example cannot be looked at", str(error).splitlines()[0]) from None


def _fields(values: NDArray[Any]) -> NDArray[Any]:
    """Means over the fields of the grid, in a row."""
    step = SIDE // FIELDS
    means: NDArray[Any] = values.reshape(FIELDS, step, FIELDS, step, -1).mean((1, 3))
    return means.reshape(-1)
