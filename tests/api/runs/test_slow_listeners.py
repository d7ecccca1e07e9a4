"""Whoever listens and takes nothing is dropped, and costs the server no memory meanwhile."""

import json
import socket

import httpx
import psutil
import pytest
from sqlalchemy import insert, update

from printroom.core.settings import Settings
from printroom.jobs.model import EVENTS, JOBS
from printroom.workshop import Workshop

COUNT, SIZE = 20_000, 2000
"""Events, and letters of each: 40 MB, more than any buffer on the way holds."""


def told(server, job, first, last):
    """Let events `first` to `last` of a job have happened."""
    text = json.dumps({"said": "x" * SIZE})
    rows = [
        {"job": job, "number": number, "at": 1.8e9, "kind": "said", "data_json": text}
        for number in range(first, last + 1)
    ]

    def add(connection):
        connection.execute(insert(EVENTS), rows)
        connection.execute(update(JOBS).where(JOBS.c.id == job).values(events=last))

    with Workshop(Settings(data=server.data)) as workshop:
        workshop.database.run(add)


def followed(url, job, last):
    """Numbers of the events as a client gets them that comes back each time it is dropped."""
    seen = []
    while not seen or seen[-1] < last:
        headers = {"Last-Event-ID": str(seen[-1])} if seen else {}
        with httpx.stream(
            "GET", f"{url}/v1/runs/{job}/events", headers=headers, timeout=60
        ) as told:
            for line in told.iter_lines():
                if line.startswith("id: "):
                    seen.append(int(line[4:]))
                    if seen[-1] == last:
                        break
    return seen


@pytest.mark.slow
def test_it_is_dropped_and_others_miss_nothing(server, tools):
    url = f"http://127.0.0.1:{server.port}"
    file = tools.upload(server.client, tools.png()[0])
    body = {"target": "enhance", "input": {"image": file}}
    job = server.client.post("/v1/runs", json=body).json()["id"]
    process = psutil.Process(server.process.pid)
    told(server, job, 2, 50)
    assert followed(url, job, 50) == list(range(1, 51))
    before = process.memory_info().rss
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", server.port))
        deaf.sendall(f"GET /v1/runs/{job}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        port = deaf.getsockname()[1]

        def heard():
            return any(one.raddr and one.raddr.port == port for one in process.net_connections())

        tools.eventually(heard)
        told(server, job, 51, COUNT)
        assert followed(url, job, COUNT) == list(range(1, COUNT + 1))
        tools.eventually(lambda: not heard())
    assert process.memory_info().rss - before < COUNT * SIZE / 2
    assert server.client.post(f"/v1/runs/{job}/cancel").json()["status"] == "cancelled"
    assert server.client.delete(f"/v1/files/{file}").status_code == 204
