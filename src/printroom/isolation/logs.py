"""What a child prints: log lines, of which the last are kept for errors.

    bytes -> Output -> lines: logged, the last of them kept

A child may print without end or print anything: lines are cut, odd characters are shown as
escapes, and after so many lines a run the rest are only counted.
"""

from __future__ import annotations

import logging
from collections import deque

from printroom.core.logs import told

LONGEST = 400
"""Characters of a line; the rest is cut."""
KEPT = 20
"""Last lines that are remembered."""
LOGGED = 200
"""Lines of one run that are logged."""


class Output:
    """One of a child's two streams."""

    def __init__(self, logger: logging.Logger, level: int) -> None:
        self.last: deque[str] = deque(maxlen=KEPT)
        """The last lines."""
        self._logger = logger
        self._level = level
        self._rest = b""
        self._logged = 0

    def add(self, data: bytes) -> None:
        """More of what was printed, split anywhere."""
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[: LONGEST * 4]  # in UTF-8 a character takes four bytes at most
        for line in lines:
            self._line(line)

    def settle(self) -> None:
        """A run is over, or the child is: what was begun is a line, and counting starts again."""
        if self._rest:
            self._line(self._rest)
        self._rest = b""
        if self._logged > LOGGED:
            self._logger.log(self._level, "(%d more lines)", self._logged - LOGGED)
        self._logged = 0

    def _line(self, raw: bytes) -> None:
        text = raw[: LONGEST * 4].decode("utf-8", "backslashreplace").rstrip("\r")[:LONGEST]
        line = "".join(
            one if one.isprintable() or one == "\t" else ascii(one)[1:-1] for one in text
        )
        self.last.append(line)
        self._logged += 1
        if self._logged <= LOGGED:
            self._logger.log(self._level, "%s", line)
            told(line)
