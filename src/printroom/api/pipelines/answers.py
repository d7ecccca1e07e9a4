"""The outputs of a pipeline, as the answer to a request.

    graph, Accept -> Wanted: one picture, or JSON         UnknownFormat
    outputs -> Wanted.answer -> a file and its media type

JSON holds every output by name; pictures are `data:` URIs, written piece by piece, so that a large
one is never in memory. What is kept secret is taken out of texts.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from printroom.core.errors import BadOption, UnknownFormat
from printroom.imaging.formats import PNG, Format, format_for, format_for_accept
from printroom.pipelines.graph import Graph
from printroom.pipelines.kinds import Picture, pictured
from printroom.pipelines.telling import plain

JSON = "application/json"
_PIECE = 3 * 2**18
"""Bytes that become base64 at once; a multiple of three."""


@dataclass(frozen=True)
class Answer:
    """A finished answer, in a scratch file."""

    path: Path
    media_type: str


@dataclass(frozen=True)
class Wanted:
    """What a client wants of the outputs."""

    graph: Graph
    picture: str | None
    """Name of the output whose bytes are the answer; None = JSON."""
    accept: str
    """Media types, where a picture is wanted."""

    @classmethod
    def of(cls, graph: Graph, accept: str) -> Wanted:
        """What the header `Accept` asks for. Raises UnknownFormat for what cannot be had."""
        image, other = _weights(accept)
        if image <= other:
            return cls(graph, None, "")
        format_for_accept(accept, PNG)  # refuses what we do not write before anything is run
        name = only_picture(graph)
        if name is None:
            raise UnknownFormat(
                f"the answer of {graph.id} is not one picture", f"ask for {JSON} in Accept"
            )
        return cls(graph, name, accept)

    def choose(self, default: Format) -> Format:
        """The format of pictures, from the one that would be written."""
        return format_for_accept(self.accept, default) if self.accept else default

    def answer(self, outputs: Mapping[str, Any], folder: Path) -> Answer:
        """The answer; what is written goes into `folder`. Raises BadOption."""
        if self.picture is None:
            path = folder / "answer.json"
            with path.open("w", encoding="ascii") as file:
                file.writelines(_object(outputs))
            return Answer(path, JSON)
        if self.picture not in outputs:
            raise BadOption(f"{self.graph.id} made no picture of this", f"ask for {JSON} in Accept")
        path = outputs[self.picture]
        return Answer(path, format_for(path).media_type)


def only_picture(graph: Graph) -> str | None:
    """The name of the one output that is a picture; None where there are none or several."""
    found = [name for name, port in graph.results.items() if pictured(port.kind)]
    alone = len(found) == 1 and isinstance(graph.results[found[0]].kind, Picture)
    return found[0] if alone else None


def _weights(accept: str) -> tuple[float, float]:
    """How welcome pictures are, and how welcome JSON: 0 to 1."""
    image = other = 0.0
    for part in accept.lower().split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        try:
            weight = float(next((one[2:] for one in parameters if one.startswith("q=")), "1"))
        except ValueError:
            weight = 0.0
        if media.startswith("image/"):
            image = max(image, weight)
        elif media in (JSON, "application/*", "*/*"):
            other = max(other, weight)
    return image, other


def _object(outputs: Mapping[str, Any]) -> Iterator[str]:
    """The text of the JSON object, in pieces."""
    before = "{"
    for name, value in outputs.items():
        yield f"{before}{json.dumps(name)}: "
        yield from _value(value)
        before = ", "
    yield "{}" if before == "{" else "}"


def _value(value: Any) -> Iterator[str]:
    if isinstance(value, Path):
        yield f'"data:{format_for(value).media_type};base64,'
        with value.open("rb") as file:
            while piece := file.read(_PIECE):
                yield b64encode(piece).decode("ascii")
        yield '"'
    elif isinstance(value, list):
        before = "["
        for one in value:
            yield before
            yield from _value(one)
            before = ", "
        yield "[]" if before == "[" else "]"
    else:
        yield json.dumps(plain(value))
