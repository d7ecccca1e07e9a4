"""Connections go to the process that has what their first request is for, if it is not too busy."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from printroom.api.peek import asked
from printroom.api.routing import BUSIER, Routes

NAMES = st.from_regex(
    r"[a-z0-9][a-z0-9._-]{0,20}/[a-z0-9][a-z0-9._-]{0,20}(@[1-9])?", fullmatch=True
)
PATH = "/v1/images/enhance"
OTHER = "test/triple@1"


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda one: one.encode()))
def test_any_bytes_are_looked_at(data: bytes) -> None:
    asked(data)
    assert asked(b"POST /v1/images/enhance?" + data.replace(b"\n", b"")) is None  # no whole line
    asked(b"POST /v1/images/enhance?" + data + b" HTTP/1.1\r\n")


@given(NAMES, st.sampled_from(["", "scale=2&", "a=%ff&b&", "format=png&quality=3&"]), st.booleans())
def test_the_model_of_the_query_is_found(name: str, before: str, escaped: bool) -> None:
    written = quote(name, safe="") if escaped else name
    line = f"POST /v1/images/enhance?{before}model={written}&x=1 HTTP/1.1\r\nHost: a\r\n"
    assert asked(line.encode()) == name


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("POST /v1/pipelines/portrait HTTP/1.1", "/v1/pipelines/portrait"),
        ("POST /v1/pipelines/portrait@live HTTP/1.1", "/v1/pipelines/portrait"),
        ("POST /v2/models/acme%2Fsoft/versions/3/infer HTTP/1.1", "acme/soft@3"),
        ("POST /v2/models/acme/soft/infer HTTP/1.1", "acme/soft"),
        ("POST /v1/images/enhance HTTP/1.1", None),
        ("GET /v1/pipelines/ HTTP/1.1", None),
        ("POST /v1/images/enhance?model=../../etc HTTP/1.1", "../../etc"),  # nobody has it
        ("POST /v1/images/enhance?" + "&".join(["model=a/b"] * 65) + " HTTP/1.1", None),
        ("POST /v1/images/enhance?model=a/b HTTP/2", None),
    ],
)
def test_what_else_a_request_may_be_for(line: str, found: str | None) -> None:
    assert asked(f"{line}\r\n\r\n".encode()) == found


class One:
    """A process, with so much on its hands."""

    def __init__(self, busy: int, holds: frozenset[str] = frozenset(), stopping: bool = False):
        self.busy, self.holds, self.stopping = busy, holds, stopping
        self.room = True


ONES = st.builds(
    One, st.integers(0, 12), st.frozensets(st.sampled_from("ab")), st.booleans()
)  # fmt: skip


@given(st.lists(ONES, min_size=1, max_size=6), st.sampled_from(["a", "b", "c"]))
def test_the_first_holds_it_unless_it_is_clearly_busier(ones: list[One], wanted: str) -> None:
    order = Routes(lambda: 0.0).order(ones, wanted)
    ranked = sorted(ones, key=lambda one: (one.stopping, one.busy))
    assert sorted(map(id, order)) == sorted(map(id, ones))
    able = [
        one for one in ranked
        if wanted in one.holds and not one.stopping and one.busy <= ranked[0].busy + BUSIER
    ]  # fmt: skip
    assert order[0] is (able or ranked)[0]


def test_what_nobody_has_goes_where_it_went_a_moment_ago() -> None:
    now = 0.0
    routes = Routes(lambda: now)
    first, second = One(0), One(0)
    routes.went(first, "a")
    first.busy = 3
    assert routes.order([first, second], "a")[0] is first
    assert routes.order([first, second], "b")[0] is second
    first.busy = BUSIER + 1
    assert routes.order([first, second], "a")[0] is second
    first.busy, now = 3, 60.0
    assert routes.order([first, second], "a")[0] is second
    second.holds = frozenset("a")
    routes.went(first, "a")
    assert routes.order([first, second], "a")[0] is second


def loads(server: Any) -> dict[str, int]:
    """Model -> how often it was loaded, in all processes."""
    found = server.client.get("/v1/models/resident").json()["models"]
    return {one["model"]: one["loads"] for one in found}


def told(server: Any) -> None:
    """Return once one process has said that it has more models than it was started with."""
    server.wait_for("printroom_processes_with_more", 1)


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def enhanced(server: Any, picture: bytes, **query: str) -> httpx.Response:
    """On a connection of its own."""
    return httpx.post(f"{server.client.base_url}{PATH}", content=picture, params=query, timeout=60)


@pytest.fixture
def visit() -> Iterator[Callable[..., httpx.Response]]:
    """As `enhanced`, and stay connected: by load alone, the next would go to another process."""
    clients: list[httpx.Client] = []

    def send(server: Any, path: str, **given: Any) -> httpx.Response:
        clients.append(httpx.Client(base_url=server.client.base_url, timeout=60))
        return clients[-1].post(path, **given)

    yield send
    for client in clients:
        client.close()


@pytest.fixture
def tripling(models: Path, tmp_path: Path) -> Path:
    """A folder with another model."""
    home = tmp_path / "more" / "triple" / "1"
    home.mkdir(parents=True)
    source = models / "double" / "1"
    for file in source.iterdir():
        text = file.read_bytes()
        if file.name == "card.json":
            text = text.replace(b"test/double", b"test/triple")
        (home / file.name).write_bytes(text)
    return tmp_path / "more"


def test_each_model_is_loaded_once_in_all(
    start: Any, visit: Any, picture: bytes, tripling: Path
) -> None:
    with start(processes=2, more=(tripling,)) as server:
        assert loads(server) == {"test/double@1": 2}
        for number in range(12):  # two of the one, two of the other
            name = ("test/slow@1", OTHER)[number // 2 % 2]
            answer = visit(server, PATH, content=picture, params={"model": name})
            assert answer.status_code == 200
            if number == 0:
                told(server)
        assert loads(server) == {"test/double@1": 2, "test/slow@1": 1, OTHER: 1}
        for _ in range(4):
            assert visit(server, PATH, content=picture).status_code == 200
            assert enhanced(server, picture, model="test/slow").status_code == 200
        assert loads(server) == {"test/double@1": 2, "test/slow@1": 1, OTHER: 1}


def test_a_pipeline_goes_where_its_models_are(
    start: Any, visit: Any, picture: bytes, tripling: Path, tmp_path: Path
) -> None:
    file = tmp_path / "larger.yaml"
    file.write_text(
        "name: larger\ninputs: {image: picture}\n"
        f"steps:\n  large: {{use: upscale, with: {{image: $image, net: {OTHER}}}}}\n"
        "outputs: {image: $large.image}\n"
    )
    data = tmp_path / "data"
    environment = os.environ | {"PRINTROOM_DATA": str(data), "PRINTROOM_MODELS": str(tripling)}
    subprocess.run(
        [sys.executable, "-m", "printroom", "pipelines", "publish", str(file)],
        env=environment,
        check=True,
        capture_output=True,
    )
    with start(data, processes=2, more=(tripling,)) as server:
        assert visit(server, PATH, content=picture, params={"model": OTHER}).status_code == 200
        told(server)
        for _ in range(4):
            files = {"image": ("a.png", picture, "image/png")}
            answer = visit(server, "/v1/pipelines/larger", files=files)
            assert answer.status_code == 200, answer.text
        assert loads(server)[OTHER] == 1


def test_slow_and_silent_clients_hold_nobody_up(
    start: Any, send: Any, post: Any, picture: bytes
) -> None:
    with start(processes=2) as server:
        assert enhanced(server, picture, model="test/slow@1").status_code == 200
        told(server)
        request = post(picture, "model=test/slow@1")
        half = send(server, request[:20])
        silent = send(server, b"")
        byte = send(server, b"")
        gone = send(server, b"")
        gone.close()
        assert enhanced(server, picture, model="test/slow@1").status_code == 200
        for client, rest in ((half, request[20:]), (silent, request)):
            time.sleep(0.2)  # longer than their first line is waited for
            client.sendall(rest)
            assert client.recv(64).startswith(b"HTTP/1.1 200 ")
        for number in request[:200]:
            byte.sendall(bytes([number]))
        byte.sendall(request[200:])
        assert byte.recv(64).startswith(b"HTTP/1.1 200 ")


def test_a_request_line_without_end_is_passed_on(start: Any, send: Any, picture: bytes) -> None:
    with start(processes=2) as server:
        assert enhanced(server, picture, model="test/slow@1").status_code == 200
        told(server)
        endless = send(server, b"POST /v1/images/enhance?model=" + b"a" * 2**17)
        assert re.match(rb"HTTP/1\.1 400 ", endless.recv(64))


@pytest.mark.slow
def test_a_holder_that_is_killed_is_not_missed(start: Any, picture: bytes) -> None:
    with start(processes=2) as server:
        assert enhanced(server, picture, model="test/slow@1").status_code == 200
        told(server)
        for child in server.children():
            server.client.close()
            server.client = httpx.Client(base_url=server.client.base_url, timeout=60)
            child.kill()
            child.wait()
            until(lambda: len(server.children()) == 2)
            assert enhanced(server, picture, model="test/slow@1").status_code == 200


def test_many_that_ask_for_one_model_are_served_by_all(
    start: Any, send: Any, long_work: bytes
) -> None:
    """Who holds it is not sent more than it can do while another has nothing to do."""
    with start(processes=2, running=8) as server:
        clients: list[socket.socket] = [send(server, long_work)]
        server.wait_for("printroom_requests_running", 1)
        told(server)
        clients += [send(server, long_work) for _ in range(5)]
        until(lambda: loads(server).get("test/slow@1") == 2)
        for client in clients:
            client.close()


def test_one_that_would_refuse_is_not_preferred():
    holder, other = One(1, frozenset({"a/b"})), One(0)
    routes = Routes(lambda: 0.0)
    assert routes.order([holder, other], "a/b")[0] is holder
    holder.room = False
    assert routes.order([holder, other], "a/b")[0] is other
