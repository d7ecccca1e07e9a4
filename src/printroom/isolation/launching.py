"""Starts the processes of one step.

StepSource, Environment -> Launcher -> Worker, loaded        Lost StepFailed BadStep
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from printroom.core.errors import StepLost
from printroom.isolation.arena import SUPPORTED, Arena
from printroom.isolation.environments import Environment
from printroom.isolation.folder import StepSource
from printroom.isolation.grants import NOTHING, Grant
from printroom.isolation.process import CHILD, Cancel, Lost, Process
from printroom.isolation.worker import Loaded, Worker, shown


class Launcher:
    """What all processes of a step have in common. Safe from many threads."""

    def __init__(self, source: StepSource, environment: Environment, *, shared: bool) -> None:
        """`shared`: whether arrays go through shared memory, where the system has it."""
        self.source = source
        self.environment = environment
        self.arena = Arena(source.policy.arrays) if shared and SUPPORTED else None
        """Where arrays are handed over; None = over the socket."""

    @cached_property
    def digest(self) -> str:
        """Of all that decides what the step is: its code, its environment, our own child. Hex."""
        child = b"".join(path.read_bytes() for path in sorted(CHILD.parent.glob("*.py")))
        parts = [self.source.digest(), self.environment.digest, hashlib.sha256(child).hexdigest()]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def start(
        self, cancel: Cancel | None = None, grant: Grant = NOTHING, *, runs: bool = True
    ) -> tuple[Worker, Loaded]:
        """A process with the step loaded, which has the graphics cards of `grant`.

        Not `runs`: it only describes itself. Raises Lost, StepFailed, Cancelled.
        """
        source = self.source
        process = Process(
            self.environment.python,
            source.folder or source.file.parent,
            name=source.name,
            cpu=source.policy.cpu,
            most=source.policy.arrays if self.arena is None else 0,
            grant=grant,
        )
        worker = Worker(process, source.name, source.policy, self.arena)
        try:
            return worker, worker.load(
                source.file, source.folder, source.options, cancel, runs=runs
            )
        except BaseException:
            worker.close()
            raise

    def describe(self) -> Mapping[str, Any]:
        """What the step says of itself; that takes no card. Raises StepFailed, StepLost."""
        try:
            worker, loaded = self.start(runs=not self.source.policy.cards)
        except Lost as lost:
            reason = f"the process of step {self.source.name} was lost: {lost.reason}"
            raise StepLost(reason + shown(lost.lines), "mend the step") from lost
        worker.close()
        return loaded.described

    def close(self) -> None:
        """Give back the memory for arrays."""
        if self.arena is not None:
            self.arena.close()
