"""A server of several processes: killed in part and in whole, told to stop, full, counted."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from printroom.api.serve import serve
from printroom.core.settings import Settings

WHOLE = b"IEND\xaeB`\x82"


def read_all(client: socket.socket) -> bytes:
    """Until the server closes, or is gone."""
    try:
        return b"".join(iter(lambda: client.recv(65536), b""))
    except ConnectionResetError:
        return b""


def until(condition: Any, what: str) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


class Visitors:
    """Four clients that send a picture on a new connection again and again."""

    def __init__(self, server: Any, picture: bytes) -> None:
        self.statuses: list[int] = []
        self.cut = 0
        self._url = f"http://127.0.0.1:{server.port}/v1/images/enhance"
        self._picture, self._over = picture, threading.Event()
        self._threads = [threading.Thread(target=self._visit) for _ in range(4)]

    def _visit(self) -> None:
        while not self._over.is_set():
            try:
                self.statuses.append(httpx.post(self._url, content=self._picture).status_code)
            except httpx.TransportError:
                self.cut += 1

    def __enter__(self) -> "Visitors":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()


@pytest.mark.slow
def test_a_killed_process_is_replaced_while_the_others_go_on(start: Any, picture: bytes) -> None:
    with start(processes=2) as server, Visitors(server, picture) as visitors:
        until(lambda: len(visitors.statuses) > 20, "nobody is served")
        before = server.metric('printroom_requests_total{code="",status="200"}')
        victim, other = server.children()
        victim.kill()
        victim.wait(30)  # its connections are closed by then, ours perhaps among them
        served = len(visitors.statuses)
        until(lambda: len(visitors.statuses) > served + 20, "nobody is served any more")
        server.wait_for("printroom_process_restarts_total", 1)
        server.wait_for("printroom_processes", 2)
        assert other in server.children()
        assert victim not in server.children()
        assert server.metric('printroom_requests_total{code="",status="200"}') > before
    assert set(visitors.statuses) == {200}
    assert visitors.cut <= 4  # what the one had in hand


@pytest.mark.slow
def test_a_killed_process_loses_its_own_requests_alone(
    start: Any, send: Any, long_work: bytes
) -> None:
    with start(processes=2) as server:
        clients = [send(server, long_work), send(server, long_work)]
        server.wait_for("printroom_requests_running", 2)
        server.children()[0].kill()
        whole = [read_all(client).endswith(WHOLE) for client in clients]
        assert sorted(whole) == [False, True]


def test_requests_go_to_the_process_with_the_least_to_do(
    start: Any, send: Any, long_work: bytes, picture: bytes
) -> None:
    with start(processes=2, running=2, waiting=2) as server:
        clients = [send(server, long_work), send(server, long_work)]
        server.wait_for("printroom_requests_running", 2)  # each has room for one
        assert server.metric("printroom_requests_waiting") == 0
        clients += [send(server, long_work), send(server, long_work)]
        server.wait_for("printroom_requests_waiting", 2)
        answer = httpx.post(f"{server.client.base_url}/v1/images/enhance", content=picture)
        assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
        assert int(answer.headers["retry-after"]) >= 1
        assert server.metric("printroom_requests_refused_total") == 1
        for client in clients:
            client.close()
        server.wait_for("printroom_requests_running", 0)
        assert server.enhance(picture).status_code == 200


def test_numbers_are_those_of_all_processes(start: Any, picture: bytes) -> None:
    with start(processes=3) as server:
        url = str(server.client.base_url)
        held = [httpx.Client(base_url=url) for _ in range(6)]  # two for each process
        for client in held:
            answer = client.post("/v1/images/enhance", content=picture)
            assert answer.status_code == 200
        texts = [client.get("/metrics").text for client in held]
        for client in held:
            client.close()
        counted = 'printroom_requests_total{code="",status="200"} 6.0'
        assert all(counted in text for text in texts)
        assert server.metric("printroom_workers") == 3
        assert server.metric("printroom_processes") == 3
        assert server.metric("printroom_request_seconds_count") == 6
        assert server.client.get("/healthz").json() == {"status": "alive"}
        assert server.client.get("/readyz").json() == {"status": "ready"}


def test_what_a_killed_process_counted_stays(start: Any, picture: bytes) -> None:
    with start(processes=2) as server:
        for _ in range(4):
            assert httpx.post(
                f"{server.client.base_url}/v1/images/enhance", content=picture
            ).is_success
        assert server.metric("printroom_request_seconds_count") == 4
        for child in server.children():
            server.client.close()
            server.client = httpx.Client(base_url=server.client.base_url, timeout=60)
            child.kill()
            child.wait()
        until(lambda: len(server.children()) == 2, "they are not replaced")
        assert server.metric("printroom_request_seconds_count") == 4


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_all_finish_what_they_have(
    start: Any, send: Any, long_work: bytes, picture: bytes, number: signal.Signals
) -> None:
    with start(processes=2) as server:
        clients = [send(server, long_work), send(server, long_work)]
        server.wait_for("printroom_requests_running", 2)
        server.process.send_signal(number)
        until(lambda: server.client.get("/readyz").status_code == 503, "it is ready still")
        refused = server.enhance(picture)
        assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
        assert all(read_all(client).endswith(WHOLE) for client in clients)
        assert server.stop() == (0, "")
        assert not list((server.data / "tmp").glob("work-*"))


def test_told_twice_all_give_up(start: Any, send: Any, long_work: bytes) -> None:
    with start(processes=2, grace=600) as server:
        clients = [send(server, long_work), send(server, long_work)]
        server.wait_for("printroom_requests_running", 2)
        server.process.send_signal(signal.SIGTERM)
        until(lambda: server.client.get("/readyz").status_code == 503, "it is ready still")
        server.process.send_signal(signal.SIGTERM)
        assert all(read_all(client).startswith(b"HTTP/1.1 503 ") for client in clients)
        assert server.stop()[0] == 0


@pytest.mark.slow
def test_when_the_parent_is_killed_its_children_finish_and_go(
    start: Any, send: Any, long_work: bytes
) -> None:
    with start(processes=2) as server:
        client = send(server, long_work)
        server.wait_for("printroom_requests_running", 1)
        children = server.children()
        server.process.kill()
        assert read_all(client).endswith(WHOLE)
        _, alive = psutil.wait_procs(children, timeout=60)
        assert alive == []
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port))


def test_a_child_told_to_stop_makes_way_for_another(start: Any, picture: bytes) -> None:
    with start(processes=2) as server:
        child = server.children()[0]
        child.terminate()
        child.wait(60)
        server.wait_for("printroom_process_restarts_total", 1)
        server.wait_for("printroom_processes", 2)
        assert server.enhance(picture).status_code == 200


def test_a_port_in_use_is_said_so(server: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        serve(Settings(processes=2), "127.0.0.1", server.port)
    assert stopped.value.code == 1
    assert "cannot listen on 127.0.0.1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"PRINTROOM_PRELOAD": "no/such@1"}, "no/such@1"),
        ({"PRINTROOM_DATA": "{file}"}, "cannot be made"),
    ],
    ids=["a model that is not there", "no place for files"],
)
def test_a_server_that_cannot_start_says_why_and_ends(
    tmp_path: Path, settings: dict[str, str], reason: str
) -> None:
    (tmp_path / "file").touch()
    given = {name: value.format(file=tmp_path / "file") for name, value in settings.items()}
    done = subprocess.run(
        [sys.executable, "-m", "printroom", "serve", "--port=0", "--processes=2"],
        env=os.environ | {"PRINTROOM_DATA": str(tmp_path)} | given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert reason in done.stderr
    assert re.fullmatch(r"cannot serve: [^\n]+\n", done.stderr)
    assert done.stdout == ""
