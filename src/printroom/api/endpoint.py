"""What all requests for work have in common: a bare ASGI application, from headers to answer.

    headers -> Call; body, a place, a thread, the result -> the answer
                     any refusal on the way              -> problem+json

The status is sent when the result is complete, so a corrupt tail is a 4xx and never half an
answer. What is in memory or on disk for a request is gone when this returns.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from printroom.accounts.prices import Amounts
from printroom.accounts.principal import Principal, Scope
from printroom.api.accounts.door import Visit, limited_only
from printroom.api.body import Body, ClientGone, Receive
from printroom.api.job import Job
from printroom.api.limits import MIB
from printroom.api.problems import PARAMS, Headers, Problem, problem_of
from printroom.api.replies import Send, Stall, drained, send_bytes, send_file, send_problem
from printroom.api.service import Service
from printroom.core.errors import BodyTimeout, Overloaded, PrintroomError
from printroom.core.logs import about

log = logging.getLogger("printroom.api")

T = TypeVar("T")
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
    media_type: str = ""
    """`Content-Type`, as it was sent."""
    expects: bool = False
    """Whether the client waits for `100 Continue` before it sends."""
    status: int = 499
    code: str = "cancelled"
    model: str = ""
    size_out: int = 0
    visit: Visit | None = None
    """Who sent it; None = nobody was let in."""
    target: str = ""
    """What it is counted as; empty = `model`."""
    made: Amounts | None = None
    """What is counted when it succeeds; None = the time it took."""
    began: float = 0.0
    """Of the event loop's clock."""

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
            elif name == b"content-type":
                call.media_type = value.decode("latin-1")
            elif name == b"expect":
                call.expects = True
            elif name == b"x-request-id" and _ID.fullmatch(value):
                call.id = value
        call.id = call.id or f"{_PREFIX}-{next(_numbers):x}".encode()
        return call


class Endpoint:
    """The ASGI application for one kind of request; what it answers is said in `_answer`."""

    params: ClassVar[Mapping[str, str]] = PARAMS
    """Code of an error -> the parameter that is at fault."""
    needs: ClassVar[Scope] = "images"
    """What whoever asks must be allowed."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        call = Call.of(scope["headers"])
        with about(request=call.id.decode()):
            await self._handled(call, scope, receive, send)

    async def _handled(
        self, call: Call, scope: dict[str, Any], receive: Receive, send: Send
    ) -> None:
        service = self._service
        began = call.began = service.loop.time()
        body = Body(service.gate, service.scratch)
        service.load.active += 1
        try:
            target = self._target(scope)
            call.visit = await service.door.enter(scope, self.needs, target=target, work=True)
            if target is None:
                limited_only(call.visit.principal)
            with self._span(call, scope):
                await self._answer(call, body, scope, receive, send)
        except ClientGone:
            pass
        except Exception as error:
            await self._refuse(call, body, error, receive, send)
        finally:
            body.release()
            if call.visit is not None:
                service.door.leave(call.visit)
            service.load.active -= 1
            seconds = service.loop.time() - began
            service.meters.count(call.status, call.code, seconds)
            if service.limits.log:
                _log(call, body.size, seconds)

    async def _answer(
        self, call: Call, body: Body, scope: dict[str, Any], receive: Receive, send: Send
    ) -> None:
        """Do the work and send the answer; what it raises is answered by a problem."""
        raise NotImplementedError

    def _target(self, _scope: dict[str, Any]) -> str | None:
        """What the request wants to run, from its path; None = that stands in its body."""
        return None

    def _span(self, call: Call, scope: dict[str, Any]) -> AbstractContextManager[object]:
        """For whoever follows requests."""
        tracer = self._service.workshop.floor.tracer
        if not tracer.on:
            return nullcontext()
        facts = {"request": call.id.decode(), "url.path": scope["path"]}
        parent = dict(scope["headers"]).get(b"traceparent", b"").decode("latin-1")
        return tracer.span(f"{scope['method']} {type(self).__name__}", facts, parent=parent or None)

    def _hide(self, text: str) -> str:
        """The text of an error without what is not for clients."""
        return self._service.scratch.hide(text)

    def _problem(self, error: Exception, request_id: str) -> Problem:
        """The answer to `error`."""
        return problem_of(error, request_id, self._hide, self.params)

    async def _send(
        self, call: Call, result: bytes | Path, headers: Headers, stall: Stall, send: Send
    ) -> None:
        """A complete result, counted, with its length and our usual headers."""
        self._count(call)
        size = len(result) if isinstance(result, bytes) else result.stat().st_size
        call.status, call.code, call.size_out = 200, "", size
        headers = [
            *headers[:1],
            (b"content-length", str(size).encode()),
            *headers[1:],
            *self._common(call),
        ]
        if isinstance(result, Path):
            await send_file(send, 200, headers, result, stall)
            return
        self._service.gate.held += size
        try:
            await send_bytes(send, 200, headers, result, stall)
        finally:
            self._service.gate.held -= size

    def _count(self, call: Call) -> None:
        """Keep what was used, before it is given away. Raises DiskFull, Unwritable."""
        if call.visit is None:
            return
        spent = round((self._service.loop.time() - call.began) * 1000)
        made = call.made or Amounts(milliseconds=spent)
        self._service.door.record(call.visit, call.target or call.model, made)

    async def _refuse(
        self, call: Call, body: Body, error: Exception, receive: Receive, send: Send
    ) -> None:
        body.release()
        request_id = call.id.decode()
        problem = self._problem(error, request_id)
        if problem.status >= 500 and not isinstance(error, Overloaded):
            known = isinstance(error, PrintroomError)
            log.error("request %s: %r", request_id, error, exc_info=None if known else error)
        if call.status == 200:  # too late to say so: the client sees a body cut short
            return
        call.status, call.code = problem.status, problem.code
        unread = not body.complete and call.length != 0
        if unread and not call.expects and call.length is not None and call.length <= MIB:
            unread = isinstance(error, BodyTimeout) or not await drained(receive)
        await send_problem(send, problem, self._common(call), receive if unread else None)

    def _common(self, call: Call) -> Headers:
        headers = [(b"x-request-id", call.id)]
        if call.visit is not None:
            headers += call.visit.places.headers
        if self._service.gate.stopping:
            headers.append((b"connection", b"close"))
        return headers


def principal(call: Call) -> Principal:
    """Who sent a request that was let in."""
    if call.visit is None:
        raise AssertionError("nobody was let in")
    return call.visit.principal


async def watched(job: Job[T], scope: dict[str, Any]) -> T:
    """The job's answer; when the client hangs up, the job is given up.

    The connection itself tells: to wait for `http.disconnect` would cost a task a request.
    """
    with scope["connection"].watch(lambda: job.give_up(ClientGone())):
        return await job.answer


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
    log.info("%s", json.dumps(line), extra={"facts": line})
