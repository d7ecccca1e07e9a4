"""Pages of other sites: what their browsers are told (the Fetch standard's CORS).

    OPTIONS with an Origin -> 204, without looking for any secret
    any other answer       -> the same, with `Access-Control-Allow-Origin` where that site is known

A site is known if some living key, or some public pipeline, names it. That opens nothing: a request
still needs a key that names that very site, and cookies are never taken from there.
"""

from __future__ import annotations

from typing import Any

from printroom.api.accounts.door import Door
from printroom.api.accounts.sent import Sent
from printroom.api.problems import Headers
from printroom.api.replies import Send
from printroom.core.errors import PrintroomError

_AGE = 600
"""Seconds for which a browser remembers what it was told."""
_METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE"
_TAKEN = (
    b"authorization, x-api-key, content-type, accept, idempotency-key, prefer, last-event-id, "
    b"x-request-id, range, if-none-match, tus-resumable, upload-length, upload-offset, "
    b"upload-metadata"
)
_SHOWN = (
    b"x-request-id, x-printroom-model, x-printroom-pipeline, x-printroom-steps, retry-after, "
    b"ratelimit, ratelimit-policy, location, preference-applied, etag, content-range, "
    b"www-authenticate, tus-resumable, upload-offset, upload-length"
)


async def allowed(door: Door, scope: dict[str, Any]) -> Headers | None:
    """What an answer to a page of another site says; None = no such page asks."""
    if not any(name == b"origin" for name, _ in scope["headers"]):
        return None
    origin = Sent.read(scope["headers"]).stranger(door.own)
    if origin is None:
        return None
    try:
        known = await door.known_origin(origin)
    except PrintroomError:  # the request itself will say so
        known = False
    headers: Headers = [(b"vary", b"Origin")]
    if known:
        headers.append((b"access-control-allow-origin", origin.encode("latin-1")))
        headers.append((b"access-control-expose-headers", _SHOWN))
    return headers


def preflight(scope: dict[str, Any]) -> bool:
    """Whether a browser asks whether it may ask."""
    return scope["method"] == "OPTIONS" and any(
        name == b"access-control-request-method" for name, _ in scope["headers"]
    )


async def answer(send: Send, headers: Headers) -> None:
    """The answer to that question."""
    more: Headers = []
    if len(headers) > 1:
        more = [
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-allow-headers", _TAKEN),
            (b"access-control-max-age", str(_AGE).encode()),
        ]
    await send({"type": "http.response.start", "status": 204, "headers": headers + more})
    await send({"type": "http.response.body", "body": b""})


def adding(send: Send, headers: Headers) -> Send:
    """`send`, with these headers in the answer."""

    async def wrapped(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            there = {name for name, _ in message["headers"]}
            more = [one for one in headers if one[0] not in there]
            message = {**message, "headers": [*message["headers"], *more]}
        await send(message)

    return wrapped
