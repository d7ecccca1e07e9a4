"""A reader of safetensors that trusts nothing: the header alone, within bounds.

    bytes -> read -> tensors and bytes        Refused
    bytes -> laid_out -> where each tensor lies, and its type and shape

The format is a length, JSON that says where each tensor lies, and the numbers. Tensors must fill
the file without gaps or overlaps, as the format itself asks: nothing can be hidden between them.
"""

from __future__ import annotations

import json
import mmap
from dataclasses import dataclass
from math import prod
from typing import Any, NoReturn

from printroom.catalogue.verification.refusing import Refused
from printroom.catalogue.verification.rules import Rules

HEADER = 8 << 20
"""Most bytes of the header."""
TENSORS = 100_000
AXES = 16
"""Of one tensor, at most."""
BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "U16": 16, "I16": 16, "F16": 16,
    "BF16": 16, "U32": 32, "I32": 32, "F32": 32, "U64": 64, "I64": 64, "F64": 64,
}  # fmt: skip
"""Of one number."""
_LENGTH = 8
Buffer = bytes | mmap.mmap


def begins(head: bytes) -> bool:
    """Whether a file that begins so can be of this format."""
    return head[_LENGTH : _LENGTH + 1] == b"{"


@dataclass(frozen=True)
class Tensor:
    """What the header says of one."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    """Of its bytes, in the file."""
    end: int


def laid_out(data: Buffer, rules: Rules) -> dict[str, Tensor]:
    """All tensors, by name, as `read` takes them. Raises Refused."""
    read(data, rules)
    start = _LENGTH + int.from_bytes(data[:_LENGTH], "little")
    header = json.loads(bytes(data[_LENGTH:start]))
    header.pop("__metadata__", None)
    return {
        name: Tensor(one["dtype"], tuple(one["shape"]), *(start + at for at in one["data_offsets"]))
        for name, one in header.items()
    }


def read(data: Buffer, rules: Rules) -> dict[str, Any]:
    """What there is in it, as evidence. Raises Refused."""
    size = int.from_bytes(data[:_LENGTH], "little")
    start = _LENGTH + size
    if size > min(HEADER, len(data) - _LENGTH):
        _wrong(f"its header says it has {size} bytes")
    try:
        header = json.loads(bytes(data[_LENGTH:start]), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        _wrong(f"its header is no JSON: {str(error)[:200]}")
    if not isinstance(header, dict):
        _wrong("its header is no JSON object")
    header.pop("__metadata__", None)
    if not 0 < len(header) <= TENSORS:
        _wrong(f"it has {len(header)} tensors")
    spans = sorted(_span(name, one, rules) for name, one in header.items())
    at = 0
    for begin, end, name in spans:
        if begin != at:
            _wrong(f"the tensor {name[:80]!r} begins at {begin}, where {at} is expected")
        at = end
    if start + at != len(data):
        _wrong(f"its tensors end at byte {start + at} of {len(data)}")
    return {"tensors": len(header), "numbers": at}


def _span(name: str, raw: Any, rules: Rules) -> tuple[int, int, str]:
    """Where a tensor lies, which must be as many bytes as it needs."""
    try:
        shape, (begin, end) = raw["shape"], raw["data_offsets"]
        whole = all(type(side) is int for side in (*shape, begin, end))
        bits = BITS[raw["dtype"]]
        fits = whole and len(shape) <= AXES and all(0 <= side <= rules.axis for side in shape)
        good = fits and 0 <= begin <= end and prod(shape) * bits == 8 * (end - begin)
    except (KeyError, TypeError, ValueError):
        good = False
    if not good:
        _wrong(f"the tensor {name[:80]!r} is not what it says")
    return begin, end, name


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names come once: readers differ in which of two they take."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name comes twice")
    return found


def _wrong(reason: str) -> NoReturn:
    raise Refused("file.header", f"it is no safetensors file: {reason}")
