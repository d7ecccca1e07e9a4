"""Tensors as the protocol writes them: a name, a shape, a datatype, and values as JSON or bytes.

    datatype, shape, JSON values -> array        BadOption
    datatype, shape, bytes       -> array        BadOption
    array -> JSON values, or bytes

Bytes are little-endian, row by row; text (`BYTES`) is each element's length in four bytes, then it.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import BadOption, ModelFailed
from printroom.runtimes.onnx.session import DTYPES
from printroom.runtimes.onnx.signature import Port

Array = NDArray[Any]
DATATYPES = {
    "float16": "FP16",
    "float": "FP32",
    "double": "FP64",
    "uint8": "UINT8",
    "uint16": "UINT16",
    "uint32": "UINT32",
    "uint64": "UINT64",
    "int8": "INT8",
    "int16": "INT16",
    "int32": "INT32",
    "int64": "INT64",
    "bool": "BOOL",
    "string": "BYTES",
}
"""What onnxruntime calls a type of elements -> what the protocol calls it."""
MOST_JSON = 1 << 22
"""Elements of a tensor that is written as JSON; each becomes an object of Python on its way."""
MOST_SIDES = 16


def datatype_of(port: Port) -> str:
    """The protocol's name for what `port` holds; what it has no name for keeps its own."""
    return DATATYPES.get(port.dtype, port.dtype)


def checked_shape(port: Port, datatype: object, shape: object) -> tuple[int, ...]:
    """The sides of a tensor for `port`. Raises BadOption where they do not fit."""
    if datatype != datatype_of(port):
        raise BadOption(
            f"input {port.name!r} holds {datatype_of(port)}, not {str(datatype)[:32]}",
            "convert it first",
        )
    if not isinstance(shape, list) or len(shape) > MOST_SIDES or not all(map(_side, shape)):
        raise BadOption(f"the shape of {port.name!r} is no list of sizes", "write [1, 3, 64, 64]")
    asked = port.shape
    fits = asked is None or (
        len(asked) == len(shape)
        and all(want in (have, -1) for want, have in zip(free(port), shape, strict=True))
    )
    if not fits:
        raise BadOption(
            f"input {port.name!r} is of shape {free(port)}, not {shape}", "-1 stands for any size"
        )
    if not prod(shape):
        raise BadOption(f"input {port.name!r} has no elements", "leave no side at 0")
    return tuple(shape)


def free(port: Port) -> list[int]:
    """The shape of a port as the protocol writes it: -1 where any size will do."""
    return [side if isinstance(side, int) else -1 for side in port.shape or ()]


def from_json(port: Port, shape: tuple[int, ...], data: object) -> Array:
    """Values, nested as the shape is or in one row. Raises BadOption."""
    dtype = DTYPES[port.dtype]
    try:
        if dtype is np.object_:
            array = np.array(_flat(data), np.object_)
            if not all(isinstance(one, str) for one in array):
                raise ValueError("they are no texts")
        else:
            array = _cast(np.asarray(data), dtype, data)
        return array.reshape(shape)
    except (ValueError, TypeError, OverflowError) as error:
        raise BadOption(
            f"the data of {port.name!r} does not fit: {error}", "see its shape"
        ) from None


def from_bytes(port: Port, shape: tuple[int, ...], data: memoryview) -> Array:
    """The same from bytes, which are not copied. Raises BadOption."""
    dtype = DTYPES[port.dtype]
    if dtype is np.object_:
        return np.array(_texts(port, data, prod(shape)), np.object_).reshape(shape)
    needed = prod(shape) * np.dtype(dtype).itemsize
    if len(data) != needed:
        raise BadOption(
            f"{port.name!r} came with {len(data):,} bytes, its shape takes {needed:,}",
            "see its shape and datatype",
        )
    return np.frombuffer(data, np.dtype(dtype).newbyteorder("<")).reshape(shape)


def to_json(name: str, array: Array) -> list[Any]:
    """Values in one row; what JSON has no word for is null. Raises BadOption for too many."""
    if array.size > MOST_JSON:
        raise BadOption(
            f"output {name!r} has {array.size:,} values, JSON takes at most {MOST_JSON:,}",
            "ask for it with binary_data",
        )
    row = array.reshape(-1)
    if array.dtype.kind == "f":
        finite, row = np.isfinite(row), row.astype(object)
        row[~finite] = None
    return row.tolist()


def to_bytes(array: Array) -> memoryview:
    """Its bytes, without a copy where they lie so already."""
    if array.dtype == np.object_:
        texts = (str(one).encode() for one in array.reshape(-1))
        return memoryview(b"".join(struct.pack("<I", len(text)) + text for text in texts))
    plain = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return plain.reshape(-1).view(np.uint8).data


def kind_of(array: Array) -> str:
    """The datatype of a result. Raises ModelFailed for one that has no name."""
    for known, dtype in DTYPES.items():
        if array.dtype == dtype:
            return DATATYPES[known]
    raise ModelFailed(f"the model made {array.dtype}, which the protocol has no name for")


def _side(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31


def _cast(array: Array, dtype: type[Any], data: object) -> Array:
    """`array`, which is `data`, as `dtype`. Raises ValueError where values would change."""
    kind = np.dtype(dtype).kind
    if kind in "iu" and array.dtype.kind in "fO":  # above 2**63 numpy would round to floats
        array = np.array([_whole(one) for one in _flat(data)], np.object_)
    elif array.dtype.kind not in "iufb" or (array.dtype.kind == "b") != (kind == "b"):
        raise ValueError("they are no numbers of that type")
    if kind in "iu":
        bounds = np.iinfo(dtype)
        if array.size and not (bounds.min <= array.min() and array.max() <= bounds.max):
            raise ValueError(f"they are beyond {np.dtype(dtype).name}")
    with np.errstate(over="ignore"):
        return array.astype(dtype)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        raise ValueError("they are no whole numbers")
    return int(value)


def _flat(data: object) -> list[object]:
    if not isinstance(data, list):
        raise ValueError("it is no list")
    found: list[object] = []
    stack: list[object] = [data]
    while stack:
        one = stack.pop()
        if isinstance(one, list):
            stack.extend(reversed(one))
        else:
            found.append(one)
    return found


def _texts(port: Port, data: memoryview, count: int) -> Sequence[str]:
    found: list[str] = []
    at = 0
    try:
        while at < len(data) and len(found) < count:
            (size,) = struct.unpack_from("<I", data, at)
            at += 4 + size
            if at > len(data):
                raise ValueError
            found.append(bytes(data[at - size : at]).decode())
        if len(found) != count or at != len(data):
            raise ValueError
    except (struct.error, ValueError):
        raise BadOption(
            f"the bytes of {port.name!r} are no {count} texts", "write each as its length, then it"
        ) from None
    return found
