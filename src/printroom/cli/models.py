"""`printroom models`: what is on the catalogue, what is entered there, and how it is read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from printroom.cli.tables import table
from printroom.core.errors import BadOption
from printroom.core.settings import Settings

if TYPE_CHECKING:
    from printroom.catalogue.card import Model, ModelCard
    from printroom.catalogue.entering import About
    from printroom.catalogue.wishes import Wishes

models = typer.Typer(no_args_is_help=True)
"""The group of verbs about models."""
TASK_HELP = "What it is for: upscale, denoise, ... [what it does to the example]"
Channels = Annotated[
    str | None,
    typer.Option(help="rgb, bgr, grey (each plane alone) or y. [what the example proves]"),
]
Layout = Annotated[str | None, typer.Option(help="nchw or nhwc. [what the graph says]")]
Range = Annotated[
    str | None, typer.Option("--range", help="Black and white: 0..255. [what the example proves]")
]
OutputRange = Annotated[str | None, typer.Option(help="Of the result, where it is another.")]
Mean = Annotated[str | None, typer.Option(help="Taken away after that: 0.485,0.456,0.406.")]
Deviation = Annotated[str | None, typer.Option(help="Divided by after that: 0.229,0.224,0.225.")]
Constant = Annotated[
    list[str] | None, typer.Option(help="A further input and its value: sigma=0.1. Repeatable.")
]
Output = Annotated[str, typer.Option(help="Which of several results is the picture.")]
Size = Annotated[str | None, typer.Option(help="The only size it takes: 224x224.")]
Distribution = Annotated[str | None, typer.Option(help="Of latents: normal or uniform.")]
ClassNames = Annotated[
    str | None, typer.Option(help="Names of classes in order: a file of lines, or cat,dog.")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]
Server = Annotated[str, typer.Option(help="Its address; its key is $PRINTROOM_KEY.", metavar="URL")]
There = Annotated[
    str | None,
    typer.Option("--server", help="Ask that one; its key is $PRINTROOM_KEY.", metavar="URL"),
]


@models.callback()
def about() -> None:
    """List the models at hand, show one, or bring in those of other people."""


@models.command("list")
def list_models(server: There = None, as_json: AsJson = False) -> None:
    """One line per model; with --json one object per line."""
    if server is not None:
        _list_there(server, as_json)
        return
    cards = [model.card for model in _workshop_models()]
    if as_json:
        for card in cards:
            typer.echo(json.dumps(_facts(card)))
        return
    header = ("MODEL", "SCALE", "PARAMETERS", "EXACT", "TITLE")
    rows = [
        (
            card.id,
            f"x{card.geometry.scale}",
            f"{card.parameters:,}",
            "yes" if card.geometry.exact else "no",
            card.title,
        )
        for card in cards
    ]
    typer.echo(table([header, *rows]))


@models.command("show")
def show(
    model: Annotated[str, typer.Argument(help="owner/name@version, or owner/name.")],
    server: There = None,
    as_json: AsJson = False,
) -> None:
    """All that is known of one model."""
    from printroom.client import Client
    from printroom.workshop import Workshop

    if server is not None:
        with Client(server) as client:
            said_of(client.model(model), as_json)
        return

    with Workshop(Settings.read()) as workshop:
        facts = _facts(workshop.catalogue.get(model).card)
    if as_json:
        typer.echo(json.dumps(facts, indent=2))
        return
    typer.echo(table([(name, _shown(value)) for name, value in facts.items()]))


@models.command("import")
def import_model(
    file: Annotated[Path, typer.Argument(help="A file, or a SavedModel folder.")],
    name: Annotated[str, typer.Option(help="owner/name. [local/ and the file's name]")] = "",
    task: Annotated[str | None, typer.Option(help=TASK_HELP)] = None,
    title: Annotated[str, typer.Option(help="One line for people.")] = "",
    licence: Annotated[str, typer.Option(help="SPDX expression of the weights.")] = "",
    channels: Channels = None,
    layout: Layout = None,
    ends: Range = None,
    output_range: OutputRange = None,
    mean: Mean = None,
    deviation: Deviation = None,
    constant: Constant = None,
    output: Output = "",
    size: Size = None,
    distribution: Distribution = None,
    classes: ClassNames = None,
    as_json: AsJson = False,
) -> None:
    """Find out what a model is, how it is read and what it costs, and enter it.

    Takes ONNX, safetensors and weights that spandrel knows (.pth), exported programs of PyTorch
    (.pt2), SavedModel folders and frozen graphs of TensorFlow (.pb).
    """
    from printroom.catalogue.entering import enter
    from printroom.isolation.house import Isolation

    settings = Settings.read()
    wishes = _wishes(
        channels, layout, ends, output_range, mean, deviation, constant, output, size,
        distribution, classes,
    )  # fmt: skip
    about = _about(name, task, title, licence)
    isolation = Isolation(settings.data)
    model = enter(file, settings.data / "models", isolation, about, wishes, _say)
    _told(model, as_json)


@models.command("correct")
def correct_model(
    model: Annotated[
        str, typer.Argument(help="An imported model: owner/name, owner/name@version.")
    ],
    task: Annotated[str | None, typer.Option(help=TASK_HELP)] = None,
    title: Annotated[str, typer.Option(help="One line for people.")] = "",
    licence: Annotated[str, typer.Option(help="SPDX expression of the weights.")] = "",
    channels: Channels = None,
    ends: Range = None,
    output_range: OutputRange = None,
    mean: Mean = None,
    deviation: Deviation = None,
    constant: Constant = None,
    distribution: Distribution = None,
    classes: ClassNames = None,
    as_json: AsJson = False,
) -> None:
    """Say how an imported model is read: its next version, with the same weights."""
    from printroom.catalogue.entering import correct
    from printroom.catalogue.models import Catalogue

    folder = Settings.read().data / "models"
    wishes = _wishes(
        channels, None, ends, output_range, mean, deviation, constant, "", None,
        distribution, classes,
    )  # fmt: skip
    corrected = correct(
        Catalogue([folder]).get(model), folder, wishes, _about("", task, title, licence)
    )
    _told(corrected, as_json)


@models.command("draw")
def draw(
    model: Annotated[str, typer.Argument(help="A model that draws: owner/name.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Where the picture goes.")],
    seed: Annotated[int, typer.Option(min=0, help="The same seed is the same picture.")] = 0,
    shows: Annotated[str, typer.Option("--class", help="What it is to show, by name.")] = "",
) -> None:
    """Have a model draw a picture from a seed."""
    from printroom.catalogue.drawing import draw_to
    from printroom.catalogue.models import Catalogue

    settings = Settings.read()
    catalogue = Catalogue((*settings.models, settings.data / "models"))
    draw_to(catalogue.get(model), output, seed, shows)
    typer.echo(str(output))


def _list_there(server: str, as_json: bool) -> None:
    from printroom.client import Client

    with Client(server) as client:
        found = list(client.models())
    if as_json:
        for one in found:
            typer.echo(json.dumps(one))
        return
    rows = [
        (one["id"], one["state"], f"x{(one['geometry'] or {}).get('scale', '?')}", one["title"])
        for one in found
    ]
    typer.echo(table([("MODEL", "STATE", "SCALE", "TITLE"), *rows]))


def said_of(told: dict[str, Any], as_json: bool) -> None:
    """What a server says of one model."""
    if as_json:
        typer.echo(json.dumps(told, indent=2))
        return
    seen = told.get("examination") or {}
    facts = {name: value for name, value in told.items() if name not in ("examination", "urls")}
    facts["licence"] = told["licence"]["spdx"] or "unknown"
    rows = [(name, _shown(value)) for name, value in facts.items() if value not in (None, "", [])]
    rows += [
        (one["code"], f"{one['verdict']}: {one['reason']}") for one in seen.get("findings", ())
    ]
    typer.echo(table(rows))


def _wishes(
    channels: str | None,
    layout: str | None,
    ends: str | None,
    output_range: str | None,
    mean: str | None,
    deviation: str | None,
    constants: list[str] | None,
    output: str,
    size: str | None,
    distribution: str | None,
    classes: str | None,
) -> Wishes:
    """What was said of the reading; a range that is given once is that of input and output."""
    from printroom.catalogue import wishes as said

    read_range = None if ends is None else said.read_range(ends)
    return said.Wishes(
        channels=channels,
        layout=layout,
        input_range=read_range,
        output_range=read_range if output_range is None else said.read_range(output_range),
        mean=None if mean is None else said.read_numbers(mean),
        deviation=None if deviation is None else said.read_numbers(deviation),
        constants=tuple(said.read_constant(one) for one in constants or ()),
        output=output,
        distribution=distribution,
        classes=() if classes is None else said.read_classes(classes),
        fixed=None if size is None else said.read_size(size),
    )


def _about(name: str, task: str | None, title: str, licence: str) -> About:
    from printroom.catalogue.card import TASKS
    from printroom.catalogue.entering import About

    if task is not None and task not in TASKS:
        raise BadOption(f"there is no task {task!r}", f"the tasks are {', '.join(TASKS)}")
    found = next((one for one in TASKS if one == task), None)
    return About(name, found, title, licence)


def _say(line: str) -> None:
    typer.echo(line, err=True)


def _told(model: Model, as_json: bool) -> None:
    """What was entered."""
    if as_json:
        typer.echo(json.dumps(_facts(model.card), indent=2))
        return
    facts = _facts(model.card)
    facts["reading"] = model.card.reading.in_words()
    wanted = ("id", "task", "runtime", "reading", "geometry", "parameters", "licence")
    typer.echo(table([(name, _shown(facts[name])) for name in wanted if name in facts]))


def _workshop_models() -> Sequence[Any]:
    from printroom.workshop import Workshop

    with Workshop(Settings.read()) as workshop:
        return workshop.catalogue.models


def _facts(card: ModelCard) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(card.to_json())
    return {"id": card.id} | facts


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        said = {name: part for name, part in value.items() if part not in ("", [], None)}
        parts = ((name, _shown(part)) for name, part in said.items())
        return ", ".join(
            f"{name} ({part})" if " " in part else f"{name} {part}" for name, part in parts
        )
    if isinstance(value, list):
        return " ".join(_shown(part) for part in value)
    return str(value)
