"""`multipart/form-data` (RFC 7578, RFC 2046), read without copying what is not asked for.

Content-Type -> boundary         BadOption: it names none
body -> Part: a name, and where its content lies         BadOption: not a form, or cut short

The content of a part may hold anything but its boundary; it is found by searching for that alone.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass

from printroom.core.errors import BadOption

Buffer = bytes | mmap.mmap
MOST_PARTS = 1000
MOST_HEAD = 8 * 1024
"""Bytes of the headers of one part."""
_BOUNDARY = re.compile(r'\bboundary=(?:"([^"]{1,70})"|([^\s;,"]{1,70}))', re.IGNORECASE)
_FIELD = re.compile(
    rb"^content-disposition:[ \t]*form-data[ \t]*;(?:[^\r\n]*?;)?[ \t]*"
    rb'name=(?:"([^"\r\n]*)"|([^\s;]+))',
    re.IGNORECASE | re.MULTILINE,
)
_FILENAME = re.compile(
    rb"^content-disposition:[^\r\n]*?[;\s]filename=(?:\"([^\"\r\n]*)\"|([^\s;]+))",
    re.IGNORECASE | re.MULTILINE,
)
_TYPE = re.compile(rb"^content-type:[ \t]*([^\r\n]+?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_PADDING = re.compile(rb"[ \t]{0,64}\r\n")


@dataclass(frozen=True)
class Part:
    """One field of a form."""

    name: str
    start: int
    """Of its content, in bytes from the beginning of the body."""
    end: int
    filename: str = ""
    """What the client calls it; empty = it does not say."""
    media_type: str = ""
    """What the client says it is; empty = it does not say."""

    @property
    def size(self) -> int:
        """Bytes of its content."""
        return self.end - self.start


def boundary_of(media_type: str) -> bytes:
    """What separates the parts, from the header `Content-Type`. Raises BadOption."""
    found = _BOUNDARY.search(media_type)
    if found is None:
        raise BadOption("the form's Content-Type names no boundary", "let the client write it")
    return (found[1] or found[2]).encode("latin-1")


def parts(body: Buffer, boundary: bytes) -> Iterator[Part]:
    """The parts of a form, in order. Raises BadOption where it stops to be one."""
    line = b"--" + boundary
    at = 0 if body[: len(line)] == line else _found(body, b"\r\n" + line, 0) + 2
    for _ in range(MOST_PARTS):
        at += len(line)
        if body[at : at + 2] == b"--":
            return
        padding = _PADDING.match(body, at)
        if padding is None:
            raise _broken("a boundary is followed by what is no part")
        name, start, filename, media_type = _head(body, padding.end())
        end = _found(body, b"\r\n" + line, start - 2)  # what is empty ends where it begins
        yield Part(name, start, max(start, end), filename, media_type)
        at = end + 2
    raise BadOption(f"the form has more than {MOST_PARTS} parts", "send fewer")


def _head(body: Buffer, at: int) -> tuple[str, int, str, str]:
    """Of the part whose headers begin at `at`: name, where its content begins, filename, type."""
    end = body.find(b"\r\n\r\n", at, at + MOST_HEAD)
    if end < 0:
        raise _broken("the headers of a part do not end")
    head = body[at : end + 2]
    field = _FIELD.search(head)
    if field is None:
        raise _broken("a part has no name")
    name = field[1] if field[1] is not None else field[2]
    filename, media_type = _FILENAME.search(head), _TYPE.search(head)
    called = b"" if filename is None else filename[1] if filename[1] is not None else filename[2]
    kind = b"" if media_type is None else media_type[1]
    return _text(name), end + 4, _text(called), _text(kind)


def _text(part: bytes) -> str:
    return part.decode("utf-8", "replace")


def _found(body: Buffer, what: bytes, start: int) -> int:
    place = body.find(what, start)
    if place < 0:
        raise _broken("it is cut short")
    return place


def _broken(why: str) -> BadOption:
    return BadOption(f"the form cannot be read: {why}", "send it again")
