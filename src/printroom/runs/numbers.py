"""What a worker counted, in a file that a server on the same data folder adds to its own numbers.

    with Shown(workshop): ...   <data>/metrics/<name>.prom, Prometheus text, anew every few seconds

Collectors of text files, such as node_exporter's, read them as well: for workers that have a data
folder of their own. A file whose lock nobody holds is that of a worker that has ended.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import threading
from typing import Self

from printroom.engine.numbers import text
from printroom.runs.reports import FOLDER, SUFFIX
from printroom.workshop import Workshop

EVERY = 5.0
"""Seconds between two writings."""


class Shown:
    """A worker's file. A context manager."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._folder = workshop.settings.data / FOLDER
        self._name = f"worker-{os.getpid()}-{secrets.token_hex(4)}"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._write, name="numbers", daemon=True)
        self._lock: int | None = None

    def __enter__(self) -> Self:
        with contextlib.suppress(OSError):  # a worker works also where it cannot be watched
            self._folder.mkdir(parents=True, exist_ok=True)
            draft = self._folder / f"{self._name}.draft"
            self._lock = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            draft.rename(draft.with_suffix(".lock"))  # nobody sees it without its lock held
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._lock is not None:
            os.close(self._lock)

    def _write(self) -> None:
        over = False
        while not over:
            over = self._over.wait(EVERY)
            with contextlib.suppress(OSError):
                draft = self._folder / f".{self._name}"
                draft.write_text(text(self._workshop.floor))
                draft.rename(self._folder / (self._name + SUFFIX))
