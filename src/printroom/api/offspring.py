"""A server process, seen from the parent that started it.

Share -> Child: what it said, what it has on its hands, connections for it, its end
"""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import socket
import sys
import tempfile
from contextlib import suppress
from itertools import count
from typing import Self

from printroom.api import load
from printroom.api.limits import HttpLimits
from printroom.api.load import Load
from printroom.api.shares import Orders, Share
from printroom.api.wire import Wire, send_connection

_FAREWELL = 10.0
"""Seconds that a child gets to end once its wire is cut."""
_PATIENCE = 2.0
"""Seconds that a child gets to report its numbers, before its last report is taken instead."""


class Child:
    """One process; `start` makes it, `end` waits for its end or brings it about."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        wire: Wire,
        door: socket.socket,
        load: Load,
        places: int,
    ) -> None:
        """`places`: requests that it works on or lets wait; beyond that it refuses."""
        self.wire = wire
        self.ready = False
        """Whether it has loaded its models."""
        self.stopping = False
        """Whether it takes no new work, for it was told to stop by somebody."""
        self.fault: str | None = None
        """Why it cannot serve."""
        self.holds: frozenset[str] = frozenset()
        """Models and pipelines that it has loaded: see `held`."""
        self.holds_more = False
        """Whether it has any beside those that all processes keep."""
        self.numbers = ""
        """Its metrics, as last heard."""
        self._process, self._door, self._load = process, door, load
        self._taken, self._places = 0, places
        self._asked: dict[int, asyncio.Future[None]] = {}
        self._ids = count()

    @classmethod
    async def start(cls, share: Share, *, opened: bool) -> Self:
        """`opened`: whether the server as a whole has been ready before. Raises OSError."""
        wire, their_wire = socket.socketpair()
        door, their_door = socket.socketpair()
        door.setblocking(False)
        with their_wire, their_door, tempfile.TemporaryFile() as page:
            page.truncate(load.SIZE)
            theirs = (their_wire.fileno(), their_door.fileno(), page.fileno())
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",  # no modules from the folder we happen to be in
                "-m",
                "printroom.api.child",
                stdin=asyncio.subprocess.PIPE,
                pass_fds=theirs,
                process_group=0,  # Ctrl-C is for the parent, who passes it on
            )
            bounds = share.limits or HttpLimits.of(share.settings, held=0)
            places = bounds.running + bounds.waiting
            made = cls(process, await Wire.over(wire), door, Load(page.fileno()), places)
        assert process.stdin is not None
        process.stdin.write(pickle.dumps(Orders(share, *theirs, opened)))
        process.stdin.close()
        return made

    @property
    def busy(self) -> int:
        """Clients connected and pictures in progress: who has less of both gets the next.

        A client of whom nothing was heard yet counts as one with a picture: most come with one, and
        two that come together would else find the same place free.
        """
        silent = self._taken - self._load.heard
        return self._taken - self._load.closed + self._load.active + silent

    @property
    def room(self) -> bool:
        """Whether it would not refuse one more."""
        return self._taken - self._load.heard + self._load.active < self._places

    def take(self, connection: socket.socket) -> bool:
        """Pass a client's connection on to it; False when it takes none now."""
        taken = send_connection(self._door, connection)
        self._taken += taken
        return taken

    async def report(self) -> str:
        """Its metrics now, or the last it told if it does not answer."""
        number = next(self._ids)
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        self.wire.send("report", id=number)
        try:
            async with asyncio.timeout(_PATIENCE):
                await answer
        except TimeoutError:
            pass
        finally:
            del self._asked[number]
        return self.numbers

    def reported(self, number: int, text: str) -> None:
        """It answered what `report` asked."""
        self.numbers = text
        answer = self._asked.get(number)
        if answer is not None and not answer.done():
            answer.set_result(None)

    async def end(self) -> int:
        """Cut the wire and wait until it is gone, killing it if it stays; its exit status."""
        self.wire.close()
        self._door.close()
        try:
            async with asyncio.timeout(_FAREWELL):
                return await self._process.wait()
        except (TimeoutError, asyncio.CancelledError) as reason:
            self._kill()
            status = await self._process.wait()
            if isinstance(reason, TimeoutError):
                return status
            raise  # the whole ends, and nobody is left to wait for it

    def _kill(self) -> None:
        """End it at once.

        Not by `Process.kill`: that looks first whether the child has ended, and so may take its
        status away from asyncio's own watcher, which then complains of a child it does not know.
        """
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)
