"""Directories of tags: what TIFF files and EXIF blocks are made of.

    file  -> read()  -> Directory    ValueError: not a TIFF structure, or a broken one
    Directory -> dump() -> bytes     little-endian, classic or BigTIFF

Values are kept as little-endian bytes. Only the first picture's directory is read, with the EXIF
and GPS directories it points to; values over `LARGEST` bytes (tables of strips) are left out.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np

LARGEST = 1 << 20
"""Bytes of the largest value that is read."""
MOST = 16 << 20
"""Bytes of values that are read in all: many tags may point at the same ones."""
MOST_ENTRIES = 4096
"""Tags in a directory; more is taken for damage."""
DEEPEST = 2
"""Levels of directories below the first that are followed."""

ORIENTATION = 274
EXIF, GPS, INTEROP = 34665, 34853, 40965
POINTERS = (EXIF, GPS, INTEROP)

BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, LONG8 = 1, 2, 3, 4, 5, 7, 16
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_SIZES |= {16: 8, 17: 8, 18: 8}
_WORDS = _SIZES | {5: 4, 10: 4}  # a rational is two words


@dataclass(frozen=True)
class Entry:
    """One tag's value."""

    kind: int
    """BYTE, ASCII, SHORT ...: TIFF 6.0, section 2."""
    value: bytes
    """Little-endian."""
    at: int = 0
    """Where the value lies in the file it was read from."""

    @property
    def count(self) -> int:
        return len(self.value) // _SIZES[self.kind]

    def numbers(self) -> list[int]:
        """The value of a BYTE, SHORT, LONG or LONG8 tag."""
        return [int(v) for v in np.frombuffer(self.value, f"<u{_WORDS[self.kind]}")]

    @classmethod
    def of(cls, kind: int, *numbers: int) -> Entry:
        """An entry of whole numbers."""
        return cls(kind, np.array(numbers, f"<u{_WORDS[kind]}").tobytes())


@dataclass
class Directory:
    """Tags, and the directories below."""

    entries: dict[int, Entry] = field(default_factory=dict)
    children: dict[int, Directory] = field(default_factory=dict)


def read(file: BinaryIO) -> Directory:
    """The first directory of a TIFF structure that starts at the beginning of `file`."""
    head = file.read(16)
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None or len(head) < 8:
        raise ValueError("not a TIFF structure")
    big = struct.unpack(order + "H", head[2:4])[0] == 43
    if big and len(head) < 16:
        raise ValueError("not a TIFF structure")
    at = struct.unpack(order + ("Q" if big else "I"), head[8:16] if big else head[4:8])[0]
    return _Reader(file, order, big).directory(at, depth=0)


class _Reader:
    def __init__(self, file: BinaryIO, order: str, big: bool) -> None:
        self._file, self._order, self._read = file, order, 0
        self._count, self._row, self._offset = ("Q", "HHQ8s", "Q") if big else ("H", "HHI4s", "I")

    def directory(self, at: int, depth: int) -> Directory:
        (count,) = self._unpack(self._count, at)
        if count > MOST_ENTRIES:
            raise ValueError("a directory of too many tags")
        at += struct.calcsize(self._order + self._count)
        result = Directory()
        for row_at in range(at, at + count * self._row_size, self._row_size):
            tag, entry = self._entry(row_at)
            if entry is None:
                continue
            if tag in POINTERS and depth < DEEPEST:
                result.children[tag] = self.directory(entry.numbers()[0], depth + 1)
            else:
                result.entries[tag] = entry
        return result

    @property
    def _row_size(self) -> int:
        return struct.calcsize(self._order + self._row)

    def _entry(self, row_at: int) -> tuple[int, Entry | None]:
        tag, kind, count, field = self._unpack(self._row, row_at)
        size = _SIZES.get(kind, 0) * count
        if not 0 < size <= LARGEST:
            return tag, None
        at = row_at + self._row_size - len(field)
        if size > len(field):
            (at,) = struct.unpack(self._order + self._offset, field)
        value = self._bytes(at, size)
        if self._order == ">":
            value = np.frombuffer(value, f"u{_WORDS[kind]}").byteswap().tobytes()
        return tag, Entry(kind, value, at)

    def _unpack(self, layout: str, at: int) -> tuple[Any, ...]:
        form = struct.Struct(self._order + layout)
        return form.unpack(self._bytes(at, form.size))

    def _bytes(self, at: int, size: int) -> bytes:
        self._read += size
        if self._read > MOST:
            raise ValueError("more tags than a picture needs")
        try:
            self._file.seek(at)
            data = self._file.read(size)
        except (OverflowError, OSError) as error:
            raise ValueError("a tag points outside the file") from error
        if len(data) < size:
            raise ValueError("a tag points outside the file")
        return data


def dump(directory: Directory, at: int, big: bool = False) -> bytes:
    """The directory as it must stand at offset `at` of a file, with its values and children."""
    entry, inline, counter = ("<HHQ", 8, "<Q") if big else ("<HHI", 4, "<H")
    tags = sorted([*directory.entries, *directory.children])
    table_size = struct.calcsize(counter) + len(tags) * (struct.calcsize(entry) + inline) + inline
    table, heap = struct.pack(counter, len(tags)), b""
    for tag in tags:
        heap += bytes(-(at + table_size + len(heap)) % 8)
        here = at + table_size + len(heap)
        if tag in directory.children:
            value = Entry.of(LONG8 if big else LONG, here)
            heap += dump(directory.children[tag], here, big)
        else:
            value = directory.entries[tag]
        table += struct.pack(entry, tag, value.kind, value.count)
        if len(value.value) <= inline:
            table += value.value.ljust(inline, b"\0")
        else:
            table += here.to_bytes(inline, "little")
            heap += value.value
    return table + bytes(inline) + heap
