"""Keeps what a process served: a line in its journal at once, on the disk and in the sums soon.

Use -> Keeper.keep, before the answer is sent      DiskFull Unwritable
a thread: sync every SYNC seconds, fold what is new every FOLD, what others left every LOOK
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from printroom.accounts.folding import fold
from printroom.accounts.journal import Journal
from printroom.accounts.metering import Use
from printroom.core.errors import PrintroomError
from printroom.database.engine import Database

SYNC, FOLD, LOOK = 0.25, 1.0, 15.0
_PATIENCE = 1.0
"""Seconds for which a database that is away is waited for; then again at the next turn."""
log = logging.getLogger("printroom.accounts")
T = TypeVar("T")


class Keeper:
    """The journal of one process, and the thread that looks after it."""

    def __init__(self, folder: Path, database: Callable[[], Database | None]) -> None:
        """`database`: None as long as it is not open; asked at every turn. Raises Unwritable."""
        self._folder, self._database = folder, database
        self._journal = Journal(folder)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._look_after, name="usage", daemon=True)
        self._thread.start()

    def keep(self, use: Use) -> None:
        """Keep a use; one thread alone may. Raises DiskFull, Unwritable: then it is not kept."""
        self._journal.write(use)

    def close(self) -> None:
        """Bring all to the disk and, if the database is there, into the sums."""
        self._closing.set()
        self._thread.join()

    def _look_after(self) -> None:
        at, counted = float("-inf"), 0
        while not self._closing.wait(SYNC):
            self._tried(self._journal.sync)
            pause = FOLD if self._journal.lines != counted else LOOK
            if time.monotonic() - at > pause and self._database() is not None:
                at, lines = time.monotonic(), self._journal.lines
                counted = lines if self._folded() else counted
        self._tried(self._journal.close)
        self._folded()

    def _folded(self) -> bool:
        """Whether all is counted that was there; not if another process is at it."""
        database = self._database()
        if database is None:
            return False
        return self._tried(lambda: fold(database, self._folder, _PATIENCE)) is not None

    def _tried(self, work: Callable[[], T]) -> T | None:
        try:
            return work()
        except (PrintroomError, OSError) as error:
            log.warning("what was used is not counted yet: %s", error)
        except Exception:
            log.exception("what was used is not counted yet")
        return None
