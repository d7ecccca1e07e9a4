"""A request's body, received in chunks: small in memory, large in a scratch file.

    ASGI receive -> Body: BodyTooLarge BodyTimeout DiskFull Unwritable, ClientGone

A client that sends slowly costs its socket and what it has sent so far; it takes no place among
the requests in progress until its last byte is here.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, BinaryIO

from printroom.api.admission import Gate
from printroom.api.limits import MIB
from printroom.core.errors import BodyTimeout, BodyTooLarge, DiskFull, OutputError, Unwritable
from printroom.core.scratch import Scratch
from printroom.core.sizes import format_size

Receive = Callable[[], Awaitable[dict[str, Any]]]


class ClientGone(Exception):
    """The client hung up."""


def check_length(declared: int | None, limit: int) -> None:
    """Raise BodyTooLarge when a body of `declared` bytes is over `limit`; None = not declared."""
    if declared is not None and declared > limit:
        raise BodyTooLarge(
            f"the body has {format_size(declared)}, at most {format_size(limit)} are taken",
            "send a smaller file, or raise PRINTROOM_HTTP_BODY on the server",
        )


class Body:
    """What a client sends. `release` it whatever happens."""

    def __init__(self, gate: Gate, scratch: Scratch) -> None:
        self.size = 0
        """Bytes received so far."""
        self.complete = False
        """Whether the last byte is here."""
        self._limits = gate.limits
        self._gate = gate
        self._scratch = scratch
        self._data = bytearray()  # not a list of chunks: a client may send single bytes
        self._path: Path | None = None
        self._file: BinaryIO | None = None

    async def read(self, receive: Receive) -> bytes | Path:
        """All of it: bytes, or the scratch file that holds it."""
        while not self.complete:
            chunk, more = await self._next(receive)
            self.complete = not more
            self.size += len(chunk)
            check_length(self.size, self._limits.body)
            self._data += chunk
            self._gate.held += len(chunk)
            if self._spills():
                await self._spill()
        if self._file is None:
            return chunk if len(chunk) == self.size else bytes(self._data)
        await self._spill()
        assert self._path is not None
        self._close()
        return self._path

    def release(self) -> None:
        """Give back the memory and remove the file."""
        self._drop()
        self._close()
        if self._path is not None:
            self._scratch.discard(self._path)

    async def _next(self, receive: Receive) -> tuple[bytes, bool]:
        try:
            async with asyncio.timeout(self._limits.idle):
                message = await receive()
        except TimeoutError:
            raise BodyTimeout(
                f"nothing came for {self._limits.idle:g} s, after {format_size(self.size)}",
                "send the picture again",
            ) from None
        if message["type"] == "http.disconnect":
            raise ClientGone
        return message.get("body", b""), message.get("more_body", False)

    def _spills(self) -> bool:
        if self._gate.held > self._limits.held:
            return True
        return len(self._data) >= MIB if self._file else self.size > self._limits.buffer

    async def _spill(self) -> None:
        """Write to disk what is in memory."""
        data = self._data
        self._drop()
        try:
            if self._file is None:
                self._path = self._scratch.path("picture")
                self._file = self._path.open("xb", buffering=0)
            await asyncio.to_thread(_write, self._file, data)
        except OSError as error:
            raise output_error(error) from error

    def _drop(self) -> None:
        self._gate.held -= len(self._data)
        self._data = bytearray()

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _write(file: BinaryIO, data: bytearray) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def output_error(error: OSError) -> OutputError:
    """What the client is told of a scratch file that cannot be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull("no room on the server's disk for this picture", "try again later")
    return Unwritable(f"the server cannot keep this picture ({error.strerror})")
