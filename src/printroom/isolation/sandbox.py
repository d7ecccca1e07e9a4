"""Where files of strangers are opened that may be programs: no network, no files, limits, an end.

    Sandbox.run: python, script, arguments -> its output      ConversionFailed: ended, or failed

With bubblewrap the process sees an empty machine: a Python, its packages, one file to read, one
folder to write, no network, no other process. Where there is none (or the system forbids it) there
are the limits alone, an empty folder and no variables of ours; `walls` says which it was.
"""

from __future__ import annotations

import functools
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from printroom.core.errors import ConversionFailed
from printroom.isolation.process import CHILD, environment

REMEDY = "export the network as ONNX, or run it by a step with its author's code"
_SHOWN = 300
"""Last characters of what it said that an error shows."""
_SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/alternatives")
"""What programs of this system need; to be read only."""


@dataclass(frozen=True)
class Sandbox:
    """Limits of one process."""

    memory: int = 8 * 2**30
    """Bytes that it may allocate for itself, and that a file it writes may have."""
    seconds: int = 600
    """After which it is ended; CPU time is limited to as much."""
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
        limited = CHILD.parent / "limited.py"
        command = [str(python), "-I", "-u", str(limited), str(self.memory), str(self.seconds)]
        command += [str(script), *map(str, arguments)]
        wall = bubblewrap()
        if wall is not None:
            seen = [limited.parent, script.parent, *homes(python), *reads]
            command = [*_walled(wall, seen, writes), *command]
        variables = environment(self.cpu) | {"HOME": str(writes), "TMPDIR": str(writes)}
        return self._done(command, variables, writes)

    def _done(self, command: Sequence[str], variables: dict[str, str], folder: Path) -> str:
        with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as output:
            try:
                process = subprocess.Popen(
                    command,
                    cwd=folder,
                    env=variables,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=errors,
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
                lines = _tail(errors).strip().splitlines()
                reason = lines[-1][-_SHOWN:] if lines else _signal(status)
                raise ConversionFailed(f"the file cannot be converted: {reason}", REMEDY)
            return _tail(output)


@functools.cache
def bubblewrap() -> str | None:
    """The program, if it is here and may do its work."""
    found = shutil.which("bwrap")
    if found is None:
        return None
    trial = [found, "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "true"]
    try:
        done = subprocess.run(trial, capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    return None if done.returncode else found


def homes(python: Path) -> list[Path]:
    """The folders of an environment and of the Python beneath it."""
    home = python.parent.parent
    found = [home, python.resolve().parent.parent]
    try:
        for line in (home / "pyvenv.cfg").read_text("utf-8").splitlines():
            key, _, value = line.partition("=")
            if key.strip() == "home":
                found.append(Path(value.strip()).resolve().parent)
    except OSError:
        pass
    return [path for path in found if path != Path("/")]  # of /bin/python, that would be all


def _walled(wall: str, seen: Sequence[Path], writes: Path) -> list[str]:
    shown = [part for path in _SYSTEM for part in ("--ro-bind-try", path, path)]
    for path in seen:
        if not path.is_relative_to("/usr"):
            shown += ["--ro-bind", str(path.absolute()), str(path.absolute())]
    return [
        wall, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL",
        *shown, "--proc", "/proc", "--dev", "/dev",
        "--bind", str(writes), str(writes), "--chdir", str(writes), "--",
    ]  # fmt: skip


def _end(process: subprocess.Popen[bytes]) -> None:
    """With all that it started: a wall takes its inside with it."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _tail(file: IO[bytes]) -> str:
    file.seek(max(0, os.fstat(file.fileno()).st_size - 4096))
    text = file.read().decode("utf-8", "replace")
    return "".join(one if one.isprintable() or one == "\n" else "?" for one in text)


def _signal(status: int) -> str:
    number = -status if status < 0 else status - 128
    if number in signal.valid_signals():
        return f"it was ended by {signal.Signals(number).name}, as limits do"
    return f"it ended with status {status}"
