"""Results on their way out: `GET /a/{digest}` and `/i/{signature}/{options}/{digest}`.

    request -> Answer -> ASGI messages         any refusal -> problem+json, which nobody keeps

A bare ASGI application. What is in memory is sent at once, on the event loop; what has to be looked
up or read is done by threads of its own, so that a slow store holds up nothing else.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any

from printroom.api.body import Receive
from printroom.api.endpoint import Call
from printroom.api.load import Load
from printroom.api.problems import problem, problem_of
from printroom.api.replies import Send, Stall, send_problem
from printroom.api.service import Service
from printroom.core.errors import Overloaded, PrintroomError
from printroom.delivery.answering import READ, Answer, Request, Span
from printroom.delivery.artifact import Held
from printroom.delivery.delivering import Delivery
from printroom.delivery.links import ARTIFACTS, PICTURES

log = logging.getLogger("printroom.api")

PREFIXES = (ARTIFACTS, PICTURES)
"""Where the paths begin that are answered here."""
_UNANSWERED = 499
_THREADS = 16
_AT_ONCE = 2**16
"""Bytes that a socket's buffer takes without waiting for the client."""
_PIECE = 2**20
"""Bytes that are read at once."""
_READ = {name.encode(): name for name in READ}
_NO_STORE = [(b"cache-control", b"no-store")]

Counted = Callable[[int, str, float], None]
"""Told of each answer: its status, the code of its error, the seconds it took."""


class DeliveryEndpoint:
    """The ASGI application for `PREFIXES`."""

    def __init__(
        self,
        opened: Callable[[], Delivery],
        hide: Callable[[str], str],
        counted: Counted,
        load: Load,
        idle: float,
    ) -> None:
        """`opened`: called with the first request. `hide`: takes out of an error's text what is
        not for clients. `load`: where a request is counted while it lasts. `idle`: seconds for
        which a client may take nothing.
        """
        self._opened, self._hide = opened, hide
        self._delivery: Delivery | None = None
        self._counted, self._load, self._idle = counted, load, idle
        self._pool = ThreadPoolExecutor(_THREADS, "printroom-delivery")

    async def __call__(self, scope: dict[str, Any], _receive: Receive, send: Send) -> None:
        """Answer one request."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        call = Call.of(scope["headers"])
        self._load.active += 1
        try:
            if scope["method"] not in ("GET", "HEAD"):
                await self._no_method(call, send)
            else:
                await self._send(call, await self._answer(_request(scope)), scope, send)
        except Exception as error:
            await self._refuse(call, error, send)
        finally:
            self._load.active -= 1
            self._counted(call.status, call.code, loop.time() - began)

    async def _answer(self, request: Request) -> Answer:
        if self._delivery is None:  # it may have to wait for the database
            self._delivery = await self._threaded(self._opened)
        answer = self._delivery.answer(request, at_once=True)
        while not isinstance(answer, Answer):
            if answer is not None:
                await asyncio.shield(asyncio.wrap_future(answer))
            answer = await self._threaded(self._delivery.answer, request)
        return answer

    async def _send(self, call: Call, answer: Answer, scope: dict[str, Any], send: Send) -> None:
        call.status, call.code = answer.status, ""
        headers = [*answer.headers, (b"x-request-id", call.id)]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        stall = Stall(scope["transport"], self._idle) if "transport" in scope else None
        pieces = _pieces(answer)
        first = pieces[0] if pieces else b""
        if len(pieces) <= 1 and isinstance(first, bytes) and len(first) <= _AT_ONCE:
            await send({"type": "http.response.body", "body": first})
            return
        with stall.watch(0) if stall else nullcontext():
            for piece in pieces:
                data = piece if isinstance(piece, bytes) else await self._read(piece)
                if stall is not None:
                    if stall.over:
                        return
                    stall.written += len(data)
                await send({"type": "http.response.body", "body": data, "more_body": True})
            await send({"type": "http.response.body"})

    async def _read(self, span: Span) -> bytes:
        data: bytes = await self._threaded(span.content.read, span.start, span.size)
        return data

    async def _threaded(self, work: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)

    async def _no_method(self, call: Call, send: Send) -> None:
        found = problem(405, "method_not_allowed", "this address takes GET and HEAD")
        call.status, call.code = 405, found.code
        await send_problem(send, found, [(b"allow", b"GET, HEAD"), *_NO_STORE])

    async def _refuse(self, call: Call, error: Exception, send: Send) -> None:
        request_id = call.id.decode()
        found = problem_of(error, request_id, self._hide, {})
        if found.status >= 500 and not isinstance(error, Overloaded):
            known = isinstance(error, PrintroomError)
            log.error("request %s: %r", request_id, error, exc_info=None if known else error)
        if (
            call.status != _UNANSWERED
        ):  # too late to say so: the client must see that the body is cut short
            raise error
        call.status, call.code = found.status, found.code
        await send_problem(send, found, [(b"x-request-id", call.id), *_NO_STORE])


def delivery_endpoint(service: Service) -> DeliveryEndpoint:
    """The application for what `service` keeps."""
    return DeliveryEndpoint(
        lambda: service.workshop.delivery,
        service.scratch.hide,
        service.meters.count,
        service.load,
        service.limits.idle,
    )


def _request(scope: dict[str, Any]) -> Request:
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        if (known := _READ.get(name)) is not None:
            text = value.decode("latin-1")
            headers[known] = f"{headers[known]}, {text}" if known in headers else text
    query = scope["query_string"].decode("latin-1")
    return Request(scope["method"], scope["path"], query, headers)


def _pieces(answer: Answer) -> list[bytes | Span]:
    """The parts, those in memory as bytes, the others in spans that are read at once."""
    found: list[bytes | Span] = []
    for part in answer.parts:
        if isinstance(part, bytes):
            found.append(part)
        elif isinstance(part.content, Held):
            found.append(part.content.read(part.start, part.size))
        else:
            found += _cut(part)
    return found


def _cut(span: Span) -> list[bytes | Span]:
    ends = range(span.start, span.start + span.size, _PIECE)
    last = span.start + span.size
    return [Span(span.content, at, min(_PIECE, last - at)) for at in ends]
