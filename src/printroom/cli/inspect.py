"""`printroom inspect PATH…`: what ails pictures, and how good they are. Nothing is changed.

paths -> one report each, on stdout (JSON with --json)     NotFound BadOption: nothing is begun
a picture that cannot be read                              its error on stderr, exit status 1
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from printroom.cli.tables import table
from printroom.cli.words import describe
from printroom.core.errors import PrintroomError
from printroom.core.settings import Settings

if TYPE_CHECKING:
    from printroom.core.session import Session
    from printroom.steps.inspect.assess import Assessment
    from printroom.steps.inspect.report import Report


def inspect(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Pictures and folders.")],
    *,
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Folders below, too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per picture.")] = False,
) -> None:
    """Say what ails pictures: JPEG, noise, blur, darkness, low resolution, a colour cast."""
    # Loaded here: `printroom --help` and wrong usage need none of it.
    from printroom.catalogue.models import Catalogue
    from printroom.catalogue.opening import open_model
    from printroom.cli.places import Places
    from printroom.steps.inspect.assess import assess
    from printroom.steps.inspect.features import OPINION

    settings, failed = Settings.read(), 0
    inputs = Places(paths, None, "", recursive).inputs
    opinion = open_model(Catalogue().get(OPINION))
    for item in inputs:
        try:
            seen = _report(item.source, settings.pixels, opinion)
        except PrintroomError as error:
            failed += 1
            print(describe(error, str(item.source)), file=sys.stderr)
            continue
        score = assess(seen)
        typer.echo(
            _object(item.source, seen, score) if as_json else _text(item.source, seen, score)
        )
    raise typer.Exit(1 if failed else 0)


def _report(source: Path, pixels: int, opinion: Session) -> Report:
    from printroom.engine.preview import survey
    from printroom.engine.rasters import Raster
    from printroom.imaging.image import Image
    from printroom.imaging.limits import Limits
    from printroom.steps.inspect.report import report

    with Image.open(source, Limits(pixels)) as image:
        return report(survey(Raster.of_image(image), lambda: None), opinion)


def _object(source: Path, seen: Report, score: Assessment) -> str:
    return json.dumps({"source": str(source), "score": score.score, **seen.as_dict()})


def _text(source: Path, seen: Report, score: Assessment) -> str:
    rows: list[Sequence[str]] = [("FAULT", "FOUND", "SURE", "SEVERITY", "WHY")]
    for one in seen.findings:
        found = "yes" if one.found else "-"
        rows.append((one.fault, found, f"{one.confidence:.0%}", f"{one.severity:.0%}", one.reason))
    ails = ", ".join(seen.found) or "nothing found"
    return f"{source}: {ails}; score {score.score:.0f} of 100\n{table(rows)}\n"
