"""`printroom verify FILE`: whether a stranger's model may run here, and be listed.

file, what is declared -> findings as they are made, the report        NotFound BadModel
exit status 0 passed, 3 for a person to decide, 1 refused
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from printroom.cli.stop import stop_on_signals
from printroom.core.errors import BadOption, Cancelled
from printroom.core.settings import Settings

if TYPE_CHECKING:
    from printroom.catalogue.verification.report import Declared, Finding, Report
    from printroom.isolation.conversion import Converted

STATUS = {"passed": 0, "refused": 1, "review": 3}
"""Verdict -> exit status."""
MARKS = {"passed": "ok", "refused": "REFUSED", "review": "review", "unchecked": "not checked"}


def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="ONNX, or safetensors.")],
    *,
    name: Annotated[str, typer.Option(help="owner/name. [local/ and the name of the file]")] = "",
    licence: Annotated[str, typer.Option(help="SPDX expression, or OpenRAIL.")] = "",
    task: Annotated[str, typer.Option(help="What it is for. [what it does to the example]")] = "",
    architecture: Annotated[
        str,
        typer.Option(help="Of safetensors: printroom-upscaler, -restorer, or spandrel's name."),
    ] = "",
    part: Annotated[
        list[str] | None,
        typer.Option(help="What it was made from: NAME=LICENCE. Repeatable."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for report.html, report.json.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON on stdout.")] = False,
) -> None:
    """Look at a model that somebody else made, and try it in a sandbox."""
    # Loaded here: `printroom --help` and wrong usage need none of it.
    from printroom.catalogue.verification.signing import ReportKey
    from printroom.catalogue.verification.verifying import verify as verified
    from printroom.steps.moderate.screens import screens

    settings = Settings.read()
    declared = replace(_declared(file, name, licence, task, part or ()), architecture=architecture)
    looking = screens(settings.screens)
    with stop_on_signals() as stop:
        try:
            report = verified(
                file,
                declared,
                told=lambda _finding: None if as_json else _say(_finding),
                cancelled=stop.event.is_set,
                screens=looking,
                convert=partial(_converted, settings=settings),
                made=partial(_kept, out=out),
            )
        except Cancelled:
            typer.echo("printroom: stopped", err=True)
            raise typer.Exit(stop.status) from None
    report = ReportKey.of(settings.data).sign(report)
    if as_json:
        typer.echo(report.to_json(), nl=False)
    else:
        _conclude(report)
    if out is not None:
        from printroom.quality.verified import write

        typer.echo(f"printroom: {write(report, out)}", err=True)
    raise typer.Exit(STATUS[report.verdict])


def _declared(
    file: Path, name: str, licence: str, task: str, parts: list[str] | tuple[()]
) -> Declared:
    """What the options say. Raises BadOption."""
    from printroom.catalogue.card import TASKS
    from printroom.catalogue.entering import checked_name
    from printroom.catalogue.importing import slug
    from printroom.catalogue.verification.report import Declared

    if task and task not in TASKS:
        raise BadOption(f"there is no task {task!r}", f"the tasks are {', '.join(TASKS)}")
    made_from = {}
    for one in parts:
        what, found, terms = one.partition("=")
        if not (what and found and terms):
            raise BadOption(f"{one!r} names no part and its licence", "write it as base-net=MIT")
        made_from[what] = terms
    return Declared(
        checked_name(name or f"local/{slug(file.stem)}"),
        licence,
        next((one for one in TASKS if one == task), None),
        parts=made_from,
    )


def _converted(weights: Path, *, settings: Settings) -> Converted:
    """The graph of safetensors of a network that spandrel knows."""
    from printroom.isolation.conversion import convert
    from printroom.isolation.house import Isolation

    return convert(weights, Isolation(settings.data), suffix=".safetensors")


def _kept(onnx: bytes, *, out: Path | None) -> None:
    """The graph is left beside the report: it is what can be given to others."""
    from printroom.quality.report import make_folder, told

    if out is not None:
        make_folder(out)
        with told(out):
            (out / "model.onnx").write_bytes(onnx)


def _say(finding: Finding) -> None:
    typer.echo(f"{finding.code:22} {MARKS[finding.verdict]:12} {finding.reason}")


def _conclude(report: Report) -> None:
    from printroom.catalogue.verification.report import EXCLUDED

    typer.echo(f"\n{report.declared.name}: {report.verdict}")
    for reason in report.reasons:
        typer.echo(f"  {reason}")
    typer.echo(f"\n{EXCLUDED}")
