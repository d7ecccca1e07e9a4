"""`printroom steps`: what pipelines are made of, those that come with printroom and your own.

NAME -> a step at hand, DIR -> the step in that folder      NotFound BadStep EnvironmentFailed
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from printroom.cli.tables import table
from printroom.core.errors import NotFound
from printroom.core.settings import Settings

if TYPE_CHECKING:
    from printroom.isolation.isolated import IsolatedStep
    from printroom.pipelines.ports import Port
    from printroom.pipelines.step_toml import StepManifest
    from printroom.workshop import Workshop

steps = typer.Typer(no_args_is_help=True)
"""The group of verbs about steps."""
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]
Folder = Annotated[Path, typer.Argument(help="Folder with a step.toml.")]


@steps.callback()
def about() -> None:
    """What pipelines are made of: list and show steps, begin, check and add your own."""


@steps.command("list")
def list_steps(as_json: AsJson = False) -> None:
    """One line per step; with --json one object per line.

    FROM is the digest of a folder that was added, or nothing: the step is installed.
    """
    with _workshop() as workshop:
        added = {name: workshop.folders.pinned(name) for name in workshop.folders.names()}
        found = [(step, (added.get(step.name) or "").partition("@")[2]) for step in workshop.steps]
    if as_json:
        for step, digest in found:
            facts = _facts(step.name, step.description, step.inputs, step.outputs)
            more = {"digest": digest} if digest else {}
            typer.echo(json.dumps({"shape": step.shape, **facts, **more}))
        return
    rows = [
        (step.name, str(step.shape), digest[:8], step.description.partition("\n")[0])
        for step, digest in found
    ]
    typer.echo(table([("STEP", "SHAPE", "FROM", "DOES"), *rows]))


@steps.command("show")
def show(
    step: Annotated[str, typer.Argument(help="A step at hand, or a folder with a step.toml.")],
    as_json: AsJson = False,
) -> None:
    """What a step does, takes and gives; of one in a folder, also what it runs in."""
    from printroom.pipelines.step_toml import read_manifest

    with _workshop() as workshop:
        if _is_folder(step):
            manifest: StepManifest | None = read_manifest(Path(step))
            with workshop.folders.open(Path(step)) as opened:
                facts = opened.name, opened.description, opened.inputs, opened.outputs
        else:
            manifest, known = workshop.folders.manifest(step), workshop.steps.get(step)
            facts = known.name, known.description, known.inputs, known.outputs
    if as_json:
        needs = {} if manifest is None else {"needs": _needs(manifest)}
        typer.echo(json.dumps(_facts(*facts) | needs, indent=2))
        return
    name, description, inputs, outputs = facts
    typer.echo(f"{name}\n\n{description}\n")
    typer.echo(table([("TAKES", "KIND", "DEFAULT"), *map(_row, inputs.items())]) + "\n")
    typer.echo(table([("GIVES", "KIND"), *(_row(one)[:2] for one in outputs.items())]))
    if manifest is not None:
        rows = [(word, _listed(value)) for word, value in _needs(manifest).items()]
        typer.echo("\n" + table([("NEEDS", ""), *rows]))


@steps.command("new")
def new(
    folder: Annotated[Path, typer.Argument(help="A new folder; its name becomes the step's.")],
) -> None:
    """Write a working step with its test: step.py, step.toml, test_step.py."""
    from printroom import isolation
    from printroom.pipelines.template import write_template

    vendored = Path(isolation.__path__[0]) / "child" / "printroom_step.py"
    for file in write_template(folder, vendored):
        typer.echo(str(file))


@steps.command("check")
def check(
    step: Annotated[str, typer.Argument(help="A folder, or a step that comes with printroom.")],
) -> None:
    """Make a step's environment, have it describe itself, and try it on its example."""
    from printroom.steps.bundled import bundled

    own = None if _is_folder(step) else bundled().get(step)
    folder = Path(step) if own is None else own.folder
    with _workshop() as workshop, workshop.folders.open(folder) as opened:
        opened.preflight()
        typer.echo(f"{_ports(opened)}, nothing is wrong")


@steps.command("add")
def add(
    folder: Folder,
    replace: Annotated[
        bool, typer.Option("--replace", help="Take the place of the step of that name.")
    ] = False,
) -> None:
    """Check a step, then keep a copy: pipelines may use it by its name from now on."""
    with _workshop() as workshop:
        kept = workshop.add_step(folder, replaces=replace)
    typer.echo(kept.pin)


@steps.command("remove")
def remove(name: Annotated[str, typer.Argument(help="Name of a step that was added.")]) -> None:
    """Take a step away again; published pipelines that use it go on."""
    with _workshop() as workshop:
        typer.echo(f"{workshop.remove_step(name).pin} is removed")


def _workshop() -> Workshop:
    from printroom.workshop import Workshop

    return Workshop(Settings.read())


def _ports(step: IsolatedStep) -> str:
    return f"{step.name}: {', '.join(step.inputs)} -> {', '.join(step.outputs)}"


def _needs(manifest: StepManifest) -> dict[str, Any]:
    """What a step runs in; what it does not ask for is left out."""
    lock = manifest.lock.name if manifest.lock else None
    packages = {"requirements": list(manifest.requirements), "lock": lock}
    found = {"python": manifest.python, **packages, **asdict(manifest.resources)}
    return {word: value for word, value in found.items() if value}


def _listed(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return f"{value:,}" if isinstance(value, int) else str(value)


def _is_folder(step: str) -> bool:
    """Whether a folder is meant; a name with a slash that is none should say so."""
    if "/" in step and not Path(step).is_dir():
        raise NotFound(f"there is no folder {step}", "check the name")
    return Path(step).is_dir()


def _facts(
    name: str, description: str, inputs: Mapping[str, Port], outputs: Mapping[str, Port]
) -> dict[str, Any]:
    from printroom.pipelines.notation import port_to

    ports = {
        part: {name: port_to(port) for name, port in found.items()}
        for part, found in (("inputs", inputs), ("outputs", outputs))
    }
    return {"name": name, "description": description, **ports}


def _row(named: tuple[str, Port]) -> tuple[str, str, str]:
    name, port = named
    default = "" if port.required or port.default is None else json.dumps(port.default, default=str)
    return name, str(port.kind), default
