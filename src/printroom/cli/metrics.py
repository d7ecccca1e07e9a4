"""`printroom metrics REF IMG`: how much a picture differs from its reference, and where.

`printroom metrics --niqe IMG`: how natural a picture looks by itself.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from printroom.core.errors import BadOption

if TYPE_CHECKING:
    from rich.table import Table

    from printroom.metrics.compare import Comparison


def metrics(
    reference: Annotated[Path, typer.Argument(metavar="REF", help="The picture as it should be.")],
    picture: Annotated[
        Path | None, typer.Argument(metavar="IMG", help="The picture to be judged.")
    ] = None,
    *,
    niqe: Annotated[
        bool, typer.Option("--niqe", help="How natural a single picture looks, without REF.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    map_to: Annotated[
        Path | None, typer.Option("--map", help="Draw there where the difference is (a PNG, say).")
    ] = None,
) -> None:
    """Compare two pictures of one size: PSNR, SSIM, MS-SSIM, GMSD, FSIM and FSIMc.

    With --niqe: judge one picture alone; less is more natural.
    """
    if niqe:
        if picture is not None or map_to is not None:
            raise BadOption("--niqe judges one picture alone", "give it no reference and no --map")
        _niqe(reference, as_json)
        return
    if picture is None:
        raise BadOption("there is no picture to compare", "name two, or one with --niqe")
    # Loaded here: `printroom --help` and wrong usage need none of it.
    from printroom.metrics.compare import compare

    result = compare(reference, picture, map_to)
    if as_json:
        typer.echo(json.dumps(result.as_json()))
        return
    from rich.console import Console

    console = Console(highlight=False)
    console.print(_table(result))
    for name, note in result.notes.items():
        console.print(f"{name}: {note}", markup=False)


def _niqe(picture: Path, as_json: bool) -> None:
    from printroom.metrics.niqe import niqe_of

    value = niqe_of(picture)
    typer.echo(json.dumps({"niqe": value}) if as_json else f"NIQE {value:.2f} (0 = natural)")


def _table(result: Comparison) -> Table:
    from rich.table import Table

    tiles = result.fsim_tiles
    rows = [
        ("PSNR", result.psnr, "dB", 3),
        ("SSIM", result.ssim, "1 = equal", 6),
        ("MS-SSIM", result.ms_ssim, "1 = equal", 6),
        ("GMSD", result.gmsd, "0 = equal", 6),
        ("FSIM", result.fsim, "1 = equal", 6),
        ("FSIMc", result.fsimc, "1 = equal", 6),
        ("FSIM of tiles, mean", tiles and tiles.mean, "1 = equal", 6),
        ("FSIM of tiles, 5th percentile", tiles and tiles.p5, "1 = equal", 6),
        ("FSIM of tiles, minimum", tiles and tiles.min, "1 = equal", 6),
    ]
    table = Table("metric", "value", "scale")
    table.columns[1].justify = "right"
    for name, value, scale, digits in rows:
        table.add_row(name, "-" if value is None else f"{value:.{digits}f}", scale)
    return table
