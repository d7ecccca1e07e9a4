"""Overload, hang-ups, stopping and being killed."""

import json
import re
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from printroom.api.serve import serve
from printroom.core.settings import Settings


def read_all(client: socket.socket) -> bytes:
    return b"".join(iter(lambda: client.recv(65536), b""))


def test_hanging_up_stops_the_work(server: Any, send: Any, long_work: bytes) -> None:
    client = send(server, long_work)
    server.wait_for("printroom_requests_running", 1)
    client.close()
    server.wait_for("printroom_requests_running", 0)
    server.wait_for('printroom_requests_total{code="cancelled",status="499"}', 1)
    assert server.metric("printroom_tiles_queued") == 0
    assert server.metric("printroom_held_bytes") == 0
    assert server.scratch() == []


def test_hanging_up_after_a_large_body_stops_the_work(
    server: Any, send: Any, post: Any, encode: Any
) -> None:
    """Large bodies are read with pauses, and a connection that is paused hears nothing."""
    noise = np.random.default_rng(4).integers(0, 256, (1000, 1000, 3), np.uint8)
    cancelled = 'printroom_requests_total{code="cancelled",status="499"}'
    before = server.metric(cancelled) if cancelled in server.client.get("/metrics").text else 0
    client = send(server, post(encode(noise, ".png"), "model=test/slow@1"))
    server.wait_for("printroom_requests_running", 1)
    client.close()
    server.wait_for("printroom_requests_running", 0)
    server.wait_for(cancelled, before + 1)


def test_hanging_up_while_sending_costs_nothing(
    server: Any, send: Any, post: Any, picture: bytes
) -> None:
    for _ in range(20):
        send(server, post(picture)[:-100]).close()
    assert server.enhance(picture).status_code == 200
    server.wait_for("printroom_held_bytes", 0)


@pytest.mark.parametrize("suffix", [".jpg[Q=20]", ".png"], ids=["from memory", "from disk"])
def test_a_client_that_takes_nothing_is_cut_off(
    server: Any, post: Any, encode: Any, suffix: str
) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (1000, 1000, 3), np.uint8)
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", server.port))
        client.sendall(post(encode(noise, suffix), "format=png"))
        server.wait_for("printroom_requests_open", 1)
        server.wait_for("printroom_requests_open", 0)
        assert server.metric("printroom_held_bytes") == 0
        assert server.scratch() == []
        head, _, body = read_all(client).partition(b"\r\n\r\n")
        found = re.search(rb"content-length: (\d+)", head)
        assert found
        assert len(body) < int(found[1])


def test_above_its_load_it_refuses_and_then_recovers(
    start: Any, send: Any, long_work: bytes, picture: bytes
) -> None:
    with start(running=1, waiting=1) as server:
        running = send(server, long_work)
        server.wait_for("printroom_requests_running", 1)
        waiting = send(server, long_work)
        server.wait_for("printroom_requests_waiting", 1)
        answer = server.enhance(picture)
        assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
        assert int(answer.headers["retry-after"]) == answer.json()["retry_after"] >= 1
        assert server.metric("printroom_requests_refused_total") == 1
        waiting.close()  # a request that only waits goes at once, without a turn
        server.wait_for("printroom_requests_waiting", 0)
        assert server.metric("printroom_requests_running") == 1
        running.close()
        server.wait_for("printroom_requests_running", 0)
        assert server.enhance(picture).status_code == 200


def test_memory_for_bodies_is_bounded(start: Any, send: Any, post: Any, picture: bytes) -> None:
    assert len(picture) > 1000
    with start(held=1000) as server:
        for _ in range(5):
            send(server, post(picture)[:-1])
        assert server.enhance(picture).status_code == 200
        assert server.metric("printroom_held_bytes") <= 1000


def test_batch_work_leaves_room_for_people(
    start: Any, send: Any, long_work: bytes, picture: bytes
) -> None:
    batch = long_work.replace(b"enhance?", b"enhance?priority=batch&")
    with start(running=2, waiting=4) as server:
        send(server, batch)
        server.wait_for("printroom_requests_running", 1)
        send(server, batch)
        server.wait_for("printroom_requests_waiting", 1)
        assert server.enhance(picture).status_code == 200
        assert server.metric("printroom_requests_waiting") == 1


def test_each_picture_leaves_a_line_on_the_log_if_asked_for(start: Any, picture: bytes) -> None:
    with start(log=True) as server:
        assert server.enhance(picture).status_code == 200
        assert server.enhance(b"not a picture").status_code == 415
        _, stderr = server.stop()
    lines = [json.loads(line) for line in stderr.splitlines()]
    assert [(line["status"], line["code"]) for line in lines] == [(200, ""), (415, "not_a_picture")]
    assert lines[0]["bytes_in"] == len(picture)


@pytest.mark.slow
def test_sigterm_finishes_what_runs_and_refuses_the_rest(
    start: Any, send: Any, long_work: bytes, picture: bytes
) -> None:
    with start() as server:
        assert server.client.get("/readyz").status_code == 200
        client = send(server, long_work)
        server.wait_for("printroom_requests_running", 1)
        server.process.send_signal(signal.SIGTERM)
        while (ready := server.client.get("/readyz")).status_code == 200:
            pass
        assert ready.json() == {"status": "stopping"}
        assert server.client.get("/healthz").status_code == 200
        refused = server.enhance(picture)
        assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
        assert refused.headers["connection"] == "close"
        answer = read_all(client)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert answer.endswith(b"IEND\xaeB`\x82")
        assert server.stop() == (0, "")
        assert not list((server.data / "tmp").glob("work-*"))


@pytest.mark.parametrize(("grace", "signals"), [(0.1, 1), (600, 2)])
def test_work_is_given_up_after_the_grace_or_a_second_signal(
    start: Any, send: Any, long_work: bytes, grace: float, signals: int
) -> None:
    with start(grace=grace) as server:
        client = send(server, long_work)
        server.wait_for("printroom_requests_running", 1)
        server.process.send_signal(signal.SIGTERM)
        if signals == 2:
            while server.client.get("/readyz").status_code == 200:
                pass
            server.process.send_signal(signal.SIGINT)
        assert read_all(client).startswith(b"HTTP/1.1 503 ")
        assert server.stop()[0] == 0


@pytest.mark.slow
def test_a_killed_server_leaves_nothing_that_the_next_minds(
    start: Any, send: Any, post: Any, picture: bytes, tmp_path: Path
) -> None:
    with start(data=tmp_path, held=1) as server:
        send(server, post(picture)[:-1])
        server.wait_for_scratch()
        server.stop(signal.SIGKILL)
        assert server.scratch() != []
    with start(data=tmp_path) as server:
        assert server.scratch() == []
        assert server.enhance(picture).status_code == 200


@pytest.mark.slow
def test_two_servers_share_a_data_folder(
    start: Any, send: Any, post: Any, picture: bytes, tmp_path: Path
) -> None:
    with start(data=tmp_path, held=1) as first:
        send(first, post(picture)[:-1])
        first.wait_for_scratch()
        with start(data=tmp_path):
            assert first.scratch() != []


def test_a_port_in_use_is_said_so(server: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        serve(Settings(), "127.0.0.1", server.port)
    assert stopped.value.code == 1
    assert "cannot listen on 127.0.0.1" in capsys.readouterr().err


def test_many_at_once_all_come_back(server: Any, picture: bytes) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(server.enhance, [picture] * 48))
    assert [answer.status_code for answer in answers] == [200] * 48
