"""A step in an environment of its own, as the rest of printroom uses it.

    inputs -> IsolatedStep.run -> outputs    BadOption StepFailed StepLost Cancelled NeedsMemory
                                             NoCard Overloaded

Each of its processes is tried on the step's example before it takes work, and must still describe
the step as it was registered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from printroom.core.errors import BadOption, BadStep, StepFailed
from printroom.core.logs import telling
from printroom.isolation.examples import read_example
from printroom.isolation.grants import Grant
from printroom.isolation.launching import Launcher
from printroom.isolation.pool import Pool
from printroom.isolation.process import Cancel
from printroom.isolation.seats import Seats
from printroom.isolation.values import Value
from printroom.isolation.worker import Loaded, Progress, Worker
from printroom.pipelines.notation import described_step
from printroom.pipelines.ports import Port
from printroom.pipelines.step import Step


class IsolatedStep:
    """Runs a step in processes that are started when needed. Safe from many threads."""

    def __init__(self, launcher: Launcher, described: Mapping[str, Any], seats: Seats) -> None:
        """`described`: what the step said of itself when it was registered.

        `seats`: what it shares with other steps. Raises BadStep.
        """
        source = launcher.source
        self.name = source.name
        declared = described_step(described, self.name, Step)
        self.description = declared.description
        self.inputs: Mapping[str, Port] = declared.ports
        """What goes in."""
        self.outputs: Mapping[str, Port] = declared.outputs
        """What comes out."""
        self.pictures = _pictures(described["inputs"])
        """Ports that take a picture, or a list of them -> `float32` or `uint8`, as pixels are."""
        self.resident_bytes = 0
        """Bytes that the process started last took when it was ready; 0 = none was."""
        folder = source.folder or source.file.parent
        example = read_example(source.example, folder, self.inputs) if source.example else {}
        self._example = self._as_pixels(example)
        self._described = described
        self._launcher = launcher
        self._pool = Pool(self.name, source.policy, self._ready, seats)

    @property
    def pids(self) -> list[int]:
        """Of its processes at the moment."""
        return self._pool.pids

    def empty(self, shape: Sequence[int], dtype: DTypeLike = np.float32) -> NDArray[Any]:
        """A new array that `run` hands over without copying it; the step can only read it.

        Raises NeedsMemory.
        """
        arena = self._launcher.arena
        if arena is None:
            return np.empty(shape, dtype)
        size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        return arena.hold(size).array(dtype, tuple(shape))

    def run(
        self,
        inputs: Mapping[str, Value],
        cancel: Cancel | None = None,
        progress: Progress | None = None,
    ) -> dict[str, Value]:
        """Inputs by port -> outputs by port.

        A picture is (height, width, 3) of the type that `pictures` says. Arrays that come out lie
        in shared memory, where a step could change them later: copy what must not change.
        Raises BadOption, StepFailed, StepLost, Cancelled, NeedsMemory, NoCard, Overloaded.
        """
        return self._pool.do(partial(self._run, self._checked(inputs), cancel, progress), cancel)

    def preflight(self) -> None:
        """Have one process ready, tried on the example.

        Raises StepFailed, StepLost, BadStep, NoCard, Overloaded.
        """
        self._pool.do(lambda _worker: None)

    def close(self) -> None:
        """End its processes; runs in progress fail."""
        self._pool.close()
        self._launcher.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ready(self, cancel: Cancel | None, grant: Grant) -> Worker:
        worker, loaded = self._launcher.start(cancel, grant)
        try:
            self._same(loaded)
            if self._example:
                with telling(lambda _line: None):  # what it says then is no news of this run
                    self._run(self._checked(self._example), cancel, None, worker)
        except BaseException:
            worker.close()
            raise
        self.resident_bytes = loaded.resident
        return worker

    def _same(self, loaded: Loaded) -> None:
        if loaded.described != self._described:
            raise BadStep(f"step {self.name} was changed while it is in use", "register it again")

    def _run(
        self,
        inputs: Mapping[str, Value],
        cancel: Cancel | None,
        progress: Progress | None,
        worker: Worker,
    ) -> dict[str, Value]:
        outputs = worker.run(inputs, list(self.outputs), cancel, progress)
        for name, port in self.outputs.items():
            try:
                outputs[name] = port.coerce(outputs[name])
            except ValueError as error:
                raise StepFailed(
                    f"step {self.name} returned for {name} what {error}", "mend the step"
                ) from error
        return outputs

    def _checked(self, inputs: Mapping[str, Value]) -> dict[str, Value]:
        if unknown := inputs.keys() - self.inputs.keys():
            raise BadOption(f"step {self.name} has no port {', '.join(sorted(unknown))}")
        checked = {}
        for name, port in self.inputs.items():
            if name not in inputs:
                if port.required:
                    raise BadOption(f"step {self.name} needs a value for {name}")
                continue
            try:
                checked[name] = port.coerce(inputs[name])
                if name in self.pictures and checked[name] is not None:
                    _check_pixels(checked[name], self.pictures[name])
            except ValueError as error:
                raise BadOption(f"step {self.name}: {name} {error}") from error
        return checked

    def _as_pixels(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """Pictures 0 to 1 as this step wants them."""
        whole = [name for name in values if self.pictures.get(name) == "uint8"]
        return dict(values) | {
            name: np.rint(values[name] * np.float32(255)).astype(np.uint8) for name in whole
        }


def _pictures(described: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    items = {name: raw.get("item", raw) for name, raw in described.items()}
    pictures = {name: raw for name, raw in items.items() if raw.get("kind") == "picture"}
    return {name: str(raw.get("dtype")) for name, raw in pictures.items()}


def _check_pixels(value: Value, dtype: str) -> None:
    """Raises ValueError."""
    if isinstance(value, list):
        for one in value:
            _check_pixels(one, dtype)
    elif not isinstance(value, np.ndarray) or value.ndim != 3 or value.shape[2] != 3:
        raise ValueError("is not a picture of the shape (height, width, 3)")
    elif value.dtype != dtype:
        raise ValueError(f"has pixels of {value.dtype}, not {dtype}")
