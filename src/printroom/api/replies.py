"""Answers on their way out: whole, with a known length, and never waiting for a dead client.

    bytes | Path -> ASGI messages          Problem -> ASGI messages

A client that takes nothing for `idle` seconds is cut off, so that a result in memory is never
held for long.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from printroom.api.body import Receive
from printroom.api.limits import MIB
from printroom.api.problems import Headers, Problem

Send = Callable[[dict[str, Any]], Awaitable[None]]

_AT_ONCE = 64 * 1024
"""Bytes that a socket's buffer takes without waiting for the client."""
_LINGER = 2.0
"""Seconds to go on reading what a refused client is still sending. Closing at once would reset
the connection, and the reset can overtake the answer."""


async def send_bytes(
    send: Send, status: int, headers: Headers, data: bytes, stall: Stall | None = None
) -> None:
    """Send `data`, whole; returns when the client has taken all but the last of it."""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    if len(data) <= _AT_ONCE or stall is None:
        await send({"type": "http.response.body", "body": data})
        return
    await send({"type": "http.response.body", "body": data, "more_body": True})
    with stall.watch(len(data)):
        await send({"type": "http.response.body"})  # waits until the buffer is nearly empty


async def send_file(send: Send, status: int, headers: Headers, path: Path, stall: Stall) -> None:
    """Send the file at `path`, read in threads."""
    with await asyncio.to_thread(path.open, "rb", 0) as file, stall.watch(0):
        await send({"type": "http.response.start", "status": status, "headers": headers})
        while not stall.over and (piece := await asyncio.to_thread(_read, file)):
            stall.written += len(piece)
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        if not stall.over:
            await send({"type": "http.response.body"})


async def send_problem(
    send: Send, problem: Problem, extra: Headers, receive: Receive | None = None
) -> None:
    """Send a refusal. With `receive`, a body is still on its way: read on a little, then close."""
    headers = problem.headers + extra
    if receive is None:
        await send_bytes(send, problem.status, headers, problem.body)
        return
    send = lingering(send, receive, lambda: True)
    await send_bytes(send, problem.status, headers, problem.body)


def lingering(send: Send, receive: Receive, unread: Callable[[], bool]) -> Send:
    """`send` for a request whose body may still be on its way when it is refused: such a
    connection is read from a little longer, then closed.
    """
    closing = False

    async def wrapped(message: dict[str, Any]) -> None:
        nonlocal closing
        if message["type"] == "http.response.start" and message["status"] >= 400 and unread():
            closing = True
            headers = [*message["headers"], (b"connection", b"close")]
            message = {**message, "headers": headers}
        if message["type"] != "http.response.body" or message.get("more_body") or not closing:
            await send(message)
            return
        await send({**message, "more_body": True})
        await drained(receive)
        await send({"type": "http.response.body"})

    return wrapped


async def drained(receive: Receive) -> bool:
    """Read what a client is still sending, for a little; whether that was all."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LINGER):
            while (await receive()).get("more_body"):
                pass
            return True
    return False


def _read(file: BinaryIO) -> bytes:
    return file.read(MIB)


class Stall:
    """Aborts a connection that makes no headway."""

    def __init__(self, transport: asyncio.WriteTransport, idle: float) -> None:
        self.written = 0
        """Bytes handed to the transport so far."""
        self._transport = transport
        self._idle = idle
        self._taken = 0

    @property
    def over(self) -> bool:
        """Whether the connection is gone."""
        return self._transport.is_closing()

    @contextlib.contextmanager
    def watch(self, written: int) -> Iterator[None]:
        """Watch while `written` bytes, and what is added to them, leave."""
        self.written = written
        self._arm()
        try:
            yield
        finally:
            self._timer.cancel()

    def _arm(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._idle, self._check)

    def _check(self) -> None:
        taken = self.written - self._transport.get_write_buffer_size()
        if taken == self._taken:
            self._transport.abort()
            return
        self._taken = taken
        self._arm()
