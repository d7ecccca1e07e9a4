"""The pipelines at hand, checked: what comes with printroom, what was published, and files.

name, account -> Graph            NotFound BadPipeline
file -> Graph                     NotFound BadPipeline
PipelineSpec -> its version       BadPipeline BadOption

Who has the machine at hand may use folders beside a file, files and secrets of the machine. What
came over HTTP may not: it is checked by `examined` or `sent`, and published by `accept`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from printroom.core.errors import BadPipeline
from printroom.pipelines.graph import Examined, Graph
from printroom.pipelines.models import ModelResolver
from printroom.pipelines.names import LOCAL, SHIPPED
from printroom.pipelines.reading import MOST_BYTES
from printroom.pipelines.registry import Registry, StepShelf
from printroom.pipelines.spec import PipelineSpec
from printroom.pipelines.store import PipelineStore, Published, Witness


class Pipelines:
    """A store, with the steps and models that its pipelines are checked against."""

    def __init__(
        self,
        store: PipelineStore,
        registry: Registry,
        models: Callable[[str], ModelResolver] | None = None,
        folders: Callable[[Path], StepShelf] | None = None,
    ) -> None:
        """`models`: those that an account may use; None = whatever is named is taken to be there.

        `folders`: the steps `./name` that lie beside a file in that folder; None = none do.
        """
        self.store = store
        self.registry = registry
        self._models = models
        self._folders = folders

    def graph(self, name: str | Path) -> Graph:
        """The pipeline `name@3`, `name@alias`, `name`, or of a YAML file, ready to run here."""
        return self.ready(self.find(name))

    def published(self, name: str, account: str) -> Graph:
        """The pipeline that `name` means to an account, ready to run: never a file, whoever asks.

        Raises NotFound, BadOption, BadPipeline.
        """
        return self.ready(self.store.get(name, account))

    def find(self, name: str | Path) -> Published:
        """The pipeline as it is written; of a file, its version is None."""
        if isinstance(name, str) and not is_file(name):
            return self.store.get(name)
        return Published(PipelineSpec.from_file(Path(name)))

    def ready(self, found: Published) -> Graph:
        """What was found, ready to run. Raises BadPipeline."""
        owner = None if found.owner in (LOCAL, SHIPPED) else found.owner
        return self.check(found.spec, found.version, owner, found.account or LOCAL)

    def check(
        self,
        spec: PipelineSpec,
        version: int | None = None,
        owner: str | None = None,
        account: str = LOCAL,
    ) -> Graph:
        """`spec` of an account, ready to run. `owner`: as of `Graph`. Raises BadPipeline."""
        return Graph.check(spec, self._steps(spec), self._resolver(account), version, owner)

    def publish(self, spec: PipelineSpec) -> Published:
        """Check `spec`, and keep it as the next version of its name, of whoever is at hand.

        Its steps in folders are kept with it as they are now: a version never changes.
        """
        self.check(spec)
        return self.store.publish(spec.pinned(self._steps(spec)))

    def examined(self, spec: PipelineSpec, account: str) -> Examined:
        """What is known, and what is wrong, of a pipeline that somebody of that account sent."""
        steps, models = self.registry.closed(), self._resolver(account)
        return Examined.of(spec, steps, models, secrets=account == LOCAL)

    def sent(self, spec: PipelineSpec, account: str) -> Graph:
        """The same, ready to run, for whoever must not name files and secrets of this machine.

        Raises BadPipeline.
        """
        return Graph.made(spec, self.examined(spec, account))

    def accept(
        self,
        spec: PipelineSpec,
        account: str,
        by: str | None = None,
        witness: Witness | None = None,
    ) -> Published:
        """Check `spec`, which somebody sent, and keep it as the account's next version of its name.

        Raises BadPipeline, BadOption, and what `witness` raises.
        """
        self.sent(spec, account)
        kept = spec.pinned(self.registry)
        if len(kept.to_yaml().encode()) > MOST_BYTES:
            raise BadPipeline(
                f"pipeline {spec.name!r} is too long", f"as YAML it has at most {MOST_BYTES} bytes"
            )
        return self.store.publish(kept, account, by, witness)

    def _resolver(self, account: str) -> ModelResolver | None:
        return None if self._models is None else self._models(account)

    def _steps(self, spec: PipelineSpec) -> Registry:
        if spec.folder is None or self._folders is None:
            return self.registry
        return self.registry.beside(self._folders(spec.folder))


def is_file(name: str) -> bool:
    """Whether `name` means a file rather than a pipeline of the store.

    >>> is_file("acme/ink@3"), is_file("ink"), is_file("./ink.yaml"), is_file("folder/ink.json")
    (False, False, True, True)
    """
    return name.endswith((".yaml", ".yml", ".json")) or name.startswith(("/", "./", "../"))
