"""Tensors of a file in a store, of which only those are read that are asked for.

    ObjectFile -> TensorFile, names -> arrays: BadModel KeyError ObjectChanged ...

A safetensors file has a table of its tensors in front. An ONNX file may keep its weights in others
beside it, and says of each where it lies (`onnx_external.py` reads that). Both are hostile until
their tables were checked against the sizes of the files.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.core.errors import BadModel
from printroom.core.sizes import format_size
from printroom.storage.reader import ObjectFile

_MOST_HEADER = 100 * 2**20
"""Bytes of a table, as safetensors has it."""
_STREAMS = 8
DTYPES: Mapping[str, np.dtype[Any]] = {
    name: np.dtype(kind)
    for name, kind in {
        "BOOL": "?",
        "U8": "u1",
        "I8": "i1",
        "U16": "<u2",
        "I16": "<i2",
        "F16": "<f2",
        "U32": "<u4",
        "I32": "<i4",
        "F32": "<f4",
        "U64": "<u8",
        "I64": "<i8",
        "F64": "<f8",
        "BF16": "<u2",
        "F8_E4M3": "u1",
        "F8_E5M2": "u1",
    }.items()
}
"""safetensors' name -> numpy's. BF16 and F8 have none: their bits come as unsigned integers."""


@dataclass(frozen=True)
class Tensor:
    """Where a tensor lies and what it is."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    file: ObjectFile
    start: int
    """Byte in the file."""
    kind: str = ""
    """The file's own name of the type: `BF16`."""

    @property
    def size(self) -> int:
        """Bytes."""
        return math.prod(self.shape) * self.dtype.itemsize


class TensorFile(Mapping[str, Tensor]):
    """Name -> where it lies. Nothing but the table is read yet."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self._tensors = dict(tensors)

    def __getitem__(self, name: str) -> Tensor:
        return self._tensors[name]

    def __iter__(self) -> Any:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)

    def load(self, names: Iterable[str]) -> dict[str, NDArray[Any]]:
        """The arrays of those names, read side by side. Raises KeyError for one that is not there,
        and what reading raises.
        """
        wanted = {name: self[name] for name in names}
        with ThreadPoolExecutor(_STREAMS, "printroom-tensors") as pool:
            return dict(zip(wanted, pool.map(_read, wanted.values()), strict=True))


def open_safetensors(file: ObjectFile) -> TensorFile:
    """The table of a safetensors file. Raises BadModel."""
    try:
        return TensorFile(_table(file))
    except _Broken as fault:
        reason = f"{file.name} is not a safetensors file, {fault}"
        raise BadModel(reason, "write it again") from None


class _Broken(Exception):
    """What is wrong with a table."""


def _table(file: ObjectFile) -> dict[str, Tensor]:
    head = file.read_at(0, 8)
    length = int.from_bytes(head, "little")
    if len(head) < 8 or length > min(_MOST_HEADER, file.size - 8):
        raise _Broken(f"its table would take {format_size(length)} of {format_size(file.size)}")
    try:
        table = json.loads(file.read_at(8, length), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise _Broken(f"its table cannot be read ({type(error).__name__})") from None
    if not isinstance(table, dict):
        raise _Broken("its table is not one")
    table.pop("__metadata__", None)
    tensors = {name: _tensor(name, about, file, 8 + length) for name, about in table.items()}
    _check_places(tensors, 8 + length, file.size)
    return tensors


def _tensor(name: str, about: Any, file: ObjectFile, origin: int) -> Tensor:
    try:
        kind, shape, (start, end) = about["dtype"], about["shape"], about["data_offsets"]
        sound = all(type(number) is int and number >= 0 for number in (*shape, start, end))
        dtype = DTYPES[kind]
    except (TypeError, KeyError, ValueError):
        sound = False
    if not sound or len(shape) > 64:
        raise _Broken(f"its table says nothing sound of {name[:80]!r}")
    tensor = Tensor(dtype, tuple(shape), file, origin + start, kind)
    if tensor.size != end - start:
        raise _Broken(f"{name[:80]!r} does not have the size of its shape")
    return tensor


def _check_places(tensors: Mapping[str, Tensor], start: int, end: int) -> None:
    """Tensors lie one behind the other, from the table to the end of the file."""
    place = start
    for tensor in sorted(tensors.values(), key=lambda tensor: (tensor.start, tensor.size)):
        if tensor.start != place:
            raise _Broken("its tensors overlap, or leave gaps")
        place += tensor.size
    if place != end:
        raise _Broken("it is shorter or longer than its table says")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands there twice")
    return found


def _read(tensor: Tensor) -> NDArray[Any]:
    """An array of its own memory, filled straight from the cache."""
    buffer = np.empty(tensor.size, np.uint8)
    tensor.file.object.read_into(tensor.start, buffer.data)
    return buffer.view(tensor.dtype).reshape(tensor.shape)
