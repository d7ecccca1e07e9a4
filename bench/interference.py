"""How much a huge picture in progress slows small ones down, over HTTP.

One server, of one process and then of two. In turns: small pictures one after the other while
nothing else is there, then the same while a huge picture of batch priority is being worked on; its
client then hangs up, and the work must stop. Wall times, since waiting is the matter; both halves
of a ratio are measured in turns.
"""

from __future__ import annotations

import http.client
import math
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median

from bench import house, nets, pictures
from bench.client import HOST, fire, post
from bench.processes import BenchError
from bench.rows import Row, at_most, percentile
from bench.servers import Server

SMALL, HUGE, QUICK = 512, 20_000, 6_000
"""Sides in pixels."""
LONGEST_ALLOWED = 0.25
"""Seconds that no tile may exceed while the server is serving."""
PROCESSES = (1, 2)
"""Of the server: in one, tiles of both pictures share the workers; of two, each has its own."""
UNDER_WAY = 6
"""Tiles that must be done before the huge picture counts as being worked on."""
PATIENCE = 120.0
"""Seconds until it must be worked on, and after hanging up until it must have stopped."""
COUNT, BUSY = "printroom_tiles_total", "printroom_worker_busy_seconds_total"
LONGEST = "printroom_tile_longest_seconds"
RUNNING = "printroom_requests_running"
"""Names in /metrics."""


def bench(quick: bool) -> list[Row]:
    return [row for processes in PROCESSES for row in _beside(quick, processes)]


def _beside(quick: bool, processes: int) -> list[Row]:
    rounds, count = (1, 12) if quick else (4, 40)
    huge = pictures.jpeg(QUICK if quick else HUGE)
    small = pictures.jpeg(SMALL).read_bytes()
    idle: list[float] = []
    busy: list[float] = []
    tiles: list[float] = []
    with Server(house.launch(nets.upscale(), "scale=2&format=jpeg", processes)) as server:
        server.warm(small)
        request = post(server.path, small, "image/jpeg")
        fire(server.port, request, 5)
        for _ in range(rounds):
            idle += fire(server.port, request, count).latencies
            with _in_progress(server, huge) as seconds:
                tiles.append(seconds)
                busy += fire(server.port, request, count).latencies
        longest = house.metrics(server).get(LONGEST, math.nan)
    name = f", --processes {processes}"
    return [_waiting_row(name, idle, busy, median(tiles), huge), _tile_row(name, longest)]


def _waiting_row(name: str, idle: list[float], busy: list[float], tile: float, huge: Path) -> Row:
    allowed = 2 * percentile(idle, 0.95) + tile
    detail = (
        f"{SMALL} x {SMALL} JPEG over HTTP, x2: {_told(idle)} idle, {_told(busy)} beside "
        f"{huge.name} with priority=batch, in turns; busy p95 over 2 x idle p95 + one tile "
        f"of the huge picture ({tile * 1000:.0f} CPU-ms)"
    )
    measured = percentile(busy, 0.95) / allowed
    name = f"small picture beside a huge one: p95{name}"
    return Row(name, measured, at_most(1.0), "x", detail)


def _told(latencies: list[float]) -> str:
    middle, late = (percentile(latencies, share) * 1000 for share in (0.5, 0.95))
    return f"p50 {middle:.0f}, p95 {late:.0f} ms of {len(latencies)}"


def _tile_row(name: str, longest: float) -> Row:
    known = "not measured: /metrics has no " if math.isnan(longest) else ""
    detail = f"{known}{LONGEST}, over both phases"
    return Row(f"longest tile while serving{name}", longest, at_most(LONGEST_ALLOWED), "s", detail)


@contextmanager
def _in_progress(server: Server, picture: Path) -> Iterator[float]:
    """Inside the `with`, `picture` is being worked on; afterwards, its client has hung up.

    Yields what one of its tiles takes, in CPU seconds. Raises BenchError when it is refused, ends
    too soon, or goes on after its client hung up.
    """
    connection = http.client.HTTPConnection(HOST, server.port, blocksize=1 << 20)
    connection.connect()
    answers: list[str] = []
    thread = threading.Thread(
        target=_send, args=(connection, server, picture, answers), daemon=True
    )
    before = house.metrics(server)
    thread.start()
    try:
        _until(lambda: bool(answers) or house.metrics(server)[COUNT] >= before[COUNT] + UNDER_WAY)
        now = house.metrics(server)
        yield (now[BUSY] - before[BUSY]) / max(1, now[COUNT] - before[COUNT])
        if answers:
            raise BenchError(f"{picture.name} did not last: {answers[0]}")
    finally:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)
        thread.join()
        connection.close()
    _until(lambda: house.metrics(server)[RUNNING] == 0)


def _send(
    connection: http.client.HTTPConnection, server: Server, picture: Path, answers: list[str]
) -> None:
    path = server.path.replace("format=jpeg", "format=tiff&priority=batch")
    headers = {"Content-Type": "image/jpeg", "Content-Length": str(picture.stat().st_size)}
    with suppress(OSError, http.client.HTTPException), picture.open("rb") as body:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        answers.append(f"{answer.status} {answer.read(500).decode(errors='replace')}")


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise BenchError(f"the server took over {PATIENCE:.0f} s to begin, or to stop")
        time.sleep(0.05)
