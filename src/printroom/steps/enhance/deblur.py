"""The step `deblur`."""

from __future__ import annotations

from typing import Annotated

from printroom.pipelines.ports import ForTask
from printroom.pipelines.step import ModelStep, StepContext
from printroom.steps.networks import network


class Deblur(ModelStep):
    """Makes a soft picture sharp."""

    name = "deblur"
    net: Annotated[str | None, ForTask("deblur")] = None
    """Id of the network; None = the default one for the task."""

    def model(self, context: StepContext) -> str:
        """That of `net`, or the default. Raises NotFound when there is none."""
        return self.net or network(context, "deblur")
