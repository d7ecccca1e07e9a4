"""Ctrl-C and SIGTERM as a wish to stop, so that work ends in order and leaves no half file.

    SIGINT, SIGTERM -> Stop.event set, Stop.signal -> exit status 128 + signal

A second signal finds the default handlers again and ends the process at once.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """Whether the process was asked to stop, and by what."""

    def __init__(self) -> None:
        self.event = threading.Event()
        """Set once a signal came; hand it to the work as its cancel flag."""
        self.signal: int | None = None

    @property
    def status(self) -> int:
        """The exit status that shells expect of a process that stopped for this signal."""
        return 128 + self.signal if self.signal else 0


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """Turn the first SIGINT or SIGTERM inside the `with` into a set `Stop`. Main thread only."""
    stop = Stop()
    former: dict[int, Any] = {}

    def restore() -> None:
        for number in list(former):
            signal.signal(number, former.pop(number))

    def handle(number: int, _frame: FrameType | None) -> None:
        stop.signal = number
        stop.event.set()
        restore()

    for number in SIGNALS:
        former[number] = signal.signal(number, handle)
    try:
        yield stop
    finally:
        restore()
