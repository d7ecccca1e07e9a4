"""A chain of steps cannot be used."""

from __future__ import annotations

from printroom.core.errors.base import PrintroomError


class PipelineError(PrintroomError):
    """A chain of steps cannot be used."""

    code, status = "pipeline_error", 422


class BadPipeline(PipelineError):
    """A pipeline that cannot be run as it is written; `faults` names everything at once."""

    code = "bad_pipeline"

    def __init__(self, reason: str, remedy: str = "", *, faults: tuple[str, ...] = ()) -> None:
        super().__init__(reason, remedy)
        self.faults = faults
        """One sentence each, that begins with the place: `enhance.yaml:7:12: ...`."""


class BadStep(PipelineError):
    """A step's declaration does not hold."""

    code = "bad_step"


class StepFailed(PipelineError):
    """A step's own code failed."""

    code, status = "step_failed", 500

    def __init__(self, reason: str, remedy: str = "", *, memory: bool = False) -> None:
        super().__init__(reason, remedy)
        self.memory = memory
        """Whether it could not allocate what it needed."""


class StepLost(PipelineError):
    """The process of a step died, hung or sent garbage, more often than it may be tried again."""

    code, status = "step_lost", 500


class EnvironmentFailed(PipelineError):
    """The environment that a step asks for cannot be made."""

    code, status = "environment_failed", 500


class NoCard(PipelineError):
    """A step asks for graphics cards that this machine does not have."""

    code, status = "no_card", 501
