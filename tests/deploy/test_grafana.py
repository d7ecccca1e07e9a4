"""Every query of the dashboard is about numbers that a running server shows."""

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

DASHBOARD = json.loads(
    (Path(__file__).parents[2] / "deploy" / "grafana" / "printroom.json").read_text()
)
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
QUERIES = [target["expr"] for panel in PANELS for target in panel["targets"]]
GIVEN = {"job", "instance"}
"""Labels that Prometheus adds."""
Shown = dict[str, dict[str, set[str]]]
"""Name of a series -> its labels -> their values."""


@pytest.fixture(scope="module")
def shown(
    serving: Callable[..., Any], drawings: Path, tmp_path_factory: pytest.TempPathFactory
) -> Shown:
    """What a server shows after some traffic: good, bad and in vain."""
    data = tmp_path_factory.mktemp("grafana") / "data"
    shutil.copytree(drawings, data)
    sample = Path("src/printroom/samples/cat.jpg").read_bytes()
    with serving(data) as url, httpx.Client(base_url=url, timeout=60) as client:
        assert client.post("/v1/images/enhance", content=sample).status_code == 200
        assert client.post("/v1/images/enhance", content=b"x").status_code == 415
        for given in ({"prompt": "x"}, {"prompt": "x", "width": -1}):
            client.post(
                "/v1/runs", json={"target": "draw", "input": given}, headers={"Prefer": "wait=30"}
            )
        end = time.monotonic() + 60
        while "printroom_job_seconds_count" not in (text := client.get("/metrics").text):
            assert time.monotonic() < end, "the worker does not show its numbers"
            time.sleep(0.1)
    found: Shown = {}
    for family in text_string_to_metric_families(text):
        for sample_ in family.samples:
            labels = found.setdefault(sample_.name, {})
            for name, value in sample_.labels.items():
                labels.setdefault(name, set()).add(value)
    return found


def series(query: str) -> Iterator[tuple[str, str]]:
    """Names of series, and what stands in braces behind them."""
    yield from re.findall(r"\b((?:printroom|process)_\w+)(?:\{([^}]*)\})?", query)


@pytest.mark.parametrize("query", QUERIES)
def test_every_series_exists(shown: Shown, query: str) -> None:
    names = list(series(query))
    assert names
    for name, braces in names:
        assert name in shown, f"{name} is not shown by a server"
        for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", braces):
            assert label in shown[name] or label in GIVEN, f"{name} has no label {label}"


@pytest.mark.parametrize("query", QUERIES)
def test_every_label_it_groups_by_exists(shown: Shown, query: str) -> None:
    [name, *_] = [name for name, _ in series(query)]
    for grouped in re.findall(r"\bby \(([^)]*)\)", query):
        for label in grouped.split(","):
            assert label.strip() in shown[name], f"{name} has no label {label.strip()}"


def test_legends_name_labels_that_are_left() -> None:
    for panel in PANELS:
        for target in panel["targets"]:
            grouped = re.findall(r"\bby \(([^)]*)\)", target["expr"])
            left = {label.strip() for labels in grouped for label in labels.split(",")}
            assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= left


def test_counters_are_rated_and_gauges_are_not() -> None:
    for query in QUERIES:
        for name, _ in series(query):
            rated = re.search(rf"rate\({name}[{{\[]", query) is not None
            counts = name.endswith(("_total", "_bucket", "_count", "_sum"))
            assert rated == counts, query
        assert query.count("(") == query.count(")")
        if "histogram_quantile" in query:
            assert re.search(r"by \(le\b", query)


def test_panels_do_not_lie_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken
        assert at["x"] + at["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_what_matters_most_is_seen() -> None:
    """Queue depth, wait, step times, residency, errors."""
    all_of_it = " ".join(QUERIES)
    for name in (
        "printroom_jobs",
        "printroom_job_wait_seconds",
        "printroom_step_seconds",
        "printroom_model_bytes",
        'code!=""',
    ):
        assert name in all_of_it
