"""A pipeline that can be run: whatever could be wrong with it has been checked.

PipelineSpec, Registry, ModelResolver -> Graph          BadPipeline: all faults at once
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from printroom.core.errors import BadOption, PrintroomError
from printroom.pipelines.conditions import Condition
from printroom.pipelines.declare import StepType
from printroom.pipelines.faults import MOST_TOLD, Fault, fault_of
from printroom.pipelines.kinds import ListOf, Model, Picture
from printroom.pipelines.models import ModelResolver
from printroom.pipelines.order import absent, cycle, ordered, passing_by
from printroom.pipelines.ports import Port
from printroom.pipelines.refs import Binding, Constant, Ref
from printroom.pipelines.registry import Registry
from printroom.pipelines.spec import PipelineSpec, StepSpec
from printroom.pipelines.wiring import Wired, Wiring


@dataclass(frozen=True)
class Node:
    """One step at its place in a pipeline."""

    name: str
    step: StepType
    bindings: Mapping[str, Binding]
    """Ports and parameters that are bound; the others take their defaults."""
    when: Condition | None = None
    """The step is skipped where this does not hold."""
    each: Ref | None = None
    """The step is run once for every item of this list; its outputs are lists then."""

    @property
    def passing_by(self) -> tuple[Binding, str] | None:
        """What passes by when the step is skipped, and as which output: its one picture.

        None where it has not just one picture in and one out: then its outputs are absent.
        """
        return passing_by(self.step, self.bindings, self.each)

    @property
    def models(self) -> tuple[str, ...]:
        """The models that the pipeline itself gives it; others depend on what comes in."""
        return tuple(
            str(binding.value)
            for name, binding in self.bindings.items()
            if isinstance(binding, Constant)
            and isinstance(self.step.inputs[name].kind, Model)
            and binding.value
        )


@dataclass(frozen=True)
class Graph:
    """Checked steps in an order in which they can be run."""

    name: str
    version: int | None
    """None = not published."""
    title: str
    inputs: Mapping[str, Port]
    nodes: tuple[Node, ...]
    outputs: Mapping[str, Ref]
    """What a step gives that may be skipped may be absent from the result."""
    owner: str | None = None
    """Handle of whose it is; None = it comes with printroom, is from a file, or of `local`."""

    @classmethod
    def check(
        cls,
        spec: PipelineSpec,
        registry: Registry,
        resolver: ModelResolver | None = None,
        version: int | None = None,
        owner: str | None = None,
        *,
        secrets: bool = True,
    ) -> Graph:
        """The pipeline, ready to run; raises BadPipeline that names every fault.

        Without a resolver, models are taken to be there. `secrets`: whether it may name secrets of
        this installation.
        """
        found = Examined.of(spec, registry, resolver, secrets=secrets)
        return cls.made(spec, found, version, owner)

    @classmethod
    def made(
        cls,
        spec: PipelineSpec,
        found: Examined,
        version: int | None = None,
        owner: str | None = None,
    ) -> Graph:
        """The same, of what was found out about `spec` already. Raises BadPipeline."""
        if found.faults:
            raise spec.places.bad(spec.name, found.faults)
        nodes = tuple(_node(one) for one in found.wired)
        inputs = dict(spec.inputs)
        return cls(spec.name, version, spec.title, inputs, nodes, found.outputs, owner)

    @property
    def id(self) -> str:
        """`name@3`, `owner/name@3`; the name alone where it was not published."""
        name = self.name if self.owner is None else f"{self.owner}/{self.name}"
        return name if self.version is None else f"{name}@{self.version}"

    @property
    def results(self) -> dict[str, Port]:
        """What comes out, by name."""
        return {name: self.given(ref) for name, ref in self.outputs.items()}

    def given(self, ref: Ref) -> Port:
        """What `ref` stands for: an input, or an output of a step; of one with `each`, a list."""
        if ref.node is None:
            return self.inputs[ref.port]
        node = next(node for node in self.nodes if node.name == ref.node)
        port = node.step.outputs[ref.port]
        return port if node.each is None else Port(ListOf(port.kind))

    def picture_input(self) -> str:
        """The input that takes the picture, where it takes just one. Raises BadOption."""
        found = [name for name, port in self.inputs.items() if isinstance(port.kind, Picture)]
        if len(found) != 1:
            raise BadOption(f"{self.id} does not take one picture", "name a pipeline that does")
        return found[0]

    def closed(self) -> Graph:
        """The same for whoever must not name files of this machine."""
        nodes = tuple(replace(node, step=node.step.closed()) for node in self.nodes)
        return replace(self, nodes=nodes)


@dataclass(frozen=True)
class Examined:
    """What is known of a pipeline, with or without faults."""

    wired: tuple[Wired, ...]
    """Its steps; in an order that can be run, if nothing is wrong."""
    outputs: Mapping[str, Ref]
    faults: tuple[Fault, ...]
    """In the order of the text."""

    @classmethod
    def of(
        cls,
        spec: PipelineSpec,
        registry: Registry,
        resolver: ModelResolver | None = None,
        *,
        secrets: bool = True,
    ) -> Examined:
        """`secrets`: whether it may name secrets of this installation."""
        check = _Check(spec, registry, resolver, secrets)
        wired, outputs = check.result()
        return cls(tuple(wired), outputs, tuple(spec.places.ordered(check.faults)))


class _Enough(Exception):
    """So much is wrong that looking for more is not worth the time."""


class _Check:
    def __init__(
        self,
        spec: PipelineSpec,
        registry: Registry,
        resolver: ModelResolver | None,
        secrets: bool,
    ) -> None:
        self.spec = spec
        self.faults = list(spec.faults)
        steps = {step.name: (step, self._found(step, registry)) for step in spec.steps}
        lost = (fault.path for fault in spec.faults if len(fault.path) > 1)
        unread = frozenset(str(path[1]) for path in lost if path[0] == "inputs")
        self.wiring = Wiring(spec.inputs, steps, resolver, self.tell, unread, secrets)
        self.wired: dict[str, Wired] = {}

    def _found(self, step: StepSpec, registry: Registry) -> StepType | None:
        """What a step uses, if it can be had."""
        try:
            return registry.get(step.use) if step.use else None
        except PrintroomError as error:
            self.faults.append(fault_of(("steps", step.name, "use"), error))
        return None

    def tell(self, fault: Fault) -> None:
        self.faults.append(fault)
        if len(self.faults) > MOST_TOLD:
            raise _Enough

    def result(self) -> tuple[list[Wired], dict[str, Ref]]:
        """The steps in an order that can be run, and the outputs; with faults, what there is."""
        try:
            return self._checked()
        except _Enough:
            return list(self.wired.values()), {}

    def _checked(self) -> tuple[list[Wired], dict[str, Ref]]:
        for name, port in self.spec.inputs.items():
            self.wiring.default(port, ("inputs", name))
        wired = self.wired
        for step in self.spec.steps:
            wired[step.name] = self.wiring.wired(step.name)
        order = ordered(wired)
        if len(order) < len(wired):
            around = cycle(wired, order)
            text = f"it waits for itself: {' -> '.join(around)}"
            self.tell(Fault(("steps", around[0]), text, "take one of these wires away"))
        for one, ref in absent(order):
            text = f"it needs {ref}, which is absent when {ref.node} is skipped"
            self.tell(Fault(("steps", one.spec.name), text, "give it a when, too"))
        outputs = self._outputs(wired)
        return (list(wired.values()) if len(order) < len(wired) else order), outputs

    def _outputs(self, wired: Mapping[str, Wired]) -> dict[str, Ref]:
        if self.spec.outputs:
            found = {name: self.wiring.output(name, ref) for name, ref in self.spec.outputs.items()}
            return {name: ref for name, ref in found.items() if ref}
        used = {name for step in self.spec.steps for name in step.mentioned}
        last = [one for name, one in wired.items() if name not in used and one.type]
        if len(last) == 1 and last[0].type:
            return {port: Ref(last[0].spec.name, port) for port in last[0].type.outputs}
        if last:
            names = ", ".join(one.spec.name for one in last)
            text = f"it is not said which result is meant, of {names}"
            self.tell(Fault(("outputs",), text, "write outputs"))
        return {}


def _node(wired: Wired) -> Node:
    if wired.type is None:
        raise AssertionError(f"{wired.spec.name} was not checked")
    return Node(wired.spec.name, wired.type, wired.bindings, wired.when, wired.each)
