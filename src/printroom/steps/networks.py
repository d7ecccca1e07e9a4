"""Which network of the catalogue does the work of a step.

task, scale -> id        NotFound ScaleNotOffered
"""

from __future__ import annotations

from printroom.core.errors import NotFound, ScaleNotOffered
from printroom.pipelines.step import StepContext


def network(context: StepContext, task: str, scale: int = 1, look: str = "faithful") -> str:
    """The id of the default network for `task` at `scale`; `look`: of enlarged pictures."""
    offered = context.models(task, look)
    for model in offered:
        if model.geometry.scale == scale:
            return model.id
    if task == "upscale":
        scales = ", ".join(str(one) for one in sorted({model.geometry.scale for model in offered}))
        kind = "model" if look == "faithful" else f"{look} model"
        raise ScaleNotOffered(f"no {kind} enlarges by {scale}", f"there is {scales or 'none'}")
    raise NotFound(f"no model is for the task {task!r}", "add one to a folder of PRINTROOM_MODELS")
