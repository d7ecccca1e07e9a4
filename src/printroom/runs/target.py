"""What a run does: a published pipeline, as it was when the run was asked for.

    "enhance", "sharpen@3", "acme/sharpen@3" by account -> Target   NotFound BadPipeline BadOption
    "acme/ink", a model, by account -> Target of one step           NotFound BadModel
    Target -> JSON in the job -> Target at the worker               BadPipeline: a step is missing

The pipeline travels with the job: a worker with another data folder does the same, whatever was
published since. Its steps and models must be at hand where it is done. It is closed: whoever asks
cannot name files of this machine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from printroom.catalogue.alone import alone
from printroom.core.errors import BadPipeline, NotFound
from printroom.isolation import images
from printroom.jobs.needs import Needs
from printroom.pipelines import kinds
from printroom.pipelines.declare import StepShape
from printroom.pipelines.graph import Graph
from printroom.pipelines.names import LOCAL, SHIPPED
from printroom.pipelines.reading import MOST_BYTES
from printroom.pipelines.refs import Binding, Ref
from printroom.pipelines.spec import PipelineSpec
from printroom.pipelines.step_toml import StepManifest
from printroom.pipelines.store import Published
from printroom.runs.inputs import BadInput
from printroom.workshop import Workshop

DRAFT = "draft"
"""What the target of a run is called whose pipeline came with it."""
_MOST = 64
"""Pipelines that are kept checked."""


@dataclass(frozen=True)
class Target:
    """A pipeline that can be run."""

    graph: Graph
    spec: PipelineSpec
    account: str | None = None
    """The id of whose it is; None = it comes with printroom."""
    own: bool = True
    """Whether it is of the account that asked, or comes with printroom."""
    draft: bool = False
    """Whether it came with the request, and is not published."""
    of_model: str = ""
    """The id of the model that it is all of; empty = it is a pipeline."""

    @property
    def id(self) -> str:
        """`owner/name@version`, `name@version`; what comes with printroom has no version, and what
        is not published is `draft`.
        """
        return DRAFT if self.draft else self.of_model or self.graph.id

    @cached_property
    def raw(self) -> Mapping[str, Any]:
        """For the payload of a job."""
        shipped = self.graph.version is None and not (self.draft or self.of_model)
        written = None if shipped else self.spec.to_dict()
        return {
            "target": self.id,
            "pipeline": written,
            "owner": self.account,
            "own": self.own,
            "of_model": bool(self.of_model),
        }

    @cached_property
    def light(self) -> bool:
        """Whether all of it streams, in steps that come with printroom or were installed."""
        return all(node.step.shape is not StepShape.RUN for node in self.graph.nodes)

    def models(self, given: Mapping[str, Any]) -> list[str]:
        """All that it names, and that these inputs do, once each."""
        found = [name for node in self.graph.nodes for name in node.models]
        for node in self.graph.nodes:
            for name, binding in node.bindings.items():
                if isinstance(node.step.inputs[name].kind, kinds.Model):
                    found += self._asked(binding, given)
        return list(dict.fromkeys(found))

    def _asked(self, binding: Binding, given: Mapping[str, Any]) -> list[str]:
        """The model that an input names, or its default."""
        if not isinstance(binding, Ref) or binding.node is not None:
            return []
        port = self.graph.inputs.get(binding.port)
        value = given.get(binding.port, None if port is None else port.default)
        return [value] if isinstance(value, str) else []

    @cached_property
    def model(self) -> str | None:
        """The first model that it names."""
        return next((name for node in self.graph.nodes for name in node.models), None)

    @cached_property
    def uses(self) -> Mapping[str, str]:
        """Name of a step in the pipeline -> what it uses."""
        return {step.name: step.use for step in self.spec.steps}


class Targets:
    """Finds pipelines for runs. Safe from many threads."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._checked: dict[str, Target] = {}

    def find(self, name: str, account: str) -> Target:
        """The pipeline that `name` means to an account now; or else the model.

        Raises NotFound, BadPipeline, BadOption, BadModel.
        """
        try:
            return self._once(self._workshop.pipelines.get(name, account))
        except NotFound:
            if "/" not in name:
                raise
            found = self._of_model(name, account)
            if found is None:
                raise
            return found

    def others(self, target: Target, given: Mapping[str, Any]) -> list[str]:
        """The models that a run uses and that are accounts', as far as they are known by now."""
        floor = self._workshop.floor
        return [name for name in target.models(given) if "/" in name and not floor.has(name)]

    def draft(self, pipeline: Mapping[str, Any], account: str) -> Target:
        """A pipeline that somebody of that account sent. Raises BadPipeline."""
        key = f"{DRAFT} {account} {json.dumps(pipeline, sort_keys=True)}"
        if (known := self._checked.get(key)) is not None:
            return known
        spec = PipelineSpec.from_dict(pipeline)
        if len(json.dumps(spec.to_dict())) > MOST_BYTES:
            raise BadPipeline(f"the pipeline is over {MOST_BYTES} bytes", "make it smaller")
        graph = self._workshop.shelf.sent(spec, account).closed()
        return self._kept(key, Target(graph, spec, account, draft=True))

    def wanted(self, account: str, name: str, pipeline: Mapping[str, Any] | None = None) -> Target:
        """What a request names, or brings along. Raises as `find` and `draft`."""
        if bool(name) == (pipeline is not None):
            reason = "a run has a target, or a pipeline"
            raise BadInput(reason, "give one of them", params=["target"])
        return self.find(name, account) if pipeline is None else self.draft(pipeline, account)

    def again(self, payload: Mapping[str, Any]) -> Target:
        """The pipeline of a job. Raises NotFound, BadPipeline."""
        target, account = payload["target"], payload.get("owner") or LOCAL
        if payload["pipeline"] is None:
            return self.find(target, account)
        if target == DRAFT:
            return self.draft(payload["pipeline"], account)
        if payload.get("of_model"):
            return self._alone(target, PipelineSpec.from_dict(payload["pipeline"]), account)
        own = bool(payload.get("own", True))
        if (known := self._checked.get(_key(target, account, own))) is not None:
            return known
        place, _, version = target.partition("@")
        owner = place.rpartition("/")[0] or LOCAL
        spec = PipelineSpec.from_dict(payload["pipeline"])
        return self._once(Published(spec, int(version), account, owner, own))

    def needs(self, target: Target) -> dict[str, Needs]:
        """What the worker of each step must have; only of steps that were added, in order."""
        found = {name: self._manifest(use) for name, use in target.uses.items()}
        ordered = [node.name for node in target.graph.nodes]
        return {
            name: needs_of(manifest)
            for name in ordered
            if (manifest := found.get(name)) is not None
        }

    def first_needs(self, target: Target, needs: Mapping[str, Needs]) -> Needs:
        """What the worker that begins must have: what the first step that runs whole asks for.

        Later ones say so when their turn comes. `needs`: of all steps.
        """
        first = next(iter(needs.values()), Needs())
        return Needs(first.labels, first.bytes, target.model)

    def _manifest(self, use: str) -> StepManifest | None:
        return self._workshop.folders.manifest(use) if use else None

    def _of_model(self, name: str, account: str) -> Target | None:
        """The pipeline of a model alone; None = there is no model of that name."""
        try:
            card = self._workshop.floor.model(name, (account,), named=True).card
        except NotFound:
            return None
        return self._alone(card.id, alone(card), account)

    def _alone(self, name: str, spec: PipelineSpec, account: str) -> Target:
        key = f"model {name} {account}"
        if (known := self._checked.get(key)) is not None:
            return known
        graph = self._workshop.shelf.sent(spec, account).closed()
        return self._kept(key, Target(graph, spec, account, of_model=name))

    def _once(self, found: Published) -> Target:
        key = _key(found.id, found.account, found.own)
        if key not in self._checked:
            graph = self._workshop.shelf.ready(found).closed()
            return self._kept(key, Target(graph, found.spec, found.account, found.own))
        return self._checked[key]

    def _kept(self, key: str, target: Target) -> Target:
        while len(self._checked) >= _MOST:
            self._checked.pop(next(iter(self._checked)), None)
        self._checked[key] = target
        return target


def _key(name: str, account: str | None, own: bool) -> str:
    """What a published pipeline is kept under: a version never changes."""
    return f"{name} {account} {own}"


def names_of(payload: Mapping[str, Any]) -> set[str]:
    """What the pipeline of a job may be called by whose job it is, without a version."""
    if payload["target"] == DRAFT:
        return set()
    place = str(payload["target"]).partition("@")[0]
    if payload.get("of_model"):
        return {place}
    return {place, place.rpartition("/")[2]} if payload.get("own", True) else {place}


def said(name: str, account: str) -> str:
    """`name` as a token of that account says it: without the owners that need not be named."""
    owner, slash, plain = name.partition("/")
    bare = slash and (owner == SHIPPED or (owner == LOCAL and account == LOCAL))
    return plain if bare else name


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
