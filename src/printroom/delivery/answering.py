"""From a request for something whole to the answer: status, headers, and which bytes.

    Request, Facts, Content -> Answer     200 206 304 412 416

Nothing is read here. Parts of an answer are bytes, or spans of the content that whoever sends the
answer reads as the client takes them.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from printroom.delivery.artifact import Content
from printroom.delivery.conditions import ranges_count, verdict
from printroom.delivery.ranges import Unsatisfiable, ranges

FOREVER = "public, max-age=31536000, immutable"
"""`Cache-Control` of what is public, and never changes."""
NOTHING = "no-store"
"""`Cache-Control` of refusals."""
Headers = list[tuple[bytes, bytes]]
READ = frozenset(
    {"accept", "if-match", "if-none-match", "if-range", "range"},
)
"""Headers of a request that an answer depends on."""
_SHOWN = ("image/", "video/", "audio/")
_NEVER_SHOWN = ("image/svg+xml",)
"""What may have scripts in it is saved, not shown."""


@dataclass(frozen=True)
class Request:
    """One request, as it came."""

    method: str
    path: str
    """Without percent signs."""
    query: str = ""
    """As it was sent."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """By lower-case name; those in `READ` count."""


@dataclass(frozen=True)
class Facts:
    """What is said of a content."""

    etag: str
    """With its quotes; strong."""
    media_type: str
    cache: str
    """`Cache-Control`."""
    disposition: str = ""
    """`Content-Disposition`; empty = none."""
    vary: bool = False
    """Whether `Accept` decided what it is."""


@dataclass(frozen=True)
class Span:
    """A part of a content, not read yet."""

    content: Content
    start: int
    size: int


@dataclass(frozen=True)
class Answer:
    """What is sent."""

    status: int
    headers: Headers
    parts: tuple[bytes | Span, ...] = ()


def answer(request: Request, facts: Facts, content: Content) -> Answer:
    """The answer to a GET or HEAD for `content`."""
    told = _told(facts)
    found = verdict(request.headers, facts.etag)
    if found == "unchanged":
        return Answer(304, told)
    if found == "failed":
        return Answer(412, [*told, (b"content-length", b"0")])
    wanted = None
    if request.method == "GET" and ranges_count(request.headers, facts.etag):
        try:
            wanted = ranges(request.headers.get("range"), content.size)
        except Unsatisfiable:
            extent = f"bytes */{content.size}".encode()
            return Answer(416, [*told, (b"content-range", extent), (b"content-length", b"0")])
    typed = [*told, (b"accept-ranges", b"bytes")]
    if wanted is None:
        whole = () if request.method == "HEAD" else (Span(content, 0, content.size),)
        return _with(200, [*typed, _type(facts.media_type)], content.size, whole)
    if len(wanted) == 1:
        start, end = wanted[0]
        headers = [
            *typed,
            _type(facts.media_type),
            (b"content-range", _extent(start, end, content)),
        ]
        return _with(206, headers, end - start, (Span(content, start, end - start),))
    return _several(typed, facts, content, wanted)


def disposition(name: str | None, media_type: str) -> str:
    """`Content-Disposition`: to be saved as `name`; shown if None, and if that is safe.

    >>> print(disposition("Käse.png", "image/png"))
    attachment; filename="K_se.png"; filename*=UTF-8''K%C3%A4se.png
    """
    if name is None:
        safe = media_type.startswith(_SHOWN) and media_type not in _NEVER_SHOWN
        return "" if safe else "attachment"
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in name)
    found = f'attachment; filename="{plain}"'
    if plain == name.strip() == name:
        return found
    return f"{found}; filename*=UTF-8''{quote(name, safe='')}"


def _told(facts: Facts) -> Headers:
    """What every answer says, 304 too."""
    headers = [
        (b"etag", facts.etag.encode()),
        (b"cache-control", facts.cache.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"content-security-policy", b"default-src 'none'; sandbox"),
        (b"cross-origin-resource-policy", b"cross-origin"),
        (b"access-control-allow-origin", b"*"),
    ]
    if facts.vary:
        headers.append((b"vary", b"Accept"))
    if facts.disposition:
        headers.append((b"content-disposition", facts.disposition.encode()))
    return headers


def _several(
    typed: Headers, facts: Facts, content: Content, wanted: list[tuple[int, int]]
) -> Answer:
    """Each range with a head of its own, as multipart/byteranges."""
    boundary = secrets.token_hex(16)
    parts: list[bytes | Span] = []
    length = 0
    for start, end in wanted:
        lines = f"\r\n--{boundary}\r\nContent-Type: {facts.media_type}\r\nContent-Range: "
        head = lines.encode() + _extent(start, end, content) + b"\r\n\r\n"
        parts += [head, Span(content, start, end - start)]
        length += len(head) + end - start
    parts.append(f"\r\n--{boundary}--\r\n".encode())
    length += len(parts[-1]) if isinstance(parts[-1], bytes) else 0
    kind = _type(f"multipart/byteranges; boundary={boundary}")
    return _with(206, [*typed, kind], length, tuple(parts))


def _with(status: int, headers: Headers, length: int, parts: tuple[bytes | Span, ...]) -> Answer:
    return Answer(status, [*headers, (b"content-length", str(length).encode())], parts)


def _type(media_type: str) -> tuple[bytes, bytes]:
    return b"content-type", media_type.encode("latin-1", "replace")


def _extent(start: int, end: int, content: Content) -> bytes:
    return f"bytes {start}-{end - 1}/{content.size}".encode()
