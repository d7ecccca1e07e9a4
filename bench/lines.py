"""A target that keeps a result as it comes: rows -> one array."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from printroom.engine.channels import Rows


class Lines:
    """Collects the result."""

    bits, held = 32, 0

    def __init__(self) -> None:
        self._parts: list[Rows] = []

    @contextmanager
    def open(self) -> Iterator[Lines]:
        yield self

    def write(self, rows: Rows) -> None:
        self._parts.append(rows.copy())

    def finish(self) -> Rows:
        return np.concatenate(self._parts)
