"""The step `generate`: a picture that a model draws.

model, seed, name of a class -> picture         NotFound BadModel BadOption
"""

from __future__ import annotations

from typing import Annotated

from printroom.pipelines.ports import ForTask, Picture, Range
from printroom.pipelines.step import Step, StepContext


class Generate(Step):
    """Has a model draw a picture; the same seed is the same picture."""

    name = "generate"
    net: Annotated[str, ForTask()]
    """Id of a model that draws."""

    def run(
        self,
        context: StepContext,
        seed: Annotated[int, Range(0, 2**32 - 1)] = 0,
        shows: str = "",
    ) -> Picture:
        """`shows`: the name of one of its classes; empty = the first."""
        return context.drawn(self.net, seed, shows)
