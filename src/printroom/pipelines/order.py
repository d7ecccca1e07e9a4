"""What only the steps together show: an order to run them in, circles, results that may be absent.

steps with their references -> an order; a circle; needs that may not be met
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from printroom.pipelines import kinds
from printroom.pipelines.declare import StepType
from printroom.pipelines.refs import Binding, Ref
from printroom.pipelines.wiring import Wired


def ordered(steps: Mapping[str, Wired]) -> list[Wired]:
    """The steps so that each comes behind all it needs, else as they are written.

    Steps of a circle, and those that need them, are missing.
    """
    waiting = {name: _needs(one, steps) for name, one in steps.items()}
    order: list[Wired] = []
    while ready := [name for name, needs in waiting.items() if not needs]:
        name = ready[0]
        del waiting[name]
        order.append(steps[name])
        for needs in waiting.values():
            needs.discard(name)
    return order


def cycle(steps: Mapping[str, Wired], order: Sequence[Wired]) -> list[str]:
    """Names along a circle among the steps that `order` lacks, the first one again at its end."""
    done = {one.spec.name for one in order}
    path = [next(name for name in steps if name not in done)]
    while path[-1] not in path[:-1]:
        path.append(
            next(name for name in sorted(_needs(steps[path[-1]], steps)) if name not in done)
        )
    around = path[path.index(path[-1]) :]
    return around[::-1]


def absent(order: Sequence[Wired]) -> Iterator[tuple[Wired, Ref]]:
    """Steps without a condition, and a result they need that is missing if its step is skipped."""
    missing: set[Ref] = set()
    for one in order:
        lacking = [ref for ref in one.refs if ref in missing]
        if lacking and one.spec.when is None:
            yield one, lacking[0]
        if one.type and (lacking or one.spec.when):
            ports = _passing_ports(one.type, one.each)
            kept = ports[1] if ports and one.bindings.get(ports[0]) not in missing else ""
            missing |= {Ref(one.spec.name, port) for port in one.type.outputs if port != kept}


def passing_by(
    step: StepType, bindings: Mapping[str, Binding], each: Ref | None
) -> tuple[Binding, str] | None:
    """What passes by when a step is skipped, and as which output: its one picture, if it has one.

    None where a step has not just one picture in and one out.
    """
    ports = _passing_ports(step, each)
    return (bindings[ports[0]], ports[1]) if ports and ports[0] in bindings else None


def _passing_ports(step: StepType, each: Ref | None) -> tuple[str, str] | None:
    taken = [name for name, port in step.inputs.items() if isinstance(port.kind, kinds.Picture)]
    given = [name for name, port in step.outputs.items() if isinstance(port.kind, kinds.Picture)]
    return (taken[0], given[0]) if each is None and len(taken) == len(given) == 1 else None


def _needs(step: Wired, steps: Mapping[str, Wired]) -> set[str]:
    return {ref.node for ref in step.refs if ref.node is not None and ref.node in steps}
