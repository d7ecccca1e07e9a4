"""The pipelines at hand, checked: what comes with printroom, what was published, and files.

name, file -> Graph               NotFound BadPipeline
PipelineSpec -> its version       BadPipeline BadOption Unwritable
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from printroom.pipelines.graph import Graph
from printroom.pipelines.models import ModelResolver
from printroom.pipelines.registry import Registry, StepShelf
from printroom.pipelines.spec import PipelineSpec
from printroom.pipelines.store import PipelineStore, Published


class Pipelines:
    """A store, with the steps and models that its pipelines are checked against."""

    def __init__(
        self,
        store: PipelineStore,
        registry: Registry,
        resolver: ModelResolver | None = None,
        folders: Callable[[Path], StepShelf] | None = None,
    ) -> None:
        """`folders`: the steps `./name` that lie beside a file in that folder; None = none do."""
        self.store = store
        self.registry = registry
        self._resolver = resolver
        self._folders = folders

    def graph(self, name: str | Path) -> Graph:
        """The pipeline `name@3`, `name@alias`, `name`, or of a YAML file, ready to run."""
        found = self.find(name)
        return self.check(found.spec, found.version)

    def published(self, name: str) -> Graph:
        """The pipeline `name` of the store, ready to run: never a file, whoever asks."""
        found = self.store.get(name)
        return self.check(found.spec, found.version)

    def find(self, name: str | Path) -> Published:
        """The pipeline as it is written; of a file, its version is None."""
        if isinstance(name, str) and not is_file(name):
            return self.store.get(name)
        return Published(PipelineSpec.from_file(Path(name)), None)

    def check(self, spec: PipelineSpec, version: int | None = None) -> Graph:
        """`spec`, ready to run. Raises BadPipeline."""
        return Graph.check(spec, self._steps(spec), self._resolver, version)

    def publish(self, spec: PipelineSpec) -> Published:
        """Check `spec`, and keep it as the next version of its name.

        Its steps in folders are kept with it as they are now: a version never changes.
        """
        self.check(spec)
        return self.store.publish(spec.pinned(self._steps(spec)))

    def _steps(self, spec: PipelineSpec) -> Registry:
        if spec.folder is None or self._folders is None:
            return self.registry
        return self.registry.beside(self._folders(spec.folder))


def is_file(name: str) -> bool:
    """Whether `name` means a file rather than a pipeline of the store."""
    return name.endswith((".yaml", ".yml", ".json")) or "/" in name
