"""What can be uploaded: a file of this machine, or bytes.

Path or bytes -> Source          NotFound
"""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from pathlib import Path

from printroom.core.errors import NotFound

_ANY = "application/octet-stream"


@dataclass(frozen=True)
class Source:
    """Something of a known size that can be read from anywhere."""

    content: Path | bytes
    name: str
    media_type: str
    size: int

    def read(self, start: int, size: int) -> bytes:
        """`size` bytes from `start` on. Raises NotFound where it shrank meanwhile."""
        if isinstance(self.content, bytes):
            return self.content[start : start + size]
        with self.content.open("rb") as file:
            file.seek(start)
            data = file.read(size)
        if len(data) < size:
            raise NotFound(f"{self.content} was cut short while it was sent", "send it again")
        return data


def source_of(content: Path | bytes, name: str = "") -> Source:
    """`name`: what it is called there; empty = as here."""
    if isinstance(content, bytes):
        return Source(content, name, mimetypes.guess_type(name)[0] or _ANY, len(content))
    try:
        size = content.stat().st_size
        if not content.is_file():
            raise FileNotFoundError
    except OSError:
        raise NotFound(f"there is no file {content}", "check the path") from None
    called = name or content.name
    return Source(content, called, mimetypes.guess_type(called)[0] or _ANY, size)
