"""Which network of the catalogue does the work of a step.

task, scale -> id        NotFound ScaleNotOffered
"""

from __future__ import annotations

from printroom.core.errors import NotFound, ScaleNotOffered
from printroom.pipelines.step import StepContext


def network(context: StepContext, task: str, scale: int = 1) -> str:
    """The id of the default network for `task` at `scale`."""
    offered = context.models(task)
    for model in offered:
        if model.geometry.scale == scale:
            return model.id
    if task == "upscale":
        scales = ", ".join(str(one) for one in sorted({model.geometry.scale for model in offered}))
        raise ScaleNotOffered(f"no model enlarges by {scale}", f"there is {scales or 'none'}")
    raise NotFound(f"no model is for the task {task!r}", "add one to a folder of PRINTROOM_MODELS")
