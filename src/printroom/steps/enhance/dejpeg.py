"""The step `dejpeg`."""

from __future__ import annotations

from typing import Annotated

from printroom.pipelines.ports import ForTask
from printroom.pipelines.step import ModelStep, StepContext
from printroom.steps.networks import network


class Dejpeg(ModelStep):
    """Takes away what JPEG compression left: blocks, rings around edges, false colours."""

    name = "dejpeg"
    net: Annotated[str | None, ForTask("dejpeg")] = None
    """Id of the network; None = the default one for the task."""

    def model(self, context: StepContext) -> str:
        """That of `net`, or the default. Raises NotFound when there is none."""
        return self.net or network(context, "dejpeg")
