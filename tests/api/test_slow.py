"""Clients that send slowly, too much, or what is none: each ends, and the server goes on."""

import socket
import threading
from typing import Any

import pytest

from printroom.api.body import MOST_JSON

PATHS = ("/v1/images/enhance", "/v1/files", "/v1/runs", "/v1/pipelines/enhance")


def head(path: str, length: int) -> bytes:
    kind = "application/octet-stream" if path == "/v1/files" else "application/json"
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {length}\r\n\r\n"
    ).encode()


def read_all(client: socket.socket) -> bytes:
    """What comes until the other side closes, or cuts the line."""
    found = b""
    try:
        while piece := client.recv(65536):
            found += piece
    except ConnectionResetError:
        pass
    return found


def drip(client: socket.socket, ended: threading.Event) -> None:
    """A byte now and then, until the other side has enough of it: never idle, never done."""
    try:
        while not ended.wait(0.3):
            client.sendall(b" ")
    except OSError:
        pass


@pytest.mark.parametrize(
    "begun",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"POST /v1/runs HT", id="half a line"),
        pytest.param(b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: ", id="half a header"),
        pytest.param(
            b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /healthz HTTP/1.1\r\nX-Slow: ",
            id="half a second request",
        ),
    ],
)
def test_headers_that_do_not_come_are_not_waited_for(server: Any, send: Any, begun: bytes) -> None:
    client = send(server, begun)
    answer = read_all(client)
    assert answer.count(b"HTTP/1.1 200") == begun.count(b"\r\n\r\n")
    assert server.client.get("/healthz").status_code == 200


def test_dripping_headers_and_bodies_end(server: Any, send: Any) -> None:
    ended = threading.Event()
    clients = [send(server, head(path, 10**6)) for path in PATHS]
    clients.append(send(server, b"GET /healthz HTTP/1.1\r\nX-Slow: "))
    threads = [threading.Thread(target=drip, args=(client, ended)) for client in clients]
    for thread in threads:
        thread.start()
    try:
        answers = [read_all(client) for client in clients]
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    for path, answer in zip(PATHS, answers, strict=False):
        assert answer.startswith(b"HTTP/1.1 408 "), (path, answer)
        assert b'"body_timeout"' in answer
    assert answers[-1] == b""
    assert server.scratch() == []
    server.wait_for("printroom_held_bytes", 0)


def test_a_json_body_is_bounded_whether_it_says_so_or_not(server: Any) -> None:
    pieces = [b'{"target": "', *[b"x" * 2**20] * (MOST_JSON // 2**20), b'"}']
    for content in (b"".join(pieces), iter(pieces)):
        answer = server.client.post(
            "/v1/runs", content=content, headers={"Content-Type": "application/json"}
        )
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    server.wait_for("printroom_held_bytes", 0)


def test_bodies_of_json_share_the_memory_that_is_for_them(start: Any, send: Any) -> None:
    with start(held=2**20) as server:
        waiting = send(server, head("/v1/runs", 10**6) + b" " * 900_000)
        server.wait_for("printroom_held_bytes", 900_000)
        answer = server.client.post("/v1/quotes", content=b" " * 600_000)
        assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
        assert int(answer.headers["retry-after"]) >= 1
        waiting.close()
        server.wait_for("printroom_held_bytes", 0)
        assert server.client.post("/v1/quotes", content=b"{}").status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"\xff\xfe",
        b'{"target": ',
        b'{"target": "enhance", "input": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"target": "enhance", "input": {"scale": ' + b"9" * 5000 + b"}}",
        b'{"target": "enhance", "input": {"scale": NaN}}',
        b'{"target": "enhance", "input": {"scale": 1e999}}',
        b'{"target": "en\\u0000hance"}',
        b'{"target": "\\ud800"}',
        b'{"target": "ink@\\ud800"}',
        b'{"target": "ink@\\u0000"}',
        b'{"target": "enhance", "webhook": "https://[::1"}',
    ],
)
def test_bodies_that_are_none_are_refused_as_the_clients_fault(server: Any, body: bytes) -> None:
    for path in ("/v1/runs", "/v1/quotes", "/v1/batches", "/v1/webhooks", "/v1/keys"):
        answer = server.client.post(
            path, content=body, headers={"Content-Type": "application/json"}
        )
        assert 400 <= answer.status_code < 500, (path, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"


CONTRADICTIONS = (
    b"Content-Length: -1",
    b"Content-Length: 1e3",
    b"Content-Length: 9\r\nContent-Length: 3",
    b"Content-Length: 3\r\nTransfer-Encoding: chunked",
)


def test_headers_that_contradict_each_other_are_refused(server: Any, send: Any) -> None:
    for length in CONTRADICTIONS:
        request = b"POST /v1/runs HTTP/1.1\r\nHost: a\r\n" + length + b"\r\n\r\nabc"
        answer = read_all(send(server, request))
        assert answer[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 422"), answer
        assert answer.count(b"HTTP/1.1 ") == 1  # what follows is no request of its own


def test_many_that_send_nothing_hold_nobody_up(server: Any, send: Any, picture: bytes) -> None:
    clients = [send(server, b"") for _ in range(200)]
    assert server.enhance(picture).status_code == 200
    for client in clients:
        assert read_all(client) == b""
