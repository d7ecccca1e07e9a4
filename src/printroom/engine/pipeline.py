"""Running a graph: values from node to node, and pictures as flows, computed when they are wanted.

    Graph, values -> Running.run() -> outputs by name; a picture is a Flow, still to be sent
                                      BadOption NotFound Cancelled StepFailed
                                      and whatever previews, models and steps raise

Nodes are taken in order. One whose `when` does not hold, or that needs what is absent, is skipped:
its one picture passes by, and its other outputs are absent. Looking and preparing happens on
previews, at once; a step that streams only adds its link to the flow. Pixels are computed where
they are wanted as a whole: at the outputs, at `run` steps, and where a picture goes several ways.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from printroom.core.errors import BadOption, PrintroomError, StepFailed
from printroom.engine.context import Context
from printroom.engine.done import Done
from printroom.engine.flow import Desk, Flow
from printroom.engine.glimpse import Glimpse, glimpsed
from printroom.engine.keeping import Keeper, packed, unpacked
from printroom.engine.links import failed, step_link
from printroom.engine.rasters import Raster
from printroom.engine.stages import readers
from printroom.imaging.image import Image
from printroom.imaging.limits import Limits
from printroom.pipelines import kinds
from printroom.pipelines.declare import StepShape
from printroom.pipelines.graph import Graph, Node
from printroom.pipelines.kinds import Kind
from printroom.pipelines.ports import Port
from printroom.pipelines.refs import EACH, Binding, Constant, Ref, Secret
from printroom.pipelines.step import LookStep, ModelStep, Step, TileStep
from printroom.pipelines.values import taken


class _AbsentError(Exception):
    """A value that is needed belongs to a step that was skipped."""


class Running:
    """One execution of a graph."""

    def __init__(
        self,
        graph: Graph,
        desk: Desk,
        limits: Limits | None = None,
        keeper: Keeper | None = None,
    ) -> None:
        """`limits`: what pictures that are given may be at most. `keeper`: has what `run` steps
        left in an earlier execution, and takes what they leave in this one; None = there is none.
        """
        self._keeper = keeper
        self._graph, self._desk, self._limits = graph, desk, limits or Limits()
        self.values: dict[Ref, Any] = {}
        """All that is known so far; what is missing is absent."""
        self.done: list[Done] = []
        """Steps that do something to a picture, in order."""
        self._readers = readers(graph)

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The outputs that are not absent; pictures are flows of the desk, or lists of them."""
        given = taken(self._graph.inputs, inputs)
        for name, port in self._graph.inputs.items():
            value = given.get(name, port.default)
            if value is not None and _pictures(port.kind):
                value = _mapped(value, self._opened)
            self.values[Ref(None, name)] = value
        for node in self._graph.nodes:
            self._desk.order.check()
            self._node(node)
        found = self._graph.outputs.items()
        return {name: self.values[ref] for name, ref in found if ref in self.values}

    def _opened(self, picture: Path | bytes | Image | np.ndarray[Any, Any]) -> Flow:
        """A picture that a caller gave."""
        if isinstance(picture, np.ndarray):
            try:
                return Flow(self._desk, self._desk.raster(_checked(picture), None))
            except ValueError as error:
                raise BadOption(f"a picture that was given {error}") from None
        if not isinstance(picture, Image):
            picture = self._desk.opened(Image.open(picture, self._limits))
        return Flow(self._desk, Raster.of_image(picture))

    def _node(self, node: Node) -> None:
        """Take one node, or skip it."""
        values, when = self.values, node.when
        try:
            if when and not (values.keys() >= set(when.refs) and when.holds(values)):
                raise _AbsentError
            if node.each is None:
                outputs = self._once(node)
            else:
                items = enumerate(self._value(node.each))
                once = [self._once(node, item, f"{node.name}[{at}]") for at, item in items]
                outputs = {name: [one[name] for one in once] for name in node.step.outputs}
        except _AbsentError:
            outputs = self._passed_by(node)
        for name, value in outputs.items():
            ref = Ref(node.name, name)
            values[ref] = value
            for flow in _flows(value):
                flow.shared |= self._readers[ref] > 1

    def _passed_by(self, node: Node) -> dict[str, Any]:
        """What there is of the outputs of a step that is skipped."""
        if node.passing_by is None:
            return {}
        binding, name = node.passing_by
        try:
            return {name: self._resolved(binding, Context(self._desk))}
        except _AbsentError:
            return {}

    def _once(self, node: Node, item: Any = None, name: str = "") -> dict[str, Any]:
        """The outputs of one execution of a step; `name` tells it from others of its node."""
        context, declared = Context(self._desk), node.step
        given = {
            name: self._bound(node, name, binding, context, item)
            for name, binding in node.bindings.items()
        }
        parameters = {name: given.pop(name) for name in declared.parameters if name in given}
        with self._desk.floor.timed(declared.name, node.name), _reporting(declared.name):
            whole = declared.shape is StepShape.RUN
            keeper, name = self._keeper, name or node.name
            if keeper is not None:
                if whole and (kept := keeper.kept(name)) is not None:
                    return unpacked(kept, keeper, self._desk, _origin(given))
                keeper.begins(node)
            step = declared.factory(**parameters)
            if whole:
                outputs = self._run(node, step, context, given)
                if keeper is not None:
                    keeper.keep(name, packed(outputs, keeper, self._desk))
                return outputs
            flow: Flow = given["image"]
            if isinstance(step, LookStep):
                return self._outputs(node, step.look(context, flow.preview), flow.origin)
            return {"image": self._streaming(node, step, context, flow)}

    def _streaming(self, node: Node, step: Step, context: Context, flow: Flow) -> Flow:
        """The flow behind a step that streams."""
        if isinstance(step, ModelStep):
            name = step.model(context)
            if name is None:
                return flow
            floor, order = self._desk.floor, self._desk.order
            link = floor.link(floor.model(name, order.accounts), order)
        else:
            assert isinstance(step, TileStep)
            plain = type(step).prepare is TileStep.prepare  # a preview costs a pass
            link = step_link(step, None if plain else step.prepare(context, flow.preview))
        by = link.name if isinstance(step, ModelStep) else ""
        self.done.append(Done(node.name, node.step.name, by))
        keeper = self._keeper
        if keeper is not None and keeper.previews:
            seen = Glimpse(flow.then(link).spec, partial(keeper.shown, node.name))
            link = replace(link, tap=seen)
        return flow.then(link)

    def _run(
        self, node: Node, step: Step, context: Context, given: dict[str, Any]
    ) -> dict[str, Any]:
        """A step that wants pictures as a whole."""
        flows = [flow for value in given.values() for flow in _flows(value)]
        rasters = {flow: flow.raster() for flow in flows}
        size = sum(raster.floats for raster in rasters.values())
        with self._desk.floor.reserved(2 * size, self._desk.order):
            planes = {flow: raster.planes() for flow, raster in rasters.items()}
            for name, value in given.items():
                if _flows(value):
                    given[name] = _mapped(value, planes.__getitem__)
            result = step.run(context, **given)
            outputs = self._outputs(node, result, flows[0].origin if flows else None)
        if self._keeper is not None and self._keeper.previews:
            self._show(node, _fields(result), self._keeper)
        return outputs

    def _show(self, node: Node, fields: Mapping[str, Any], keeper: Keeper) -> None:
        """The first picture of what a step returned, which has been checked."""
        for name, port in node.step.outputs.items():
            value = fields[name] if _pictures(port.kind) else None
            for one in value if isinstance(value, list) else [value]:
                if one is not None:
                    keeper.shown(node.name, glimpsed(np.asarray(one, np.float32)))
                    return

    def _outputs(self, node: Node, result: Any, like: Raster | None) -> dict[str, Any]:
        """The outputs of a step from what it returned, of their kinds."""
        fields = _fields(result)
        outputs = {}
        for name, port in node.step.outputs.items():
            what = f"step {node.step.name}: its output {name!r}"
            if name not in fields:
                raise StepFailed(f"{what} is missing", "return what it declares")
            try:
                outputs[name] = self._kept(port.coerce(fields[name]), port, like)
            except ValueError as error:
                raise StepFailed(f"{what} {error}", "return what it declares") from None
        return outputs

    def _kept(self, value: Any, port: Port, like: Raster | None) -> Any:
        """What a step made; of pictures, flows."""
        if value is None or not _pictures(port.kind):
            return value
        return _mapped(value, lambda one: Flow(self._desk, self._desk.raster(_checked(one), like)))

    def _bound(self, node: Node, name: str, binding: Binding, context: Context, item: Any) -> Any:
        """The value of a port or parameter, of its kind."""
        value = self._resolved(binding, context, item)
        port = node.step.inputs[name]
        if isinstance(binding, Constant) or value is None or _pictures(port.kind):
            return value
        try:
            value = port.coerce(value)
        except ValueError as error:
            raise BadOption(f"step {node.name}: {name} {error}") from None
        return self._named(value) if isinstance(port.kind, kinds.Model) else value

    def _named(self, model: str) -> str:
        """The id of a model that the pipeline does not name itself: one that whoever runs it may
        use, which those of the pipeline's owner are not. Raises NotFound, BadModel.
        """
        mine = replace(self._desk.order, owner="").accounts
        return self._desk.floor.model(model, mine).card.id

    def _resolved(self, binding: Binding, context: Context, item: Any = None) -> Any:
        if isinstance(binding, Constant):
            return binding.value
        if isinstance(binding, Secret):
            return context.secret(binding.name)
        if isinstance(binding, tuple):
            return [self._resolved(one, context, item) for one in binding]
        return item if binding == EACH else self._value(binding)

    def _value(self, ref: Ref) -> Any:
        try:
            return self.values[ref]
        except KeyError:
            raise _AbsentError from None


def _fields(result: Any) -> dict[str, Any]:
    """What a step returned, by name."""
    return dict(result._asdict()) if hasattr(result, "_asdict") else {"result": result}


def _origin(given: Mapping[str, Any]) -> Raster | None:
    """What the pictures that a step makes are like."""
    return next((flow.origin for value in given.values() for flow in _flows(value)), None)


@contextmanager
def _reporting(step: str) -> Iterator[None]:
    """Faults of a step's own code, told as such."""
    try:
        yield
    except (PrintroomError, _AbsentError):
        raise
    except Exception as error:  # whatever a step's author may get wrong
        raise failed(step, error) from error


def _pictures(kind: Kind) -> bool:
    """Whether values of a kind are pictures, or lists of them."""
    return isinstance(kind.item if isinstance(kind, kinds.ListOf) else kind, kinds.Picture)


def _mapped(value: Any, change: Any) -> Any:
    """`change` of a value, or of each item of a list."""
    return [change(one) for one in value] if isinstance(value, list | tuple) else change(value)


def _flows(value: Any) -> list[Flow]:
    """The pictures of a value."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, Flow)]


def _checked(planes: Any) -> np.ndarray[Any, Any]:
    """An array that is a picture. Raises ValueError."""
    shape: tuple[int, ...] = np.shape(planes)
    if len(shape) != 4 or shape[0] != 1 or not 1 <= shape[1] <= 4 or min(shape) < 1:
        raise ValueError(f"has the shape {shape}, where a picture is (1, 3 or 4, height, width)")
    return np.asarray(planes)
