"""The studio: a page and what it is made of, as they were built into `printroom/studio`.

    GET /             -> index.html, asked for anew each time
    GET /assets/NAME  -> a file whose name changes with its bytes, kept for a year     404: no such

All is read once, and sent compressed to whoever takes that. Its Content-Security-Policy lets the
page load from this server alone and run no script but its own; addresses in it are relative, so it
works below any path. It holds nothing of anybody's and is there before somebody has signed in.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from printroom.api.problems import Headers, problem
from printroom.api.replies import Send, send_problem

ASSETS = "/assets/"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
    "connect-src 'self'; img-src 'self' blob: data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_PACKED = (".html", ".js", ".css", ".svg")
"""What gets smaller by compression."""
_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".woff2": "font/woff2",
}
"""Media types that not every machine knows."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the studio."""

    body: bytes
    packed: bytes | None
    """The same by gzip, where that is smaller."""
    headers: Headers


def is_studio(path: str) -> bool:
    """Whether a path belongs to the studio."""
    return path == "/" or path.startswith(ASSETS)


async def studio(scope: dict[str, Any], _: Any, send: Send) -> None:
    """The ASGI application."""
    if scope["method"] not in ("GET", "HEAD"):
        wrong = problem(405, "method_not_allowed", "this address does not take that method")
        await send_problem(send, wrong, [(b"allow", b"GET, HEAD")])
        return
    asset = assets().get(scope["path"])
    if asset is None:
        await send_problem(send, problem(404, "not_found", "the studio has no such file"), [])
        return
    headers = dict(scope["headers"])
    etag = dict(asset.headers)[b"etag"]
    if etag in headers.get(b"if-none-match", b""):
        await _send(send, 304, list(asset.headers), b"", head=True)
        return
    packed = asset.packed if b"gzip" in headers.get(b"accept-encoding", b"") else None
    body = asset.body if packed is None else packed
    more: Headers = [] if packed is None else [(b"content-encoding", b"gzip")]
    more.append((b"content-length", str(len(body)).encode()))
    await _send(send, 200, [*asset.headers, *more], body, head=scope["method"] == "HEAD")


@cache
def assets() -> dict[str, Asset]:
    """Path -> file, of all there are."""
    home = files("printroom").joinpath("studio")
    found = {"/": _asset("index.html", home.joinpath("index.html").read_bytes(), b"no-cache")}
    kept = b"public, max-age=31536000, immutable"
    for one in home.joinpath("assets").iterdir():
        found[ASSETS + one.name] = _asset(one.name, one.read_bytes(), kept)
    return found


def _asset(name: str, body: bytes, keeping: bytes) -> Asset:
    suffix = name[name.rindex(".") :]
    kind = _KINDS.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    headers: Headers = [
        (b"content-type", kind.encode()),
        (b"cache-control", keeping),
        (b"etag", f'"{hashlib.sha256(body).hexdigest()[:32]}"'.encode()),
        (b"vary", b"Accept-Encoding"),
        (b"content-security-policy", POLICY.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
    ]
    packed = gzip.compress(body, 9, mtime=0) if suffix in _PACKED else body
    return Asset(body, packed if len(packed) < len(body) else None, headers)


async def _send(send: Send, status: int, headers: Headers, body: bytes, *, head: bool) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else body})
