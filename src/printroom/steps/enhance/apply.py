"""The step `apply`: any network from picture to picture."""

from __future__ import annotations

from typing import Annotated

from printroom.pipelines.ports import ForTask
from printroom.pipelines.step import ModelStep, StepContext


class Apply(ModelStep):
    """Sends a picture through a network, whatever it is for."""

    name = "apply"
    net: Annotated[str, ForTask()]
    """Id of the network."""

    def model(self, context: StepContext) -> str:  # noqa: ARG002
        """That of `net`."""
        return self.net
