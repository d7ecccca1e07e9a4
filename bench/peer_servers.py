"""printroom over HTTP beside FastAPI, mosec and LitServe, serving the same nets and the same codec.

All servers are up at once; in each round every server gets the same requests in turn, so that
ratios compare neighbours in time. CPU seconds are those of a server's whole process tree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import pyvips

from bench import environments, house, nets, pictures
from bench.client import fire, post
from bench.processes import BenchError
from bench.rows import Row, above, at_most, paired
from bench.servers import Launch, Server

SIDE = 64
"""Side of the picture sent, in pixels: a tile's worth. JPEG goes in and comes out."""
QUALITY = 90
"""Of the JPEG that comes out; peers/enhance.py says the same."""
CPU_PEER = "mosec"
PROCESSES = 2
"""Of ours, as many as the peers have workers: see `printroom serve --processes`."""
CROWD = 8
"""Requests at once where throughput is compared."""


@dataclass(frozen=True)
class Turn:
    """One server in one round."""

    rate: float
    """Requests per second."""
    cpu: float
    """Server CPU-ms per request."""


Turns = dict[str, list[Turn]]


def bench(quick: bool) -> list[Row]:
    rounds = 2 if quick else 7
    few, many = (100, 200) if quick else (400, 1000)
    with _serving(nets.trivial(), scale=1) as servers:
        alone = _alternate(servers, 1, few, rounds)
        crowd = _alternate(servers, CROWD, many, rounds)
    with _serving(nets.upscale(), scale=2) as servers:
        upscale = _alternate(servers, CROWD, few, rounds)
    return [
        *_cpu_rows("trivial", 1, alone),
        *_cpu_rows("trivial", CROWD, crowd),
        *_rate_rows("trivial", crowd),
        *_rate_rows("x2", upscale),
    ]


@contextmanager
def _serving(net: Path, scale: int) -> Iterator[list[Server]]:
    """Ours and its peers on one net: warm, and seen to answer with the same picture."""
    query = f"scale={scale}&format=jpeg&quality={QUALITY}"
    launches = [house.launch(net, query, PROCESSES), *(_peer(name, net) for name in PEERS)]
    picture = pictures.jpeg(SIDE).read_bytes()
    with ExitStack() as stack:
        servers = [stack.enter_context(Server(launch)) for launch in launches]
        answers = {server.name: _pixels(server.warm(picture).body) for server in servers}
        for name, answer in answers.items():
            ours = answers[house.NAME]
            if answer.shape != ours.shape or np.abs(answer - ours).mean() > 1:
                raise BenchError(f"{name} and {house.NAME} do not return the same picture")
        yield servers


PEERS = ("fastapi", "fastapi-2", "mosec", "litserve", "mosec-lean")
"""`fastapi-2` is FastAPI in two processes; the others run as their own files say."""
LEAN = "-lean"
"""Ends the name of a peer that calls libjpeg itself, as we do for small pictures: for information,
since only the serving is left to differ."""


def _peer(name: str, net: Path) -> Launch:
    package, _, processes = name.removesuffix(LEAN).partition("-")
    script = environments.FOLDER / f"{package}_server.py"
    env = {
        "BENCH_MODEL": str(net),
        "BENCH_PORT": "{port}",
        "BENCH_PROCESSES": processes or "1",
        "BENCH_LEAN": "1" if name.endswith(LEAN) else "",
        "MOSEC_PORT": "{port}",
        "PYTHONPATH": str(environments.FOLDER),
    }
    path = "/inference" if package == "mosec" else "/enhance"
    return Launch(name, [str(environments.python(package)), str(script)], path, env)


def _pixels(body: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    return np.asarray(pyvips.Image.new_from_buffer(body, "").numpy(), np.int16)


def _alternate(servers: Sequence[Server], concurrency: int, count: int, rounds: int) -> Turns:
    picture = pictures.jpeg(SIDE).read_bytes()
    turns: Turns = {server.name: [] for server in servers}
    for index in range(-1, rounds):  # the first round warms up and does not count
        start = index % len(servers)
        for server in [*servers[start:], *servers[:start]]:
            before = server.cpu()
            request = post(server.path, picture, "image/jpeg")
            volley = fire(server.port, request, count, concurrency)
            cpu = (server.cpu() - before) / count * 1000
            if index >= 0:
                turns[server.name].append(Turn(volley.rate, cpu))
    return turns


def _cpu_rows(net: str, concurrency: int, turns: Turns) -> list[Row]:
    ours = [turn.cpu for turn in turns[house.NAME]]
    rows = []
    for peer in PEERS:
        theirs = [turn.cpu for turn in turns[peer]]
        detail = (
            f"server CPU-ms per request, {SIDE} x {SIDE} JPEG to JPEG, {net} net, concurrency "
            f"{concurrency}: {median(ours):.2f} over {median(theirs):.2f}"
        )
        limit = at_most(1.0) if peer == CPU_PEER else None
        name = f"{net} c{concurrency}: CPU / {peer}"
        rows.append(Row(name, paired(ours, theirs), limit, "x", detail))
    return rows


def _rate_rows(net: str, turns: Turns) -> list[Row]:
    ours = [turn.rate for turn in turns[house.NAME]]
    rows = []
    for peer in PEERS:
        theirs = [turn.rate for turn in turns[peer]]
        detail = (
            f"requests/s, {SIDE} x {SIDE} JPEG to JPEG, {net} net, concurrency {CROWD}: "
            f"{median(ours):.0f} over {median(theirs):.0f}; client on the same cores"
        )
        name = f"{net} c{CROWD}: throughput / {peer}"
        limit = None if peer.endswith(LEAN) else above(1.0)
        rows.append(Row(name, paired(ours, theirs), limit, "x", detail))
    return rows
