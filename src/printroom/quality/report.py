"""Results as a folder: a page to look at, plots, and the numbers for programs.

Results -> report.html results.json plot-*.svg plot-*.png      Unwritable DiskFull
"""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from printroom.core.errors import DiskFull, Unwritable
from printroom.quality import charts
from printroom.quality.bench import Group, Results
from printroom.quality.charts import Series
from printroom.quality.crops import Choice, Look, chosen, look
from printroom.quality.page import html
from printroom.quality.pictures import printable
from printroom.quality.words import heading

MANY = 16
"""Pictures from which their gains are drawn as a line in order of size, not as bars."""


def make_folder(out: Path) -> None:
    """Make the folder of a report, before the work. Raises Unwritable."""
    with told(out):
        out.mkdir(parents=True, exist_ok=True)


def write(results: Results, out: Path) -> Path:
    """Write everything into the folder `out`, made when missing; returns the page's path."""
    drawn = plots(results)
    page = html(results, list(drawn.values()), [(c, _look(results, c)) for c in chosen(results)])
    files = {"results.json": json.dumps(results.as_json(), indent=1).encode()}
    for name, svg in drawn.items():
        files[f"plot-{name}.svg"], files[f"plot-{name}.png"] = svg.encode(), charts.png(svg)
    files["report.html"] = page.encode()
    make_folder(out)
    with told(out):
        for name, data in files.items():
            (out / name).write_bytes(data)
    return out / "report.html"


@contextmanager
def told(out: Path) -> Iterator[None]:
    """What the system says about `out`, in our words."""
    try:
        yield
    except OSError as error:
        kind = DiskFull if error.errno == errno.ENOSPC else Unwritable
        reason = error.strerror or str(error)
        raise kind(f"the report cannot be written to {printable(out)}", reason) from error


def plots(results: Results) -> dict[str, str]:
    """Name -> SVG: each set's means beside published ones, and what each picture gained."""
    made: dict[str, str] = {}
    groups = results.groups
    sets = list(dict.fromkeys(group.set for group in groups))
    for number, name in enumerate(sets, 1):
        of_set = [group for group in groups if group.set == name]
        made[f"{number}-means"] = _means(results, of_set)
        if len(results.methods) > 1:
            made[f"{number}-gains"] = _gains(results, of_set[0])
    return made


def _means(results: Results, groups: list[Group]) -> str:
    """Lines over the strengths, or dots where there is only one."""
    metric = results.task.primary
    measured = {
        method.name: [group.means[method.name][metric] for group in groups]
        for method in results.methods
    }
    series = [Series(name, values, n) for n, (name, values) in enumerate(measured.items())]
    told: dict[str, dict[int, float]] = {}
    for place, group in enumerate(groups):
        for row in results.published(group) if metric == "psnr" else ():
            if row.name not in measured:
                told.setdefault(row.name, {})[place] = row.psnr
    for n, (name, values) in enumerate(told.items(), len(series)):
        series.append(Series(name, [values.get(p) for p in range(len(groups))], n, dashed=True))
    if len(groups) > 1:
        title = f"{groups[0].set}: {heading(metric)}"
        labels = [results.task.label(group.strength) for group in groups]
        return charts.lines(title, labels, series)
    title = f"{results.title(groups[0])}: {heading(metric)}"
    return charts.dots(title, sorted(series, key=lambda row: row.values[0] or 0))


def _gains(results: Results, group: Group) -> str:
    """What each picture of a group gained over the floor, by each method."""
    metric = results.task.primary
    gains = results.gains(group)
    names = [method.name for method in results.methods[1:]]
    title = f"{results.title(group)}: {heading(metric)}, better than {results.methods[0].name} by"
    if len(group.pictures) <= MANY:
        series = [
            Series(name, [gains[name][p] for p in group.pictures], n)
            for n, name in enumerate(names, 1)
        ]
        return charts.bars(title, group.pictures, series)
    count = len(group.pictures)
    series = [Series(name, sorted(gains[name].values()), n) for n, name in enumerate(names, 1)]
    places = [f"{100 * place // max(1, count - 1)} %" for place in range(count)]
    return charts.lines(f"{title}; pictures from worst to best", places, series)


def _look(results: Results, choice: Choice) -> Look:
    subject = results.subjects[choice.group.set, choice.picture]
    cases = results.task.cases(subject)
    case = next(case for case in cases if case.strength == choice.group.strength)
    return look(case, results)
