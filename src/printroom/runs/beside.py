"""The worker of a server, in a process beside it: started again whenever it ends, until the end.

    with Beside(settings): the server serves      on leaving, the worker drains

A worker that is killed loses nothing: its runs go on when their leases are over, or at once when
it told others before it went.
"""

from __future__ import annotations

import logging
import pickle
import subprocess
import sys
import threading
from dataclasses import replace
from typing import Self

from printroom.core.settings import Settings
from printroom.jobs.worker import GRACE

_FIRST, _LONGEST = 0.2, 30.0
"""Seconds until a worker that ended is replaced, at first and at most."""
_log = logging.getLogger("printroom.api")


def shared(settings: Settings) -> Settings:
    """What the server, and its worker, may take: half of a card, and of the memory if that is set.

    Where it is not, each may take what one process does by default: a quarter of what is free.
    """
    memory = None if settings.memory is None else max(1, settings.memory // 2)
    return replace(settings, memory=memory, gpu_share=settings.gpu_share / 2)


class Beside:
    """One worker process at all times. A context manager."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name="worker-beside", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        with self._lock:
            process = self._process
        if process is not None:
            process.terminate()
            try:
                process.wait(2 * GRACE + 10)
            except subprocess.TimeoutExpired:
                process.kill()
        self._thread.join()

    def _keep(self) -> None:
        pause = _FIRST
        while not self._ending.is_set():
            process = self._started()
            if process is None:
                return
            line = process.stdout.readline() if process.stdout else b""
            if line == b"ready\n":
                pause = _FIRST
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
            if self._ending.is_set():
                return
            _log.warning("the worker ended with status %s: another one starts", process.returncode)
            self._ending.wait(pause)
            pause = min(2 * pause, _LONGEST)

    def _started(self) -> subprocess.Popen[bytes] | None:
        """A new worker, unless the end has come."""
        with self._lock:
            if self._ending.is_set():
                return None
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "printroom.runs.process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                process_group=0,  # Ctrl-C is for the server, which then asks the worker to end
            )
            process = self._process
        assert process.stdin is not None
        try:
            process.stdin.write(pickle.dumps(self._settings))
            process.stdin.flush()
        except BrokenPipeError:
            _log.warning("the worker ended before it began")
        return process
