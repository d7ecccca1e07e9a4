"""Servers under test, each a process tree of its own.

    Launch (command, environment, path) -> Server: answering on a port, until the `with` ends

Raises BenchError for a server that does not come up; its log is in the cache folder.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Self

from bench import cache
from bench.client import HOST, Volley, fire, post
from bench.processes import BenchError, cpu_seconds

_START = 90.0
"""Seconds a server may take until it answers."""
_STOP = 10.0
"""Seconds a server may take to end after SIGTERM."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def printroom_command(*arguments: str) -> list[str]:
    """The `printroom` command of this environment."""
    return [str(Path(sys.executable).with_name("printroom")), *arguments]


@dataclass(frozen=True)
class Launch:
    """How to start a server. In `command` and `env`, `{port}` stands for the port."""

    name: str
    command: Sequence[str]
    path: str
    """Where it takes pictures by POST."""
    env: Mapping[str, str] = field(default_factory=dict)


class Server:
    """A running server; ends with the `with`."""

    def __init__(self, launch: Launch) -> None:
        self.name, self.path, self.port = launch.name, launch.path, free_port()
        port = str(self.port)
        env = {key: value.replace("{port}", port) for key, value in launch.env.items()}
        self._log: IO[str] = (cache.folder() / f"{self.name}.log").open("w+")
        self._process = subprocess.Popen(
            [part.replace("{port}", port) for part in launch.command],
            env={**os.environ, **env},
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """Of the process that was started."""
        return self._process.pid

    def cpu(self) -> float:
        """CPU seconds of the process tree so far."""
        return cpu_seconds(self._process.pid)

    def warm(self, picture: bytes) -> Volley:
        """Send a JPEG until it is answered. Raises BenchError when that takes too long."""
        request = post(self.path, picture, "image/jpeg")
        deadline, reason = time.monotonic() + _START, "it ended"
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                return fire(self.port, request, 1)
            except (OSError, asyncio.IncompleteReadError, BenchError) as error:
                reason = str(error)
                time.sleep(0.2)
        self._log.seek(0)
        raise BenchError(f"{self.name} does not serve: {reason}\n{self._log.read()[-2000:]}")

    def stop(self) -> None:
        """SIGTERM to the server, then SIGKILL to what is left of its process group."""
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOP)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
