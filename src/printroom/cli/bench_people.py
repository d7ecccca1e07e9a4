"""`printroom bench people`: does the small generator learn people that it never saw?

size, people, pictures -> training.portraits.measuring -> tables on stdout, or JSON
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from printroom.core.sizes import format_size

if TYPE_CHECKING:
    from printroom.training.portraits.measuring import Results, Row

LEGEND = """\
renderer    the renderer's own pictures: the ceiling
words       the generator is told everything about the person: the oracle
nothing     it is told nothing
glance      what its reader tells of the photos at once
word        a word was learnt
learnt      a word and corrections were learnt"""


def people(
    *,
    size: Annotated[int, typer.Option(help="Side of the pictures: 32 or 64.")] = 64,
    count: Annotated[int, typer.Option("--people", min=1, max=100, help="To learn.")] = 8,
    photos: Annotated[int, typer.Option(min=1, max=200, help="Of each.")] = 15,
    drawn: Annotated[int, typer.Option(min=1, help="Pictures of each in each style.")] = 8,
    seed: Annotated[int, typer.Option(min=0, help="Of the people.")] = 99,
    picture: Annotated[
        Path | None, typer.Option("--sheet", help="Draw eight of them into a file, and no more.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Learn drawn people, draw them in every style, and let a judge say who it is."""
    # Loaded here: `printroom --help` needs none of it.
    from printroom.runtimes.mini.generator import mini
    from printroom.training.portraits.measuring import Count, measure

    generator = mini(size)
    if picture is not None:
        from printroom.training.portraits.sheet import sheet, write

        write(sheet(generator, 8, seed), picture)
        return
    asked = Count(count, photos, drawn, seed)
    results = measure(generator, asked, lambda line: typer.echo(line, err=True))
    generator.close()
    if as_json:
        typer.echo(json.dumps(asdict(results) | {"gain": results.gain}))
    else:
        _print(results)


def _print(results: Results) -> None:
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table

    from printroom.runtimes.generation import STYLES
    from printroom.training.portraits.measuring import METHODS

    console = Console(highlight=False)
    title = "found first of 100 / in the right style / a portrait, in %"
    table = Table(title=title, title_justify="left", box=SIMPLE, pad_edge=False, show_edge=False)
    table.add_column("", no_wrap=True)
    for style in STYLES:
        table.add_column(style, justify="right", no_wrap=True)
    for method in METHODS:
        table.add_row(method, *(_cell(results.row(method, style)) for style in STYLES))
    console.print(table)
    console.print(LEGEND)
    console.print(_targets(results))


def _cell(row: Row) -> str:
    return "/".join(f"{value:.0%}"[:-1] for value in (row.first, row.styled, row.portraits))


def _targets(results: Results) -> object:
    """What was promised beside what was reached."""
    from rich.box import SIMPLE
    from rich.table import Table

    from printroom.runtimes.generation import STYLES
    from printroom.training.portraits import measuring as m

    heads = "", "target", "reached", ""
    table = Table(*heads, title="what was promised", title_justify="left", box=SIMPLE)

    def line(what: str, target: str, reached: str, good: bool) -> None:
        table.add_row(what, target, reached, "yes" if good else "NO")

    rows = [results.row("learnt", style) for style in STYLES]
    for row in rows:
        aim = m.TARGETS[row.style]
        line(f"found first, {row.style}", f">= {aim:.2f}", f"{row.first:.2f}", row.first >= aim)
    least = min(row.styled for row in rows)
    line("right style, the worst", f">= {m.STYLE_TARGET}", f"{least:.2f}", least >= m.STYLE_TARGET)
    least = min(row.portraits for row in rows)
    good = least >= m.PORTRAIT_TARGET
    line("a portrait, the worst", f">= {m.PORTRAIT_TARGET}", f"{least:.2f}", good)
    gain = results.gain
    line("gain over nothing learnt", f">= {m.GAIN_TARGET}", f"{gain:.2f}", gain >= m.GAIN_TARGET)
    seconds = results.seconds
    line("learning, CPU-s", f"< {m.CPU_TARGET:.0f}", f"{seconds:.1f}", seconds < m.CPU_TARGET)
    line("a person's file", "", format_size(results.bytes), True)
    good = results.speed >= m.SPEED_TARGET
    line(f"{m.TOGETHER} at once, over one by one", ">= 5 x", f"{results.speed:.1f} x", good)
    good = results.apart <= m.EQUAL_TARGET
    line("difference of the two", "<= 1e-05", f"{results.apart:.1e}", good)
    line(
        "left in the base", "nothing", "something" if results.leak else "nothing", not results.leak
    )
    grown = results.growth
    line(f"growth over {m.IN_TURN} people", "none", format_size(max(grown, 0)), grown < 4 << 20)
    return table
