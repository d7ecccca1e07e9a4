"""What a run does: a published pipeline, as it was when the run was asked for.

    "enhance", "sharpen@3", "local/sharpen@3" -> Target             NotFound BadPipeline BadOption
    Target -> JSON in the job -> Target at the worker               BadPipeline: a step is missing

The pipeline travels with the job: a worker with another data folder does the same, whatever was
published since. Its steps and models must be at hand where it is done. It is closed: whoever asks
cannot name files of this machine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from printroom.core.errors import NotFound
from printroom.isolation import images
from printroom.jobs.needs import Needs
from printroom.pipelines import kinds
from printroom.pipelines.graph import Graph
from printroom.pipelines.refs import Constant
from printroom.pipelines.spec import PipelineSpec
from printroom.pipelines.step_toml import StepManifest
from printroom.workshop import Workshop

SHIPPED, LOCAL = "printroom", "local"
"""Whose pipelines are: those that come with printroom, and those that were published here."""
_NAME = re.compile(r"(?:([a-z0-9][a-z0-9-]{0,62})/)?([^/\s]{1,200})", re.ASCII)
_MOST = 64
"""Pipelines that are kept checked."""


@dataclass(frozen=True)
class Target:
    """A pipeline that can be run."""

    graph: Graph
    spec: PipelineSpec

    @property
    def id(self) -> str:
        """`name@version`; what comes with printroom has no version."""
        return self.graph.id

    def to_json(self) -> dict[str, Any]:
        """For the payload of a job."""
        written = None if self.graph.version is None else self.spec.to_dict()
        return {"target": self.id, "pipeline": written}

    @cached_property
    def uses(self) -> Mapping[str, str]:
        """Name of a step in the pipeline -> what it uses."""
        return {step.name: step.use for step in self.spec.steps}


class Targets:
    """Finds pipelines for runs. Safe from many threads."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._checked: dict[str, Target] = {}

    def find(self, name: str) -> Target:
        """The pipeline that `name` means now. Raises NotFound, BadPipeline, BadOption."""
        found = self._workshop.pipelines.get(plain_name(self._workshop, name))
        return self._once(found.spec, found.version)

    def again(self, payload: Mapping[str, Any]) -> Target:
        """The pipeline of a job. Raises NotFound, BadPipeline."""
        if payload["pipeline"] is None:
            return self.find(payload["target"])
        version = int(payload["target"].partition("@")[2])
        return self._once(PipelineSpec.from_dict(payload["pipeline"]), version)

    def needs(self, target: Target) -> dict[str, Needs]:
        """What the worker of each step must have; only of steps that were added, in order."""
        found = {name: self._manifest(use) for name, use in target.uses.items()}
        ordered = [node.name for node in target.graph.nodes]
        return {
            name: needs_of(manifest)
            for name in ordered
            if (manifest := found.get(name)) is not None
        }

    def first_needs(self, target: Target) -> Needs:
        """What the worker that begins must have: what the first step that runs whole asks for.

        Later ones say so when their turn comes.
        """
        model = next(filter(None, map(_model, target.graph.nodes)), None)
        first = next(iter(self.needs(target).values()), Needs())
        return Needs(first.labels, first.bytes, model)

    def _manifest(self, use: str) -> StepManifest | None:
        return self._workshop.folders.manifest(use) if use else None

    def _once(self, spec: PipelineSpec, version: int | None) -> Target:
        key = f"{version} {json.dumps(spec.to_dict(), sort_keys=True)}"
        if key not in self._checked:
            graph = self._workshop.shelf.check(spec, version).closed()
            while len(self._checked) >= _MOST:
                self._checked.pop(next(iter(self._checked)), None)
            self._checked[key] = Target(graph, spec)
        return self._checked[key]


def plain_name(workshop: Workshop, name: str) -> str:
    """`name` without its owner, who must be the right one. Raises NotFound, BadOption."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise NotFound(f"there is no pipeline {name[:80]!r}", "write owner/name@version")
    owner, plain = match.groups()
    if owner is not None:
        version = workshop.pipelines.get(plain).version
        if owner != (SHIPPED if version is None else LOCAL):
            raise NotFound(f"there is no pipeline {name[:80]!r}", f"{plain} is not of {owner}")
    return str(plain)


def needs_of(manifest: StepManifest) -> Needs:
    """What a worker must have for a step: the labels it asks for, cards, and its container image
    where no environment can be made for it.
    """
    resources = manifest.resources
    labels = set(resources.labels) | ({"gpu"} if resources.gpu else set())
    if resources.mig:
        labels.add(f"mig-{resources.mig.replace('+', '-')}")
    if resources.image and not (manifest.requirements or manifest.lock):
        labels.add(images.label(resources.image))
    return Needs(frozenset(labels), resources.memory or 0)


def _model(node: Any) -> str | None:
    """The model that a step is given by name."""
    for name, binding in node.bindings.items():
        if isinstance(binding, Constant) and isinstance(node.step.inputs[name].kind, kinds.Model):
            return str(binding.value) if binding.value else None
    return None
