"""A stranger's model as a `printroom.core.session.Session`: run by a child behind walls.

    weights, Reading -> SandboxedSession       BadModel NoSandbox LimitCrossed
    (n, c, h, w) -> run -> (n, c, h', w')      ModelFailed LimitCrossed; the callback hears of it

The child stays warm from run to run; arrays go to it and back through shared memory. What crosses a
limit is killed, with its child, and the next run has a fresh one. Whatever is found out about a
model before, its limits are what holds.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import BadModel, LimitCrossed, ModelFailed, NeedsMemory, StepFailed
from printroom.isolation.arena import SUPPORTED, Arena
from printroom.isolation.policy import Policy
from printroom.isolation.process import Lost, Process
from printroom.isolation.walls import PACKAGE, Wall
from printroom.isolation.worker import Loaded, Worker
from printroom.runtimes.reading import Reading

CHILD = PACKAGE / "isolation" / "onnx_child.py"
"""What runs in the child."""
_MODEL = "/model.onnx"
"""Where the weights lie inside."""
MOST = 4
"""Children of one session, unless its limits say otherwise."""
_REMEDY = "use another model, or ask its owner to mend it"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """Of one child. What a run is here is one tile, or one batch of them."""

    memory: int = 2 << 30
    """Bytes that it may allocate for itself: framework, weights, and what a run takes."""
    seconds: float = 120.0
    """That a run may take by the clock."""
    spent: int = 120
    """CPU seconds that a run may take, for each thread."""
    load: float = 60.0
    """Seconds until the model is loaded."""
    arrays: int = 2**32
    """Bytes of arrays that may be handed over at once."""
    threads: int = 1
    """Of one child: with one, it makes the same bits as everywhere else."""
    children: int = field(default_factory=lambda: min(MOST, len(os.sched_getaffinity(0))))
    """At most, of one session; each after the first starts when all are busy."""


@dataclass(frozen=True)
class Breach:
    """A limit was crossed."""

    model: str
    limit: str
    """`memory`, `seconds`, `cpu`, `scratch`, `walls`, `crash`."""
    reason: str
    at: float
    """Seconds since 1970."""


def _unheard(_breach: Breach) -> None:
    """Nobody keeps count."""


class SandboxedSession:
    """One model. Each child does one run at a time. Safe from many threads."""

    channels = 0
    """What its numbers mean is known to the reading of its card, not to it."""

    def __init__(
        self,
        weights: Path,
        reading: Reading,
        *,
        name: str,
        limits: Limits | None = None,
        breached: Callable[[Breach], None] = _unheard,
    ) -> None:
        """Start a child and load the model; `weights` must stay where they are.

        `name`: of the model, for people; `breached` is told of each limit that was crossed. Raises
        BadModel, NoSandbox, LimitCrossed.
        """
        self._weights, self._reading, self._name = weights, reading, name
        self._limits = limits or Limits()
        self._breached = breached
        self._policy = Policy(
            cpu=self._limits.threads,
            arrays=self._limits.arrays,
            timeout=self._limits.seconds,
            spent=self._limits.spent * self._limits.threads,
            start=self._limits.load,
        )
        self._arena = Arena(self._limits.arrays) if SUPPORTED else None
        self._workers: set[Worker] = set()
        self._idle: list[Worker] = []
        self._starting = 0
        self._closed = False
        self._changed = threading.Condition()
        self._resident = 0
        try:
            self._back(self._taken())
        except BaseException:
            self.close()
            raise

    @property
    def resident_bytes(self) -> int:
        """Bytes that its children take with the model loaded, if there are as many as there may."""
        return self._resident * self._limits.children

    @property
    def pids(self) -> list[int]:
        """Of the walls round its children, at the moment."""
        with self._changed:
            return [worker.pid for worker in self._workers]

    def run(self, batch: NDArray[Any]) -> NDArray[Any]:
        """(N, C, H, W) float32 -> (N, C', H * scale, W * scale) float32. Safe from many threads.

        Raises LimitCrossed when it took too much and was ended, ModelFailed for anything else,
        MemoryError when the arrays do not fit what may be handed over.
        """
        worker = self._taken()
        try:
            result = self._made(worker, batch)
        finally:
            self._back(worker)
        if result.ndim != 4 or result.dtype != np.float32:
            raise ModelFailed(f"{self._name} made {result.dtype} {result.shape} of {batch.shape}")
        return result

    def shrink(self) -> None:
        """Nothing is kept that can be given back without a child."""

    def close(self) -> None:
        """End its children; runs in progress fail. The session must not be used afterwards."""
        with self._changed:
            self._closed = True
            idle, self._idle = self._idle, []
            self._workers.difference_update(idle)
            for worker in self._workers:  # the thread that speaks to it closes it
                worker.end()
            self._changed.notify_all()
        for worker in idle:
            worker.close()
        if self._arena is not None:
            self._arena.close()

    def _taken(self) -> Worker:
        """A child that does nothing, or a new one."""
        with self._changed:
            while True:
                if self._closed:
                    raise ModelFailed(f"{self._name} is closed")
                if self._idle:
                    return self._idle.pop()
                if len(self._workers) + self._starting < self._limits.children:
                    self._starting += 1
                    break
                self._changed.wait()
        worker = None
        try:
            worker, loaded = self._started()
        finally:
            with self._changed:
                self._starting -= 1
                if worker is not None:
                    self._workers.add(worker)
                self._changed.notify_all()
        self._resident = max(self._resident, loaded.resident)
        return worker

    def _back(self, worker: Worker) -> None:
        with self._changed:
            good = worker.alive and not self._closed
            if good:
                self._idle.append(worker)
            else:
                self._workers.discard(worker)
            self._changed.notify_all()
        if not good:
            worker.close()

    def _made(self, worker: Worker, batch: NDArray[Any]) -> NDArray[Any]:
        try:
            result = worker.run({"batch": batch}, ["result"])["result"]
        except NeedsMemory as error:
            raise MemoryError(error.reason) from error
        except Lost as lost:
            if self._closed:
                raise ModelFailed(f"{self._name} is closed") from None
            raise self._crossed(lost.limit or "crash", lost.reason) from lost
        except StepFailed as error:
            if not error.memory:
                raise ModelFailed(
                    f"{self._name} failed on {batch.shape}: {error.reason}"
                ) from error
            worker.close()
            reason = f"it needed more than {self._limits.memory >> 20} MiB for {batch.shape}"
            raise self._crossed("memory", reason) from error
        if not isinstance(result, np.ndarray):
            raise ModelFailed(f"{self._name} made no array of {batch.shape}")
        return result

    def _started(self) -> tuple[Worker, Loaded]:
        wall = Wall(self._limits.memory, (PACKAGE,), {_MODEL: self._weights})
        process = Process(
            Path(sys.executable),
            Path("/"),
            name="sandboxed",
            cpu=self._limits.threads,
            most=self._limits.arrays if self._arena is None else 0,
            wall=wall,
        )
        worker = Worker(process, self._name, self._policy, self._arena)
        options = {
            "path": _MODEL, "reading": self._reading.raw(), "threads": self._limits.threads,
        }  # fmt: skip
        try:
            return worker, self._loaded(worker, options)
        except BaseException:
            worker.close()
            raise

    def _loaded(self, worker: Worker, options: Mapping[str, Any]) -> Loaded:
        try:
            return worker.load(CHILD, None, options)
        except Lost as lost:
            if lost.limit:
                raise self._crossed(lost.limit, f"while it was loaded, {lost.reason}") from lost
            said = " | ".join(lost.lines[-3:])
            raise BadModel(f"{self._name} cannot be loaded: {lost.reason}", said) from lost
        except StepFailed as error:
            if error.memory:
                raise self._crossed("memory", f"it cannot be loaded: {error.reason}") from error
            raise BadModel(f"{self._name} cannot be loaded: {error.reason}") from error

    def _crossed(self, limit: str, reason: str) -> LimitCrossed:
        """Said to whoever counts, and to whoever asked."""
        _log.warning("%s crossed a limit (%s): %s", self._name, limit, reason)
        self._breached(Breach(self._name, limit, reason, time.time()))
        return LimitCrossed(f"{self._name} was stopped: {reason}", _REMEDY, limit=limit)
