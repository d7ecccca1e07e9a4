"""Messages between printroom and a child: a header, JSON, and the bytes of arrays.

    message, payload -> frame -> bytes                  BadOption: too much for one message
    bytes, as they come -> Reader -> message, payload   Garbage: not what a child of ours sends

A frame is 16 bytes (`PRM1`, length of the JSON, length of the payload), the JSON of an object, and
the payload, which is empty where memory is shared. A child may send anything, so nothing is
believed: lengths are limited before anything is allocated, and so is the depth of the JSON.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from printroom.core.errors import BadOption

MAGIC = b"PRM1"
HEADER = struct.Struct(">4sIQ")
LONGEST = 2**22
"""Bytes of JSON in one message."""
DEEPEST = 32
"""Objects and lists inside one another."""


class Garbage(Exception):
    """A child sent what no child of ours sends; says what."""


def frame(message: Mapping[str, Any], payload: int = 0) -> bytes:
    """Header and JSON; `payload` bytes will follow. Raises BadOption when it is too long."""
    try:
        body = json.dumps(message, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise BadOption(f"a value cannot be handed to an isolated step: {error}") from error
    if len(body) > LONGEST:
        raise BadOption(
            f"{len(body)} bytes of values are too much for an isolated step",
            "hand over large data as an array",
        )
    return HEADER.pack(MAGIC, len(body), payload) + body


class Reader:
    """Puts messages together from pieces of any size; keeps what it has between calls."""

    def __init__(self, most: int) -> None:
        """`most`: bytes of payload in one message."""
        self._most = most
        self._start()

    def _start(self) -> None:
        self._message: dict[str, Any] | None = None
        self._extra = 0
        self._expect(HEADER.size, self._header)

    def _expect(self, size: int, then: Callable[[], None]) -> None:
        self._buffer = bytearray(size)
        self._filled = 0
        self._then = then

    def wanted(self) -> memoryview:
        """Where the next bytes go; never empty."""
        return memoryview(self._buffer)[self._filled :]

    def add(self, count: int) -> tuple[dict[str, Any], bytearray] | None:
        """`count` bytes were put into `wanted`; the message, if that made it whole."""
        self._filled += count
        while self._filled == len(self._buffer):
            if self._then == self._done:
                message, payload = self._message, self._buffer
                self._start()
                assert message is not None
                return message, payload
            self._then()
        return None

    def _header(self) -> None:
        magic, size, self._extra = HEADER.unpack(self._buffer)
        if magic != MAGIC:
            raise Garbage(f"it wrote {bytes(self._buffer)!r} where a message should start")
        if size > LONGEST:
            raise Garbage(f"it announced a message of {size} bytes")
        if self._extra > self._most:
            raise Garbage(f"it announced {self._extra} bytes of arrays")
        self._expect(size, self._body)

    def _body(self) -> None:
        self._message = parse(bytes(self._buffer))
        self._expect(self._extra, self._done)

    def _done(self) -> None:
        """Marks the last part of a message."""


def parse(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`. Raises Garbage."""
    try:
        message = json.loads(body.decode(), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Garbage(f"its message is not JSON ({error})") from error
    if not isinstance(message, dict):
        raise Garbage("its message is not a JSON object")
    if too_deep(message, DEEPEST):
        raise Garbage(f"its message is more than {DEEPEST} levels deep")
    return message


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def too_deep(value: Any, levels: int) -> bool:
    """Whether objects and lists lie inside one another deeper than that."""
    if not isinstance(value, dict | list):
        return False
    inside = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(too_deep(one, levels - 1) for one in inside)
