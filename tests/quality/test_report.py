"""The report: whole, closed to the outside, and safe whatever files are called."""

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.core.errors import Unwritable
from printroom.imaging.image import Image
from printroom.quality import charts
from printroom.quality.bench import Results, run
from printroom.quality.charts import Series
from printroom.quality.crops import busiest, chosen
from printroom.quality.page import html
from printroom.quality.report import plots, write
from printroom.quality.task import Conditions
from printroom.quality.tasks import task_for

Folder = Callable[..., Path]
Scene = Callable[..., Any]
HOSTILE = "<script>alert(1)<\u2215script>\"'&\x1b[2J.png"
FIGURES = st.floats(-1e6, 1e6) | st.just(float("inf")) | st.just(float("nan"))


class Tags(HTMLParser):
    """Every tag with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture
def results(folder: Folder, scene: Scene) -> Results:
    files = {HOSTILE: scene(0), "b.png": scene(1), "c.png": scene(2), "</title>.png": b"broken"}
    files = {name: data for name, data in files.items() if "/" not in name} | {"x<y.png": b"no"}
    task = task_for("deblur", Conditions())
    return run(task, [folder(files, "a <b>set</b>")], task.baselines())


def test_a_report_is_a_page_plots_and_numbers(results: Results, tmp_path: Path) -> None:
    page = write(results, tmp_path / "new" / "out")
    assert page.read_text("utf-8").startswith("<!doctype html>")
    assert json.loads((page.parent / "results.json").read_text()) == results.as_json()
    drawn = sorted(path.name for path in page.parent.glob("plot-*"))
    assert drawn == [f"plot-1-{n}.{s}" for n in ("gains", "means") for s in ("png", "svg")]
    for path in page.parent.glob("*.png"):
        with Image.open(path) as image:
            assert image.width == 2 * charts.WIDTH
    assert sorted(p.name for p in page.parent.iterdir() if p not in page.parent.glob("plot-*")) == [
        "report.html",
        "results.json",
    ]


def test_a_page_asks_nobody_for_anything(results: Results, tmp_path: Path) -> None:
    text = write(results, tmp_path / "out").read_text("utf-8")
    tags = Tags(text).found
    assert not {tag for tag, _ in tags} & {"link", "iframe", "object", "embed", "base", "form"}
    sources = [value for _, found in tags for key, value in found.items() if key in ("src", "href")]
    assert sources
    assert all(value and value.startswith("data:image/webp;base64,") for value in sources)
    assert "url(" not in text
    assert "default-src 'none'" in str(tags)


def test_a_name_cannot_become_code(results: Results, tmp_path: Path) -> None:
    text = write(results, tmp_path / "out").read_text("utf-8")
    tags = Tags(text).found
    assert [tag for tag, _ in tags].count("script") == 1
    assert not [tag for tag, _ in tags if tag in ("b", "y.png")]
    assert not [key for _, found in tags for key in found if key.startswith("on")]
    assert "\x1b" not in text
    assert "alert(1)" in text  # it is shown, as text
    assert "x&lt;y.png" in text  # what was skipped is named


def test_the_slider_is_a_range_that_says_what_it_compares(results: Results, tmp_path: Path) -> None:
    tags = Tags(write(results, tmp_path / "out").read_text("utf-8")).found
    ranges = [found for tag, found in tags if tag == "input"]
    assert len(ranges) == len(chosen(results)) == 3
    assert all(found["type"] == "range" for found in ranges)
    assert all("unsharp mask" in (found["aria-label"] or "") for found in ranges)
    assert all(found.get("alt") for tag, found in tags if tag == "img")


def test_two_reports_are_equal(results: Results, tmp_path: Path) -> None:
    one, two = (write(results, tmp_path / name).read_bytes() for name in ("one", "two"))
    assert one == two


def test_a_place_that_cannot_be_written_is_told(results: Results, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unwritable, match="file"):
        write(results, tmp_path / "file")


def test_without_methods_there_is_nothing_to_compare(folder: Folder, scene: Scene) -> None:
    results = run(task_for("jpeg", Conditions()), [folder({"a.png": scene()})], [])
    assert chosen(results) == []
    assert list(plots(results)) == ["1-means"]
    assert "<h2>Pictures</h2>" not in html(results, [], [])


def test_with_many_strengths_each_is_shown_once(folder: Folder, scene: Scene) -> None:
    task = task_for("denoise", Conditions())
    home = folder({"a.png": scene(0), "b.png": scene(1)})
    shown = chosen(run(task, [home], task.baselines()))
    assert [choice.group.strength for choice in shown] == [15, 15, 25, 50]
    assert [choice.why for choice in shown] == ["gained least", *["in the middle"] * 3]


def test_the_busiest_window_is_where_pictures_differ() -> None:
    a = np.zeros((90, 120, 3), np.uint8)
    b = a.copy()
    b[40:60, 70:90] = 200
    assert busiest(a, b, 20, 20) == (70, 40, 90, 60)


@given(
    st.text(max_size=40),
    st.lists(st.none() | FIGURES, min_size=1, max_size=5),
    st.integers(0, 20),
)
def test_every_plot_is_well_formed(name: str, values: list[float | None], colour: int) -> None:
    name = "".join(c for c in name if c.isprintable())
    groups = [name] * len(values)
    series = [Series(name, values, colour), Series("told", values, colour, dashed=True)]
    made = [charts.bars(name, groups, series), charts.lines(name, groups, series)]
    for svg in [*made, charts.dots(name, series)]:
        root = ElementTree.fromstring(svg)
        assert root.tag.endswith("svg")
        assert not re.search(r"nan|inf", re.sub(r"<t(itle|ext).*?</t(itle|ext)>", "", svg))


def test_bars_stand_on_zero() -> None:
    svg = charts.bars("t", ["a", "b"], [Series("s", [2.0, -1.0], 1)])
    above, below = re.findall(r'<rect [^>]* y="([\d.]+)" width="[\d.]+" height="([\d.]+)"', svg)[
        -2:
    ]
    zero = float(above[0]) + float(above[1])
    assert float(below[0]) == pytest.approx(zero, abs=0.11)
    assert float(above[1]) == pytest.approx(2 * float(below[1]), abs=0.2)


def test_a_plot_becomes_a_picture_and_the_door_is_shut_again() -> None:
    from printroom.imaging.vips import pyvips

    data = charts.png(charts.dots("t", [Series("s", [1.0], 0)]))
    with Image.open(data) as image:
        assert image.format == "png"
    with pytest.raises(pyvips.Error):
        pyvips.Image.svgload_buffer(b"<svg xmlns='http://www.w3.org/2000/svg'/>")
