"""Stage two, the part that needs no library: what the graph is made of, and how often it is run.

messages of the file -> counted -> findings        Refused
"""

from __future__ import annotations

import mmap
import time
from collections import ChainMap, Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from printroom.catalogue.verification.file import ints
from printroom.catalogue.verification.refusing import Refused
from printroom.catalogue.verification.report import Finding, Rules
from printroom.catalogue.verification.wire import Message, Span, WireFault

LOOPS = ("Loop", "Scan")
SHOWN = 24
"""Kinds of operators that the evidence lists."""
_OPEN = -1
"""Turns of a loop that are known when it runs, not before."""
_INT64 = 7


@dataclass
class _Counts:
    """Over the graph and all graphs within it."""

    nodes: int = 0
    operators: Counter[str] = field(default_factory=Counter)
    branches: int = 0
    loops: int = 0
    open: int = 0
    """Loops whose turns are known only when they run."""
    deepest: int = 0


def counted(data: mmap.mmap | bytes, model: Message, rules: Rules) -> Finding:
    """The graph is made of what is known, and within its budgets; else a finding that refuses."""
    started = time.monotonic()
    try:
        opset = _opset(model, rules)
        if model.all("functions"):
            raise Refused(
                "graph.functions", "it defines functions of its own: export it with them inlined",
                functions=len(model.all("functions")),
            )  # fmt: skip
        counts = _Counts()
        _graph(data, model.one("graph"), rules, counts, ChainMap(), 1, 0)
    except Refused as error:
        return Finding(
            "graph", error.code, "refused", error.reason, error.evidence, _since(started)
        )
    kinds = dict(counts.operators.most_common(SHOWN))
    return Finding(
        "graph", "graph.made", "passed", _words(counts, opset),
        {
            "opset": opset, "nodes": counts.nodes, "operators": kinds,
            "branches": counts.branches, "loops": counts.loops, "open_loops": counts.open,
            "nested": counts.deepest, "producer": model.one("producer_name", "")[:80],
            "inputs": list(_ports(model, "input")), "outputs": list(_ports(model, "output")),
        }, _since(started),
    )  # fmt: skip


def _since(started: float) -> float:
    return round(time.monotonic() - started, 3)


def _words(counts: _Counts, opset: int) -> str:
    said = f"{counts.nodes} nodes of {len(counts.operators)} kinds, opset {opset}"
    if counts.loops:
        said += f", {counts.loops} loops"
    if counts.open:
        said += f", {counts.open} of them as long as their input says: limits hold when they run"
    return said


def _opset(model: Message, rules: Rules) -> int:
    """Of the standard operators. What else is imported harms nobody until a node is of it."""
    imported = [(one.one("domain", ""), one.one("version", 0)) for one in model.all("opset_import")]
    versions = sorted({version for domain, version in imported if domain in rules.domains})
    low, high = rules.opset
    if len(versions) != 1 or not low <= versions[0] <= high:
        said = ", ".join(map(str, versions[:4])) or "none"
        raise Refused(
            "graph.opset", f"its operators are of version {said}; {low} to {high} are taken"
        )
    return int(versions[0])


def _graph(
    data: mmap.mmap | bytes, graph: Message, rules: Rules, counts: _Counts,
    known: ChainMap[str, int], turns: int, depth: int,
) -> None:  # fmt: skip
    if depth > rules.nested:
        raise Refused("graph.nested", f"it nests graphs more than {rules.nested} deep")
    counts.deepest = max(counts.deepest, depth)
    known = known.new_child(_constants(data, graph))
    for node in graph.all("node"):
        _node(node, rules, counts)
        kind, inner = node.one("op_type", ""), turns
        if kind in LOOPS:
            inner = _looped(node, kind, rules, counts, known, turns)
        for attribute in node.all("attribute"):
            for below in (*attribute.all("g"), *attribute.all("graphs")):
                if kind not in (*LOOPS, "If"):
                    raise Refused("graph.operator", f"a node {kind[:80]!r} has a graph within it")
                _graph(data, below, rules, counts, known, inner, depth + 1)


def _node(node: Message, rules: Rules, counts: _Counts) -> None:
    domain, kind = node.one("domain", ""), node.one("op_type", "")
    if domain not in rules.domains:
        raise Refused(
            "graph.domain", f"it has a node {kind[:80]!r} of {domain[:80]!r}, unknown here"
        )
    if kind in rules.forbidden:
        raise Refused("graph.operator", f"it has a node {kind}, which reads texts or files")
    counts.nodes += 1
    counts.operators[kind[:80]] += 1
    counts.branches += kind == "If"
    counts.loops += kind in LOOPS
    for name, found, most in (
        ("nodes", counts.nodes, rules.nodes),
        ("branches", counts.branches, rules.branches),
        ("loops", counts.loops, rules.loops),
    ):
        if found > most:
            raise Refused(f"graph.{name}", f"it has more than {most} {name}")


def _looped(
    node: Message, kind: str, rules: Rules, counts: _Counts, known: Mapping[str, int], turns: int
) -> int:
    """Turns of what is inside, all loops round it counted."""
    trips = known.get((node.all("input") or [""])[0], _OPEN) if kind == "Loop" else _OPEN
    if trips == _OPEN:
        counts.open += 1
        return turns
    if turns * max(trips, 0) > rules.trips:
        raise Refused(
            "graph.trips", f"a loop takes {turns * trips} turns, more than {rules.trips}",
            turns=turns * trips,
        )  # fmt: skip
    return turns * max(trips, 1)


def _constants(data: mmap.mmap | bytes, graph: Message) -> dict[str, int]:
    """Name -> value of what is one whole number."""
    found = {}
    for tensor in graph.all("initializer"):
        if (value := _number(data, tensor)) is not None:
            found[tensor.one("name", "")] = value
    for node in graph.all("node"):
        if node.one("op_type", "") != "Constant":
            continue
        for attribute in node.all("attribute"):
            value = attribute.one("i")
            if attribute.one("t") is not None:
                value = _number(data, attribute.one("t"))
            if value is not None and node.all("output"):
                found[node.all("output")[0]] = int(value)
    return found


def _number(data: mmap.mmap | bytes, tensor: Message) -> int | None:
    raw: Span | None = tensor.one("raw_data")
    if tensor.one("data_type", 0) != _INT64:
        return None
    if raw is not None:
        part = data[raw.start : raw.end] if len(raw) == 8 else b""
        return int.from_bytes(part, "little", signed=True) if part else None
    try:
        values = list(ints(data, tensor, "int64_data", 1))
    except WireFault:
        return None
    return values[0] if len(values) == 1 else None


def _ports(model: Message, name: str) -> Iterator[str]:
    """For people: `picture [n, 3, ?, ?]`, at most a few."""
    for info in model.one("graph").all(name)[:8]:
        kind = info.one("type")
        tensor = kind.one("tensor_type") if kind is not None else None
        shape = tensor.one("shape") if tensor is not None else None
        sides: list[Any] = [] if shape is None else shape.all("dim")
        said = ", ".join(
            str(side.one("dim_value", side.one("dim_param", "?")))[:20] for side in sides[:8]
        )
        yield f"{info.one('name', '')[:80]} [{said}]"
