"""A request's body, received in chunks: small in memory, large in a scratch file.

    ASGI receive -> Body: BodyTooLarge BodyTimeout DiskFull Unwritable, ClientGone
    ASGI receive -> Held, for routes that take JSON: BodyTooLarge BodyTimeout Overloaded

A client that sends slowly costs its socket and what it has sent so far; it takes no place among
the requests in progress until its last byte is here. One that sends nothing for a while, or in all
less than SLOWEST, is sent away.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, BinaryIO

from printroom.api.admission import Gate
from printroom.api.limits import MIB
from printroom.core.errors import (
    BodyTimeout,
    BodyTooLarge,
    DiskFull,
    OutputError,
    Overloaded,
    Unwritable,
)
from printroom.core.scratch import Scratch
from printroom.core.sizes import format_size

Receive = Callable[[], Awaitable[dict[str, Any]]]


MOST_JSON = 32 * MIB
"""Bytes of a JSON body, which is held in memory several times over."""
SLOWEST = 1024
"""Bytes a second that a body must have on average, beyond what is waited for at once."""
HELD = "printroom.held"
"""Where the scope of a request has its Held."""


class ClientGone(Exception):
    """The client hung up."""


class Pace:
    """How long the next bytes of a body may take."""

    def __init__(self, idle: float) -> None:
        """`idle`: seconds that a client may send nothing."""
        self._idle = idle
        self._began = asyncio.get_running_loop().time()

    def next(self, size: int) -> asyncio.Timeout:
        """Wait inside it for the next bytes, when `size` have come: TimeoutError."""
        now = asyncio.get_running_loop().time()
        return asyncio.timeout_at(min(now, self._began + size / SLOWEST) + self._idle)

    def over(self, size: int) -> BodyTimeout:
        """What is told of a client that took too long."""
        return BodyTimeout(
            f"nothing came for {self._idle:g} s, or less than {SLOWEST} bytes a second, "
            f"after {format_size(size)}",
            "send it again",
        )


class Held:
    """Receives for a route that takes its body whole: bounded in bytes, and in time.

    A route that brings the body to disk by itself lifts it. `release` it whatever happens.
    """

    def __init__(self, gate: Gate, receive: Receive, *, bodied: bool) -> None:
        """`bodied`: whether the request says that it has a body."""
        self._gate, self._receive = gate, receive
        self._size = 0
        self._pace: Pace | None = None
        self._lifted, self._complete = False, not bodied

    @property
    def unread(self) -> bool:
        """Whether some of the body is still to come."""
        return not self._complete

    def lift(self) -> None:
        """Whoever receives now sees to its own bounds."""
        self._lifted = True

    def release(self) -> None:
        """The body is not needed any more."""
        self._gate.held -= self._size

    async def __call__(self) -> dict[str, Any]:
        """The next message. Raises BodyTooLarge, BodyTimeout, Overloaded."""
        if self._lifted or self._complete:
            message = await self._receive()
            self._complete |= not message.get("more_body", False)
            return message
        self._pace = self._pace or Pace(self._gate.limits.idle)
        try:
            async with self._pace.next(self._size):
                message = await self._receive()
        except TimeoutError:
            raise self._pace.over(self._size) from None
        self._complete = not message.get("more_body", False)
        size = len(message.get("body", b""))
        self._size += size
        self._gate.held += size
        if self._size > MOST_JSON:
            raise BodyTooLarge(
                f"the JSON has more than {format_size(MOST_JSON)}", "send pictures as files"
            )
        if self._gate.held > self._gate.limits.held:
            raise Overloaded(
                "the memory for requests in progress is spent", "try again", retry_after=1
            )
        return message


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
        self._pace: Pace | None = None
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
        self._pace = self._pace or Pace(self._limits.idle)
        try:
            async with self._pace.next(self.size):
                message = await receive()
        except TimeoutError:
            raise self._pace.over(self.size) from None
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
