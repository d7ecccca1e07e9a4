"""Runs over HTTP: what waiting for one costs beside the hot path, and what a thousand listeners do.

One server with its worker, on SQLite. In turns: a small picture to the hot path, and the same
model on the same picture, uploaded before, as a run that is waited for. CPU seconds of the whole
process tree; what server and worker do when nobody asks is measured, and taken off both. Then a
thousand clients listen to runs that do not start, each with a connection of its own.
"""

from __future__ import annotations

import asyncio
import resource
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import uvloop

from bench import house, nets, pictures
from bench.client import HOST, fire, post
from bench.processes import BenchError, status_bytes
from bench.rows import Row, at_most
from bench.servers import Launch, Server
from printroom.core.settings import Settings
from printroom.pipelines.spec import PipelineSpec
from printroom.workshop import Workshop

SIDE = 64
"""Pixels: as little work as there can be."""
LISTENERS = 1000
DEAREST = 3.0
"""CPU milliseconds that a run may cost more than the hot path."""
FULLEST = 300.0
"""MiB of the server process with all listeners."""
_PIPELINE = """\
name: bench-runs
inputs: {image: picture}
steps:
  up: {use: upscale, with: {image: $image, net: NET, scale: 2}}
"""


def bench(quick: bool) -> list[Row]:
    count, rounds, listeners = (50, 2, 100) if quick else (200, 5, LISTENERS)
    data = Path(tempfile.mkdtemp(prefix="printroom-bench-"))
    try:
        launch = _prepared(data)
        with Server(launch) as server:
            small = pictures.jpeg(SIDE).read_bytes()
            server.warm(small)
            rows = [_dearer(server, small, count, rounds)]
        quiet = replace(launch, env={**launch.env, "PRINTROOM_HTTP_WORKER": "0"})
        with Server(quiet) as server:
            server.warm(small)
            rows.append(_listening(server, small, listeners))
        return rows
    finally:
        shutil.rmtree(data, ignore_errors=True)


def _prepared(data: Path) -> Launch:
    """A server on `data`, with the pipeline published there."""
    launch = house.launch(nets.chain("double", scale=2, channels=16, layers=2), "scale=2")
    name = launch.env["PRINTROOM_PRELOAD"]
    models = (Path(launch.env["PRINTROOM_MODELS"]),)
    with Workshop(Settings(data=data, models=models)) as workshop:
        workshop.shelf.publish(PipelineSpec.from_yaml(_PIPELINE.replace("NET", name)))
    return replace(launch, env={**launch.env, "PRINTROOM_DATA": str(data)})


def _dearer(server: Server, small: bytes, count: int, rounds: int) -> Row:
    """What a run that is waited for costs more than the same by the hot path."""
    hot = post(server.path, small, "image/jpeg")
    base = f"http://{HOST}:{server.port}"
    sent = {"content-type": "image/jpeg"}
    file = httpx.post(f"{base}/v1/files", content=small, headers=sent).json()["id"]
    body = {"target": "bench-runs", "input": {"image": file}}
    found: list[float] = []
    latencies: list[float] = []
    parts: list[tuple[float, float]] = []
    with httpx.Client(base_url=base, timeout=60) as client:
        _ask(client, body, 10)
        for _ in range(rounds):
            idle = _idle(server)
            before, began = server.cpu(), time.perf_counter()
            fire(server.port, hot, count)
            cost = server.cpu() - before - idle * (time.perf_counter() - began)
            before, began = server.cpu(), time.perf_counter()
            latencies += _ask(client, body, count)
            dear = server.cpu() - before - idle * (time.perf_counter() - began)
            parts.append((1000 * cost / count, 1000 * dear / count))
            found.append(1000 * (dear - cost) / count)
    plain, run = (median(values) for values in zip(*parts, strict=True))
    detail = (
        f"{run:.2f} CPU-ms a run, {plain:.2f} by the hot path; "
        f"a run is over after {1000 * median(latencies):.1f} ms (median)"
    )
    return Row("runs, CPU beside the hot path", median(found), at_most(DEAREST), "CPU-ms", detail)


def _idle(server: Server) -> float:
    """CPU seconds that it takes in a second when nobody asks."""
    before = server.cpu()
    time.sleep(2)
    return (server.cpu() - before) / 2


def _ask(client: httpx.Client, body: dict[str, Any], count: int) -> list[float]:
    latencies = []
    for _ in range(count):
        began = time.perf_counter()
        answer = client.post("/v1/runs", json=body, headers={"prefer": "wait=30"})
        latencies.append(time.perf_counter() - began)
        if answer.status_code != 201 or answer.json()["status"] != "succeeded":
            raise BenchError(f"a run did not succeed: {answer.text[:500]}")
    return latencies


def _listening(server: Server, small: bytes, listeners: int) -> Row:
    """How large a server is while so many listen."""
    base = f"http://{HOST}:{server.port}"
    sent = {"content-type": "image/jpeg"}
    with httpx.Client(base_url=base, timeout=60) as client:
        file = client.post("/v1/files", content=small, headers=sent).json()["id"]
        body = {"target": "bench-runs", "input": {"image": file}}
        runs = [client.post("/v1/runs", json=body).json()["id"] for _ in range(listeners)]
    before = status_bytes(server.pid, "VmRSS") / 2**20
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4 * listeners)), hard))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        size, cpu = runner.run(_listened(server, runs))
    detail = f"{listeners} listeners on one process; {before:.0f} MiB before; {cpu:.1%} of a core"
    return Row("runs, listeners", size, at_most(FULLEST), "MiB", detail)


async def _listened(server: Server, runs: list[str]) -> tuple[float, float]:
    """MiB of the server, and cores it takes, once everybody has heard of the first event."""
    streams = []
    for run in runs:
        reader, writer = await asyncio.open_connection(HOST, server.port)
        writer.write(f"GET /v1/runs/{run}/events HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        streams.append((reader, writer))
    for reader, _ in streams:
        async with asyncio.timeout(60):
            await reader.readuntil(b"event: queued")
    before = server.cpu()
    await asyncio.sleep(5)
    size = status_bytes(server.pid, "VmRSS") / 2**20
    cpu = (server.cpu() - before) / 5
    for _, writer in streams:
        writer.close()
    return size, cpu
