"""What stands between a stranger's process and this machine: bubblewrap, and a filter of calls.

    bubblewrap() -> the program, or None        where there is none, `walls()` says so: NoSandbox
    command, what it may see -> walled -> a command, and files to hand over with it

Inside there is an empty machine: a Python and its libraries, the files that are named, a small
scratch folder or one that is given; no network, no other process, nothing of ours to read.
"""

from __future__ import annotations

import functools
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from printroom.core.errors import NoSandbox
from printroom.isolation.seccomp import program

T = TypeVar("T")
SCRATCH = 64 << 20
"""Bytes of the scratch folder `/tmp` inside."""
REMEDY = "install bubblewrap (the package `bubblewrap`), and let users make namespaces"
PACKAGE = Path(__file__).parent.parent
"""What a child of our own Python reads of us: code, no settings and no data."""
PROCESSES = 256
"""And threads, at once, behind a wall."""
LIMITS = {"SIGXCPU": "cpu", "SIGXFSZ": "scratch", "SIGSYS": "walls", "SIGKILL": "memory"}
"""Signal that ends a process -> what it took too much of."""
_SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/alternatives")
"""What programs of this system need; to be read only."""


@dataclass(frozen=True)
class Wall:
    """Put round one process: what that may see and take."""

    memory: int
    """Bytes that it may allocate for itself."""
    sees: tuple[Path, ...] = ()
    """Files and folders that it can read where they lie."""
    placed: Mapping[str, Path] = field(default_factory=dict)
    """Where inside -> a file to be read there."""


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


def walls() -> str:
    """The program. Raises NoSandbox where models of strangers cannot be kept in."""
    found = bubblewrap()
    if found is None:
        raise NoSandbox("models of other people run in a sandbox, and there is none here", REMEDY)
    if program() is None:
        raise NoSandbox("there is no filter of calls for this processor", "use x86-64 or ARM64")
    return found


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


@contextmanager
def walled(
    wall: str,
    command: Sequence[str],
    *,
    sees: Sequence[Path] = (),
    placed: Mapping[str, Path] | None = None,
    writes: Path | None = None,
    scratch: int = SCRATCH,
    alone: bool = False,
) -> Iterator[tuple[list[str], tuple[int, ...]]]:
    """`command` behind the wall, and open files that it is to inherit when it is started.

    `sees`: files and folders that can be read where they lie; `placed`: where inside -> a file to
    be read; `writes`: a folder that can be written, and is worked in; None = `/tmp`, of `scratch`
    bytes of memory; `alone`: whether it may start no process.
    """
    inside = str(writes) if writes is not None else "/tmp"
    shown = [part for path in _SYSTEM for part in ("--ro-bind-try", path, path)]
    if writes is None:
        shown += ["--size", str(scratch), "--tmpfs", inside]  # first: what is seen may lie below it
    for path in sees:
        if not path.is_relative_to("/usr"):
            shown += ["--ro-bind", str(path.absolute()), str(path.absolute())]
    for place, path in (placed or {}).items():
        shown += ["--ro-bind", str(path.absolute()), place]
    if writes is not None:
        shown += ["--bind", inside, inside]
    with _filter(alone) as fd:
        yield [
            wall, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL",
            *shown, "--proc", "/proc", "--dev", "/dev",
            "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", inside,
            *(() if fd is None else ("--seccomp", str(fd))), "--", *command,
        ], () if fd is None else (fd,)  # fmt: skip


def started(start: Callable[[], T]) -> T:
    """`start()`, in a thread that lives as long as this process.

    A wall falls with the *thread* that put it up: that is how Linux tells a child of the death of
    its parent. The threads that have a model loaded may end long before it does.
    """
    return _starters(os.getpid()).submit(start).result()


def signal_of(status: int) -> str:
    """The name of the signal that ended a process, or one behind a wall; empty = none did."""
    number = -status if status < 0 else status - 128
    return signal.Signals(number).name if number in signal.valid_signals() else ""


@contextmanager
def _filter(alone: bool) -> Iterator[int | None]:
    """The filter of calls in an open file; None where there is none."""
    rules = program(alone=alone)
    if rules is None:
        yield None
        return
    fd = os.memfd_create("filter", os.MFD_CLOEXEC)
    try:
        os.write(fd, rules)
        os.lseek(fd, 0, os.SEEK_SET)
        yield fd
    finally:
        os.close(fd)


_making = threading.Lock()
_threads: dict[int, ThreadPoolExecutor] = {}


def _starters(process: int) -> ThreadPoolExecutor:
    """One per process: threads do not go along when a process splits."""
    with _making:
        if process not in _threads:
            _threads.clear()
            _threads[process] = ThreadPoolExecutor(1, "walls")
        return _threads[process]
