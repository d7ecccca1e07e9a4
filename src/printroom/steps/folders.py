"""Steps in folders as steps of pipelines, each run in an environment of its own.

    folder -> StepFolders.add -> "vignette", "vignette@3f2a..."      BadStep EnvironmentFailed
                                                                     StepFailed StepLost
    "vignette", "vignette@3f2a..." -> StepType                       no process is started
    StepFolders.bundled -> StepTypes                                 those that come with printroom
    beside(folder): "./vignette" -> StepType                         where it lies, as it is now

An environment is there from the first run of a step on, its processes until they have rested.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from printroom.core.errors import BadStep, NoCard, NotFound
from printroom.isolation.adapter import IsolatedRun, step_type
from printroom.isolation.folder import StepSource
from printroom.isolation.house import Isolation
from printroom.isolation.isolated import IsolatedStep
from printroom.isolation.seats import IDLE
from printroom.pipelines.declare import StepShape, StepType
from printroom.pipelines.step import Step
from printroom.pipelines.step_toml import StepManifest, read_manifest
from printroom.steps.bundled import Bundled, bundled
from printroom.steps.kept import Declared, Kept, KeptSteps, digest_of

_log = logging.getLogger(__name__)
_LOCAL = ("./", "../")
"""What `use` begins with where it means a folder."""


class StepFolders:
    """A `StepShelf` of the steps that were added. Safe from many threads; close it."""

    def __init__(self, data: Path, *, idle: float = IDLE, image: str | None = None) -> None:
        """`data`: where steps, environments, and what steps say of themselves are kept.

        `idle`: seconds that processes rest, 0 = for ever; `image`: the container image in which
        this process runs.
        """
        self._kept = KeptSteps(data / "steps")
        self._isolation = Isolation(data, idle=idle, image=image)
        self._steps: dict[tuple[str, Path], StepType] = {}
        """By digest and place: opened once."""
        self._running: list[_Running] = []
        self._lock = threading.RLock()

    def add(
        self,
        folder: Path,
        *,
        taken: Container[str] = (),
        pinned: Container[str] = (),
        replaces: bool = False,
    ) -> Kept:
        """Check the step in `folder`, make its environment, keep a copy, and name it.

        Raises BadStep for a name that is `taken`, or was given to another step, unless this one
        `replaces` it, whose copy goes if it is not `pinned`; and whatever is wrong with the step.
        """
        source = StepSource.of(folder)
        if source.name in taken:
            raise BadStep(
                f"there is a step {source.name} already, which is installed",
                "give yours another name in step.toml",
            )
        former = self._kept.find(source.name)
        if former is not None and former.digest != digest_of(source) and not replaces:
            raise BadStep(
                f"there is a step {source.name} already, with other content",
                "say --replace, or give yours another name in step.toml",
            )
        kept = self.keep(folder)
        self._kept.name(kept)
        if former is not None and former.digest != kept.digest:
            self._kept.drop(former, pinned)
        return kept

    def keep(self, folder: Path) -> Kept:
        """Check the step in `folder`, and keep a copy without naming it."""
        return self._kept.keep(folder, self._checked)

    def remove(self, name: str, pinned: Container[str] = ()) -> Kept:
        """Take a name away; pipelines that `pinned` its step go on. Raises NotFound."""
        return self._kept.remove(name, pinned)

    def open(self, folder: Path) -> IsolatedStep:
        """The step in `folder`, to be closed by the caller; its environment is made."""
        return self._isolation.open(StepSource.of(folder))

    def beside(self, base: Path) -> LocalSteps:
        """The steps that a file in the folder `base` may use as `./name`."""
        return LocalSteps(self, base)

    def find(self, use: str) -> StepType | None:
        """The step that was added under that name, or kept with that digest."""
        kept = self._kept.find(use)
        return None if kept is None else self._once(kept.digest, kept.folder, lambda: _type(
            kept, self._started(lambda: self._isolation.open(_source(kept)))
        ))  # fmt: skip

    def bundled(self) -> Iterator[StepType]:
        """The steps in folders that come with printroom. Raises BadStep."""
        for step in bundled().values():
            yield self._once("", step.folder, partial(self._bundled, step))

    def manifest(self, use: str) -> StepManifest | None:
        """What the `step.toml` of a step says: one that was added, or comes with printroom."""
        if (own := bundled().get(use)) is not None:
            return read_manifest(own.folder)
        kept = self._kept.find(use)
        return None if kept is None else read_manifest(kept.folder)

    def names(self) -> list[str]:
        """Of the steps that were added."""
        return self._kept.names()

    def pinned(self, use: str) -> str | None:
        """`name@digest` for a step that is kept."""
        kept = self._kept.find(use)
        return None if kept is None else kept.pin

    def at(self, folder: Path) -> StepType:
        """The step in `folder`, run where it lies."""
        source = StepSource.of(folder)

        def opened() -> StepType:
            step = self._isolation.open(source)
            running = self._started(lambda: step)
            return replace(step_type(step), factory=running)

        return self._once(digest_of(source), folder.resolve(), opened)

    def close(self) -> None:
        """End all processes; runs in progress fail."""
        with self._lock:
            running, self._running = self._running, []
            self._steps.clear()
        for one in running:
            one.close()

    def _once(self, digest: str, place: Path, make: Callable[[], StepType]) -> StepType:
        key = digest, place
        with self._lock:
            if key not in self._steps:
                self._steps[key] = make()
            return self._steps[key]

    def _bundled(self, step: Bundled) -> StepType:
        return step.step_type(
            self._started(lambda: self._isolation.open(StepSource.of(step.folder)))
        )

    def _started(self, start: Callable[[], IsolatedStep]) -> _Running:
        running = _Running(start)
        self._running.append(running)
        return running

    def _checked(self, source: StepSource) -> Declared:
        """What the step in a fresh copy says of itself, once it was tried.

        What needs a card that this machine lacks is tried by the worker that first runs it.
        """
        environment = self._isolation.environment(source.environment)
        with self._isolation.open(_locked(source, environment.lock)) as step:
            try:
                step.preflight()
            except NoCard as missing:
                _log.warning("step %s is not tried here: %s", source.name, missing.reason)
            return Declared(step.description, step.inputs, step.outputs, environment.lock)


class LocalSteps:
    """A `StepShelf` of the steps that lie beside a file, for whoever is still at work on them."""

    def __init__(self, folders: StepFolders, base: Path) -> None:
        self._folders, self._base = folders, base

    def find(self, use: str) -> StepType | None:
        """`./name`: the step in that folder. Raises NotFound, BadStep, EnvironmentFailed."""
        return self._folders.at(self._folder(use)) if use.startswith(_LOCAL) else None

    def names(self) -> Iterable[str]:
        """None: they are not offered to others."""
        return ()

    def pinned(self, use: str) -> str | None:
        """`name@digest` of a copy that is kept."""
        return self._folders.keep(self._folder(use)).pin if use.startswith(_LOCAL) else None

    def _folder(self, use: str) -> Path:
        folder = self._base / use
        if not folder.is_dir():
            raise NotFound(f"there is no folder {use!r} beside the pipeline", "check the name")
        return folder


class _Running:
    """Makes steps for single runs, over processes that they share; opened when first needed."""

    def __init__(self, start: Callable[[], IsolatedStep]) -> None:
        self._start = start
        self._isolated: IsolatedStep | None = None
        self._lock = threading.Lock()

    def __call__(self, **_parameters: Any) -> Step:
        with self._lock:
            if self._isolated is None:
                self._isolated = self._start()
            return IsolatedRun(isolated=self._isolated)

    def close(self) -> None:
        with self._lock:
            if self._isolated is not None:
                self._isolated.close()


def _type(kept: Kept, factory: Callable[..., Step]) -> StepType:
    declared = kept.declared
    return StepType(
        kept.name,
        declared.description,
        StepShape.RUN,
        declared.inputs,
        {},
        declared.outputs,
        factory,
        "added",
    )


def _source(kept: Kept) -> StepSource:
    """The kept copy, to be run with the packages that it was checked with."""
    source = StepSource.of(kept.folder)
    if digest_of(source) != kept.digest:
        raise BadStep(f"the copy of step {kept.name} in {kept.folder} was changed", "add it again")
    return _locked(source, kept.declared.lock)


def _locked(source: StepSource, lock: str) -> StepSource:
    """With that lock; empty for a step of an image, it is that of the image alone."""
    if source.environment.image and not lock:
        return source
    return replace(source, environment=replace(source.environment, lock=lock))
