"""Which models a server has loaded, over HTTP and on the command line."""

import json
import subprocess
import sys
from typing import Any

import httpx
import pytest

from printroom.api.resident import listed
from printroom.api.totals import Totals


def asked(server: Any) -> dict[str, Any]:
    answer = server.client.get("/v1/models/resident")
    assert answer.status_code == 200
    return {one.pop("model"): one for one in answer.json()["models"]}


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "printroom", "models", "resident", *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=False)


def test_a_server_tells_what_it_has_loaded(start: Any, picture: bytes) -> None:
    with start() as server:
        before = asked(server)
        assert list(before) == ["test/double@1"]
        assert before["test/double@1"]["pinned"]
        assert server.enhance(picture, model="test/slow").status_code == 200
        found = asked(server)
        assert list(found) == ["test/slow@1", "test/double@1"]  # the last used first
        assert (found["test/slow@1"]["loads"], found["test/slow@1"]["processes"]) == (1, 1)
        assert found["test/slow@1"]["bytes"] >= 100_000  # its weights
        assert server.metric("printroom_models_resident") == 2

        url = str(server.client.base_url)
        shown = command("--server", url)
        assert shown.returncode == 0, shown.stderr
        assert shown.stdout.splitlines()[1].startswith("test/slow@1")
        told = json.loads(command("--server", url, "--json").stdout)
        assert [one["model"] for one in told["models"]] == list(found)
        assert told["bytes"] == sum(one["bytes"] for one in told["models"]) <= told["limit"]


@pytest.mark.slow
def test_it_is_that_of_all_processes(start: Any, picture: bytes) -> None:
    with start(processes=2) as server:
        url = f"{server.client.base_url}/v1/images/enhance"
        for _ in range(2):  # a connection each, so a process each
            httpx.post(url, content=picture, params={"model": "test/double"})
        one = asked(server)["test/double@1"]
        assert (one["processes"], one["loads"]) == (2, 2)
        assert server.metric("printroom_models_resident") == 2


def test_no_server_is_a_sentence() -> None:
    for address, status in (("http://127.0.0.1:9", 2), ("nonsense", 2), ("file:///etc/passwd", 2)):
        done = command("--server", address)
        assert done.returncode == status
        assert done.stderr.startswith("printroom: ")
        assert "Traceback" not in done.stderr


def test_numbers_of_nothing_are_an_empty_list() -> None:
    assert listed("") == {"bytes": 0, "limit": 0, "models": []}


def test_processes_add_up() -> None:
    """Bytes and uses are summed; a model is as idle as where it was used last."""

    def numbers(size: int, idle: int, loads: int) -> str:
        return "".join(
            f'# TYPE {name} {kind}\n{name}{{model="a/b@1"}} {value}\n'
            for name, kind, value in (
                ("printroom_model_processes", "gauge", 1),
                ("printroom_model_bytes", "gauge", size),
                ("printroom_model_idle_seconds", "gauge", idle),
                ("printroom_model_loads_total", "counter", loads),
            )
        )

    totals = Totals()
    totals.bury(numbers(1000, 1, 7))
    (one,) = listed(totals.of([numbers(10, 50, 1), numbers(20, 9, 2)]))["models"]
    assert (one["model"], one["processes"], one["bytes"]) == ("a/b@1", 2, 30)
    assert (one["idle_seconds"], one["loads"]) == (9.0, 10)
