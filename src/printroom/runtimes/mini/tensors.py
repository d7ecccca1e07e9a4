"""A few named arrays in one safetensors file, and back.

    arrays, notes -> bytes
    bytes -> arrays as float32, notes          BadModel

Only what this house writes is read: F16 and F32, one array after the other without gaps, names and
shapes as expected. A file that is anything else is refused before an array is made.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import BadModel

Shape = tuple[int, ...]
MOST_HEADER = 1 << 20
"""Bytes."""
DTYPES: dict[str, np.dtype[Any]] = {"F16": np.dtype("<f2"), "F32": np.dtype("<f4")}
NAMES: dict[np.dtype[Any], str] = {dtype: name for name, dtype in DTYPES.items()}
ALIGNED = 8
"""Bytes to whose multiple the header is filled."""


def written(arrays: Mapping[str, NDArray[Any]], notes: Mapping[str, str]) -> bytes:
    """The file. Arrays are float16 or float32; the same arrays and notes give the same bytes."""
    header: dict[str, Any] = {"__metadata__": dict(sorted(notes.items()))}
    parts, at = [], 0
    for name, array in sorted(arrays.items()):
        little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        parts.append(little.tobytes())
        end = at + little.nbytes
        kind = NAMES[little.dtype]
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [at, end]}
        at = end
    table = json.dumps(header, separators=(",", ":")).encode()
    table += b" " * (-len(table) % ALIGNED)
    return b"".join([len(table).to_bytes(8, "little"), table, *parts])


def read(content: bytes) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """All arrays as they are kept, and the notes. Raises BadModel."""
    header, start = _header(content)
    notes = header.pop("__metadata__", {})
    if not isinstance(notes, dict) or not all(isinstance(v, str) for v in notes.values()):
        raise _odd("its notes are not text")
    arrays: dict[str, NDArray[Any]] = {}
    at = 0
    for name, entry in sorted(header.items(), key=lambda item: _begin(item[1])):
        dtype, shape, end = _entry(entry, at)
        count = math.prod(shape)
        if end - at != count * dtype.itemsize or start + end > len(content):
            raise _odd(f"{name[:60]!r} does not fit into it")
        arrays[name] = np.frombuffer(content, dtype, count, start + at).reshape(shape)
        at = end
    if start + at != len(content):
        raise _odd("there is more in it than it says")
    return arrays, notes


def checked(
    arrays: Mapping[str, NDArray[Any]], shapes: Mapping[str, Shape]
) -> dict[str, NDArray[np.float32]]:
    """Those arrays as finite float32. Raises BadModel unless names and shapes are just these."""
    if set(arrays) != set(shapes):
        odd = sorted(set(arrays) ^ set(shapes))[0]
        raise _odd(f"{odd[:60]!r} is missing or unknown")
    for name, shape in shapes.items():
        if arrays[name].shape != shape:
            raise _odd(f"{name!r} has the shape {arrays[name].shape}, not {shape}")
    made = {name: np.array(array, np.float32) for name, array in arrays.items()}
    if not all(np.isfinite(array).all() for array in made.values()):
        raise _odd("some of its numbers are none")
    return made


def _header(content: bytes) -> tuple[dict[str, Any], int]:
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 or length > min(MOST_HEADER, len(content) - 8):
        raise _odd("its table is cut short")
    try:
        header = json.loads(content[8 : 8 + length])
    except (ValueError, RecursionError) as error:
        raise _odd("its table is no JSON") from error
    if not isinstance(header, dict):
        raise _odd("its table is none")
    return header, 8 + length


def _begin(entry: Any) -> int:
    try:
        begin = entry["data_offsets"][0]
    except (TypeError, LookupError) as error:
        raise _odd("an entry of its table says not where it lies") from error
    if type(begin) is not int:
        raise _odd("an entry of its table lies nowhere")
    return begin


def _entry(entry: Any, at: int) -> tuple[np.dtype[Any], Shape, int]:
    """What an entry that should begin `at` says: type, shape, end."""
    shape, offsets = entry.get("shape"), entry["data_offsets"]
    whole = isinstance(shape, list) and len(shape) <= 8 and isinstance(offsets, list)
    if not whole or len(offsets) != 2 or not all(type(n) is int for n in (*shape, *offsets)):
        raise _odd("an entry of its table is not whole")
    kind = entry.get("dtype")
    dtype: np.dtype[Any] | None = DTYPES.get(kind) if isinstance(kind, str) else None
    if dtype is None or any(not 0 <= side <= 1 << 24 for side in shape) or offsets[0] != at:
        raise _odd("an entry of its table has another type, place or shape")
    return dtype, tuple(shape), offsets[1]


def _odd(reason: str) -> BadModel:
    return BadModel(f"this is no file of a person, or a damaged one ({reason})", "train it again")
