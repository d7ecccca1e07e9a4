"""`printroom pipelines plan NAME`: what running a pipeline would take, and why it is cut so.

NAME, -i image=photo.jpg, -p scale=2 -> stages, reasons, memory, time      NotFound BadPipeline
"""

from __future__ import annotations

import json
from typing import Annotated

import typer

from printroom.cli.options import Device, Memory, Workers, settings_with


def plan(
    pipeline: Annotated[str, typer.Argument(help="NAME, NAME@3, NAME@live, or a YAML file.")],
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", "-i", help="NAME=FILE, or FILE for the only picture; repeatable."),
    ] = None,
    parameters: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", help="NAME=VALUE; repeatable."),
    ] = None,
    memory: Memory = None,
    workers: Workers = None,
    device: Device = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of text.")] = False,
) -> None:
    """Tell its stages, why each is one, and the memory and time it takes at most.

    Without a picture, a photo of 12 megapixels is planned for.
    """
    # Loaded here: `printroom --help` needs none of it.
    from printroom.cli.run import given
    from printroom.pipelines.values import parsed
    from printroom.workshop import Workshop

    with Workshop(settings_with(memory, workers, device)) as workshop:
        graph = workshop.graph(pipeline)
        texts = given(graph.inputs, inputs or [], parameters or [])
        known = {name: port for name, port in graph.inputs.items() if name in texts}
        explained = workshop.explain(graph, parsed(known, texts))
    typer.echo(json.dumps(explained.to_json(), indent=2) if as_json else str(explained))
