"""Where the weights of an ONNX file lie, when it keeps them in files beside it.

    ObjectFile of the graph, opener of its neighbours -> TensorFile: BadModel

The file is walked as protobuf's wire format, field by field (ModelProto.graph = 7,
GraphProto.initializer = 5, TensorProto as in onnx.proto3): no framework is loaded, and no weights.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from printroom.core.errors import BadKey, BadModel
from printroom.storage.keys import Key, shown
from printroom.storage.reader import ObjectFile
from printroom.storage.tensors import Tensor, TensorFile

_MOST = 2**31
"""Bytes of an ONNX file, as protobuf has it."""
_EXTERNAL = 1
_TYPES = {1: "f4", 2: "u1", 3: "i1", 4: "u2", 5: "i2", 6: "i4", 7: "i8", 9: "?", 10: "f2", 11: "f8"}
_TYPES |= {12: "u4", 13: "u8", 16: "u2", 17: "u1", 18: "u1", 19: "u1", 20: "u1"}
"""TensorProto.DataType -> numpy; bfloat16 and float8 as their bits."""


@dataclass
class _Weight:
    name: str = ""
    kind: int = 0
    shape: list[int] = field(default_factory=list)
    external: bool = False
    place: dict[str, str] = field(default_factory=dict)


class _Broken(Exception):
    """What is wrong with the file."""


def open_onnx(file: ObjectFile, neighbour: Callable[[str], ObjectFile]) -> TensorFile:
    """The weights that `file` keeps elsewhere; `neighbour` opens the file of a name beside it.

    Raises BadModel, and what opening raises.
    """
    try:
        return TensorFile(_tensors(file, neighbour))
    except _Broken as fault:
        raise BadModel(f"{file.name} cannot be read as ONNX, {fault}", "export it again") from None


def _tensors(file: ObjectFile, neighbour: Callable[[str], ObjectFile]) -> dict[str, Tensor]:
    if file.size > _MOST:
        raise _Broken("it is larger than 2 GiB")
    files: dict[str, ObjectFile] = {}
    found: dict[str, Tensor] = {}
    for graph in _blobs(memoryview(file.read_at(0, file.size)), 7):
        for blob in _blobs(graph, 5):
            weight = _weight(blob)
            if not weight.external:
                continue
            try:
                where = Key(weight.place.get("location", ""))
            except BadKey:
                place = shown(weight.place.get("location", ""))
                raise _Broken(f"{shown(weight.name)} lies at {place}") from None
            if where not in files:
                files[where] = neighbour(where)
            found[weight.name] = _placed(weight, files[where])
    return found


def _placed(weight: _Weight, file: ObjectFile) -> Tensor:
    place, kind = weight.place, _TYPES.get(weight.kind)
    numbers = [place.get("offset", "0"), place.get("length", "0")]
    if kind is None or any(not number.isdecimal() or len(number) > 18 for number in numbers):
        raise _Broken(f"{shown(weight.name)} is of no known type or place")
    dtype = np.dtype(kind).newbyteorder("<")
    tensor = Tensor(dtype, tuple(weight.shape), file, int(numbers[0]), str(weight.kind))
    fits = "length" not in place or int(numbers[1]) == tensor.size
    if min(weight.shape, default=0) < 0 or not fits or tensor.start + tensor.size > file.size:
        raise _Broken(f"{shown(weight.name)} does not fit its file")
    return tensor


def _weight(blob: memoryview) -> _Weight:
    """TensorProto: dims = 1, data_type = 2, name = 8, external_data = 13, data_location = 14."""
    weight = _Weight()
    for number, value in _fields(blob):
        if number == 1:
            packed = isinstance(value, memoryview)
            weight.shape += _varints(value) if packed else [value]  # type: ignore[arg-type,list-item]
        elif number == 2 and isinstance(value, int):
            weight.kind = value
        elif number == 8 and isinstance(value, memoryview):
            weight.name = _text(value)
        elif number == 13 and isinstance(value, memoryview):
            entry = dict(_fields(value))
            key, text = entry.get(1), entry.get(2)
            if isinstance(key, memoryview) and isinstance(text, memoryview):
                weight.place[_text(key)] = _text(text)
        elif number == 14:
            weight.external = value == _EXTERNAL
    return weight


def _blobs(message: memoryview, wanted: int) -> Iterator[memoryview]:
    for number, value in _fields(message):
        if number == wanted and isinstance(value, memoryview):
            yield value


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """(number, value) of each field; the value a number, or bytes."""
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        kind = tag & 7
        if kind == 0:
            value, place = _varint(message, place)
            yield tag >> 3, value
            continue
        if kind == 2:
            length, place = _varint(message, place)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise _Broken("it is not protobuf")
        if place + length > len(message):
            raise _Broken("it breaks off")
        yield tag >> 3, message[place : place + length]
        place += length


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(message):
            raise _Broken("it breaks off")
        byte = message[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return struct.unpack("<q", struct.pack("<Q", value & (2**64 - 1)))[0], place
    raise _Broken("it is not protobuf")


def _varints(packed: memoryview) -> list[int]:
    found, place = [], 0
    while place < len(packed):
        value, place = _varint(packed, place)
        found.append(value)
    return found


def _text(value: memoryview) -> str:
    return bytes(value).decode("utf-8", "replace")
