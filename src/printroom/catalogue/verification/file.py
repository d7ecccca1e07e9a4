"""Stage one: what the file is, read by us alone, before any library sees a byte of it.

path -> looked_at -> Looked: findings, and the graph as messages        NotFound
"""

from __future__ import annotations

import hashlib
import mmap
import os
import stat
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from printroom.catalogue.verification import safetensors
from printroom.catalogue.verification.refusing import Refused
from printroom.catalogue.verification.report import Finding, Rules
from printroom.catalogue.verification.schema import EXTERNAL, SIZES
from printroom.catalogue.verification.wire import Message, Span, WireFault, numbers, read
from printroom.core.errors import NotFound

AXES = 16
"""Of a tensor, at most."""
_TEXTS = 8
"""Type of a tensor of texts."""
_HALVES = (21, 22, 23)
"""Types of tensors of half a byte, or less."""
_LISTS = {"float_data": 4, "double_data": 8}
"""Fields that hold numbers of a fixed size -> that."""
_COUNTED = ("int32_data", "int64_data", "uint64_data")
"""Fields that hold numbers of any length."""
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Looked:
    """What was found."""

    findings: tuple[Finding, ...]
    digest: str = ""
    """SHA-256, hex; empty = it was not read."""
    model: Message | None = None
    """Of an ONNX file, unless it was refused."""
    bare: bool = False
    """Whether it is safetensors: weights without a network."""


def looked_at(path: Path, rules: Rules) -> Looked:
    """Nothing of it is run, unpacked, or followed. Raises NotFound."""
    started, digest = time.monotonic(), ""
    try:
        size = _size(path, rules)
        digest = _digest(path, size)
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            _told_apart(path, data[:16])
            if safetensors.begins(data[:16]):
                evidence = safetensors.read(data, rules) | {"bytes": size, "sha256": digest}
                reason = f"it is a safetensors file of {size} bytes, without gaps"
                whole = _finding(started, "file.whole", "passed", reason, evidence)
                return Looked((whole,), digest, bare=True)
            model = _walked(data, rules)
            evidence = _weights(data, model, rules)
    except Refused as error:
        finding = _finding(started, error.code, "refused", error.reason, error.evidence)
        return Looked((finding,), digest)
    evidence |= {"bytes": size, "sha256": digest}
    reason = f"it is an ONNX file of {size} bytes, whole in itself"
    return Looked((_finding(started, "file.whole", "passed", reason, evidence),), digest, model)


def _finding(started: float, code: str, verdict: Any, reason: str, evidence: Any) -> Finding:
    return Finding("file", code, verdict, reason, evidence, round(time.monotonic() - started, 3))


def _size(path: Path, rules: Rules) -> int:
    try:
        found = path.lstat()
    except OSError as error:
        raise NotFound(f"there is no file {path}", "give the path of a model") from error
    if not stat.S_ISREG(found.st_mode):
        raise Refused("file.kind", "it is a link, a folder or a device, not a file")
    if not 0 < found.st_size <= rules.file_bytes:
        raise Refused(
            "file.size", f"it has {found.st_size} bytes; 1 to {rules.file_bytes} are taken",
            bytes=found.st_size,
        )  # fmt: skip
    return found.st_size


def _digest(path: Path, size: int) -> str:
    digest, left = hashlib.sha256(), size
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
        while left > 0 and (part := file.read(min(_CHUNK, left))):
            digest.update(part)
            left -= len(part)
    return digest.hexdigest()


def _told_apart(path: Path, head: bytes) -> None:
    """What is no ONNX, by its first bytes; and what is something else as well."""
    if head[:2] in (b"PK", b"\x1f\x8b", b"BZ") or head[:4] in (b"\xfd7zX", b"\x28\xb5\x2f\xfd"):
        raise Refused("file.archive", "it is an archive: nothing is unpacked, send the graph alone")
    if head[:1] == b"\x80" and head[1:2] <= b"\x05":
        raise Refused("file.pickle", "it is a pickle, which is a program: send ONNX")
    if _is_archive(path):
        raise Refused("file.polyglot", "it is an archive as well: other programs would unpack it")


def _is_archive(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return bool(archive.infolist())
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def _walked(data: mmap.mmap, rules: Rules) -> Message:
    try:
        model = read(data, rules)
    except WireFault as fault:
        raise Refused(f"file.{fault.bound}", f"it is no ONNX file: {fault}", at=fault.at) from None
    graph = model.one("graph")
    if graph is None or not graph.all("node") or not graph.all("output"):
        raise Refused("file.empty", "it has no graph")
    return model


def _weights(data: mmap.mmap, model: Message, rules: Rules) -> dict[str, Any]:
    """All tensors are here, as large as they say, and the whole not much larger than the file."""
    count = unpacked = 0
    for message in model.walk():
        if message.kind == "Tensor":
            _no_others(message)
            unpacked += _tensor(data, message, rules)
            count += 1
        elif message.kind == "Sparse":
            unpacked += 8 * _elements(_dims(data, message), rules, "a sparse tensor")
    most = rules.unpacked * len(data) + _CHUNK
    if unpacked > most:
        raise Refused(
            "file.unpacked", f"its weights unpack to {unpacked} bytes, more than {rules.unpacked} "
            "times the file", unpacked=unpacked,
        )  # fmt: skip
    return {"tensors": count, "unpacked": unpacked}


def _no_others(tensor: Message) -> None:
    places = [entry.one("value", "") for entry in tensor.all("external_data")]
    if places or tensor.one("data_location", 0) == EXTERNAL:
        raise Refused(
            "file.external", "it keeps weights in other files: send it as one file",
            files=[str(place)[:200] for place in places[:8]],
        )  # fmt: skip


def _dims(data: mmap.mmap, message: Message) -> list[int]:
    try:
        return list(ints(data, message, "dims", AXES))
    except WireFault as fault:
        raise Refused("file.dims", str(fault)) from None


def ints(data: mmap.mmap | bytes, message: Message, name: str, most: int) -> Iterator[int]:
    """The numbers of a field, packed or not. Raises WireFault beyond `most`."""
    for one in message.all(name):
        yield from numbers(data, one, most) if isinstance(one, Span) else (one,)


def _elements(dims: list[int], rules: Rules, what: str) -> int:
    if len(dims) > AXES or any(not 0 <= side <= rules.axis for side in dims):
        raise Refused("file.dims", f"{what} says it is {dims[:AXES]} large", dims=dims[:AXES])
    count = prod(dims)
    if count > rules.unpacked * rules.file_bytes:
        raise Refused("file.dims", f"{what} says it has {count} numbers", dims=dims)
    return count


def _tensor(data: mmap.mmap, tensor: Message, rules: Rules) -> int:
    """Bytes that it takes when it is read."""
    name = f"the tensor {tensor.one('name', '')[:80]!r}"
    kind, count = tensor.one("data_type", 0), _elements(_dims(data, tensor), rules, "a tensor")
    if tensor.one("segment") is not None:
        raise Refused("file.tensors", f"{name} lies in pieces")
    held = _held(data, tensor)
    if kind == _TEXTS:
        texts = sum(len(one) for one in tensor.all("string_data"))
        return 64 * len(tensor.all("string_data")) + texts
    if kind in _HALVES:
        return count
    if kind not in SIZES:
        _wrong(name, f"is of the type {kind}, which is none")
    size = SIZES[kind]
    raw = tensor.one("raw_data")
    if raw is not None and (held or len(raw) != count * size):
        _wrong(name, f"has {len(raw)} bytes for {count} numbers of {size}")
    if raw is None and held not in (count, 2 * count if kind in (14, 15) else count):
        _wrong(name, f"has {held} numbers, and says it has {count}")
    return count * size


def _held(data: mmap.mmap, tensor: Message) -> int:
    """Numbers that it has in lists."""
    found = 0
    for name, size in _LISTS.items():
        found += sum(len(one) // size for one in tensor.all(name))
    for name in _COUNTED:
        for one in tensor.all(name):
            found += _ends(data, one) if isinstance(one, Span) else 1
    return found


def _ends(data: mmap.mmap, span: Span) -> int:
    """Numbers in a packed list: each has one byte without the highest bit."""
    found = 0
    for start in range(span.start, span.end, _CHUNK):
        part = np.frombuffer(data[start : min(start + _CHUNK, span.end)], np.uint8)
        found += int(np.count_nonzero(part < 0x80))
    return found


def _wrong(name: str, reason: str) -> NoReturn:
    raise Refused("file.tensors", f"{name} {reason}")
