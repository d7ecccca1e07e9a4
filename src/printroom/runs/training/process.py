"""A training in a process of its own, watched until it ends.

Asked -> carried_out(asked, heard, said, stopped) -> None    TrainingFailed BadOption, or `Stopped`

The framework that it needs is never loaded by the worker, and what it takes of memory is gone with
it. It is asked to end, and killed when it does not.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import IO, Any

from printroom.core.errors import BadOption, TrainingFailed
from printroom.training.telling import LISTENER

GRACE = 5.0
"""Seconds that it gets to end when it is asked to."""
_LOOK = 0.25
"""Seconds between looks at whether it should stop."""
_LAST = 8
"""Lines of what it said last, that tell why it failed."""


@dataclass(frozen=True)
class Asked:
    """What is to be trained, as the child hears it."""

    recipe: str
    data: str
    out: str
    words: list[str]
    grid: list[str]


def carried_out(
    asked: Asked,
    heard: Callable[[Mapping[str, Any]], None],
    said: Callable[[str], None],
    check: Callable[[], None],
) -> None:
    """Train; `heard` is called with each of `training.telling`, `said` with each line it prints,
    both from threads of their own. `check` is asked now and then, and stops it by raising.

    Raises TrainingFailed; BadOption where it was asked for something that cannot be had.
    """
    reading, writing = os.pipe()
    try:
        child = _started(writing)
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    last: deque[str] = deque(maxlen=_LAST)
    assert child.stdin is not None
    pipes = [
        (os.fdopen(reading, "rb"), _parsed(heard)),
        (child.stdout, said),
        (child.stderr, last.append),
    ]
    threads = [threading.Thread(target=_each, args=one, daemon=True) for one in pipes]
    for thread in threads:
        thread.start()
    try:
        child.stdin.write(json.dumps(asdict(asked)).encode() + b"\n")
        child.stdin.flush()
        _watched(child, check)
    except BrokenPipeError:
        child.wait()
    finally:
        _ended(child)
        for thread in threads:
            thread.join()
    _judged(child.returncode, list(last))


def _started(listener: int) -> subprocess.Popen[bytes]:
    environment = {**os.environ, LISTENER: str(listener), "PYTHONUNBUFFERED": "1"}
    environment.setdefault("OPENBLAS_NUM_THREADS", "1")
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "printroom.runs.training.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=[listener],
        env=environment,
        process_group=0,
    )


def _watched(child: subprocess.Popen[bytes], check: Callable[[], None]) -> None:
    while True:
        with suppress(subprocess.TimeoutExpired):
            child.wait(_LOOK)
            return
        check()


def _ended(child: subprocess.Popen[bytes]) -> None:
    """Whatever happened, it is no more."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(GRACE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    with suppress(ProcessLookupError):  # processes of its own, which make pictures ahead
        os.killpg(child.pid, signal.SIGKILL)
    if child.stdin is not None:
        with suppress(BrokenPipeError):
            child.stdin.close()


def _each(pipe: IO[bytes] | None, told: Callable[[str], None]) -> None:
    assert pipe is not None
    with pipe:
        for line in pipe:
            told(line.decode(errors="replace").rstrip())


def _parsed(heard: Callable[[Mapping[str, Any]], None]) -> Callable[[str], None]:
    def told(line: str) -> None:
        heard(json.loads(line))

    return told


def _judged(status: int, last: list[str]) -> None:
    if status == 0:
        return
    if status == 2:
        reason, _, remedy = "\n".join(last).partition("\n")
        raise BadOption(reason or "it cannot be trained so", remedy)
    why = last[-1] if last else f"it ended with status {status}"
    raise TrainingFailed(f"the training failed: {why}", "see what it said; retry it to go on")
