"""An isolated step as a step of a pipeline.

    IsolatedStep -> StepType        run: StepFailed StepLost Cancelled NeedsMemory

A pipeline has pictures as planes, research code as (height, width, 3); transparency passes by, and
is enlarged as the picture is.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import Cancelled, StepFailed
from printroom.isolation.isolated import IsolatedStep
from printroom.isolation.pictures import alpha_of, to_array, to_planes
from printroom.pipelines.declare import StepShape, StepType
from printroom.pipelines.kinds import File, ListOf, Picture
from printroom.pipelines.ports import Port
from printroom.pipelines.step import Step, StepContext


def step_type(isolated: IsolatedStep) -> StepType:
    """For `Registry.register`. The step stays the caller's, to be closed when all runs are over."""
    return StepType(
        name=isolated.name,
        description=isolated.description,
        shape=StepShape.RUN,
        ports=isolated.inputs,
        parameters={},
        outputs=isolated.outputs,
        factory=partial(IsolatedRun, isolated=isolated),
    )


class IsolatedRun(Step):
    """Hands one run over to a process of the step."""

    name = "isolated"
    isolated: IsolatedStep

    def run(self, context: StepContext, **values: Any) -> Any:
        """Values by port -> the result, or a NamedTuple of them."""
        alphas = [alpha_of(values[name]) for name in self.isolated.pictures if _one(values, name)]
        outputs = self.isolated.run(
            {name: self._sent(name, value) for name, value in values.items()},
            cancel=_Taken(context),
            progress=lambda done, total: context.progress(int(done), int(total)),
        )
        alpha = alphas[0] if alphas else None  # others are looked at, not shown
        ports = self.isolated.outputs
        results = {name: self._got(ports[name], name, outputs[name], alpha) for name in ports}
        if list(results) == ["result"]:
            return results["result"]
        return namedtuple("Outputs", results)(**results)

    def _sent(self, name: str, value: Any) -> Any:
        if value is not None and isinstance(self.isolated.inputs[name].kind, File):
            return str(Path(value).absolute())  # a step is at home in another folder
        dtype = self.isolated.pictures.get(name)
        if dtype is None or value is None:
            return value
        return [to_array(one, dtype) for one in value] if isinstance(value, list) else to_array(
            value, dtype
        )  # fmt: skip

    def _got(self, port: Port, name: str, value: Any, alpha: NDArray[np.float32] | None) -> Any:
        kind = port.kind.item if isinstance(port.kind, ListOf) else port.kind
        if value is None or not isinstance(kind, Picture):
            return np.array(value) if isinstance(value, np.ndarray) else value
        try:
            if isinstance(value, list):
                return [to_planes(one) for one in value]
            return to_planes(value, alpha)
        except ValueError as error:
            raise StepFailed(
                f"step {self.isolated.name} returned for {name} no picture: {error}",
                "mend the step",
            ) from error


def _one(values: Mapping[str, Any], name: str) -> bool:
    """Whether a single picture was given there."""
    return isinstance(values.get(name), np.ndarray)


class _Taken:
    """Whether the run was taken back, as its context says."""

    def __init__(self, context: StepContext) -> None:
        self._context = context

    def is_set(self) -> bool:
        try:
            self._context.check()
        except Cancelled:
            return True
        return False
