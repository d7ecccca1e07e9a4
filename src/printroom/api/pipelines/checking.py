"""What is wrong with a pipeline that somebody sent, and what is known of it all the same.

text, or JSON values -> checked -> faults with their places, the text, the graph
text, or JSON values -> spec                                  BadPipeline: it cannot be read

Bounded: a text, and what it holds, by what a pipeline may have; faults are counted up to a hundred.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from printroom.api.pipelines.told import written
from printroom.engine.stages import stages
from printroom.pipelines.declare import StepShape
from printroom.pipelines.faults import MOST_TOLD, Places
from printroom.pipelines.faults import Fault as Wrong
from printroom.pipelines.graph import Examined, Graph
from printroom.pipelines.ports import Port
from printroom.pipelines.reading import MOST_BYTES, Unreadable, check_size, read_yaml
from printroom.pipelines.refs import EACH, Ref
from printroom.pipelines.shelf import Pipelines
from printroom.pipelines.spec import PipelineSpec
from printroom.pipelines.wiring import Wired, refs_in


def spec_of(yaml: str | None, raw: Mapping[str, Any] | None) -> PipelineSpec:
    """The pipeline that was sent in one of two ways. Raises Unreadable."""
    if yaml is None:
        check_size(raw)
        return PipelineSpec.from_dict(raw)
    found = read_yaml(yaml)
    return PipelineSpec.from_dict(found.value, Places("", found.marks))


def checked(
    shelf: Pipelines, account: str, yaml: str | None, raw: Mapping[str, Any] | None
) -> dict[str, Any]:
    """What is to be said of it."""
    try:
        spec = spec_of(yaml, raw)
    except Unreadable as error:
        fault = _fault(Wrong((), error.problem), (error.line, error.column), form=True)
        nothing = {"yaml": None, "pipeline": None, "graph": None}
        return {"valid": False, "faults": [fault], **nothing}
    found, text = shelf.examined(spec, account), spec.to_yaml()
    faults = list(found.faults[:MOST_TOLD])
    if len(text.encode()) > MOST_BYTES:
        faults.append(Wrong((), f"as YAML it has more than {MOST_BYTES} bytes", "split it"))
    mark = spec.places.mark
    return {
        "valid": not faults,
        "faults": [_fault(one, mark(one.path), form=one in spec.faults) for one in faults],
        "yaml": text,
        "pipeline": spec.to_dict(),
        "graph": _graph(spec, found),
    }


def _fault(fault: Wrong, mark: tuple[int, int], *, form: bool) -> dict[str, Any]:
    path = fault.path
    step = path[1] if len(path) > 1 and path[0] == "steps" else None
    port = path[3] if step is not None and len(path) > 3 and path[2] == "with" else None
    return {
        "place": ".".join(map(str, path)),
        "line": mark[0] or None,
        "column": mark[1] or None,
        "step": None if step is None else str(step),
        "port": None if port is None else str(port),
        "reason": fault.text,
        "remedy": fault.remedy,
        "form": form,
    }


def _graph(spec: PipelineSpec, found: Examined) -> dict[str, Any]:
    """Steps and wires, as far as they could be made out."""
    chains: list[list[str]] = []
    if not found.faults:
        graph = Graph.made(spec, found)
        chains = [[node.name for node in stage.nodes] for stage in stages(graph)]
    return {
        "nodes": [_node(one) for one in found.wired],
        "wires": [wire for one in found.wired for wire in _wires(one)],
        "stages": chains,
        "inputs": _ports(spec.inputs),
        "outputs": [{"name": name, "from": _end(ref)} for name, ref in found.outputs.items()],
    }


def _node(one: Wired) -> dict[str, Any]:
    kind = one.type
    return {
        "name": one.spec.name,
        "step": one.spec.use,
        "known": kind is not None,
        "streams": kind is not None and kind.shape is not StepShape.RUN,
        "inputs": _ports(kind.inputs) if kind else [],
        "outputs": _ports(kind.outputs) if kind else [],
    }


def _wires(one: Wired) -> Iterator[dict[str, str]]:
    name = one.spec.name
    for port, binding in one.bindings.items():
        for ref in refs_in(binding):
            source = one.each if ref == EACH and one.each else ref
            yield {"from": _end(source), "to": f"{name}.{port}"}
    for ref in one.when.refs if one.when else ():
        yield {"from": _end(ref), "to": f"{name}.when"}
    if one.each is not None:
        yield {"from": _end(one.each), "to": f"{name}.each"}


def _end(ref: Ref) -> str:
    return f"${ref.port}" if ref.node is None else f"{ref.node}.{ref.port}"


def _ports(ports: Mapping[str, Port]) -> list[dict[str, Any]]:
    return [{"name": name, **port} for name, port in written(ports).items()]
