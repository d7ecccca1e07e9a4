"""How a pipeline that names a model learns whether there is one."""

from __future__ import annotations

from typing import Protocol


class ModelResolver(Protocol):
    """The catalogue, as far as pipelines see it."""

    def resolve(self, name: str, task: str | None) -> str:
        """The id of the model `name`, which must be for `task` if that is said.

        Raises a PrintroomError whose message says what there is instead.
        """
