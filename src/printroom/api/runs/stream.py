"""Events of a run as server-sent events, as the HTML standard has them.

    Listener -> id, event, data ... until the run is over       dropped: who takes nothing

`id` is the number of the event: a client that comes again with `Last-Event-ID` misses nothing. A
comment goes out when nothing else does, so that nobody in between takes the line for dead.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.responses import Response

from printroom.api.runs.follower import Follower, Listener
from printroom.jobs.events import Event
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


class EventStream(Response):
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
    ) -> None:
        """`last`: the run, for the last event. `position`: of the run in the queue, None = it is
        not there. `idle`: seconds for which a client may take nothing. `ending`: whether the
        server is.
        """
        super().__init__()
        self._follower, self._listener, self._last = follower, listener, last
        self._position, self._idle, self._ending = position, idle, ending

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send until the run is over, or the client is gone."""
        gone = asyncio.create_task(_gone(receive))
        telling = asyncio.create_task(self._tell(send))
        try:
            await asyncio.wait([gone, telling], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (gone, telling):
                task.cancel()
            how = await asyncio.gather(gone, telling, return_exceptions=True)
            self._follower.leave(self._listener)
            if isinstance(how[1], TimeoutError) and "transport" in scope:
                scope["transport"].abort()  # else what it did not take would be kept for it

    async def _tell(self, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await self._send(send, await self._waiting() or b": hello\n\n")
        quiet = 0.0
        while not self._ending():
            events = await self._listener.next(1.0)
            if events:
                await self._send(send, await self._written(events))
                quiet = 0.0
            elif self._listener.over:
                break
            elif (quiet := quiet + 1.0) >= ALIVE:
                await self._send(send, await self._waiting() or b": alive\n\n")
                quiet = 0.0
        await send({"type": "http.response.body"})

    async def _waiting(self) -> bytes:
        """Where in the queue it is; without an id, for it is no event of the run's."""
        if self._listener.seen > 1 or (place := await self._position()) is None:
            return b""
        return f"event: position\ndata: {json.dumps({'position': place})}\n\n".encode()

    async def _written(self, events: list[Event]) -> bytes:
        parts = []
        for event in events:
            told = event_json(event)
            if self._listener.over and event is events[-1]:
                told["run"] = await self._last()
            data = json.dumps(told, separators=(",", ":"))
            parts.append(f"id: {event.number}\nevent: {event.kind}\ndata: {data}\n\n")
        return "".join(parts).encode()

    async def _send(self, send: Any, data: bytes) -> None:
        """Waits while the client's buffer is full, but not for ever."""
        async with asyncio.timeout(self._idle):
            await send({"type": "http.response.body", "body": data, "more_body": True})


async def _gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
