"""What can be asked of a server about files.

Path or bytes -> upload -> File          NotFound BodyTooLarge
File -> file, read, delete               NotFound
"""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

from printroom.client.asking import Ask, Call, Lost, Pause, Reply, asked, checked, place
from printroom.client.faults import strange, unreachable
from printroom.client.model import File, Made, Picture, name_of
from printroom.client.sources import Source, source_of

AT_ONCE = 8 * 2**20
"""Bytes of a file that is sent whole; larger ones go in parts of that size, and are resumed."""
_TUS = {"Tus-Resumable": "1.0.0"}
_LOST = 10
"""Parts in a row that may get lost before an upload is given up."""


def upload(content: Path | bytes, name: str = "") -> Call[File]:
    """Keep a file for a while; large ones go in parts, and are taken up where they broke."""
    source = source_of(content, name)
    if source.size > AT_ONCE:
        return (yield from _in_parts(source))
    headers = {"Content-Type": source.media_type}
    ask = Ask(
        "POST", "/v1/files", params={"name": source.name}, headers=headers,
        content=source.read(0, source.size), again=True,
    )  # fmt: skip
    return File.of((yield from asked(ask)).json())


def file(file: File | Picture | Made | str) -> Call[File]:
    """What is known of a file. Raises NotFound."""
    return File.of((yield from asked(Ask("GET", place("files", name_of(file))))).json())


def read(file: File | Picture | Made | str) -> Call[bytes]:
    """The bytes of a file. Raises NotFound."""
    return (yield from asked(Ask("GET", place("files", name_of(file), "content")))).body


def delete(file: File | Picture | Made | str) -> Call[None]:
    """Have it gone. Raises NotFound."""
    yield from asked(Ask("DELETE", place("files", name_of(file))))


def _in_parts(source: Source) -> Call[File]:
    """By tus 1.0: what came before a connection broke is not sent again."""
    told = {"filename": source.name, "filetype": source.media_type}
    metadata = ",".join(
        f"{name} {b64encode(value.encode()).decode()}" for name, value in told.items() if value
    )
    headers = _TUS | {"Upload-Length": str(source.size), "Upload-Metadata": metadata}
    begun = yield from asked(Ask("POST", "/v1/files/uploads", headers=headers, again=True))
    where = begun.headers.get("location", "")
    if not where.startswith("/"):
        raise strange("the place of an upload")
    at, lost = 0, 0
    while at < source.size:
        part = source.read(at, min(AT_ONCE, source.size - at))
        headers = _TUS | {
            "Upload-Offset": str(at),
            "Content-Type": "application/offset+octet-stream",
        }
        reply = yield Ask("PATCH", where, headers=headers, content=part)
        if isinstance(reply, Reply) and reply.status == 204:
            at, lost = _offset(reply), 0
            continue
        if isinstance(reply, Reply) and reply.status < 500 and reply.status not in (409, 429):
            checked(reply)
        if (lost := lost + 1) >= _LOST:
            raise unreachable(reply.why if isinstance(reply, Lost) else "parts get lost")
        yield Pause(min(10.0, 0.2 * 2**lost))
        at = _offset((yield from asked(Ask("HEAD", where, headers=_TUS))))
    return (yield from file(where.rpartition("/")[2]))


def _offset(reply: Reply) -> int:
    text = reply.headers.get("upload-offset", "")
    if not text.isdigit():
        raise strange("the offset of an upload")
    return int(text)
