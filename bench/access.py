"""What it costs to ask who is there: the hot path with a key over the hot path without.

One server, which lets in everybody on its machine and also heeds keys, gets the same picture in
turns: from nobody in particular, with a key, with a key whose rate, places and budget are counted.
The other row takes all that the door does (looking up, limits, the journal of uses) off a request.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
import urllib.request
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from bench import house, nets, pictures
from bench.client import HOST, fire, post
from bench.rows import Row, at_most, paired
from bench.servers import Server
from printroom.accounts import keys, quotas
from printroom.accounts.audit import CONSOLE
from printroom.accounts.credentials import mint
from printroom.accounts.keys import Draft
from printroom.accounts.prices import Amounts
from printroom.accounts.quotas import Quota
from printroom.api.accounts.door import Door
from printroom.core.settings import Settings
from printroom.workshop import Workshop

SIDE = 64
"""Side of the picture sent, in pixels, on a net that does next to nothing."""
CEILING = 1.15
_LIMITS = {"rate": 1e6, "burst": 1_000_000, "running": 1000, "daily": 1e9, "monthly": 1e9}


def bench(quick: bool) -> list[Row]:
    count, rounds = (100, 2) if quick else (500, 9)
    picture = pictures.jpeg(SIDE).read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        owner = mint("live")
        launch = house.launch(nets.trivial(), "scale=1&format=jpeg&quality=90")
        env = {"PRINTROOM_DATA": folder, "PRINTROOM_OWNER_KEY": owner, "PRINTROOM_HTTP_WORKER": "0"}
        with Server(replace(launch, env={**launch.env, **env})) as server:
            server.warm(picture)
            request = post(server.path, picture, "image/jpeg")
            requests = {
                "nobody": request,
                "key": _with(request, _key(server, owner)),
                "limited": _with(request, _key(server, owner, quota=_LIMITS)),
            }
            costs = _alternate(server, requests, count, rounds)
    door = _door(2000 if quick else 20_000)
    return [*_rows(costs), _door_row(median(costs["limited"]), door)]


def _rows(costs: dict[str, list[float]]) -> list[Row]:
    rows = []
    for name, what in (("key", "a key"), ("limited", "a key with all limits")):
        detail = (
            f"server CPU-ms per request, {SIDE} x {SIDE} JPEG, trivial net: "
            f"{median(costs[name]):.3f} over {median(costs['nobody']):.3f}"
        )
        ratio = paired(costs[name], costs["nobody"])
        rows.append(Row(f"{what}: CPU / nobody asked", ratio, at_most(CEILING), "x", detail))
    return rows


def _door_row(request: float, door: float) -> Row:
    detail = (
        f"the door takes {door * 1000:.1f} us of {request:.3f} CPU-ms: looking up, rate, place, "
        "two budgets, a line in the journal"
    )
    name = "request / request without the door"
    return Row(name, request / (request - door), at_most(CEILING), "x", detail)


def _alternate(
    server: Server, requests: dict[str, bytes], count: int, rounds: int
) -> dict[str, list[float]]:
    """CPU-ms per request of each kind, round by round."""
    costs: dict[str, list[float]] = {name: [] for name in requests}
    names = list(requests)
    for index in range(-1, rounds):  # the first round warms up and does not count
        start = index % len(names)
        for name in [*names[start:], *names[:start]]:
            before = server.cpu()
            fire(server.port, requests[name], count)
            if index >= 0:
                costs[name].append((server.cpu() - before) / count * 1000)
    return costs


def _door(count: int) -> float:
    """CPU-ms of what the door does for one request of a limited key."""
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        return runner.run(_measured(Path(folder), count))


async def _measured(folder: Path, count: int) -> float:
    with Workshop(Settings(data=folder)) as workshop:
        secret = mint("live")
        key = workshop.accounts.do(keys.created, CONSOLE, Draft("bench", ("images",)), secret)
        workshop.accounts.do(quotas.put, CONSOLE, key.id, Quota(1e6, 1_000_000, 1000, 1e9, 1e9))
        door = Door(workshop, asyncio.get_running_loop())
        scope = {
            "method": "POST",
            "client": (HOST, 1),
            "headers": [
                (b"host", HOST.encode()),
                (b"content-type", b"image/jpeg"),
                (b"accept", b"image/*"),
                (b"content-length", b"1234"),
                (b"authorization", f"Bearer {secret}".encode()),
            ],
        }
        try:
            await _visits(door, scope, 100)
            began = time.thread_time()
            await _visits(door, scope, count)
            return (time.thread_time() - began) / count * 1000
        finally:
            door.close()


async def _visits(door: Door, scope: dict[str, Any], count: int) -> None:
    made = Amounts(1, SIDE * SIDE, 2)
    for _ in range(count):
        visit = await door.enter(scope, "images", target="enhance", work=True)
        door.record(visit, "enhance", made)
        door.leave(visit)


def _key(server: Server, owner: str, **fields: Any) -> str:
    """The secret of a new key."""
    body = json.dumps({"name": "bench", "scopes": ["images"], **fields}).encode()
    headers = {"Authorization": f"Bearer {owner}", "Content-Type": "application/json"}
    url = f"http://{HOST}:{server.port}/v1/keys"
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30) as answer:
        return str(json.loads(answer.read())["secret"])


def _with(request: bytes, secret: str) -> bytes:
    head, _, rest = request.partition(b"\r\n")
    return head + b"\r\nAuthorization: Bearer " + secret.encode() + b"\r\n" + rest
