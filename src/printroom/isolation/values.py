"""Values of ports, as a child is told them and as it tells them.

    values -> pack -> written values, payload          BadOption: nothing that can be handed over
    written values, payload -> unpack -> values        Garbage: not what a child of ours sends

A value is a JSON value, an array, or a list of arrays. Arrays lie in slabs (or in the payload,
where memory is not shared) and are written as where they lie. A child may have written anything,
so each type, shape and place is checked before an array is made from it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import BadOption
from printroom.isolation.arena import Arena
from printroom.isolation.wire import Garbage

Value = Any
"""What JSON can hold, an array, or a list of arrays."""
TYPES = frozenset(
    ["bool", "float16", "float32", "float64"]
    + [f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)]
)
"""Names of the types of numbers that arrays may have."""
ALIGNMENT = 64
"""Bytes; arrays start at multiples of it, as vector instructions like."""
AXES = 16
"""At most that many in an array."""


@dataclass
class Parcel:
    """The inputs of one run, written, and what must stay alive until it is over."""

    written: dict[str, Any] = field(default_factory=dict)
    payload: list[NDArray[np.uint8]] = field(default_factory=list)
    """Goes behind the message; empty where memory is shared."""
    places: dict[int, NDArray[np.uint8]] = field(default_factory=dict)
    """Number of a slab -> all its bytes: where arrays of this run lie, and results may."""


def pack(values: Mapping[str, Value], arena: Arena | None) -> Parcel:
    """Write `values`; arrays are copied into the arena unless they lie there already.

    None as arena: memory is not shared. Raises BadOption, and NeedsMemory from the arena.
    """
    parcel = Parcel()
    copied: list[tuple[NDArray[Any], dict[str, Any]]] = []
    for name, value in values.items():
        parcel.written[name] = _write(value, arena, parcel, copied)
    if arena is None:
        _into_payload(copied, parcel)
    elif copied:
        _into_slab(copied, parcel, arena)
    return parcel


def _write(
    value: Value,
    arena: Arena | None,
    parcel: Parcel,
    copied: list[tuple[NDArray[Any], dict[str, Any]]],
) -> dict[str, Any]:
    if isinstance(value, np.generic):
        return {"json": value.item()}
    if isinstance(value, list | tuple) and any(isinstance(one, np.ndarray) for one in value):
        return {"list": [_write(one, arena, parcel, copied) for one in value]}
    if not isinstance(value, np.ndarray):
        return {"json": value}
    if value.dtype.name not in TYPES:
        raise BadOption(f"an array of {value.dtype} cannot be handed to an isolated step")
    ref: dict[str, Any] = {"dtype": value.dtype.name, "shape": list(value.shape)}
    there = arena.found(value) if arena is not None and value.flags.c_contiguous else None
    if there is None:
        copied.append((value, ref))
    else:
        slab, whole = there
        parcel.places[slab.number] = whole
        ref |= {"segment": slab.number, "offset": value.ctypes.data - whole.ctypes.data}
        ref["kept"] = True
    return {"array": ref}


def _offsets(sizes: Iterable[int]) -> tuple[list[int], int]:
    """Where each begins, and where the last ends."""
    offsets, end = [], 0
    for size in sizes:
        offsets.append(end)
        end += -(-size // ALIGNMENT) * ALIGNMENT
    return offsets, end


def _into_slab(
    copied: Sequence[tuple[NDArray[Any], dict[str, Any]]], parcel: Parcel, arena: Arena
) -> None:
    offsets, size = _offsets(array.nbytes for array, _ref in copied)
    hold = arena.hold(size)
    parcel.places[hold.slab.number] = hold.whole
    for (array, ref), offset in zip(copied, offsets, strict=True):
        np.copyto(hold.array(array.dtype.name, array.shape, offset), array)
        ref |= {"segment": hold.slab.number, "offset": offset, "kept": False}


def _into_payload(copied: Sequence[tuple[NDArray[Any], dict[str, Any]]], parcel: Parcel) -> None:
    offsets, _size = _offsets(array.nbytes for array, _ref in copied)
    for (array, ref), offset in zip(copied, offsets, strict=True):
        plain = np.ascontiguousarray(array, array.dtype.name).reshape(-1).view(np.uint8)
        parcel.payload += [plain, np.zeros(-plain.size % ALIGNMENT, np.uint8)]
        ref |= {"segment": None, "offset": offset, "kept": False}


def unpack(
    written: object,
    payload: bytearray,
    places: Mapping[int, NDArray[np.uint8]],
    names: Iterable[str],
) -> dict[str, Value]:
    """The values that a child wrote for the ports `names`. Raises Garbage."""
    wanted = list(names)
    if not isinstance(written, dict) or set(written) != set(wanted):
        raise Garbage(f"it returned no values for the ports {', '.join(wanted)}")
    return {name: _read(written[name], payload, places) for name in wanted}


def _read(
    written: object,
    payload: bytearray,
    places: Mapping[int, NDArray[np.uint8]],
    *,
    inside: bool = False,
) -> Value:
    match written:
        case {"array": dict(ref), **rest} if not rest:
            return _array(ref, payload, places)
        case {"list": list(items), **rest} if not rest and not inside:
            return [_read(one, payload, places, inside=True) for one in items]
        case {"json": value, **rest} if not rest:
            return value
    raise Garbage("it returned something that is no value")


def _array(
    ref: Mapping[str, object], payload: bytearray, places: Mapping[int, NDArray[np.uint8]]
) -> NDArray[Any]:
    dtype, shape, offset = ref.get("dtype"), ref.get("shape"), ref.get("offset")
    if not isinstance(dtype, str) or dtype not in TYPES:
        raise Garbage("it returned an array of an unknown type")
    if not isinstance(shape, list) or len(shape) > AXES or not all(map(_is_size, shape)):
        raise Garbage("it returned an array of an impossible shape")
    place = _place(ref.get("segment"), payload, places)
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if not _is_size(offset) or offset % np.dtype(dtype).itemsize or offset + size > len(place):
        raise Garbage("it returned an array that lies outside what it was given")
    return place[offset : offset + size].view(dtype).reshape(shape)


def _place(
    segment: object, payload: bytearray, places: Mapping[int, NDArray[np.uint8]]
) -> NDArray[np.uint8]:
    if segment is None:
        return np.frombuffer(payload, np.uint8)
    if not isinstance(segment, int) or isinstance(segment, bool) or segment not in places:
        raise Garbage("it returned an array from memory that was not given to it")
    return places[segment]


def _is_size(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**48
