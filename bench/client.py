"""A load generator: keep-alive HTTP/1.1 over plain sockets, the same for every server.

    request bytes, how many, how many at once -> Volley: latencies, wall seconds, the last body

It parses no more of a response than its status and length, so that its own cost is small and
equal for all.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import uvloop

from bench.processes import BenchError

HOST = "127.0.0.1"


@dataclass
class Volley:
    """What came back."""

    seconds: float = 0.0
    """Wall time of all requests."""
    latencies: list[float] = field(default_factory=list)
    """Seconds from the first byte sent to the last received, one for each request."""
    body: bytes = b""
    """The last response's."""

    @property
    def rate(self) -> float:
        """Requests per second."""
        return len(self.latencies) / self.seconds


def post(path: str, body: bytes, media_type: str) -> bytes:
    """A whole request."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: {media_type}\r\n"
        f"Accept: image/*\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def fire(port: int, request: bytes, count: int, concurrency: int = 1) -> Volley:
    """Send `request` `count` times over `concurrency` connections that each wait for the answer.

    Raises BenchError for any status but 200.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_fire(port, request, count, concurrency))


async def _fire(port: int, request: bytes, count: int, concurrency: int) -> Volley:
    volley, numbers = Volley(), iter(range(count))
    streams = [await asyncio.open_connection(HOST, port) for _ in range(concurrency)]
    began = time.perf_counter()
    try:
        await asyncio.gather(*[_connection(*pair, request, numbers, volley) for pair in streams])
    finally:
        for _, writer in streams:
            writer.close()
    volley.seconds = time.perf_counter() - began
    return volley


async def _connection(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    request: bytes,
    numbers: Iterator[int],
    volley: Volley,
) -> None:
    for _ in numbers:
        began = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        volley.body = await reader.readexactly(_length(head))
        volley.latencies.append(time.perf_counter() - began)
        if not head.startswith(b"HTTP/1.1 200"):
            raise BenchError(f"{head.decode()}{volley.body[:500].decode(errors='replace')}")


def _length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"content-length:")
    if not found:
        raise BenchError(f"a response without Content-Length: {head.decode()}")
    return int(rest.partition(b"\r\n")[0])
