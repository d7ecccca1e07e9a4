"""The bytes of a file as an answer: RFC 9110 by `delivery.answering`, sent by the piece.

Content, request -> 200 206 304 412 416
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from fastapi import Request
from starlette.responses import Response

from printroom.api.limits import MIB
from printroom.api.replies import Stall
from printroom.api.runs.desk import Desk
from printroom.assets.assets import Content
from printroom.delivery.answering import READ, Answer, Facts, Span, answer, disposition
from printroom.delivery.answering import Request as Asked

_PRIVATE = "private, no-cache"
"""It may be kept by the client alone, who asks each time whether it may still be seen."""


class ContentResponse(Response):
    """Reads as the client takes; a client that takes nothing is cut off."""

    def __init__(self, content: Content, request: Request, desk: Desk) -> None:
        super().__init__()
        asset = content.asset
        headers = {name: request.headers[name] for name in READ if name in request.headers}
        asked = Asked(request.method, request.url.path, request.url.query, headers)
        facts = Facts(
            f'"{asset.digest}"',
            asset.media_type,
            _PRIVATE,
            disposition(asset.name.rpartition("/")[2] or None, asset.media_type),
        )
        self._answer: Answer = answer(asked, facts, content)
        self._desk = desk

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG002
        """Send it."""
        found = self._answer
        start = {"type": "http.response.start", "status": found.status, "headers": found.headers}
        await send(start)
        idle = self._desk.service.limits.idle
        stall = Stall(scope["transport"], idle) if "transport" in scope else None
        with stall.watch(0) if stall else nullcontext():
            for part in found.parts:
                for piece in [part] if isinstance(part, bytes) else _pieces(part):
                    data = piece if isinstance(piece, bytes) else await self._read(piece)
                    if stall is not None:
                        if stall.over:
                            return
                        stall.written += len(data)
                    await send({"type": "http.response.body", "body": data, "more_body": True})
            await send({"type": "http.response.body"})

    async def _read(self, span: Span) -> bytes:
        return await self._desk.ask(span.content.read, span.start, span.size)


def _pieces(span: Span) -> list[Span]:
    end = span.start + span.size
    return [
        Span(span.content, start, min(MIB, end - start)) for start in range(span.start, end, MIB)
    ]
