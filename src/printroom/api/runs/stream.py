"""Events of a run, or of all runs of an account, as server-sent events of the HTML standard.

    Listener  -> id, event, data ... until the run is over      dropped: who takes nothing
    Listening -> id, event, data ... for as long as the client wants

`id` is the number of the event, or the time it came at: a client that comes again with
`Last-Event-ID` misses nothing. A comment goes out when nothing else does, so that nobody in between
takes the line for dead.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.responses import Response

from printroom.api.runs.everything import Everything, Listening
from printroom.api.runs.follower import Follower, Listener
from printroom.jobs.events import Event
from printroom.jobs.states import OVER
from printroom.runs.view import event_json

ALIVE = 15.0
"""Seconds between comments."""
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]
Last = Callable[[], Awaitable[dict[str, Any]]]
Position = Callable[[], Awaitable[int | None]]


class Stream(Response):
    """Server-sent events, until there are no more, or the client is gone or takes nothing."""

    def __init__(self, *, idle: float, ending: Callable[[], bool]) -> None:
        """`idle`: seconds for which a client may take nothing. `ending`: whether the server is."""
        super().__init__()
        self._idle, self._ending = idle, ending

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send until it is over, or the client is gone."""
        gone = asyncio.create_task(_gone(receive))
        telling = asyncio.create_task(self._all(send))
        try:
            await asyncio.wait([gone, telling], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (gone, telling):
                task.cancel()
            how = await asyncio.gather(gone, telling, return_exceptions=True)
            self._leave()
            if isinstance(how[1], TimeoutError) and "transport" in scope:
                scope["transport"].abort()  # else what it did not take would be kept for it

    async def _all(self, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await self._send(send, await self._waiting() or b": hello\n\n")
        quiet = 0.0
        while not self._ending():
            if data := await self._next(1.0):
                await self._send(send, data)
                quiet = 0.0
            elif self._over:
                break
            elif (quiet := quiet + 1.0) >= ALIVE:
                await self._send(send, await self._waiting() or b": alive\n\n")
                quiet = 0.0
        await send({"type": "http.response.body"})

    async def _send(self, send: Any, data: bytes) -> None:
        """Waits while the client's buffer is full, but not for ever."""
        async with asyncio.timeout(self._idle):
            await send({"type": "http.response.body", "body": data, "more_body": True})

    async def _next(self, timeout: float) -> bytes:
        """What has come since; empty after `timeout` seconds, or when it is over."""
        raise NotImplementedError

    async def _waiting(self) -> bytes:
        """What is said first, and while nothing comes; empty = a comment is."""
        return b""

    @property
    def _over(self) -> bool:
        """Whether nothing more will come."""
        raise NotImplementedError

    def _leave(self) -> None:
        """Nobody listens any more."""
        raise NotImplementedError


class EventStream(Stream):
    """The answer to `GET /v1/runs/{id}/events`."""

    def __init__(
        self,
        follower: Follower,
        listener: Listener,
        last: Last,
        position: Position,
        *,
        idle: float,
        ending: Callable[[], bool],
        ended: str = "run",
    ) -> None:
        """`last`: the run, for the last event, in which it is called `ended`. `position`: of the
        run in the queue, None = it is not there.
        """
        super().__init__(idle=idle, ending=ending)
        self._ended = ended
        self._follower, self._listener, self._last = follower, listener, last
        self._position = position

    async def _next(self, timeout: float) -> bytes:
        events = await self._listener.next(timeout)
        return await self._written(events) if events else b""

    @property
    def _over(self) -> bool:
        return self._listener.over

    def _leave(self) -> None:
        self._follower.leave(self._listener)

    async def _waiting(self) -> bytes:
        """Where in the queue it is; without an id, for it is no event of the run's."""
        if self._listener.seen > 1 or (place := await self._position()) is None:
            return b""
        return f"event: position\ndata: {json.dumps({'position': place})}\n\n".encode()

    async def _written(self, events: list[Event]) -> bytes:
        parts = []
        for event in events:
            told = event_json(event)
            last = self._listener.over and event is events[-1]
            if last and event.kind in OVER:  # a server that stops ends streams, too
                told[self._ended] = await self._last()
            data = json.dumps(told, separators=(",", ":"))
            parts.append(f"id: {event.number}\nevent: {event.kind}\ndata: {data}\n\n")
        return "".join(parts).encode()


class AccountStream(Stream):
    """The answer to `GET /v1/events`."""

    def __init__(
        self,
        everything: Everything,
        listening: Listening,
        *,
        whole: bool,
        idle: float,
        ending: Callable[[], bool],
    ) -> None:
        """`whole`: whether nothing was left out of what is told again."""
        super().__init__(idle=idle, ending=ending)
        self._everything, self._listening, self._whole = everything, listening, whole

    async def _waiting(self) -> bytes:
        whole, self._whole = self._whole, True
        return b"" if whole else b"event: gap\ndata: {}\n\n"

    async def _next(self, timeout: float) -> bytes:
        return await self._listening.next(timeout)

    @property
    def _over(self) -> bool:
        return self._listening.over

    def _leave(self) -> None:
        self._everything.leave(self._listening)


async def _gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
