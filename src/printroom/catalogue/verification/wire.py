"""A reader of ONNX files that trusts nothing: protobuf's wire format, walked within bounds.

    bytes -> read -> Message        WireFault: which bound, and where

Numbers of fields, depth, lengths and types are held against the schema of ONNX before any library
sees the file. A field that the schema does not know, or that comes twice where it may come once, is
a fault: two readers could take the file for two different models.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from printroom.catalogue.verification.rules import Rules
from printroom.catalogue.verification.schema import MODEL, SCHEMA, Field

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
"""Types of the wire."""
_NAMES = {VARINT: "a number", FIXED64: "8 bytes", BYTES: "bytes", FIXED32: "4 bytes"}
Buffer = bytes | mmap.mmap


class WireFault(Exception):
    """The file is not what ONNX writes; says which bound was crossed, and where."""

    def __init__(self, bound: str, reason: str, at: int) -> None:
        super().__init__(f"{reason} (at byte {at})")
        self.bound = bound
        """`length`, `depth`, `fields`, `unknown`, `twice`, `type`, `text`."""
        self.at = at


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes that were passed by: where they lie in the file."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


@dataclass(slots=True)
class Message:
    """One message: field by name -> what was found there, in order."""

    kind: str
    fields: dict[str, list[Any]] = field(default_factory=dict)
    """Numbers as int, texts as str, messages as Message, all else as Span."""

    def one(self, name: str, otherwise: Any = None) -> Any:
        """Of a field that comes at most once."""
        found = self.fields.get(name)
        return found[0] if found else otherwise

    def all(self, name: str) -> list[Any]:
        """Of a field that may come often."""
        return self.fields.get(name, [])

    def walk(self) -> Iterator[Message]:
        """It, and all messages below."""
        left = [self]
        while left:
            found = left.pop()
            yield found
            for values in found.fields.values():
                left += [one for one in values if isinstance(one, Message)]


def read(data: Buffer, rules: Rules) -> Message:
    """The ModelProto in `data`. Raises WireFault."""
    return _Reader(data, rules).message(MODEL, 0, len(data), 0)


def numbers(data: Buffer, span: Span, most: int) -> list[int]:
    """The packed numbers in `span`, as signed 64 bits. Raises WireFault beyond `most`."""
    found, at = [], span.start
    while at < span.end:
        value, at = varint(data, at, span.end)
        found.append(signed(value))
        if len(found) > most:
            raise WireFault("length", f"a list has more than {most} numbers", at)
    return found


def signed(value: int) -> int:
    """What is written for a number of 64 bits, as that.

    >>> signed(2**64 - 1)
    -1
    """
    return value - (1 << 64) if value >= 1 << 63 else value


def varint(data: Buffer, at: int, end: int) -> tuple[int, int]:
    """The number at `at`, and where it ends. Raises WireFault."""
    value = shift = 0
    start = at
    while at < end:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value >= 1 << 64:
                break
            return value, at
        shift += 7
        if shift > 63:
            break
    raise WireFault("length", "a number does not end where it must", start)


class _Reader:
    """Of one file."""

    def __init__(self, data: Buffer, rules: Rules) -> None:
        self._data = data
        self._rules = rules
        self._left = rules.fields

    def message(self, kind: str, at: int, end: int, depth: int) -> Message:
        if depth > self._rules.depth:
            reason = f"messages lie more than {self._rules.depth} deep in one another"
            raise WireFault("depth", reason, at)
        schema, found = SCHEMA[kind], Message(kind)
        while at < end:
            self._left -= 1
            if self._left < 0:
                raise WireFault("fields", f"there are more than {self._rules.fields} fields", at)
            start = at
            key, at = varint(self._data, at, end)
            known = schema.get(key >> 3)
            if known is None:
                reason = f"ONNX knows no field {key >> 3} of type {key & 7} in {kind}"
                raise WireFault("unknown", reason, start)
            values = found.fields.setdefault(known.name, [])
            if values and not known.often:
                raise WireFault("twice", f"{kind}.{known.name} comes twice", start)
            value, at = self._value(kind, known, key & 7, at, end, depth)
            values.append(value)
        return found

    def _value(
        self, kind: str, known: Field, wire: int, at: int, end: int, depth: int
    ) -> tuple[Any, int]:
        if wire == BYTES and (known.wire == BYTES or known.often):
            size, at = varint(self._data, at, end)
            if size > end - at:
                reason = f"{kind}.{known.name} says it has {size} bytes, and {end - at} are left"
                raise WireFault("length", reason, at)
            return self._bytes(kind, known, at, at + size, depth), at + size
        if wire != known.wire:
            reason = f"{kind}.{known.name} is {_NAMES.get(wire, 'of a type that ONNX never uses')}"
            raise WireFault("type", f"{reason}, not {_NAMES[known.wire]}", at)
        if wire == VARINT:
            value, at = varint(self._data, at, end)
            return signed(value), at
        size = 8 if wire == FIXED64 else 4
        if size > end - at:
            raise WireFault("length", f"{kind}.{known.name} ends before it should", at)
        return Span(at, at + size), at + size

    def _bytes(self, kind: str, known: Field, at: int, end: int, depth: int) -> Any:
        if known.message:
            return self.message(known.message, at, end, depth + 1)
        if not known.text:
            return Span(at, end)
        if end - at > self._rules.text_bytes:
            reason = f"{kind}.{known.name} has more than {self._rules.text_bytes} bytes"
            raise WireFault("text", reason, at)
        try:
            return bytes(self._data[at:end]).decode("utf-8")
        except UnicodeDecodeError:
            raise WireFault("text", f"{kind}.{known.name} is no text", at) from None
