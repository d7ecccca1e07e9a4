"""Messages between the parent of several server processes and each of them, as lines of JSON.

    Wire.send(kind, **facts)  ->  async for message in Wire      ends when the other side is gone

    to the parent   ready | fault(why) | stopping | ask(id) | report(id, text) | holds(names, more)
    to a child      open | report(id) | total(id, text) | drain | abandon

`ask` is a child's question for the numbers of all, `report` the parent's for those of one; `holds`
is told when it changes (`held`). Both sides are ours: what comes is trusted. A connection to a
client travels beside it, over a socket of its own (`send_connection`, `receive_connection`).
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from typing import Any, Self

_LONGEST = 1 << 24
"""Bytes of a message; /metrics has a few thousand."""


class Wire:
    """One end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def over(cls, end: socket.socket) -> Self:
        """Talk over one end of a socket pair, which is the Wire's from now on."""
        return cls(*await asyncio.open_unix_connection(sock=end, limit=_LONGEST))

    def send(self, kind: str, **facts: Any) -> None:
        """Say it; nobody waits, and if the other side is gone, nothing happens."""
        if not self._writer.is_closing():
            self._writer.write(json.dumps({"kind": kind, **facts}).encode() + b"\n")

    def close(self) -> None:
        """Hang up."""
        self._writer.close()

    async def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        try:
            while (line := await self._reader.readline()).endswith(b"\n"):
                yield json.loads(line)
        except ConnectionError:
            return


def send_connection(door: socket.socket, connection: socket.socket) -> bool:
    """Pass a copy of `connection` on; False when the other side is gone, or takes none now."""
    try:
        socket.send_fds(door, [b"c"], [connection.fileno()])
    except OSError:
        return False
    return True


def receive_connection(door: socket.socket) -> socket.socket | None:
    """The next that was passed on; None = it is lost, since no descriptor was left for it.

    Raises BlockingIOError when there is none now, EOFError when the other side is gone.
    """
    try:
        data, found, _, _ = socket.recv_fds(door, 1, 1)
    except ConnectionError:
        data, found = b"", []
    if not data:
        raise EOFError("the other side is gone")
    return socket.socket(fileno=found[0]) if found else None
