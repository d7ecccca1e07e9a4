"""`printroom steps`: what pipelines are made of, those that come with printroom and your own.

NAME -> a built-in step, DIR -> the step in that folder      NotFound BadStep EnvironmentFailed
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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

steps = typer.Typer(no_args_is_help=True)
"""The group of verbs about steps."""
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]
Folder = Annotated[Path, typer.Argument(help="Folder with a step.toml.")]


@steps.callback()
def about() -> None:
    """What pipelines are made of: list and show steps, begin and check your own."""


@steps.command("list")
def list_steps(as_json: AsJson = False) -> None:
    """One line per step, built in or of an installed package; with --json one object per line."""
    from printroom.steps.installed import at_hand

    if as_json:
        for step in at_hand():
            facts = {
                "shape": step.shape,
                **_facts(step.name, step.description, step.inputs, step.outputs),
            }
            typer.echo(json.dumps(facts))
        return
    steps = [
        (step.name, str(step.shape), step.description.partition("\n")[0]) for step in at_hand()
    ]
    typer.echo(table([("STEP", "SHAPE", "DOES"), *steps]))


@steps.command("show")
def show(
    step: Annotated[str, typer.Argument(help="A step at hand, or a folder with a step.toml.")],
    as_json: AsJson = False,
) -> None:
    """What a step does, takes and gives."""
    from printroom.steps.installed import at_hand

    if _is_folder(step):
        with _opened(Path(step)) as opened:
            facts = opened.name, opened.description, opened.inputs, opened.outputs
    else:
        known = at_hand().get(step)
        facts = known.name, known.description, known.inputs, known.outputs
    if as_json:
        typer.echo(json.dumps(_facts(*facts), indent=2))
        return
    name, description, inputs, outputs = facts
    typer.echo(f"{name}\n\n{description}\n")
    typer.echo(table([("TAKES", "KIND", "DEFAULT"), *map(_row, inputs.items())]) + "\n")
    typer.echo(table([("GIVES", "KIND"), *(_row(one)[:2] for one in outputs.items())]))


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
def check(folder: Folder) -> None:
    """Make a step's environment, have it describe itself, and try it on its example."""
    with _opened(folder) as opened:
        opened.preflight()
        ports = f"{', '.join(opened.inputs)} -> {', '.join(opened.outputs)}"
    typer.echo(f"{opened.name}: {ports}, nothing is wrong")


@contextmanager
def _opened(folder: Path) -> Iterator[IsolatedStep]:
    from printroom.isolation.house import Isolation
    from printroom.pipelines.step_toml import read_manifest

    source = _source(read_manifest(folder))
    with Isolation(Settings.read().data).open(source) as opened:
        yield opened


def _source(manifest: StepManifest) -> Any:
    """The step as what runs it wants it."""
    from printroom.isolation.environments import EnvironmentSpec
    from printroom.isolation.folder import StepSource
    from printroom.isolation.policy import Policy

    lock = None if manifest.lock is None else manifest.lock.read_text("utf-8")
    limits, resources = manifest.limits, manifest.resources
    return StepSource(
        name=manifest.name,
        file=manifest.entry,
        environment=EnvironmentSpec(manifest.python, manifest.requirements, lock),
        folder=manifest.folder,
        policy=Policy(
            children=limits.processes,
            cpu=resources.cpu,
            memory=resources.memory,
            timeout=limits.timeout,
            retries=limits.retries,
        ),
        options=manifest.options,
        example=manifest.example,
    )


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
