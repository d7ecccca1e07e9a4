"""`printroom pipelines`: chains of steps, listed, checked, published and drawn.

NAME, NAME@3, NAME@alias or FILE.yaml -> what is known of it      NotFound BadPipeline
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from printroom.cli.plan import plan
from printroom.cli.run import OWN_WORDS, run
from printroom.cli.tables import table
from printroom.core.errors import BadOption, Unwritable
from printroom.core.settings import Settings

if TYPE_CHECKING:
    from printroom.pipelines.graph import Graph, Node
    from printroom.pipelines.shelf import Pipelines

pipelines = typer.Typer(no_args_is_help=True)
"""The group of verbs about pipelines."""
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]
Named = Annotated[str, typer.Argument(help="NAME, NAME@3, NAME@live, or a YAML file.")]


pipelines.command("plan")(plan)
pipelines.command("run", context_settings=OWN_WORDS)(run)


@pipelines.callback()
def about() -> None:
    """Chains of steps: list, check, plan, run, publish and draw them."""


@pipelines.command("list")
def list_pipelines(as_json: AsJson = False) -> None:
    """One line per pipeline; with --json one object per line."""
    from printroom.pipelines.names import LOCAL

    with _shelf() as shelf:
        store = shelf.store
        mine = store.listed()
        known = store.aliases(LOCAL, [one.spec.name for one in mine])
        found = [
            (one.id, known.get(one.spec.name, {}), one.spec.title)
            for one in [*store.bundled(), *mine]
        ]
    if as_json:
        for name, aliases, title in found:
            typer.echo(json.dumps({"id": name, "title": title, "aliases": aliases}))
        return
    rows = [
        (name, ", ".join(f"{alias}@{version}" for alias, version in aliases.items()), title)
        for name, aliases, title in found
    ]
    typer.echo(table([("PIPELINE", "ALIASES", "TITLE"), *rows]))


@pipelines.command("show")
def show(pipeline: Named, as_json: AsJson = False) -> None:
    """What a pipeline takes and gives, and its steps; with --json as it is written."""
    with _shelf() as shelf:
        found = shelf.find(pipeline)
        if as_json:
            typer.echo(json.dumps(found.spec.to_dict(), indent=2))
            return
        graph = shelf.check(found.spec, found.version)
    typer.echo(f"{found.id}  {graph.title}\n")
    typer.echo(table([("INPUT", "KIND", "DEFAULT"), *_inputs(graph)]) + "\n")
    typer.echo(table([("STEP", "USES", "EACH", "WHEN"), *map(_step, graph.nodes)]) + "\n")
    outputs = ((name, str(ref)) for name, ref in graph.outputs.items())
    typer.echo(table([("OUTPUT", "FROM"), *outputs]))


@pipelines.command("check")
def check(pipeline: Named) -> None:
    """Name everything that is wrong with a pipeline, each fault with its line and column."""
    with _shelf() as shelf:
        graph = shelf.graph(pipeline)
    typer.echo(f"{graph.name}: {len(graph.nodes)} steps, nothing is wrong")


@pipelines.command("publish")
def publish(
    file: Annotated[Path, typer.Argument(help="A YAML file.")],
    alias: Annotated[str | None, typer.Option(help="Let NAME@ALIAS mean this version.")] = None,
) -> None:
    """Keep a pipeline as the next version of its name; the same content keeps its version.

    Its steps in folders are kept with it, as they are now.
    """
    with _shelf() as shelf:
        published = shelf.publish(shelf.find(file).spec)
        if alias is not None and published.version is not None:
            shelf.store.alias(published.spec.name, alias, published.version)
    typer.echo(published.id)


@pipelines.command("alias")
def alias(
    version: Annotated[str, typer.Argument(help="NAME@3.")],
    name: Annotated[str, typer.Argument(help="Alias, such as live.")],
) -> None:
    """Let NAME@ALIAS mean another version."""
    plain, _, number = version.partition("@")
    if not (number.isascii() and number.isdecimal()):
        raise BadOption(f"{version!r} is not a version", "write it as name@3")
    with _shelf() as shelf:
        shelf.store.alias(plain, name, int(number))
    typer.echo(f"{plain}@{name} is {version}")


@pipelines.command("versions")
def versions(name: Annotated[str, typer.Argument(help="NAME.")], as_json: AsJson = False) -> None:
    """All versions of a pipeline, the newest first; with --json one object per line."""
    from datetime import UTC, datetime

    from printroom.pipelines.names import LOCAL

    with _shelf() as shelf:
        found = shelf.store.versions(name)[::-1]
        names = {one.spec.name for one in found}
        aliases = shelf.store.aliases(LOCAL, sorted(names))
    rows = [("PIPELINE", "PUBLISHED", "ALIASES", "TITLE")]
    for one in found:
        meant = [alias for alias, at in aliases[one.spec.name].items() if at == one.version]
        when = datetime.fromtimestamp(one.created_at, UTC).isoformat(" ", "seconds")[:19]
        if as_json:
            told = {"id": one.id, "published": when, "aliases": meant, "title": one.spec.title}
            typer.echo(json.dumps(told))
        rows.append((one.id, when, ", ".join(meant), one.spec.title))
    if not as_json:
        typer.echo(table(rows))


@pipelines.command("schema")
def schema() -> None:
    """The JSON Schema of pipelines, for editors and other programs."""
    from printroom.pipelines.schema import schema as made

    typer.echo(json.dumps(made(), indent=2))


@pipelines.command("draw")
def draw(
    pipeline: Named,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="FILE.svg, FILE.mmd. [Mermaid on stdout]"),
    ] = None,
) -> None:
    """Draw a pipeline, as SVG or as a Mermaid flowchart."""
    from printroom.pipelines.drawing import mermaid
    from printroom.pipelines.svg import svg

    with _shelf() as shelf:
        graph = shelf.graph(pipeline)
    if output is None:
        sys.stdout.write(mermaid(graph))
        return
    if output.suffix not in (".svg", ".mmd"):
        raise BadOption(f"{output} is neither .svg nor .mmd", "end the name in one of these")
    try:
        output.write_text(svg(graph) if output.suffix == ".svg" else mermaid(graph), "utf-8")
    except OSError as error:
        raise Unwritable(f"{output} cannot be written", error.strerror or str(error)) from error


@contextmanager
def _shelf() -> Iterator[Pipelines]:
    from printroom.workshop import Workshop

    with Workshop(Settings.read()) as workshop:
        yield workshop.shelf


def _inputs(graph: Graph) -> list[tuple[str, str, str]]:
    return [
        (name, str(port.kind), "" if port.required else _shown(port.default))
        for name, port in graph.inputs.items()
    ]


def _step(node: Node) -> tuple[str, str, str, str]:
    return node.name, node.step.name, str(node.each or ""), node.when.text if node.when else ""


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
