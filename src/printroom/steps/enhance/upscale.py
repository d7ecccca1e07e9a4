"""The step `upscale`."""

from __future__ import annotations

from typing import Annotated

from printroom.pipelines.ports import Choice, ForTask
from printroom.pipelines.step import ModelStep, StepContext
from printroom.steps.networks import network


class Upscale(ModelStep):
    """Enlarges a picture, true to what is in it."""

    name = "upscale"
    scale: Annotated[int, Choice(1, 2, 4)] = 2
    """Output pixels per input pixel along each side; 1 = it passes by."""
    look: Annotated[str, Choice("faithful", "sharp")] = "faithful"
    """What to enlarge with: `sharp` is for bad photographs, by 4, with detail that is invented."""
    net: Annotated[str | None, ForTask("upscale")] = None
    """Id of the network, whose scale counts then; None = the default one of `scale`."""

    def model(self, context: StepContext) -> str | None:
        """That of `net`, or the default. Raises ScaleNotOffered when there is none."""
        if self.net is None and self.scale == 1:
            return None
        return self.net or network(context, "upscale", self.scale, self.look)
