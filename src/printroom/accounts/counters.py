"""Requests a second and requests at once, counted in a page that the processes of a machine share.

    Counters(folder) -> arrive(subject, rate, burst) -> Arrival      begin(subject, most) -> a place
    Unwritable                                                       end(place)

The rate is a bucket kept as one time, as in ATM's generic cell rate algorithm (ITU-T I.371).
There are no locks: two processes that decide within the same microsecond may both admit, so the
error is one request for each process, at most. Each process has a column of its own for what it has
in progress, held by a file lock: the column of one that was killed is cleared by the next to start.
Machines do not share: each allows the whole of a limit.
"""

from __future__ import annotations

import fcntl
import hashlib
import math
import mmap
import os
import time
from dataclasses import dataclass
from pathlib import Path

from printroom.core.errors import BadOption, Unwritable

COLUMNS = 124
"""Processes of a machine that count together."""
_SLOTS = 4096
"""Subjects that have limits and are busy at once, at most; beyond it, the idlest is forgotten."""
_SLOT = 16 + 4 * COLUMNS
_PROBES = 8
_KNOWN = 20_000
"""Subjects whose place is remembered."""


@dataclass(frozen=True)
class Arrival:
    """What became of a request that arrived."""

    admitted: bool
    left: int
    """Requests that could follow at once."""
    wait: float
    """Seconds until the next would be admitted; 0 = now."""
    reset: float
    """Seconds until the whole burst is there again."""


class Counters:
    """The page; safe for one thread of each process."""

    def __init__(self, folder: Path) -> None:
        """Raises Unwritable; BadOption where more processes count than there are columns."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(folder / "page", os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
                if os.fstat(file.fileno()).st_size != _SLOTS * _SLOT:
                    file.truncate(_SLOTS * _SLOT)
                page = memoryview(mmap.mmap(file.fileno(), _SLOTS * _SLOT))
            self._names: memoryview[int] = page.cast("Q")
            self._times: memoryview[float] = page.cast("d")
            self._counts: memoryview[int] = page.cast("i")
            self._column, self._lock = self._claimed(folder)
        except OSError as error:
            raise Unwritable(
                f"cannot keep counters in {folder} ({error.strerror})",
                "choose another folder with --data or PRINTROOM_DATA",
            ) from error
        self._places: dict[str, tuple[int, int]] = {}

    def close(self) -> None:
        """Give the column back."""
        os.close(self._lock)

    def arrive(self, subject: str, rate: float, burst: int) -> Arrival:
        """A request of `subject`, which may have `rate` a second, `burst` after a quiet time."""
        name, slot = self._place(f"rate:{subject}")
        now, step = time.monotonic(), 1 / rate
        if slot < 0:
            return Arrival(True, burst - 1, 0.0, step)
        ready = self._times[_time_at(slot)]
        if ready > now + step * (burst + 1):  # the machine was started again since
            ready = now
        ready = max(ready, now)
        wait = ready - now - step * (burst - 1)
        if wait > 1e-9:
            return Arrival(False, 0, wait, ready - now)
        self._names[_name_at(slot)] = name
        self._times[_time_at(slot)] = ready + step
        left = math.floor(burst - (ready + step - now) * rate + 1e-6)
        return Arrival(True, max(0, left), 0.0, ready + step - now)

    def begin(self, subject: str, most: int) -> int | None:
        """A place among the `most` requests in progress; None = there is none."""
        name, slot = self._place(f"running:{subject}")
        if slot < 0:
            return -1
        first = _count_at(slot)
        if sum(self._counts[first : first + COLUMNS]) >= most:
            return None
        self._names[_name_at(slot)] = name
        self._times[_time_at(slot)] = time.monotonic()
        self._counts[first + self._column] += 1
        return slot

    def end(self, place: int) -> None:
        """The request that has `place` is over."""
        at = _count_at(place) + self._column
        if place >= 0 and self._counts[at] > 0:
            self._counts[at] -= 1

    def _place(self, subject: str) -> tuple[int, int]:
        """The number that a subject goes by, and its slot; -1 = all near it are busy."""
        known = self._places.get(subject)
        if known is not None and self._names[_name_at(known[1])] == known[0]:
            return known
        digest = hashlib.blake2b(subject.encode(), digest_size=8).digest()
        name = int.from_bytes(digest, "little") | 1
        slot = self._found(name)
        if slot >= 0:
            if len(self._places) >= _KNOWN:
                self._places.clear()
            self._places[subject] = name, slot
        return name, slot

    def _found(self, name: int) -> int:
        near = [(name + probe) % _SLOTS for probe in range(_PROBES)]
        names = [self._names[_name_at(slot)] for slot in near]
        for wanted in (name, 0):
            if wanted in names:
                return near[names.index(wanted)]
        idle = [slot for slot in near if not self._running(slot)]
        if not idle:
            return -1
        slot = min(idle, key=lambda one: self._times[_time_at(one)])
        self._times[_time_at(slot)] = 0.0
        return slot

    def _running(self, slot: int) -> int:
        first = _count_at(slot)
        return sum(self._counts[first : first + COLUMNS])

    def _claimed(self, folder: Path) -> tuple[int, int]:
        """A column of our own and what holds it; the columns of the dead are cleared."""
        mine: tuple[int, int] | None = None
        for column in range(COLUMNS):
            path = folder / f"process-{column}"
            if mine is not None and not path.exists():
                break
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                continue
            for slot in range(_SLOTS):
                if self._names[_name_at(slot)]:
                    self._counts[_count_at(slot) + column] = 0
            if mine is None:
                mine = column, descriptor
            else:
                os.close(descriptor)
        if mine is None:
            raise BadOption(f"more than {COLUMNS} server processes share {folder}", "run fewer")
        return mine


def _name_at(slot: int) -> int:
    return slot * _SLOT // 8


def _time_at(slot: int) -> int:
    return slot * _SLOT // 8 + 1


def _count_at(slot: int) -> int:
    return slot * _SLOT // 4 + 4
