"""A model in an environment of its own, as a `printroom.core.session.Session`.

    file of a model -> Framework -> IsolatedSession      BadModel EnvironmentFailed
    (n, c, h, w) -> run -> (n, c', h', w')               ModelFailed MemoryError

The framework is imported in the child alone: `runtimes/*_child.py`, a step each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

import printroom.runtimes
from printroom.core.errors import BadModel, EnvironmentFailed, ModelFailed, PipelineError
from printroom.isolation.environments import EnvironmentSpec
from printroom.isolation.folder import StepSource
from printroom.isolation.house import Isolation
from printroom.isolation.isolated import IsolatedStep
from printroom.isolation.policy import Policy

_CHILDREN = Path(printroom.runtimes.__file__).parent


@dataclass(frozen=True)
class Framework:
    """What loads models of a kind."""

    name: str
    pythons: tuple[str, ...]
    """Versions it works with; the first that is here is taken."""
    requirements: tuple[str, ...]
    suffixes: tuple[str, ...]
    """Of the files it takes; "" = a folder."""

    @property
    def child(self) -> Path:
        """The step that runs it."""
        return _CHILDREN / f"{self.name}_child.py"


TORCH = Framework(
    "torch", ("3.11", "3.12", "3.10", "3.13"), ("torch==2.13.0", "numpy", "safetensors"), (".pt2",)
)
"""PyTorch's exported programs. 3.11 first, as its CPU build is the one most often at hand."""
TENSORFLOW = Framework(
    "tensorflow", ("3.12", "3.13", "3.11", "3.10"), ("tensorflow-cpu==2.21.0",), (".pb", "")
)
"""TensorFlow's SavedModel folders and frozen graphs."""
FRAMEWORKS = (TORCH, TENSORFLOW)


def framework_of(path: Path) -> Framework:
    """The framework that loads the model at `path`. Raises BadModel."""
    suffix = "" if path.is_dir() else path.suffix.lower()
    for framework in FRAMEWORKS:
        if suffix in framework.suffixes and (suffix or (path / "saved_model.pb").is_file()):
            return framework
    raise BadModel(
        f"{path} is no model that a framework here loads",
        "there are exported programs (.pt2), SavedModel folders and frozen graphs (.pb)",
    )


class IsolatedSession:
    """Implements `printroom.core.session.Session` with any step from `batch` to `result`."""

    def __init__(self, step: IsolatedStep) -> None:
        """Start a process, and load the model in it. Raises BadModel; `step` is closed with it."""
        if set(step.inputs) != {"batch"} or set(step.outputs) != {"result"}:
            raise BadModel(f"step {step.name} is no model: it does not take `batch` to `result`")
        self._step = step
        try:
            step.preflight()
        except PipelineError as error:
            step.close()
            raise BadModel(f"the model cannot be loaded: {error.reason}", error.remedy) from error

    @classmethod
    def open(cls, isolation: Isolation, path: Path, policy: Policy | None = None) -> Self:
        """The model at `path`. Raises BadModel, and EnvironmentFailed for its framework's."""
        framework = framework_of(path)
        source = StepSource(
            name=framework.name,
            file=framework.child,
            environment=EnvironmentSpec(framework.pythons[0], framework.requirements),
            policy=replace(policy or Policy(), idle=0),  # whoever loaded it lets it go
            options={"path": str(path.resolve())},
        )
        return cls(_first(isolation, source, framework.pythons))

    @property
    def resident_bytes(self) -> int:
        """Bytes that the process takes, framework and weights: what closing it gives back."""
        return self._step.resident_bytes

    @property
    def pids(self) -> list[int]:
        """Of its processes at the moment."""
        return self._step.pids

    def run(self, batch: NDArray[Any]) -> NDArray[Any]:
        """(N, C, H, W) float32 -> (N, C', H * scale, W * scale) float32. Safe from many threads.

        Raises MemoryError when the process cannot allocate, ModelFailed for anything else.
        """
        try:
            result: NDArray[Any] = self._step.run({"batch": batch})["result"]
        except PipelineError as error:
            if getattr(error, "memory", False):
                raise MemoryError(error.reason) from error
            raise ModelFailed(f"the model failed on {batch.shape}: {error.reason}") from error
        if result.ndim != 4 or result.dtype != np.float32:
            raise ModelFailed(f"the model made {result.dtype} {result.shape} of {batch.shape}")
        return result

    def close(self) -> None:
        """End the process. The session must not be used afterwards."""
        self._step.close()


def _first(isolation: Isolation, source: StepSource, pythons: Sequence[str]) -> IsolatedStep:
    """Opened with the first of `pythons` that is here."""
    missing: EnvironmentFailed | None = None
    for python in pythons:
        spec = replace(source.environment, python=python)
        try:
            return isolation.open(replace(source, environment=spec))
        except EnvironmentFailed as error:
            if f"no Python {python}" not in error.reason:
                raise
            missing = missing or error
    assert missing is not None
    raise missing
