"""Each process that may have something of people lets go of it when they are forgotten anywhere.

told, and every few seconds -> look -> adapters dropped, caches of this machine emptied

A machine that was off meanwhile finds out when it starts: beside its caches it notes up to when it
has heard of everybody who was forgotten.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from printroom.core.errors import PrintroomError
from printroom.jobs.queue import Queue
from printroom.people import rows
from printroom.people.adapters import Adapters
from printroom.people.erasing import newest

TOPIC = "people"
"""What `Wakes` calls that somebody was forgotten."""
_LOOK = 5.0
"""Seconds between two looks though nothing is told."""
_log = logging.getLogger(__name__)


class Keeping:
    """A thread of a process; `run` it."""

    def __init__(
        self,
        queue: Queue,
        mark: Path,
        forget: Callable[[], None],
        adapters: Adapters | None = None,
    ) -> None:
        """`mark`: a file of this machine, for the time of whoever was forgotten last, as far as it
        was heard of. `forget`: empties its caches. `adapters`: of a process that draws.
        """
        self._queue, self._forget, self._adapters = queue, forget, adapters
        self._mark = mark
        self._heard = self._marked()

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set; `wake` makes it look at once."""
        while True:
            seen = 0 if self._adapters is None else self._queue.wakes.seen(TOPIC)
            if stop.is_set():
                return
            try:
                self.look()
            except PrintroomError as error:  # the database is away: next time
                _log.warning("people: %s", error)
            if self._adapters is None:  # nobody is in memory here: it need not be told at once
                stop.wait(_LOOK)
            else:
                self._queue.wakes.wait(TOPIC, seen, _LOOK)

    def wake(self) -> None:
        """Look at `stop` at once."""
        self._queue.wakes.bump(TOPIC)

    def look(self) -> None:
        """Drop who was forgotten, and what nobody used."""
        read = self._queue.database.run
        if self._adapters is not None:
            if held := sorted(self._adapters.people):
                living = read(partial(rows.living, ids=held), write=False)
                self._adapters.drop(set(held) - living)
            self._adapters.tidy()
        last = read(newest, write=False)
        if last > self._heard:
            self._forget()
            self._heard = last
            with suppress(OSError):  # it is done again at the next start
                self._mark.parent.mkdir(parents=True, exist_ok=True)
                self._mark.write_text(repr(last))

    def _marked(self) -> float:
        try:
            return float(self._mark.read_text())
        except (OSError, ValueError):
            return 0.0
