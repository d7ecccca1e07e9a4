"""`printroom bench quality`: is a model better, on the field's own protocol?

`printroom bench people` is in `bench_people.py`.

sets, task, models -> quality.bench.run -> tables or JSON on stdout, a report in a folder
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from printroom.cli.bench_people import people
from printroom.cli.options import Device, Memory, Workers, settings_with
from printroom.cli.stop import Stop, stop_on_signals
from printroom.core.errors import Cancelled

if TYPE_CHECKING:
    from rich.console import Console

    from printroom.catalogue.card import Model
    from printroom.catalogue.card import Task as Purpose
    from printroom.cli.bars import Bars
    from printroom.quality.bench import Group, Results
    from printroom.quality.task import Method, Task
    from printroom.workshop import Workshop

bench = typer.Typer(no_args_is_help=True)
"""The group of verbs that measure."""
PURPOSES: dict[str, Purpose] = {
    "sr": "upscale",
    "jpeg": "dejpeg",
    "denoise": "denoise",
    "deblur": "deblur",
    "lowlight": "lowlight",
    "colour": "colour",
    "real": "denoise",
}
"""Task measured -> what a model's card says it is for."""


bench.command("people")(people)


@bench.callback()
def about() -> None:
    """Measure how good models are."""


@bench.command("quality")
def quality(
    *,
    sets: Annotated[list[Path], typer.Option("--set", help="Folder of pictures; repeatable.")],
    task: Annotated[str, typer.Option(help="sr, jpeg, denoise, deblur, lowlight, colour or real.")],
    scale: Annotated[int, typer.Option(help="Times as wide and high, for sr: 2, 3 or 4.")] = 2,
    model: Annotated[
        list[str] | None,
        typer.Option(help="Model id, or an ONNX file; repeatable. [the task's own]"),
    ] = None,
    strength: Annotated[
        list[float] | None,
        typer.Option(help="JPEG quality, sigma, stops; repeatable. [those of the field]"),
    ] = None,
    baselines: Annotated[
        bool, typer.Option("--baselines", help="Classical methods beside the models.")
    ] = False,
    grey: Annotated[
        bool, typer.Option("--grey", help="Pictures made grey, for denoise and deblur.")
    ] = False,
    fsim: Annotated[bool, typer.Option("--fsim", help="FSIM, too.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of the noise, and of the casts.")] = 0,
    each: Annotated[bool, typer.Option("--each", help="A line for each picture.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder for report.html, results.json and plots.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    memory: Memory = None,
    workers: Workers = None,
    device: Device = None,
) -> None:
    """Measure models against the truth, as the field's papers do."""
    with stop_on_signals() as stop, ExitStack() as held:
        # Loaded here: `printroom --help` and wrong usage need none of it.
        from printroom.cli.bars import bars
        from printroom.quality.report import make_folder, write
        from printroom.quality.task import Conditions
        from printroom.quality.tasks import task_for
        from printroom.workshop import Workshop

        conditions = Conditions(scale, tuple(strength or ()), seed, grey, fsim)
        protocol = task_for(task, conditions)
        workshop = held.enter_context(Workshop(settings_with(memory, workers, device)))
        methods = _methods(workshop, protocol, model or (), baselines)
        if out is not None:
            make_folder(out)
        with bars(1) as shown:
            results = _measured(protocol, sets, methods, shown, stop)
        for skipped in results.skipped:
            shown.say(f"printroom: {skipped.set}: {skipped.file} is skipped: {skipped.reason}")
        if as_json:
            typer.echo(json.dumps(results.as_json()))
        else:
            _print(results, each)
        if out is not None:
            shown.say(f"printroom: {write(results, out)}")


def _measured(
    task: Task, sets: Sequence[Path], methods: Sequence[Method], shown: Bars, stop: Stop
) -> Results:
    """Run it with a bar; a signal ends the command."""
    from printroom.quality.bench import run

    def tell(name: str, done: int, pictures: int) -> None:
        shown.begin(name, 0)
        shown.advance(done, pictures)

    try:
        return run(task, sets, methods, tell, stop.event)
    except Cancelled:
        shown.say("printroom: stopped; nothing was written")
        raise typer.Exit(stop.status) from None
    finally:
        shown.end()


def _methods(workshop: Workshop, task: Task, named: Sequence[str], baselines: bool) -> list[Method]:
    """The models asked for, or the task's own, then the baselines if wanted."""
    from printroom.accounts.principal import LOCAL_ACCOUNT
    from printroom.core.errors import NotFound, ScaleNotOffered
    from printroom.quality.network import method_of
    from printroom.quality.pictures import printable

    found: dict[str, Model] = {}
    for name in named:
        model = workshop.floor.model(name)
        local = name.lower().endswith(".onnx")
        found[printable(name) if local else model.card.id] = model
    if not named:
        try:
            model = workshop.catalogue.for_task(PURPOSES[task.name], task.scale)
        except (NotFound, ScaleNotOffered):
            if not baselines:
                raise
        else:
            found[model.card.id] = model
    shop = workshop.floor, workshop.steps, workshop.models_of(LOCAL_ACCOUNT)
    methods = [method_of(name, model, task.scale, *shop) for name, model in found.items()]
    return [*methods, *(task.baselines() if baselines else ())]


def _print(results: Results, each: bool) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    console.print(f"{results.task.title}; seed {results.task.conditions.seed}", markup=False)
    for group in results.groups:
        console.print()
        _print_group(console, results, group, each)


def _print_group(console: Console, results: Results, group: Group, each: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    from printroom.quality.words import figure, heading

    metrics = results.task.metrics
    count = len(group.pictures)
    title = Text(f"{results.title(group)}: {count} picture{'s' * (count != 1)}")
    table = Table(title=title, title_justify="left")
    table.add_column("method", overflow="fold")
    for name in (*map(heading, metrics), "parameters"):
        table.add_column(name, justify="right")
    told = results.published(group)
    origin = ["measured"] if told else []
    if told:
        table.add_column("from")
    parameters = {method.name: method.parameters for method in results.methods}
    for name, means in group.means.items():
        size = parameters[name]
        cells = [figure(metric, means[metric]) for metric in metrics]
        cells.append("" if size is None else f"{size:,}")
        table.add_row(Text(name), *cells, *origin)
    for row in told:
        cells = [figure(m, row.psnr) if m == "psnr" else "" for m in metrics]
        table.add_row(Text(row.name), *cells, "", Text(row.source), style="dim")
    console.print(table)
    if each:
        for score in group.scores:
            values = "  ".join(figure(metric, score.values[metric]) for metric in metrics)
            console.print(f"{score.picture}  {score.method}  {values}", markup=False)
