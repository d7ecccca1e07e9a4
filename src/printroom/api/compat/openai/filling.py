"""Which inputs of a pipeline get what a request says.

    Graph, Asked -> values for each run, the output that is the picture        BadParameter

By name where there is such an input, else by kind: the prompt goes to the one text that must be
given, pictures to the pictures, in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from printroom.api.compat.openai.asked import HINTS, Asked
from printroom.api.problems import BadParameter
from printroom.pipelines.graph import Graph
from printroom.pipelines.kinds import ListOf, Number, Picture, Text, pictured
from printroom.pipelines.ports import Port
from printroom.pipelines.values import parsed_one, read_each

PROMPT, MASK, SEED = "prompt", "mask", "seed"


def picture_of(graph: Graph) -> str:
    """The output that is the answer. Raises BadParameter."""
    found = [name for name, port in graph.results.items() if pictured(port.kind)]
    if not found:
        raise BadParameter(f"{graph.id} makes no picture", "name another", params=["model"])
    return "image" if "image" in found else found[0]


def draws(graph: Graph) -> bool:
    """Whether it makes a picture of a text alone."""
    texts = any(isinstance(port.kind, Text) for port in graph.inputs.values())
    wants = any(pictured(port.kind) and port.required for port in graph.inputs.values())
    return texts and not wants and _makes(graph)


def edits(graph: Graph) -> bool:
    """Whether it makes a picture of a picture."""
    return any(pictured(port.kind) for port in graph.inputs.values()) and _makes(graph)


def filled(graph: Graph, asked: Asked) -> Iterator[dict[str, Any]]:
    """The values of each of the runs that were asked for."""
    given = dict(_pictures(graph.inputs, asked)) | dict(_words(graph, asked))

    def read(port: Port, value: Any) -> Any:
        texts = asked.texts and isinstance(value, str) and not isinstance(port.kind, Text)
        return parsed_one(port, [value]) if texts else port.coerce(value)

    values, faults = read_each(graph.inputs, given, read)
    if faults:
        names = [PROMPT if name == _prompt(graph) else name for name in faults]
        raise BadParameter("; ".join(faults.values()), "see the pipeline", params=names)
    for number in range(asked.count):
        yield values | _seed(graph.inputs, values, number)


def _makes(graph: Graph) -> bool:
    return any(pictured(port.kind) for port in graph.results.values())


def _pictures(inputs: Mapping[str, Port], asked: Asked) -> Iterator[tuple[str, Any]]:
    free = [name for name, port in inputs.items() if pictured(port.kind) and name != MASK]
    left = list(asked.images)
    for name in sorted(free, key=lambda name: name != "image"):
        if not left:
            break
        if isinstance(inputs[name].kind, ListOf):
            yield name, left
            left = []
        else:
            yield name, left.pop(0)
    if left:
        raise BadParameter(
            "there are more pictures than the pipeline takes", "send fewer", params=["image"]
        )
    if asked.mask is not None:
        if not (MASK in inputs and isinstance(inputs[MASK].kind, Picture)):
            raise BadParameter("the pipeline takes no mask", "leave it out", params=[MASK])
        yield MASK, asked.mask


def _words(graph: Graph, asked: Asked) -> Iterator[tuple[str, Any]]:
    """All that is no picture."""
    name = _prompt(graph)
    if asked.prompt and name is not None:
        yield name, asked.prompt
    if asked.size is not None:
        yield from _sized(graph.inputs, asked.size)
    for hint, value in asked.more.items():
        if hint in graph.inputs or hint not in HINTS:
            yield hint, value


def _prompt(graph: Graph) -> str | None:
    """The input for the prompt; None where there is none."""
    if PROMPT in graph.inputs:
        return PROMPT
    texts = [
        name
        for name, port in graph.inputs.items()
        if type(port.kind) is Text and (port.required or draws(graph))
    ]
    return texts[0] if len(texts) == 1 else None


def _sized(inputs: Mapping[str, Port], size: tuple[int, int]) -> Iterator[tuple[str, Any]]:
    if "width" in inputs and "height" in inputs:
        yield from zip(("width", "height"), size, strict=True)
    elif "size" in inputs and isinstance(inputs["size"].kind, Text):
        yield "size", "{}x{}".format(*size)


def _seed(inputs: Mapping[str, Port], values: Mapping[str, Any], number: int) -> dict[str, Any]:
    """Another seed for each further picture, where the pipeline has one."""
    port = inputs.get(SEED)
    if not number or port is None or not isinstance(port.kind, Number):
        return {}
    first = values.get(SEED, 0 if port.required else port.default)
    return {} if first is None else {SEED: port.kind.coerce(first + number)}
