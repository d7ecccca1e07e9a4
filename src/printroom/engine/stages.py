"""Which steps of a graph run as one rolling chain, and why it ends where it ends.

    Graph -> stages() -> Stage: its steps, and why it does not go on from the stage before

Nothing is decided here: it tells what follows from how pictures flow (`flow`, `pipeline`). A step
that streams reads the step before it row by row; a picture is kept as a whole only where several
read it, and for `run` steps.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from printroom.pipelines.declare import StepShape
from printroom.pipelines.graph import Graph, Node
from printroom.pipelines.refs import Binding, Ref


@dataclass(frozen=True)
class Stage:
    """Steps that run together."""

    nodes: tuple[Node, ...]
    why: str
    """Why the picture is kept before it, or there is none; empty where it is read from a file."""
    source: Ref | None
    """The picture that streams; None for a `run` step, which stands alone."""

    @property
    def streams(self) -> bool:
        return self.source is not None


def stages(graph: Graph) -> tuple[Stage, ...]:
    """The stages of a graph, in order."""
    read = readers(graph)
    found: list[Stage] = []
    made_in: dict[Ref, int] = {}
    """Picture -> the stage that streams it."""
    for node in graph.nodes:
        source = node.bindings.get("image")
        if node.step.shape is StepShape.RUN or node.each or not isinstance(source, Ref):
            found.append(Stage((node,), _alone(node), None))
            continue
        place = made_in.get(source)
        looks = node.step.shape is StepShape.LOOK
        if place is not None and (looks or read[source] == 1):
            before = found[place]
            found[place] = Stage((*before.nodes, node), before.why, before.source)
        else:
            place = len(found)
            found.append(Stage((node,), _apart(source, read[source]), source))
        made_in.setdefault(source, place)
        if not looks:
            made_in[Ref(node.name, "image")] = place
    return tuple(found)


def readers(graph: Graph) -> Counter[Ref]:
    """How often each picture is wanted as pixels: looks are content with previews."""
    read = Counter(graph.outputs.values())
    for node in graph.nodes:
        if node.step.shape is not StepShape.LOOK:
            read.update(ref for binding in node.bindings.values() for ref in refs(binding))
    return read


def refs(binding: Binding) -> list[Ref]:
    """The references of a binding."""
    if isinstance(binding, tuple):
        return [ref for one in binding for ref in refs(one)]
    return [binding] if isinstance(binding, Ref) else []


def _alone(node: Node) -> str:
    """Why a step stands alone."""
    if node.each:
        return f"{node.name} runs once for every item of {node.each}"
    kinds = {port.kind.name for port in node.step.ports.values()}
    return f"{node.name} works on {'whole pictures' if 'picture' in kinds else 'values'}"


def _apart(source: Ref, read: int) -> str:
    """Why a stage begins with `source`."""
    if read > 1:
        return f"{source} is wanted {read} times"
    return "" if source.node is None else f"{source.node} gives a whole picture"
