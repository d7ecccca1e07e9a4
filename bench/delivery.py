"""Delivery: a signed artifact from a printroom server beside starlette's FileResponse.

Both on uvicorn with uvloop and httptools, one process each, 16 connections, in turns. FileResponse
gets a path and checks nothing; printroom checks a signature, and whether the file is still there.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import time
from pathlib import Path
from statistics import median

from bench import cache
from bench.client import HOST, fire
from bench.processes import BenchError
from bench.rows import Row, at_least, paired
from bench.servers import Launch, Server, printroom_command
from printroom.assets.assets import New
from printroom.core.settings import Settings
from printroom.workshop import Workshop

SIZES = {"20 kB": 20_000, "200 kB": 200_000, "5 MB": 5_000_000}
CONNECTIONS = 16
_START = 90.0


def bench(quick: bool) -> list[Row]:
    folder = cache.folder() / "delivery"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return [_row(folder, name, size, quick) for name, size in SIZES.items()]


def _row(folder: Path, name: str, size: int, quick: bool) -> Row:
    path, data = folder / f"{size}.jpg", folder / f"data-{size}"
    path.write_bytes(os.urandom(size))
    count = max(200, min(4000, 400_000_000 // size)) // (4 if quick else 1)
    address = _entered(path, data)
    env = {"PRINTROOM_DATA": str(data), "PRINTROOM_HTTP_WORKER": "0"}
    ours = Launch("delivery-ours", printroom_command("serve", "--port", "{port}"), address, env)
    uvicorn = [sys.executable, "-m", "uvicorn", "bench.file_response:app", "--port", "{port}"]
    uvicorn += [
        "--loop",
        "uvloop",
        "--http",
        "httptools",
        "--no-access-log",
        "--log-level",
        "error",
    ]
    theirs = Launch("delivery-starlette", uvicorn, "/", {"BENCH_FILE": str(path)})
    with Server(ours) as us, Server(theirs) as them:
        rates: tuple[list[float], list[float]] = ([], [])
        for server in (us, them):
            _wait(server)
        for _ in range(3 if quick else 7):
            for server, found in zip((us, them), rates, strict=True):
                found.append(fire(server.port, _get(server), count, CONNECTIONS).rate)
    what = (
        f"a signed artifact of {name}: {median(rates[0]):.0f} requests/s over "
        f"{median(rates[1]):.0f} of FileResponse; {CONNECTIONS} connections, in turns"
    )
    return Row(f"{name} / FileResponse", paired(*rates), at_least(1), "x", what)


def _entered(path: Path, data: Path) -> str:
    """The signed address of the file at `path`, in a data folder that is made for it."""
    with Workshop(Settings(data=data)) as workshop:
        new = New("local", path, "upload", media_type="image/jpeg")
        digest = workshop.assets.add(new).digest
        return workshop.delivery.link(digest, "local", 86400)[0]


def _get(server: Server) -> bytes:
    return f"GET {server.path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()


def _wait(server: Server) -> None:
    deadline = time.monotonic() + _START
    while True:
        try:
            fire(server.port, _get(server), 10)
            return
        except (OSError, asyncio.IncompleteReadError) as error:
            if time.monotonic() > deadline:
                raise BenchError(f"{server.name} does not serve: {error}") from error
            time.sleep(0.2)
