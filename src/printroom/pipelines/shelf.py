"""The pipelines at hand, checked: what comes with printroom, what was published, and files.

name, file -> Graph               NotFound BadPipeline
PipelineSpec -> its version       BadPipeline BadOption Unwritable
"""

from __future__ import annotations

from pathlib import Path

from printroom.core.errors import NotFound
from printroom.pipelines.graph import Graph
from printroom.pipelines.models import ModelResolver
from printroom.pipelines.registry import Registry
from printroom.pipelines.spec import PipelineSpec
from printroom.pipelines.store import PipelineStore, Published


class Pipelines:
    """A store, with the steps and models that its pipelines are checked against."""

    def __init__(
        self, store: PipelineStore, registry: Registry, resolver: ModelResolver | None = None
    ) -> None:
        self.store = store
        self.registry = registry
        self._resolver = resolver

    def graph(self, name: str | Path) -> Graph:
        """The pipeline `name@3`, `name@alias`, `name`, or of a YAML file, ready to run."""
        found = self.find(name)
        return self.check(found.spec, found.version)

    def find(self, name: str | Path) -> Published:
        """The pipeline as it is written; of a file, its version is None."""
        if isinstance(name, str) and not is_file(name):
            return self.store.get(name)
        return Published(read_file(Path(name)), None)

    def check(self, spec: PipelineSpec, version: int | None = None) -> Graph:
        """`spec`, ready to run. Raises BadPipeline."""
        return Graph.check(spec, self.registry, self._resolver, version)

    def publish(self, spec: PipelineSpec) -> Published:
        """Check `spec`, and keep it as the next version of its name."""
        self.check(spec)
        return self.store.publish(spec)


def is_file(name: str) -> bool:
    """Whether `name` means a file rather than a pipeline of the store."""
    return name.endswith((".yaml", ".yml", ".json")) or "/" in name


def read_file(file: Path) -> PipelineSpec:
    """The pipeline in a YAML or JSON file. Raises NotFound, BadPipeline."""
    try:
        return PipelineSpec.from_yaml(file.read_bytes(), file.name)
    except OSError as error:
        raise NotFound(f"{file} cannot be read", error.strerror or str(error)) from error
