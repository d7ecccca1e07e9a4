"""What workers counted is among the server's numbers, once, however they end."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from printroom.api.totals import Everything
from printroom.runs.reports import Reports

WORKERS = 3 + (find_spec("torch") is not None)
"""Of a process: for runs, errands and portraits, and where PyTorch is, for trainings."""
WORKER = """
import sys, time
from pathlib import Path
from printroom.core.settings import Settings
from printroom.runs import numbers
from printroom.workshop import Workshop
numbers.EVERY = 0.05
with Workshop(Settings(data=Path(sys.argv[1]), workers=1)) as workshop:
    workshop.floor.tallies.add("printroom_step_seconds", 2.0, step="draw")
    with numbers.Shown(workshop):
        print("there", flush=True)
        sys.stdin.read()
"""


def steps(text: str) -> tuple[float, float]:
    """Steps counted, and workers' threads that live."""
    found = {
        sample.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    return found.get("printroom_step_seconds_count", 0), found.get("printroom_workers", 0)


def started(data: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(data)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "there\n"
    return process


def until(data: Path, number: int) -> None:
    """So many workers have written their numbers."""
    end = time.monotonic() + 60
    while len(list((data / "metrics").glob("worker-*.prom"))) < number:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_workers_that_live_and_that_were_killed(tmp_path: Path) -> None:
    everything = Everything(tmp_path)
    assert steps(everything.with_workers([])) == (0, 0)
    one, other = started(tmp_path), started(tmp_path)
    until(tmp_path, 2)
    assert steps(everything.with_workers([])) == (2, 2)
    one.send_signal(signal.SIGKILL)
    one.wait()
    for _ in range(2):  # its file is gone, what it counted is kept
        assert steps(everything.with_workers([])) == (2, 1)
    other.communicate("")
    assert steps(everything.with_workers([])) == (2, 0)
    assert Reports(tmp_path).read() == ([], [])
    for process in (one, other):
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()


def test_a_server_of_several_processes_counts_its_worker_once(
    serving: Callable[..., Any], drawings: Path, tmp_path: Path
) -> None:
    shutil.copytree(drawings, tmp_path / "data")
    with (
        serving(tmp_path / "data", processes="2") as url,
        httpx.Client(base_url=url, timeout=60) as client,
    ):
        wanted = {"target": "count", "input": {"text": "x"}}
        for _ in range(3):
            answer = client.post("/v1/runs", json=wanted, headers={"Prefer": "wait=30"})
            assert answer.json()["status"] == "succeeded"
        end = time.monotonic() + 60
        while steps(client.get("/metrics").text)[0] < 3:
            assert time.monotonic() < end
            time.sleep(0.1)
        for _ in range(4):  # whichever process answers
            text = client.get("/metrics", headers={"Connection": "close"}).text
            assert steps(text)[0] == 3
            assert f"\nprintroom_job_workers {WORKERS}.0\n" in text


def test_a_folder_that_cannot_be_written_stops_no_worker(tmp_path: Path) -> None:
    (tmp_path / "metrics").write_text("a file")
    process = started(tmp_path)
    process.communicate("")
    assert process.returncode == 0
    assert os.listdir(tmp_path).count("metrics") == 1  # noqa: PTH208
