"""What a request is about, from the head of it, before anybody has read it.

    connection -> glimpse -> the first bytes, which stay where they are; b"" = none came in time
    first bytes -> asked -> "acme/portrait@2", "/v1/pipelines/enhance", or None: anybody can do it

It is a hint for whoever hands out connections, no more: what cannot be read is None.
"""

from __future__ import annotations

import asyncio
import re
import socket
from urllib.parse import parse_qsl, unquote

MOST = 4096
"""Bytes that are looked at; a request line that is longer says nothing."""
PATIENCE = 0.1
"""Seconds that a client has to send its request line."""
PIPELINES = "/v1/pipelines/"
_AGAIN = 0.005
"""Seconds between looks at a line that is not whole."""
_LINE = re.compile(rb"[A-Z]{1,16} (/[!-~]*) HTTP/1\.[01]\r?\n")
_PIPELINE = re.compile(
    r"/v1/pipelines/(?:local/|printroom/)?((?:[a-z0-9][a-z0-9-]*/)?[a-z0-9][a-z0-9_-]*)"
)
_SERVED = re.compile(r"/v2/models/([a-z0-9._-]+/[a-z0-9._-]+?)(?:/versions/(\d{1,9}))?(?:/.*)?")
_NAME = re.compile(r"[a-z0-9._/-]{1,200}(?:@\d{1,9})?")


async def glimpse(connection: socket.socket) -> bytes:
    """The beginning of what a client sent, once its first line is whole, or time is over."""
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE
    while True:
        seen = look(connection)
        if seen is not None and (b"\n" in seen or len(seen) in (0, MOST)):
            return seen
        left = until - loop.time()
        if left <= 0:
            return seen or b""
        if seen is None:
            await _readable(connection, left)
        else:  # it stays readable, so there is nothing to wait for
            await asyncio.sleep(min(_AGAIN, left))


def look(connection: socket.socket) -> bytes | None:
    """What is there now; b"" = the client is gone, None = nothing yet."""
    try:
        return connection.recv(MOST, socket.MSG_PEEK)
    except BlockingIOError:
        return None
    except OSError:
        return b""


def asked(head: bytes) -> str | None:
    r"""The model, or the address of the pipeline, that a request is for; None = none is named.

    >>> asked(b"POST /v1/images/enhance?scale=2&model=acme/soft%402 HTTP/1.1\r\n")
    'acme/soft@2'
    >>> asked(b"POST /v1/pipelines/acme/portrait@3 HTTP/1.1\r\n")
    '/v1/pipelines/acme/portrait'
    """
    line = _LINE.match(head)
    if line is None:
        return None
    path, _, query = line[1].decode("ascii").partition("?")
    path = unquote(path)
    if found := _PIPELINE.match(path):
        return PIPELINES + found[1]
    if served := _SERVED.fullmatch(path):
        return served[1] + (f"@{served[2]}" if served[2] else "")
    try:
        values = dict(parse_qsl(query, max_num_fields=64))
    except ValueError:
        return None
    name = values.get("model", "")
    return name if _NAME.fullmatch(name) else None


async def _readable(connection: socket.socket, seconds: float) -> None:
    """Until there is something to read, or so long."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(connection, ready.set)
    try:
        async with asyncio.timeout(seconds):
            await ready.wait()
    except TimeoutError:
        pass
    finally:
        loop.remove_reader(connection)
