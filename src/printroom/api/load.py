"""What one process has on its hands, in a page that its parent may share.

The process writes, whoever hands out connections reads: no message, no lock, and nothing to clean
up when either is killed.
"""

from __future__ import annotations

import mmap

SIZE = 24


class Load:
    """Three counters."""

    def __init__(self, descriptor: int = -1) -> None:
        """`descriptor`: a file of SIZE bytes shared with the parent; -1 = shared with nobody."""
        self._numbers = memoryview(mmap.mmap(descriptor, SIZE)).cast("q")

    @property
    def closed(self) -> int:
        """Connections that have ended so far."""
        return self._numbers[0]

    @closed.setter
    def closed(self, number: int) -> None:
        self._numbers[0] = number

    def lost(self) -> None:
        """A connection ended before anything came through it."""
        self.heard += 1
        self.closed += 1

    @property
    def heard(self) -> int:
        """Connections through which something came so far, or that ended before."""
        return self._numbers[2]

    @heard.setter
    def heard(self, number: int) -> None:
        self._numbers[2] = number

    @property
    def active(self) -> int:
        """Requests for pictures that have not had their whole answer yet."""
        return self._numbers[1]

    @active.setter
    def active(self, number: int) -> None:
        self._numbers[1] = number
