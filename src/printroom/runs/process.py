"""The worker beside a server: `python -m printroom.runs.process`, started by `beside` alone.

    stdin: Settings, pickled, and then nothing until the server is gone
      -> a worker, until SIGTERM, SIGINT, or the end of the server

It says `ready` on stdout once it takes work. When the server is killed, its end of stdin closes:
the worker drains and goes.
"""

from __future__ import annotations

import logging
import os
import pickle
import sys
import threading
from contextlib import suppress

from printroom.core.errors import PrintroomError
from printroom.core.logs import configure
from printroom.core.settings import Settings
from printroom.jobs.worker import on_signals
from printroom.runs.work import Labour
from printroom.workshop import Workshop


def main() -> int:
    """Work as stdin says; the exit status."""
    settings: Settings = pickle.load(sys.stdin.buffer)
    configure(settings.log_format)
    with on_signals() as stop:
        watching = threading.Thread(target=_until_gone, args=(stop,), daemon=True)
        watching.start()
        try:
            with Workshop(settings, serving=True) as workshop:
                Labour(workshop).run(stop, _say_ready)
        except PrintroomError as error:
            logging.error("the worker cannot start: %s", error)
            return 1
    return 0


def _say_ready() -> None:
    with suppress(BrokenPipeError):  # the server is gone: we hear of it in a moment
        os.write(1, b"ready\n")


def _until_gone(stop: threading.Event) -> None:
    while os.read(0, 4096):  # not by `sys.stdin`: its lock, held by a daemon, ends Python badly
        pass
    stop.set()


if __name__ == "__main__":
    sys.exit(main())
