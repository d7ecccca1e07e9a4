"""Pipelines as drawings.

    Graph -> boxes and lines -> Mermaid, SVG

Thick lines carry pictures, thin ones other values, dashed ones lead to a condition.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from printroom.pipelines.graph import Graph, Node
from printroom.pipelines.kinds import pictured
from printroom.pipelines.refs import EACH, Ref
from printroom.pipelines.wiring import refs_in


class Line(StrEnum):
    """What a line stands for."""

    PICTURE = "picture"
    VALUE = "value"
    CONDITION = "condition"


@dataclass(frozen=True)
class Box:
    """An input, a step or an output."""

    key: str
    """Unique in the drawing."""
    role: str
    """input, step or output."""
    title: str
    notes: tuple[str, ...] = ()
    """Smaller lines below the title."""
    conditional: bool = False


@dataclass(frozen=True)
class Drawing:
    """A pipeline as boxes and lines."""

    boxes: tuple[Box, ...]
    lines: dict[tuple[str, str], tuple[Line, str]]
    """(key, key) -> what it stands for, and the ports it joins."""


def drawing(graph: Graph) -> Drawing:
    """The boxes and lines of `graph`."""
    boxes = [Box(f"i_{name}", "input", name) for name in graph.inputs]
    boxes += [_step(node) for node in graph.nodes]
    boxes += [Box(f"o_{name}", "output", name) for name in graph.outputs]
    lines: dict[tuple[str, str], tuple[Line, str]] = {}
    order = list(Line)
    for ref, key, port, line in _uses(graph):
        ends = _key(ref), key
        before, ports = lines.get(ends, (line, ""))
        kept = min(before, line, key=order.index)
        lines[ends] = kept, ", ".join(filter(None, (ports, f"{ref} to {port}")))
    return Drawing(tuple(boxes), lines)


def mermaid(graph: Graph) -> str:
    """The text of a Mermaid flowchart."""
    shape = {"input": '(["{}"])', "output": '(["{}"])', "step": '["{}"]'}
    arrow = {Line.PICTURE: "==>", Line.VALUE: "-->", Line.CONDITION: "-.->"}
    drawn = drawing(graph)
    names = {box.key: f"n{number}" for number, box in enumerate(drawn.boxes)}
    rows = ["flowchart TD"]
    for box in drawn.boxes:
        label = "<br/>".join(_mermaid_text(text) for text in (box.title, *box.notes))
        rows.append(f"    {names[box.key]}{shape[box.role].format(label)}")
    for (start, end), (line, _) in drawn.lines.items():
        rows.append(f"    {names[start]} {arrow[line]} {names[end]}")
    return "\n".join(rows) + "\n"


def _step(node: Node) -> Box:
    notes = [] if node.step.name == node.name else [node.step.name]
    notes += [] if node.each is None else [f"each {node.each}"]
    notes += [] if node.when is None else [f"when {node.when.text}"]
    return Box(f"s_{node.name}", "step", node.name, tuple(notes), node.when is not None)


def _uses(graph: Graph) -> Iterator[tuple[Ref, str, str, Line]]:
    """Every reference: what it refers to, the box it is in, the port there, what it carries."""
    for node in graph.nodes:
        key = f"s_{node.name}"
        for port, binding in node.bindings.items():
            line = Line.PICTURE if pictured(node.step.inputs[port].kind) else Line.VALUE
            for ref in refs_in(binding):
                each = ref == EACH and node.each is not None
                yield node.each if each and node.each else ref, key, port, line
        for ref in node.when.refs if node.when else ():
            yield ref, key, "when", Line.CONDITION
        if node.each is not None and EACH not in {
            ref for binding in node.bindings.values() for ref in refs_in(binding)
        }:
            yield node.each, key, "each", Line.VALUE
    for name, ref in graph.outputs.items():
        kind = graph.given(ref).kind
        yield ref, f"o_{name}", name, Line.PICTURE if pictured(kind) else Line.VALUE


def _key(ref: Ref) -> str:
    return f"i_{ref.port}" if ref.node is None else f"s_{ref.node}"


def _mermaid_text(text: str) -> str:
    """Quotes and the like as Mermaid's character codes."""
    return re.sub(r"[^\w $.,:+-]", lambda found: f"#{ord(found[0])};", text)
