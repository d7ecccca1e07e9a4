"""The hot path: `POST /v1/images/enhance` as a bare ASGI application.

    picture bytes -> options, body, a place, a thread, the result -> picture bytes
                     any refusal on the way                       -> problem+json

The status is sent when the result is complete, so a corrupt tail is a 4xx and never half a
picture. What is in memory or on disk for a request is gone when this returns.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
from dataclasses import dataclass
from itertools import count
from typing import Any

from printroom.api.body import Body, ClientGone, Receive, check_length
from printroom.api.job import Job
from printroom.api.limits import MIB
from printroom.api.parameters import parse_query
from printroom.api.problems import Headers, problem_of
from printroom.api.replies import Send, Stall, send_bytes, send_file, send_problem
from printroom.api.service import Service
from printroom.core.errors import Overloaded, PrintroomError
from printroom.engine.enhancement import Enhanced

log = logging.getLogger("printroom.api")

_PATIENCE = 0.02
"""Seconds of work before we start to listen for the client hanging up: it costs a task, which
the many short requests need not pay."""
_ID = re.compile(rb"[\x21-\x7e]{1,128}")
_PREFIX = os.urandom(4).hex()
_numbers = count()


@dataclass
class Call:
    """What the headers of one request say, and what becomes of it."""

    id: bytes
    """`X-Request-Id`, the client's or ours."""
    accept: str = ""
    length: int | None = 0
    """Declared bytes of the body; None = chunked."""
    expects: bool = False
    """Whether the client waits for `100 Continue` before it sends."""
    status: int = 499
    code: str = "cancelled"
    model: str = ""
    size_out: int = 0

    @classmethod
    def of(cls, headers: Headers) -> Call:
        """Read the headers; names are lower case already."""
        call = cls(b"")
        for name, value in headers:
            if name == b"content-length":
                call.length = int(value)  # the parser has seen to it that it is a number
            elif name == b"transfer-encoding":
                call.length = None
            elif name == b"accept":
                accept = value.decode("latin-1")
                call.accept = f"{call.accept}, {accept}" if call.accept else accept
            elif name == b"expect":
                call.expects = True
            elif name == b"x-request-id" and _ID.fullmatch(value):
                call.id = value
        call.id = call.id or f"{_PREFIX}-{next(_numbers):x}".encode()
        return call


class EnhanceEndpoint:
    """The ASGI application for one path and method."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        service = self._service
        began = service.loop.time()
        call = Call.of(scope["headers"])
        body = Body(service.gate, service.scratch)
        service.load.active += 1
        try:
            await self._answer(call, body, scope, receive, send)
        except ClientGone:
            pass
        except Exception as error:
            await self._refuse(call, body, error, receive, send)
        finally:
            body.release()
            service.load.active -= 1
            seconds = service.loop.time() - began
            service.meters.count(call.status, call.code, seconds)
            if service.limits.log:
                _log(call, body.size, seconds)

    async def _answer(
        self, call: Call, body: Body, scope: dict[str, Any], receive: Receive, send: Send
    ) -> None:
        service = self._service
        options = parse_query(scope["query_string"], service.limits.pixels)
        service.gate.check()
        check_length(call.length, service.limits.body)
        source = await body.read(receive)
        job = Job(service, source, options, call.accept)
        try:
            enhanced = await _watched(job, receive)
            body.release()
            await self._send(call, enhanced, Stall(scope["transport"], service.limits.idle), send)
        finally:
            job.release()

    async def _send(self, call: Call, enhanced: Enhanced, stall: Stall, send: Send) -> None:
        path = enhanced.path
        data = enhanced.data or b""
        size = path.stat().st_size if path else len(data)
        call.status, call.code, call.model, call.size_out = 200, "", enhanced.model, size
        headers = [
            (b"content-type", enhanced.media_type.encode()),
            (b"content-length", str(size).encode()),
            (b"x-printroom-model", enhanced.model.encode()),
            *self._common(call),
        ]
        if enhanced.report:
            done = ",".join(step.step for step in enhanced.steps)
            headers.append((b"x-printroom-steps", done.encode()))
        if path:
            await send_file(send, 200, headers, path, stall)
            return
        self._service.gate.held += size
        try:
            await send_bytes(send, 200, headers, data, stall)
        finally:
            self._service.gate.held -= size

    async def _refuse(
        self, call: Call, body: Body, error: Exception, receive: Receive, send: Send
    ) -> None:
        body.release()
        request_id = call.id.decode()
        problem = problem_of(error, request_id, self._service.scratch.hide)
        if problem.status >= 500 and not isinstance(error, Overloaded):
            known = isinstance(error, PrintroomError)
            log.error("request %s: %r", request_id, error, exc_info=None if known else error)
        if call.status == 200:  # too late to say so: the client sees a body cut short
            return
        call.status, call.code = problem.status, problem.code
        unread = not body.complete and (call.expects or call.length is None or call.length > MIB)
        await send_problem(send, problem, self._common(call), receive if unread else None)

    def _common(self, call: Call) -> Headers:
        headers = [(b"x-request-id", call.id)]
        if self._service.gate.stopping:
            headers.append((b"connection", b"close"))
        return headers


async def _watched(job: Job, receive: Receive) -> Enhanced:
    """The job's answer; when the client hangs up, the job is given up."""
    watcher: asyncio.Task[None] | None = None

    def watch() -> None:
        nonlocal watcher
        watcher = asyncio.create_task(_give_up_when_gone(job, receive))

    timer = asyncio.get_running_loop().call_later(_PATIENCE, watch)
    try:
        return await job.answer
    finally:
        timer.cancel()
        if watcher is not None:
            watcher.cancel()


async def _give_up_when_gone(job: Job, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    job.give_up(ClientGone())


def _log(call: Call, size_in: int, seconds: float) -> None:
    line = {
        "request": call.id.decode(),
        "status": call.status,
        "code": call.code,
        "model": call.model,
        "bytes_in": size_in,
        "bytes_out": call.size_out,
        "seconds": round(seconds, 4),
    }
    log.info(json.dumps(line))
