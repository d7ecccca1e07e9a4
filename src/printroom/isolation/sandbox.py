"""Where files of strangers are opened that may be programs: no network, no files, limits, an end.

    Sandbox.run: python, script, arguments -> its output          ConversionFailed: ended, failed
    Sandbox.tell: the same, and each line when it is written      LimitCrossed ModelFailed
                                                                  NoSandbox Cancelled

With bubblewrap the process sees an empty machine: a Python, its packages, one file to read, one
folder to write, no network, no other process. Where there is none (or the system forbids it), `run`
makes do with the limits alone, an empty folder and no variables of ours, and `walls` says which it
was; `tell` refuses.
"""

from __future__ import annotations

import errno
import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from printroom.core.errors import Cancelled, ConversionFailed, LimitCrossed, ModelFailed, NoSandbox
from printroom.isolation.process import LIMITED, environment, limited
from printroom.isolation.walls import (
    LIMITS,
    PROCESSES,
    SCRATCH,
    bubblewrap,
    homes,
    signal_of,
    walled,
    walls,
)

REMEDY = "export the network as ONNX, or run it by a step with its author's code"
SAID = 1 << 20
"""Most bytes that a process says to `tell`."""
_SHOWN = 300
"""Last characters of what it said that an error shows."""
_TICK = 0.1
"""Seconds between looks at whether the work was taken back."""


@dataclass(frozen=True)
class Sandbox:
    """Limits of one process."""

    memory: int = 8 * 2**30
    """Bytes that it may allocate for itself, and that a file it writes may have."""
    seconds: int = 600
    """After which it is ended; CPU time is limited to as much for each thread."""
    cpu: int = 2
    """Threads that libraries are told to use."""

    @property
    def walls(self) -> str:
        """What stands between it and us, for people."""
        if bubblewrap() is not None:
            return "bubblewrap: no network, no other files"
        return "limits only: bubblewrap is not here, so network and files were within its reach"

    def run(
        self,
        python: Path,
        script: Path,
        arguments: Sequence[str | Path] = (),
        *,
        reads: Sequence[Path] = (),
        writes: Path,
    ) -> str:
        """What it wrote to standard output, once it ended well.

        `reads`: files and folders it may see beside the environment of `python` and the folder of
        `script`; `writes`: the folder it works in. Raises ConversionFailed.
        """
        wall = bubblewrap()
        command = self._command(python, script, arguments, PROCESSES if wall else 0)
        variables = environment(self.cpu) | {"HOME": str(writes), "TMPDIR": str(writes)}
        if wall is None:
            return self._done(command, variables, writes, ())
        seen = [LIMITED.parent, script.parent, *homes(python), *reads]
        with walled(wall, command, sees=seen, writes=writes) as (behind, files):
            return self._done(behind, variables, writes, files)

    def tell(
        self,
        python: Path,
        script: Path,
        arguments: Sequence[str | Path],
        line: Callable[[str], None],
        *,
        sees: Sequence[Path] = (),
        placed: Mapping[str, Path] | None = None,
        scratch: int = SCRATCH,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        """Run it to its end behind the wall; `line` is told what it writes, as it writes it.

        It works in `/tmp`, of `scratch` bytes of memory. Raises NoSandbox; LimitCrossed;
        ModelFailed when it fails by itself; Cancelled; and what `line` raises: then it is ended.
        """
        command = self._command(python, script, arguments, PROCESSES)
        inside = {"HOME": "/tmp", "TMPDIR": "/tmp"}
        seen = [LIMITED.parent, script.parent, *homes(python), *sees]
        with ExitStack() as held:
            behind, files = held.enter_context(
                walled(walls(), command, sees=seen, placed=placed, scratch=scratch)
            )
            errors = held.enter_context(tempfile.TemporaryFile())
            try:
                process = subprocess.Popen(
                    behind,
                    env=environment(self.cpu) | inside,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    pass_fds=files,
                    start_new_session=True,
                )
            except OSError as error:
                raise NoSandbox(f"the sandbox cannot be started: {error}") from error
            held.callback(_end, process)
            assert process.stdout is not None
            held.enter_context(process.stdout)
            self._listen(process.stdout, line, cancelled)
            status = process.wait()
            if status:
                raise _fault(status, errors)

    def _listen(
        self,
        stream: IO[bytes],
        line: Callable[[str], None],
        cancelled: Callable[[], bool],
    ) -> None:
        """Until it closes its output: when it has ended, that is."""
        until, said, rest = time.monotonic() + self.seconds, 0, b""
        while True:
            if cancelled():
                raise Cancelled("the work in the sandbox was cancelled")
            if time.monotonic() > until:
                raise LimitCrossed(f"it took longer than {self.seconds} s", limit="seconds")
            if not select.select([stream], [], [], _TICK)[0]:
                continue
            data = os.read(stream.fileno(), 2**16)
            if not data:
                return
            said += len(data)
            if said > SAID:
                raise LimitCrossed(f"it said more than {SAID} bytes", limit="output")
            *whole, rest = (rest + data).split(b"\n")
            for one in whole:
                line(one.decode("utf-8", "replace"))

    def _command(
        self, python: Path, script: Path, arguments: Sequence[str | Path], processes: int
    ) -> list[str]:
        seconds = self.seconds * self.cpu
        return limited(python, self.memory, seconds, processes, script, arguments)

    def _done(
        self, command: Sequence[str], variables: dict[str, str], folder: Path, files: Sequence[int]
    ) -> str:
        with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as output:
            try:
                process = subprocess.Popen(
                    command,
                    cwd=folder,
                    env=variables,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=errors,
                    pass_fds=files,
                    start_new_session=True,
                )
            except OSError as error:
                raise ConversionFailed(f"the sandbox cannot be started: {error}") from error
            try:
                status = process.wait(self.seconds)
            except subprocess.TimeoutExpired:
                raise ConversionFailed(f"it took longer than {self.seconds} s") from None
            finally:
                _end(process)
            if status:
                raise ConversionFailed(
                    f"the file cannot be converted: {_reason(status, errors)}", REMEDY
                )
            return _tail(output)


def _end(process: subprocess.Popen[bytes]) -> None:
    """With all that it started: a wall takes its inside with it."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _fault(status: int, errors: IO[bytes]) -> Exception:
    """What its end says."""
    name = signal_of(status)
    if name in LIMITS:
        return LimitCrossed(f"it was ended by {name}, as limits do", limit=LIMITS[name])
    reason = _reason(status, errors)
    if os.strerror(errno.ENOSPC) in reason:
        return LimitCrossed(f"it filled its scratch folder ({reason})", limit="scratch")
    if reason.startswith("MemoryError") or name == "SIGKILL":
        return LimitCrossed(f"it ran out of the memory it may have ({reason})", limit="memory")
    return ModelFailed(f"it failed: {reason}")


def _reason(status: int, errors: IO[bytes]) -> str:
    lines = _tail(errors).strip().splitlines()
    if lines:
        return lines[-1][-_SHOWN:]
    name = signal_of(status)
    return f"it was ended by {name}, as limits do" if name else f"it ended with status {status}"


def _tail(file: IO[bytes]) -> str:
    file.seek(max(0, os.fstat(file.fileno()).st_size - 4096))
    text = file.read().decode("utf-8", "replace")
    return "".join(one if one.isprintable() or one == "\n" else "?" for one in text)
