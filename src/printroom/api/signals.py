"""SIGTERM and SIGINT as calls on the event loop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable


def on_stop(loop: asyncio.AbstractEventLoop, then: Callable[[], None]) -> None:
    """Call `then` at each of them; for the main thread's loop."""
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, then)
