"""A child process: started, spoken to, watched, and ended with all that it started.

    command -> Process: send, receive        Lost: it died, hung, or sent garbage
                                             Interrupt: the caller took the work back

While we wait for a child, one poll watches its socket, both of its streams and its death. Nothing
is read from a child that nobody waits for, so no thread is needed for it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from printroom.isolation.grants import NOTHING, Grant
from printroom.isolation.logs import Output
from printroom.isolation.walls import (
    LIMITS,
    PROCESSES,
    Wall,
    homes,
    signal_of,
    started,
    walled,
    walls,
)
from printroom.isolation.wire import Garbage, Reader, frame

CHILD = Path(__file__).parent / "child" / "child.py"
"""What runs in the child."""
LIMITED = CHILD.parent / "limited.py"
"""What runs anything within limits."""
_TICK = 0.05
"""Seconds between looks at the cancel flag."""
_PASSED_ON = (
    "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "SSL_CERT_FILE",
    "ORT_DISABLE_TELEMETRY",
)  # fmt: skip
_THREADS = ("OMP", "MKL", "OPENBLAS", "NUMEXPR", "VECLIB_MAXIMUM")


class Cancel(Protocol):
    """Something that says whether the work was taken back, as `threading.Event` does."""

    def is_set(self) -> bool: ...


class Lost(Exception):
    """The process cannot be used any more; says why, and what it printed last."""

    def __init__(self, reason: str, lines: Sequence[str] = (), limit: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.lines = tuple(lines)
        self.limit = limit
        """What it took too much of: `seconds`, or a limit of a wall; empty = none that we know."""


class Interrupt(Exception):
    """The caller took the work back. The process is as it was."""


def environment(cpu: int, grant: Grant = NOTHING) -> dict[str, str]:
    """The variables of a child: none of ours that might hold a secret; `cpu` threads.

    It sees the graphics cards of its grant, and no other.
    """
    found = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    found |= {name: value for name, value in os.environ.items() if name.startswith("CUDA_")}
    found |= {f"{name}_NUM_THREADS": str(cpu) for name in _THREADS}
    found |= grant.variables()
    return found | {"TF_NUM_INTRAOP_THREADS": str(cpu), "TF_NUM_INTEROP_THREADS": "1"}


class Process:
    """One child. Spoken to by one thread at a time."""

    def __init__(
        self,
        python: Path,
        folder: Path,
        *,
        name: str,
        cpu: int,
        most: int,
        grant: Grant = NOTHING,
        wall: Wall | None = None,
    ) -> None:
        """Start `python` in `folder`.

        `name` is for the log; `most`: bytes of arrays in one message; `grant`: its graphics cards,
        held until it has ended and the caller has closed them; `wall`: then it sees no `folder`.
        Raises Lost, and NoSandbox where there are no walls.
        """
        self._wall = wall
        logger = logging.getLogger(f"printroom.step.{name}")
        self._out = Output(logger, logging.INFO)
        self._errors = Output(logger, logging.WARNING)
        self._reader = Reader(most)
        with ExitStack() as ours, ExitStack() as theirs:
            try:
                self._popen = self._started(python, folder, cpu, grant, ours, theirs)
            except OSError as error:
                raise Lost(f"it cannot be started ({error})") from error
            self._ours = ours.pop_all()
        self._ending = threading.Lock()
        self._watch()
        self.alive = True
        """Whether it can be spoken to."""

    def _started(
        self,
        python: Path,
        folder: Path,
        cpu: int,
        grant: Grant,
        ours: ExitStack,
        theirs: ExitStack,
    ) -> subprocess.Popen[bytes]:
        """The process; what is open for our side, and for its side, goes to these."""
        self._socket, other = socket.socketpair()
        ours.enter_context(self._socket)
        theirs.enter_context(other)
        self._socket.setblocking(False)
        lifeline, end = os.pipe()
        ours.callback(os.close, end)
        theirs.callback(os.close, lifeline)
        files = (other.fileno(), lifeline, *grant.files)
        variables = environment(cpu, grant)
        if self._wall is None:
            command = [str(python), "-I", "-u", str(CHILD), *map(str, files)]
            return _popen(command, folder, variables, files)
        command = limited(python, self._wall.memory, 0, PROCESSES, CHILD, files)
        sees = (CHILD.parent, *homes(python), *self._wall.sees)
        variables |= {"HOME": "/tmp", "TMPDIR": "/tmp"}
        wall = walled(walls(), command, sees=sees, placed=self._wall.placed, alone=True)
        with wall as (behind, more):
            return started(lambda: _popen(behind, folder, variables, (*files, *more)))

    def _watch(self) -> None:
        """Have its streams and its death among what is polled."""
        self._streams: dict[int, Output] = {}
        self._poll = select.poll()
        for stream, output in ((self._popen.stdout, self._out), (self._popen.stderr, self._errors)):
            assert stream is not None
            self._ours.enter_context(stream)
            self._streams[stream.fileno()] = output
            os.set_blocking(stream.fileno(), False)
            self._poll.register(stream.fileno(), select.POLLIN)
        self._pidfd = -1
        with contextlib.suppress(OSError, AttributeError):  # then the socket's end must do
            self._pidfd = os.pidfd_open(self._popen.pid)
            self._ours.callback(os.close, self._pidfd)
            self._poll.register(self._pidfd, select.POLLIN)

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def lines(self) -> tuple[str, ...]:
        """The last lines it wrote to standard error, or to standard output if there are none."""
        return tuple(self._errors.last or self._out.last)

    def send(
        self,
        message: Mapping[str, Any],
        payload: Sequence[NDArray[np.uint8]] = (),
        *,
        fd: int | None = None,
        until: float,
        cancel: Cancel | None = None,
    ) -> None:
        """Send one message; `until` is a time of `time.monotonic`. Raises Lost.

        Half a message cannot be taken back, so a `cancel` during it costs the process: Lost.
        """
        head = memoryview(frame(message, sum(part.nbytes for part in payload)))
        sent = 0
        if fd is not None:
            sent = self._once(lambda: socket.send_fds(self._socket, [head], [fd]), until, cancel)
        for part in (head[sent:], *(one.data for one in payload)):
            rest = part
            while rest:
                rest = rest[self._once(lambda view=rest: self._socket.send(view), until, cancel) :]

    def _once(self, write: Any, until: float, cancel: Cancel | None) -> int:
        """`write` as soon as the socket takes something."""
        while True:
            try:
                return int(write())
            except BlockingIOError:
                try:
                    self._wait(select.POLLOUT, until, cancel)
                except Interrupt:
                    raise self._lost("it was cancelled before it had its inputs") from None
            except OSError:
                raise self._lost(*self._how_it_ended()) from None

    def receive(
        self, *, until: float, cancel: Cancel | None = None
    ) -> tuple[dict[str, Any], bytearray]:
        """The next message and its payload. Raises Lost, and Interrupt once `cancel` is set."""
        while True:
            try:
                count = self._socket.recv_into(self._reader.wanted())
                if not count:
                    raise self._lost(*self._how_it_ended())
                if (whole := self._reader.add(count)) is not None:
                    return whole
            except BlockingIOError:
                self._wait(select.POLLIN, until, cancel)
            except Garbage as error:
                raise self._lost(str(error)) from error
            except OSError:
                raise self._lost(*self._how_it_ended()) from None

    def _wait(self, events: int, until: float, cancel: Cancel | None) -> None:
        """Until the socket is ready; meanwhile what it prints is read, and its death noticed."""
        self._poll.register(self._socket.fileno(), events)
        while True:
            if cancel is not None and cancel.is_set():
                raise Interrupt
            left = until - time.monotonic()
            if left <= 0:
                raise self._lost("it took longer than it may", "seconds")
            ready = dict(self._poll.poll(1000 * (left if cancel is None else min(left, _TICK))))
            for fd in self._streams.keys() & ready.keys():
                self._drain(fd)
            if self._socket.fileno() in ready:
                return
            if self._pidfd in ready:
                raise self._lost(*self._how_it_ended())

    def _drain(self, fd: int) -> None:
        data = _read(fd)
        if data:
            self._streams[fd].add(data)
        elif data is not None:
            self._poll.unregister(fd)
            self._streams.pop(fd).settle()

    def settle(self) -> None:
        """A run is over: show what it printed."""
        for fd in list(self._streams):
            self._drain(fd)
        self._out.settle()
        self._errors.settle()

    def interrupt(self) -> None:
        """Ask it to stop what it does."""
        os.kill(self.pid, signal.SIGINT)

    def _how_it_ended(self) -> tuple[str, str]:
        """In words, and by which limit. It is gone or as good as gone, and stays to be waited for.

        Of what is behind a wall, the wall says in its status how that ended.
        """
        for _ in range(10 if self._wall is None else 200):
            ended = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
            if ended is not None:
                break
            time.sleep(_TICK / 10)
        else:
            return "it closed its connection", ""
        name = ""
        if ended.si_code != os.CLD_EXITED:
            name = signal.Signals(ended.si_status).name
        elif self._wall is not None:
            name = signal_of(ended.si_status)
        if not name:
            return f"it ended by itself with status {ended.si_status}", ""
        hint = ", as the system does when memory runs out" if name == "SIGKILL" else ""
        return f"it was ended by {name}{hint}", LIMITS.get(name, "") if self._wall else ""

    def _lost(self, reason: str, limit: str = "") -> Lost:
        self.kill()
        return Lost(reason, self.lines, limit)

    def end(self) -> None:
        """Have it die, from any thread; whoever speaks to it will notice, and must `kill` it."""
        with self._ending:
            if self.alive:  # else its number may be another's by now
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.pid, signal.SIGKILL)

    def kill(self) -> None:
        """End it and all that it started, and give back what it held. More than once is fine."""
        if not self.alive:
            return
        self.end()
        with self._ending:
            self.alive = False
        self._popen.wait()
        self.settle()
        self._ours.close()


def limited(
    python: Path,
    memory: int,
    seconds: int,
    processes: int,
    script: Path,
    arguments: Iterable[object] = (),
) -> list[str]:
    """The command that runs `script` within limits: bytes, CPU seconds, processes; 0 = none."""
    start = [str(python), "-I", "-u", str(LIMITED), str(memory), str(seconds), str(processes)]
    return [*start, str(script), *map(str, arguments)]


def _popen(
    command: Sequence[str], folder: Path, variables: Mapping[str, str], files: Sequence[int]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=files,
        start_new_session=True,
    )


def _read(fd: int) -> bytes | None:
    """What is there; nothing at the end of the stream, None when there is nothing yet."""
    try:
        return os.read(fd, 2**16)
    except BlockingIOError:
        return None
