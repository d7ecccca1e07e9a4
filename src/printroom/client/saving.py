"""A file on its way here: whole or not at all, however often the connection breaks.

with Saving(file, path) as saving: pieces -> path          FetchFailed Unwritable
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from printroom.client.asking import place
from printroom.client.faults import unreachable
from printroom.client.model import File, Made, Picture, name_of
from printroom.core.errors import DiskFull, Unwritable

_BREAKS = 20
"""Times in a row that a connection may break without a byte."""
_FULL = 28
"""ENOSPC."""


class Saving:
    """Left by an exception, it leaves nothing behind."""

    def __init__(self, file: File | Picture | Made | str, target: Path) -> None:
        self.path = place("files", name_of(file), "content")
        self.whole = False
        self._target = target
        self._draft = target.with_name(f".{target.name}.part")
        self._tag = ""
        self._at = self._size = 0
        self._breaks = 0

    @property
    def headers(self) -> dict[str, str]:
        """For the next request: what is missing, if it is still the same file."""
        plain = {"Accept-Encoding": "identity"}
        if not self._at or not self._tag:
            return plain
        return plain | {"Range": f"bytes={self._at}-", "If-Range": self._tag}

    def begins(self, status: int, headers: Mapping[str, str]) -> None:
        """An answer begins: with what is missing, or from the beginning."""
        self._tag = headers.get("etag", "")
        if status != 206:
            self._at = 0
            self._file.seek(0)
            self._file.truncate()
        self._size = self._at + int(headers.get("content-length", "0"))
        self.whole = self._at == self._size

    def take(self, piece: bytes) -> None:
        """The next bytes. Raises DiskFull, Unwritable."""
        try:
            self._file.write(piece)
        except OSError as error:
            raise self._unwritable(error) from error
        self._at += len(piece)
        self._breaks = 0
        self.whole = self._at == self._size

    def broke(self, why: str) -> float:
        """Seconds to wait before the next try. Raises FetchFailed."""
        self._breaks += 1
        if self._breaks > _BREAKS:
            raise unreachable(why)
        return min(5.0, 0.1 * 2.0**self._breaks)

    def __enter__(self) -> Self:
        try:
            self._file = self._draft.open("wb")
        except OSError as error:
            raise self._unwritable(error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._file.close()
        try:
            if kind is None:
                self._draft.replace(self._target)
        except OSError as failed:
            raise self._unwritable(failed) from failed
        finally:
            self._draft.unlink(missing_ok=True)

    def _unwritable(self, error: OSError) -> Exception:
        if error.errno == _FULL:
            return DiskFull(f"the disk filled up while {self._target} was written", "make room")
        return Unwritable(f"{self._target} cannot be written", error.strerror or str(error))
