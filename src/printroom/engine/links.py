"""What a link of a chain computes with: a model's session, or a step's own function.

Model, session -> Link
TileStep, parameters -> Link        StepFailed, when its code fails on a tile
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import PrintroomError, StepFailed
from printroom.core.session import Session
from printroom.engine.channels import Rows
from printroom.engine.plan import PACE, Costs, Part
from printroom.imaging.tiling import Geometry
from printroom.pipelines.step import TileStep

STEP_COSTS: Costs = tuple((side, side * side * 96) for side in (16, 1024))
"""What a step's own function may take for a tile: room for some eight copies of three planes."""
STEP_PACE = 1e-7
"""Seconds per pixel of a step's own function."""


@dataclass(frozen=True, eq=False)
class Link:
    """One link, ready to run."""

    name: str
    """The id of a model, or the name of a step."""
    session: Session
    part: Part
    """What planning must know of it."""
    guess: float = PACE
    """Seconds per input pixel, before it was timed."""
    tap: Callable[[Rows], None] | None = field(default=None, compare=False)
    """Sees the rows behind it as they pass, each time, in the thread that streams."""


class _StepSession:
    """A step's `apply` behind the contract of models; tiles of one step may share a batch."""

    resident_bytes = 0

    def __init__(self, step: TileStep, parameters: Any) -> None:
        self._step, self._parameters = step, parameters

    def run(self, batch: NDArray[Any]) -> NDArray[Any]:
        shape, name = batch.shape, type(self._step).name
        try:
            result = np.asarray(self._step.apply(batch, self._parameters), np.float32)
        except (PrintroomError, MemoryError):
            raise
        except Exception as error:  # whatever a step's author may get wrong
            raise failed(name, error) from error
        if result.shape != shape:
            raise StepFailed(f"step {name} gave {result.shape} where {shape} was due")
        return result

    def close(self) -> None:
        """There is nothing to give back."""


class _Same:
    """Gives back what it is given."""

    resident_bytes = 0

    def run(self, batch: NDArray[Any]) -> NDArray[Any]:
        return batch

    def close(self) -> None:
        """There is nothing to give back."""


def step_link(step: TileStep, parameters: Any) -> Link:
    """The link of a step that changes colours tile by tile. Raises BadStep."""
    part = Part(step.geometry(), 3, STEP_COSTS, STEP_PACE, colour=True)
    return Link(type(step).name, _StepSession(step, parameters), part)


SAME = Link("same", _Same(), Part(Geometry(), 3, STEP_COSTS, STEP_PACE / 4, colour=True))
"""Changes nothing: for a picture that has nothing to pass but is wanted in another form."""


def failed(step: str, error: Exception) -> StepFailed:
    """The error for a fault in a step's own code."""
    reason = f"step {step} failed: {type(error).__name__}: {error}"
    return StepFailed(reason[:500], "see its code", memory=isinstance(error, MemoryError))
