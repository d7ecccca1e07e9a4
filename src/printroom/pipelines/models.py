"""How a pipeline that names models, and what lies outside, learns whether that is there."""

from __future__ import annotations

from typing import Protocol


class ModelResolver(Protocol):
    """The installation, as far as pipelines see it."""

    def resolve(self, name: str, task: str | None) -> str:
        """The id of the model `name`, which must be for `task` if that is said.

        Raises a PrintroomError whose message says what there is instead.
        """

    def reach(self, url: str) -> None:
        """Raises a PrintroomError where steps may not ask the server at `url`."""

    def collection(self, name: str) -> None:
        """Raises a PrintroomError where whose pipeline it is has no collection of that name."""
