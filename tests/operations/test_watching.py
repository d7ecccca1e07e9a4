"""Logs, numbers and spans of a server and its worker say whose each thing is."""

import gzip
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from printroom.core.errors import BadOption, NotFound
from printroom.core.logs import JsonLines, about
from printroom.core.tallies import BUCKETS, MOST, Tallies
from printroom.core.tracing import trace_of, tracer_to


def record(message: str, **extra: Any) -> logging.LogRecord:
    made = logging.getLogger("printroom.test").makeRecord(
        "printroom.test", logging.INFO, "f", 1, message, (), None, extra=extra
    )
    assert made is not None
    return made


def test_lines_of_json_say_whose_they_are() -> None:
    with about(run="a"), about(request="b"):
        line = json.loads(JsonLines().format(record("two\nlines")))
    assert line.pop("time").endswith("Z")
    assert line == {"level": "info", "logger": "printroom.test", "run": "a", "request": "b",
                    "message": "two\nlines"}  # fmt: skip
    assert "run" not in json.loads(JsonLines().format(record("later")))


def test_facts_stand_in_place_of_a_message() -> None:
    line = json.loads(JsonLines().format(record("x", facts={"status": 200})))
    assert (line["status"], "message" in line) == (200, False)


def test_an_error_is_one_line() -> None:
    made = record("failed")
    try:
        raise NotFound("no such thing")
    except NotFound:
        made.exc_info = sys.exc_info()
    text = JsonLines().format(made)
    assert "\n" not in text
    assert json.loads(text)["error"] == "NotFound"


def test_tallies_from_many_threads_lose_nothing() -> None:
    tallies = Tallies()

    def count() -> None:
        for _ in range(1000):
            tallies.add("printroom_step_seconds", 0.02, step="x")

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [(name, labels, series)] = tallies.series()
    assert (name, labels) == ("printroom_step_seconds", (("step", "x"),))
    assert sum(series.counts) == series.counts[BUCKETS.index(0.025)] == 4000
    assert series.total == pytest.approx(80)


def test_labels_cannot_grow_without_end() -> None:
    tallies = Tallies()
    for number in range(MOST + 500):
        tallies.add("printroom_step_seconds", 1e9, step=str(number))
    series = {labels: sum(one.counts) for _, labels, one in tallies.series()}
    assert len(series) == MOST + 1
    assert series[("step", ""),] == 500


def test_everybody_knows_the_trace_of_a_run() -> None:
    assert trace_of("one") == trace_of("one") != trace_of("other")
    number, span = trace_of("one")
    assert 0 < number < 2**128
    assert 0 < span < 2**64


def test_spans_go_nowhere_unless_somebody_says_where(tmp_path: Path) -> None:
    assert not tracer_to(None).on
    with pytest.raises(BadOption, match="spans cannot go to"):
        tracer_to("some/where")
    with pytest.raises(BadOption, match="cannot be written"):
        tracer_to(str(tmp_path / "none" / "spans"))


def test_spans_nest_and_errors_are_noted(tmp_path: Path) -> None:
    tracer = tracer_to(str(tmp_path / "spans"))
    with pytest.raises(NotFound), tracer.span("outer", run="r"), tracer.span("inner", {"n": 1}):
        raise NotFound("x")
    tracer.past("queued", 10, 12, {}, run="r")
    tracer.close()
    spans = {
        one["name"]: one for one in map(json.loads, (tmp_path / "spans").read_text().splitlines())
    }
    number, root = trace_of("r")
    assert {one["context"]["trace_id"] for one in spans.values()} == {f"0x{number:032x}"}
    assert spans["outer"]["parent_id"] == spans["queued"]["parent_id"] == f"0x{root:016x}"
    assert spans["inner"]["parent_id"] == spans["outer"]["context"]["span_id"]
    assert spans["inner"]["attributes"] == {"n": 1, "error.type": "not_found"}
    assert spans["queued"]["start_time"].startswith("1970-01-01T00:00:10")


def test_spans_go_to_a_collector() -> None:
    came: list[tuple[str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            came.append((self.path, body))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        tracer = tracer_to(f"http://127.0.0.1:{server.server_port}/")
        with tracer.span("step draw", {"step": "draw"}, run="r"):
            pass
        tracer.close()
        server.shutdown()
    [(path, body)] = came
    assert path == "/v1/traces"
    request = ExportTraceServiceRequest.FromString(body)
    [span] = request.resource_spans[0].scope_spans[0].spans
    assert (span.name, span.trace_id) == ("step draw", trace_of("r")[0].to_bytes(16, "big"))


@pytest.fixture(scope="module")
def watched(
    serving: Callable[..., Any], drawings: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What a server and its worker left behind of a request and of two runs."""
    folder = tmp_path_factory.mktemp("watched")
    data, spans, errors = folder / "data", folder / "spans", folder / "stderr"
    shutil.copytree(drawings, data)
    found: dict[str, Any] = {}
    with errors.open("w") as stderr:
        before = os.dup(2)
        os.dup2(stderr.fileno(), 2)
        try:
            started = serving(data, log_format="json", http_log="1", traces=str(spans))
            with started as url:
                os.dup2(before, 2)
                client = httpx.Client(base_url=url, timeout=60)
                sample = Path("src/printroom/samples/cat.jpg").read_bytes()
                parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
                headers = {"X-Request-Id": "mine", "traceparent": parent}
                answer = client.post("/v1/images/enhance", content=sample, headers=headers)
                assert answer.status_code == 200
                runs = [
                    client.post(
                        "/v1/runs",
                        json={"target": target, "input": given},
                        headers={"Prefer": "wait=30"},
                    ).json()
                    for target, given in (("draw", {"prompt": "x"}), ("count", {"text": "x"}))
                ]
                assert [run["status"] for run in runs] == ["succeeded", "succeeded"]
                found["metrics"] = numbers(client, 'printroom_job_seconds_count{how="done"')
                client.close()
        finally:
            os.dup2(before, 2)
            os.close(before)
    found["runs"] = [run["id"] for run in runs]
    found["lines"] = [json.loads(line) for line in errors.read_text().splitlines()]
    found["spans"] = [json.loads(line) for line in spans.read_text().splitlines()]
    return found


def numbers(client: httpx.Client, name: str) -> str:
    """The numbers, once there is one of that name."""
    end = time.monotonic() + 60
    while name not in (text := client.get("/metrics").text):
        assert time.monotonic() < end, f"there is no {name}"
        time.sleep(0.1)
    return text


def test_log_lines_have_run_ids(watched: dict[str, Any]) -> None:
    for run in watched["runs"]:
        [line] = [one for one in watched["lines"] if one.get("run") == run and "how" in one]
        assert (line["how"], line["kind"], line["logger"]) == ("done", "run", "printroom.jobs")
    [line] = [one for one in watched["lines"] if one.get("request") == "mine"]
    assert line["status"] == 200


def test_one_trace_from_queue_to_steps(watched: dict[str, Any]) -> None:
    for run, step in zip(watched["runs"], ("draw", "letters"), strict=True):
        number, root = trace_of(run)
        spans = {
            one["name"]: one
            for one in watched["spans"]
            if one["context"]["trace_id"] == f"0x{number:032x}"
        }
        assert {"queued", "attempt", f"step {step}"} <= set(spans)
        assert spans["attempt"]["parent_id"] == f"0x{root:016x}"
        attempt = spans["attempt"]["context"]["span_id"]
        assert spans[f"step {step}"]["parent_id"] == attempt
        assert spans["queued"]["end_time"] <= spans[f"step {step}"]["start_time"]


def test_a_callers_trace_goes_on_in_the_engine(watched: dict[str, Any]) -> None:
    spans = {
        one["name"]: one
        for one in watched["spans"]
        if one["context"]["trace_id"] == "0x0af7651916cd43dd8448eb211c80319c"
    }
    assert set(spans) == {"POST EnhanceEndpoint", "chain"}
    assert spans["POST EnhanceEndpoint"]["parent_id"] == "0xb7ad6b7169203331"
    assert spans["chain"]["parent_id"] == spans["POST EnhanceEndpoint"]["context"]["span_id"]
    assert spans["chain"]["attributes"]["chain"] == "test/double@1"


def test_the_workers_numbers_are_among_the_servers(watched: dict[str, Any]) -> None:
    text = watched["metrics"]
    assert re.search(r'printroom_job_seconds_count\{how="done",kind="run"\} 2\.0', text)
    assert re.search(r'printroom_job_wait_seconds_count\{kind="run"\} 2\.0', text)
    assert re.search(r'printroom_step_seconds_count\{step="draw"\} 1\.0', text)
    assert "printroom_job_workers" in text
    assert "printroom_jobs_oldest_seconds 0.0" in text


def test_without_opentelemetry_it_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['opentelemetry'] = None\n"
        "from printroom.core.tracing import tracer_to\n"
        "tracer_to('http://127.0.0.1:1')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "printroom[otel]" in done.stderr
