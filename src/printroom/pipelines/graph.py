"""A pipeline that can be run: whatever could be wrong with it has been checked.

PipelineSpec, Registry, ModelResolver -> Graph          BadPipeline: all faults at once
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from printroom.core.errors import PrintroomError
from printroom.pipelines.conditions import Condition
from printroom.pipelines.declare import StepType
from printroom.pipelines.faults import MOST_TOLD, Fault
from printroom.pipelines.kinds import ListOf
from printroom.pipelines.models import ModelResolver
from printroom.pipelines.order import absent, cycle, ordered, passing_by
from printroom.pipelines.ports import Port
from printroom.pipelines.reading import Path
from printroom.pipelines.refs import Binding, Ref
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

    @classmethod
    def check(
        cls,
        spec: PipelineSpec,
        registry: Registry,
        resolver: ModelResolver | None = None,
        version: int | None = None,
    ) -> Graph:
        """The pipeline, ready to run; raises BadPipeline that names every fault.

        Without a resolver, models are taken to be there.
        """
        check = _Check(spec, registry, resolver)
        wired, outputs = check.result()
        if check.faults:
            raise spec.places.bad(spec.name, check.faults)
        nodes = tuple(_node(one) for one in wired)
        return cls(spec.name, version, spec.title, dict(spec.inputs), nodes, outputs)

    @property
    def id(self) -> str:
        """`name@3`; the name alone where it was not published."""
        return self.name if self.version is None else f"{self.name}@{self.version}"

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

    def closed(self) -> Graph:
        """The same for whoever must not name files of this machine."""
        nodes = tuple(replace(node, step=node.step.closed()) for node in self.nodes)
        return replace(self, nodes=nodes)


class _Enough(Exception):
    """So much is wrong that looking for more is not worth the time."""


class _Check:
    def __init__(
        self, spec: PipelineSpec, registry: Registry, resolver: ModelResolver | None
    ) -> None:
        self.spec = spec
        self.faults = list(spec.faults)
        steps = {step.name: (step, self._found(step, registry)) for step in spec.steps}
        lost = (fault.path for fault in spec.faults if len(fault.path) > 1)
        unread = frozenset(str(path[1]) for path in lost if path[0] == "inputs")
        self.wiring = Wiring(spec.inputs, steps, resolver, self.tell, unread)

    def _found(self, step: StepSpec, registry: Registry) -> StepType | None:
        """What a step uses, if it can be had."""
        try:
            return registry.get(step.use) if step.use else None
        except PrintroomError as error:
            self.faults.append(Fault(("steps", step.name, "use"), str(error)))
        return None

    def tell(self, path: Path, text: str) -> None:
        self.faults.append(Fault(path, text))
        if len(self.faults) > MOST_TOLD:
            raise _Enough

    def result(self) -> tuple[list[Wired], dict[str, Ref]]:
        """The steps in an order that can be run, and the outputs; of use if there are no faults."""
        try:
            return self._checked()
        except _Enough:
            return [], {}

    def _checked(self) -> tuple[list[Wired], dict[str, Ref]]:
        for name, port in self.spec.inputs.items():
            self.wiring.default(port, ("inputs", name))
        wired = {step.name: self.wiring.wired(step.name) for step in self.spec.steps}
        order = ordered(wired)
        if len(order) < len(wired):
            around = cycle(wired, order)
            self.tell(("steps", around[0]), f"it waits for itself: {' -> '.join(around)}")
        for one, ref in absent(order):
            self.tell(
                ("steps", one.spec.name),
                f"it needs {ref}, which is absent when {ref.node} is skipped: give it a when, too",
            )
        return order, self._outputs(wired)

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
            self.tell(
                ("outputs",), f"it is not said which result is meant, of {names}: write outputs"
            )
        return {}


def _node(wired: Wired) -> Node:
    if wired.type is None:
        raise AssertionError(f"{wired.spec.name} was not checked")
    return Node(wired.spec.name, wired.type, wired.bindings, wired.when, wired.each)
