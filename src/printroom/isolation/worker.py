"""A step, loaded in a process, and the conversation with it.

file, options -> load -> what it says of itself     Lost StepFailed
inputs -> run -> outputs                            Lost StepFailed Cancelled BadOption
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import BadOption, Cancelled, NeedsMemory, StepFailed
from printroom.isolation.arena import Arena
from printroom.isolation.policy import Policy
from printroom.isolation.process import Cancel, Interrupt, Lost, Process
from printroom.isolation.values import Parcel, Value, pack, unpack
from printroom.isolation.wire import Garbage

Progress = Callable[[float, float], None]
"""Told (done, total)."""
_AHEAD = 8
"""Results that memory is lent for before it is asked for."""
_SHOWN = 5
"""Last lines of output that an error shows."""


@dataclass(frozen=True)
class Loaded:
    """What a child says of the step that it has loaded."""

    described: Mapping[str, Any]
    """As `printroom_step.describe` writes it; not checked yet."""
    resident: int
    """Bytes that the process occupies."""


class Worker:
    """One process with one step. Used by one thread at a time; `alive` until it is lost."""

    def __init__(self, process: Process, name: str, policy: Policy, arena: Arena | None) -> None:
        """`name` is for errors; None as arena: arrays go over the socket."""
        self._process = process
        self._name = name
        self._policy = policy
        self._arena = arena
        self._known: set[int] = set()
        self._likely: list[int] = []

    @property
    def alive(self) -> bool:
        return self._process.alive

    @property
    def pid(self) -> int:
        return self._process.pid

    def load(
        self,
        file: Path,
        beside: Path | None,
        options: Mapping[str, Value],
        cancel: Cancel | None = None,
        *,
        runs: bool = True,
    ) -> Loaded:
        """Load the step in `file`, which may import what lies in `beside`.

        Not `runs`: only for what it says of itself; nothing is made of a class. Raises Lost,
        StepFailed when its own code fails, and Cancelled: then it must be closed.
        """
        until = time.monotonic() + self._policy.start
        self._process.send(
            {
                "do": "load",
                "file": str(file.absolute()),
                "beside": [] if beside is None else [str(beside.absolute())],
                "options": dict(options),
                "memory": self._policy.memory,
                "shared": self._arena is not None,
                "runs": runs,
            },
            until=until,
        )
        try:
            reply, _payload = self._process.receive(until=until, cancel=cancel)
        except Interrupt:
            raise Cancelled(f"step {self._name} was cancelled") from None
        match reply:
            case {"did": "described", "step": dict(step), "resident": int(resident)}:
                return Loaded(step, resident)
            case {"did": "failed", **failure}:
                raise self._failed(failure)
        raise self._garbage("its first answer says nothing about its step")

    def run(
        self,
        inputs: Mapping[str, Value],
        outputs: Sequence[str],
        cancel: Cancel | None = None,
        progress: Progress | None = None,
    ) -> dict[str, Value]:
        """One run. Array results lie in shared memory, until they are gone.

        Raises Lost, StepFailed, Cancelled; BadOption and NeedsMemory when the inputs cannot be
        handed over.
        """
        parcel = pack(inputs, self._arena)
        until = time.monotonic() + self._policy.timeout
        try:
            if cancel is not None and cancel.is_set():
                raise Interrupt
            self._hand_over(parcel, until, cancel)
            written, payload = self._result(parcel, until, cancel, progress)
        except Interrupt:
            self._stop()
            raise Cancelled(f"step {self._name} was cancelled") from None
        try:
            return unpack(written, payload, parcel.places, outputs)
        except Garbage as error:
            raise self._garbage(str(error)) from error
        finally:
            self._process.settle()

    def end(self) -> None:
        """Have the process die, from any thread; a run in progress is lost."""
        self._process.end()

    def close(self) -> None:
        """End the process, and give back what it held."""
        self._process.kill()

    def _hand_over(self, parcel: Parcel, until: float, cancel: Cancel | None) -> None:
        self._forget(until)
        for number in parcel.places:
            self._introduce(number, until)
        lent = self._lent_ahead(parcel, until)
        message = {
            "do": "run", "inputs": parcel.written, "lent": lent, "spent": self._policy.spent,
        }  # fmt: skip
        self._process.send(message, parcel.payload, until=until, cancel=cancel)

    def _lent_ahead(self, parcel: Parcel, until: float) -> list[tuple[int, int]]:
        """Memory for as much as the last run asked for, which saves asking: (number, bytes)."""
        lent = []
        for size in self._likely if self._arena is not None else ():
            with contextlib.suppress(NeedsMemory):
                lent.append((self._room(size, parcel.places, until), size))
        return lent

    def _introduce(self, number: int, until: float) -> None:
        """Let the child map a slab, once."""
        if number in self._known:
            return
        assert self._arena is not None
        slab = self._arena.slab(number)
        message = {"do": "segment", "segment": number, "bytes": slab.size}
        self._process.send(message, fd=slab.fd, until=until)
        self._known.add(number)

    def _forget(self, until: float) -> None:
        """Let the child unmap slabs that are no more."""
        if self._arena is not None and (gone := self._known - self._arena.numbers):
            self._process.send({"do": "drop", "segments": sorted(gone)}, until=until)
            self._known -= gone

    def _result(
        self,
        parcel: Parcel,
        until: float,
        cancel: Cancel | None,
        progress: Progress | None,
    ) -> tuple[object, bytearray]:
        while True:
            reply, payload = self._process.receive(until=until, cancel=cancel)
            match reply:
                case {"did": "result", "outputs": outputs, "asked": list(asked)}:
                    self._likely = [size for size in asked[:_AHEAD] if _is_room(size)]
                    return outputs, payload
                case {"did": "failed", **failure}:
                    raise self._failed(failure)
                case {"did": "progress", "done": float(done), "total": float(total)}:
                    if progress is not None:
                        progress(done, total)
                case {"did": "need", "bytes": int(size)} if self._arena and _is_room(size):
                    self._lend(size, parcel.places, until)
                case _:
                    raise self._garbage("its message is none that we know")

    def _lend(self, size: int, places: dict[int, NDArray[np.uint8]], until: float) -> None:
        """Memory for results, as it was asked for."""
        try:
            number = self._room(size, places, until)
        except NeedsMemory as error:
            self._process.send({"do": "refuse", "reason": error.reason}, until=until)
        else:
            self._process.send({"do": "lend", "segment": number}, until=until)

    def _room(self, size: int, places: dict[int, NDArray[np.uint8]], until: float) -> int:
        """The number of a slab of at least `size` bytes that the child knows."""
        assert self._arena is not None
        hold = self._arena.hold(size)
        places[hold.slab.number] = hold.whole
        self._introduce(hold.slab.number, until)
        return hold.slab.number

    def _stop(self) -> None:
        """Have it stop what it does; if it does not, it is ended."""
        if not self.alive:
            return
        until = time.monotonic() + self._policy.grace
        self._process.interrupt()
        try:
            while True:
                reply, _payload = self._process.receive(until=until)
                if reply.get("did") in ("result", "failed"):
                    return
                if reply.get("did") == "need":
                    self._process.send({"do": "refuse", "reason": "cancelled"}, until=until)
        except Lost:
            return
        finally:
            self._process.settle()

    def _failed(self, failure: Mapping[str, object]) -> StepFailed | BadOption:
        self._process.settle()
        reason = str(failure.get("reason"))[:2000]
        if failure.get("kind") == "refused":
            return BadOption(f"step {self._name}: {reason}", "see what it takes")
        memory = failure.get("kind") == "memory"
        text = f"step {self._name} {'ran out of memory' if memory else 'failed'}: {reason}"
        remedy = "allow it more `memory`" if memory else "mend its code, or its inputs"
        return StepFailed(text, remedy, memory=memory)

    def _garbage(self, reason: str) -> Lost:
        self._process.kill()
        return Lost(reason, self._process.lines)


def _is_room(size: object) -> bool:
    """Whether it is a number of bytes that memory may be asked for."""
    return isinstance(size, int) and 0 < size < 2**48


def shown(lines: Sequence[str]) -> str:
    """The last lines of output, for an error."""
    last = [line for line in lines if line.strip()][-_SHOWN:]
    return "; it printed: " + " | ".join(last) if last else ""
