"""The report as one HTML file: figures, plots, and pictures to compare.

Results, plots, looks -> html() -> str
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape

from printroom.imaging.vips import pyvips
from printroom.quality.bench import Group, Results
from printroom.quality.crops import Choice, Look
from printroom.quality.document import document, framed, row
from printroom.quality.pictures import Pixels
from printroom.quality.task import METRICS
from printroom.quality.words import figure, heading, signed


def html(results: Results, plots: Sequence[str], looks: Iterable[tuple[Choice, Look]]) -> str:
    """The whole page; `plots` are SVG made by `charts`."""
    task = results.task
    title = f"printroom bench quality: {task.name}"
    parts = [
        f"<h1>{escape(task.title)}</h1>",
        f'<p class="soft">{escape(_about(results))}</p>',
        "<h2>Means</h2>",
        *(_table(results, group) for group in results.groups),
        "<h2>Plots</h2>" if plots else "",
        *(f'<div class="plot wide">{plot}</div>' for plot in plots),
        *_pictures(results, looks),
        "<h2>Picture by picture</h2>",
        *(_details(results, group) for group in results.groups),
        _skipped(results),
    ]
    return document(title, parts, sliders=True)


def _about(results: Results) -> str:
    """One line on what was measured."""
    task = results.task
    count = len({(score.set, score.picture) for score in results.scores})
    methods = ", ".join(method.name for method in results.methods)
    grey = ", made grey" if task.conditions.grey else ""
    return f"{count} pictures{grey}; seed {task.conditions.seed}; {methods}"


def _table(results: Results, group: Group) -> str:
    """Means of one group, published figures below them."""
    metrics = results.task.metrics
    best = {
        name: (max if METRICS[name].higher else min)(
            values[name] for values in group.means.values()
        )
        for name in metrics
    }
    head = [("method", ""), *((heading(name), "number") for name in metrics)]
    head += [("parameters", "number"), ("from", "")]
    parameters = {method.name: method.parameters for method in results.methods}
    rows = []
    for name, values in group.means.items():
        size = parameters[name]
        marks = {m: len(group.means) > 1 and values[m] == best[m] for m in metrics}
        cells = [(figure(m, values[m]), "number best" if marks[m] else "number") for m in metrics]
        cells += [("" if size is None else f"{size:,}", "number"), ("measured here", "from")]
        rows.append(row([(name, "name"), *cells]))
    for told in results.published(group):
        cells = [(figure(m, told.psnr) if m == "psnr" else "", "number") for m in metrics]
        cells += [("", "number"), (told.source, "from")]
        rows.append(row([(told.name, "name"), *cells], "told"))
    count = len(group.pictures)
    caption = f"{results.title(group)}, {count} picture{'s' * (count != 1)}"
    return framed(caption, head, rows)


def _details(results: Results, group: Group) -> str:
    """The figures of each picture of a group, folded away."""
    metric = results.task.primary
    names = [method.name for method in results.methods]
    values = {(s.picture, s.method): s.values[metric] for s in group.scores}
    head = [("picture", ""), *((name, "number") for name in names)]
    rows = [
        row([(p, "name"), *((figure(metric, values[p, name]), "number") for name in names)])
        for p in group.pictures
    ]
    caption = f"{results.title(group)}: {heading(metric)}"
    return f"<details><summary>{escape(caption)}</summary>{framed('', head, rows)}</details>"


def _pictures(results: Results, looks: Iterable[tuple[Choice, Look]]) -> list[str]:
    """A slider and two rows of crops for each picture that is shown."""
    parts: list[str] = []
    for choice, look in looks:
        group, metric = choice.group, results.task.primary
        gain = results.gains(group)[results.methods[1].name][choice.picture]
        words = f"{choice.why}: {signed(metric, gain)} {METRICS[metric].unit}"
        parts += [
            f"<h3>{escape(f'{results.title(group)}: {choice.picture}')}</h3>",
            f'<p class="soft">{escape(words.strip())} by {escape(results.methods[1].name)}</p>',
            _slider(results, look),
            '<p class="soft">Where these two differ most; figures are of the whole picture</p>',
            _crops(results, choice, look.differing),
            '<p class="soft">The middle of the picture</p>',
            _crops(results, choice, look.middle),
        ]
    return ["<h2>Pictures</h2>", *parts] if parts else []


def _slider(results: Results, look: Look) -> str:
    floor, first = (escape(method.name) for method in results.methods[:2])
    return (
        '<div class="slider">'
        f'<img src="{_data(look.before)}" alt="{floor}">'
        f'<img class="after" src="{_data(look.after)}" alt="{first}">'
        f'<span class="left">{floor}</span><span class="right">{first}</span>'
        '<div class="edge"></div>'
        f'<input type="range" min="0" max="100" value="50" aria-label="{floor} to the left,'
        f' {first} to the right"></div>'
    )


def _crops(results: Results, choice: Choice, crops: Sequence[Pixels]) -> str:
    metric = results.task.primary
    values = {s.method: s.values for s in choice.group.scores if s.picture == choice.picture}
    captions = ["truth"] + [
        f"{method.name}: {figure(metric, values[method.name][metric])} {METRICS[metric].unit}"
        for method in results.methods
    ]
    figures = (
        f'<figure><img src="{_data(pixels)}" alt="{escape(caption)}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
        for caption, pixels in zip(captions, crops, strict=True)
    )
    return f'<div class="crops">{"".join(figures)}</div>'


def _skipped(results: Results) -> str:
    if not results.skipped:
        return ""
    rows = [row([(s.set, "name"), (s.file, "name"), (s.reason, "")]) for s in results.skipped]
    head = [("set", ""), ("file", ""), ("reason", "")]
    return f"<h2>Skipped</h2>{framed('', head, rows)}"


def _data(pixels: Pixels) -> str:
    """Pixels as a lossless picture within the page."""
    space = "srgb" if pixels.shape[2] == 3 else "b-w"
    image = pyvips.Image.new_from_array(pixels).copy(interpretation=space)
    coded = base64.b64encode(image.webpsave_buffer(lossless=True)).decode()
    return f"data:image/webp;base64,{coded}"
