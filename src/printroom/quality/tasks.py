"""The tasks that can be measured, by name."""

from __future__ import annotations

from printroom.core.errors import BadOption
from printroom.quality.degraded import Colour, Deblur, Denoise, Jpeg, SuperResolution
from printroom.quality.pairs import LowLight, RealNoise
from printroom.quality.task import Conditions, Task

TASKS: dict[str, type[Task]] = {
    task.name: task
    for task in (SuperResolution, Jpeg, Denoise, Deblur, LowLight, Colour, RealNoise)
}


def task_for(name: str, conditions: Conditions) -> Task:
    """The task `name` under `conditions`. Raises BadOption."""
    if name not in TASKS:
        raise BadOption(f"there is no task {name!r}", f"the tasks are {', '.join(TASKS)}")
    return TASKS[name](conditions)
