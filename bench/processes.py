"""CPU time and peak memory of other processes, read from Linux's /proc.

    command -> Finished: CPU seconds, peak resident bytes, exit status, output
    pid -> CPU seconds of it and all its descendants, so far

Raises BenchError when a command fails that should not.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
_TICK = 1 / os.sysconf("SC_CLK_TCK")
_PAUSE = 0.02
"""Seconds between two looks at a child's memory."""


class BenchError(Exception):
    """A bench could not be run; the message says what to do about it."""


@dataclass(frozen=True)
class Finished:
    """A command that ended."""

    cpu: float
    """User and system seconds of the process and of the children it waited for."""
    wall: float
    peak: int
    """Bytes: the largest resident set the kernel saw (VmHWM or ru_maxrss), and never less than
    the largest sum over the whole process tree that sampling saw."""
    tree: int
    """Bytes: largest sampled sum of the process and its descendants."""
    status: int
    output: str
    """Standard output and error, mixed."""


def tree(pid: int) -> list[int]:
    """`pid` and its descendants that live."""
    found, left = [], [pid]
    while left:
        current = left.pop()
        found.append(current)
        for listing in Path(f"/proc/{current}/task").glob("*/children"):
            try:
                left += [int(child) for child in listing.read_text().split()]
            except OSError:
                continue
    return found


def cpu_seconds(pid: int) -> float:
    """User and system seconds of `pid`, its descendants, and those of them that ended."""
    total = 0
    for process in tree(pid):
        try:
            stat = Path(f"/proc/{process}/stat").read_text()
        except OSError:
            continue
        total += sum(int(ticks) for ticks in stat.rpartition(")")[2].split()[11:15])
    return total * _TICK


def status_bytes(pid: int, field: str) -> int:
    """`VmRSS`, `VmHWM`, ... of a process in bytes; 0 once it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(field)), 0)


def run(command: Sequence[str], env: Mapping[str, str] | None = None) -> Finished:
    """Run `command` to its end and watch its memory.

    A small process in between starts it: the kernel counts the size of whoever starts a process
    as that process's own peak.
    """
    with tempfile.TemporaryDirectory() as folder:
        between = [sys.executable, "-m", "bench.processes", folder, *command]
        done = subprocess.run(between, check=False, cwd=ROOT, env={**os.environ, **(env or {})})
        if done.returncode:
            raise BenchError(f"{' '.join(command)} could not be started")
        output = (Path(folder) / "output").read_text(errors="replace")
        return Finished(**json.loads((Path(folder) / "figures").read_text()), output=output)


def _watch(folder: Path, command: Sequence[str]) -> None:
    """Run `command`; leave its output and figures in `folder`."""
    peak = whole = 0
    began = time.perf_counter()
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
            peak = max(peak, status_bytes(process.pid, "VmHWM"))
            whole = max(whole, sum(status_bytes(one, "VmRSS") for one in tree(process.pid)))
            time.sleep(_PAUSE)
    except BaseException:
        process.kill()
        raise
    _, status, usage = ended
    figures = {
        "cpu": usage.ru_utime + usage.ru_stime,
        "wall": time.perf_counter() - began,
        "peak": max(peak, whole, usage.ru_maxrss * 1024),
        "tree": whole,
        "status": os.waitstatus_to_exitcode(status),
    }
    (folder / "figures").write_text(json.dumps(figures))


def checked(command: Sequence[str], env: Mapping[str, str] | None = None) -> Finished:
    """Like `run`; raises BenchError when the command fails."""
    finished = run(command, env)
    if finished.status:
        tail = finished.output.strip()[-2000:]
        raise BenchError(f"{' '.join(command)} ended with {finished.status}:\n{tail}")
    return finished


if __name__ == "__main__":
    _watch(Path(sys.argv[1]), sys.argv[2:])
