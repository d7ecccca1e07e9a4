"""Several server processes behind one address, and the parent that looks after them.

    Shares -> address -> clients' connections -> the child with the least on its hands, or one that
                                                 has loaded what the first request is for
                               /metrics of any child <- the parent <- reports of all

The parent accepts connections and passes each to a child, which then talks to the client itself;
so a child gets no more than its part, and loses no more than its own when it is killed. A child
that ends is replaced, at growing intervals if need be. If none can start, the whole ends with
CannotServe. When the parent is killed, its children see the wire cut, finish and go.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from printroom.api.offspring import Child
from printroom.api.peek import asked, glimpse, look
from printroom.api.routing import Routes
from printroom.api.shares import Share
from printroom.api.signals import on_stop
from printroom.api.totals import Everything

log = logging.getLogger("printroom.api")

_PAUSE = 0.1, 30.0
"""Seconds until a child that ended is replaced, at first and at most."""
_LIVED = 60.0
"""Seconds after which a child's end says nothing of its successor's."""
_RETRY = 0.02
"""Seconds until a connection is offered again that nobody took, or could be accepted."""
_GLIMPSED = 256
"""Connections at most of which the first line is awaited at once; others go by load alone."""


class CannotServe(Exception):
    """No process could start; the message says why."""


class Fleet(Collector):
    """The parent's side. `run` returns when all children have ended after a signal."""

    def __init__(
        self, shares: Sequence[Share], listener: socket.socket, announce: Callable[[], None]
    ) -> None:
        """`announce` is called once, when every child is ready."""
        self._shares, self._listener, self._announce = shares, listener, announce
        self._children: list[Child] = []
        self._opened = False
        """Whether all children have been ready at once."""
        self._told = asyncio.Event()
        self._totals = Everything(shares[0].settings.data)
        self._restarts = 0
        self._more = 0
        """Children with models beside those that all keep. 0 = where a connection goes is all one,
        and nobody looks at it."""
        self._routes = Routes(asyncio.get_running_loop().time)
        self._glimpsed: set[asyncio.Task[None]] = set()
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT; a second one gives up the work in progress.

        Raises CannotServe.
        """
        on_stop(asyncio.get_running_loop(), self._stop)
        accepting = asyncio.create_task(self._accept())
        try:
            async with asyncio.TaskGroup() as self._group:
                for share in self._shares:
                    self._group.create_task(self._keep(share))
        except* CannotServe as failures:
            raise failures.exceptions[0] from None
        finally:
            accepting.cancel()
            for task in self._glimpsed:
                task.cancel()

    def collect(self) -> Iterator[Metric]:
        """The parent's own numbers."""
        alive, restarts = len(self._children), self._restarts
        yield GaugeMetricFamily("printroom_processes", "Server processes.", value=alive)
        yield GaugeMetricFamily(
            "printroom_processes_with_more",
            "Server processes with models beside those that all keep.",
            value=self._more,
        )
        yield CounterMetricFamily(
            "printroom_process_restarts", "Server processes that were replaced.", value=restarts
        )

    def _stop(self) -> None:
        for child in self._children:
            child.wire.send("abandon" if self._told.is_set() else "drain")
        self._told.set()

    async def _accept(self) -> None:
        """Pass on one connection after the other; what nobody takes waits with the system."""
        loop = asyncio.get_running_loop()
        self._listener.setblocking(False)
        while True:
            try:
                connection, _ = await loop.sock_accept(self._listener)
            except OSError:  # the client is gone already, or there are no descriptors left
                await asyncio.sleep(_RETRY)
                continue
            if connection.family != socket.AF_UNIX:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            wanted = None
            if self._more:
                seen = look(connection)
                if seen is None and len(self._glimpsed) < _GLIMPSED:
                    task = asyncio.create_task(self._await_line(connection))
                    self._glimpsed.add(task)
                    task.add_done_callback(self._glimpsed.discard)
                    continue
                wanted = asked(seen or b"")
            with connection:
                while not self._pass_on(connection, wanted):
                    await asyncio.sleep(_RETRY)

    async def _await_line(self, connection: socket.socket) -> None:
        """Pass a connection on that nothing has come through yet."""
        with connection:
            wanted = asked(await glimpse(connection))
            while not self._pass_on(connection, wanted):
                await asyncio.sleep(_RETRY)

    def _pass_on(self, connection: socket.socket, wanted: str | None) -> bool:
        """Whether a child took it, of those that work."""
        able = [child for child in self._children if child.ready or not self._opened]
        if wanted is None:
            able.sort(key=lambda child: (child.stopping, child.busy))
            return any(child.take(connection) for child in able)
        for child in self._routes.order(able, wanted):
            if child.take(connection):
                self._routes.went(child, wanted)
                return True
        return False

    async def _keep(self, share: Share) -> None:
        """Have a child of that share at all times, until told to stop."""
        loop, pause = asyncio.get_running_loop(), _PAUSE[0]
        while not self._told.is_set():
            began = loop.time()
            how = await self._live(share)
            if self._told.is_set():
                return
            if loop.time() - began > _LIVED:
                pause = _PAUSE[0]
            self._restarts += 1
            log.warning("%s: another one is started", how)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), pause)
            pause = min(2 * pause, _PAUSE[1])

    async def _live(self, share: Share) -> str:
        """A child's whole life, and how it ended. Raises CannotServe when there is no hope."""
        try:
            child = await Child.start(share, opened=self._opened)
        except OSError as error:
            return self._judged(False, f"a server process cannot be started ({error.strerror})")
        self._children.append(child)
        if self._told.is_set():
            child.wire.send("drain")
        try:
            await self._listen(child)
        finally:
            self._children.remove(child)
            self._count_holders()
            self._totals.bury(child.numbers)
            status = await child.end()
        how = f"a server process ended with status {status}"
        return self._judged(child.ready, child.fault or how)

    def _judged(self, served: bool, how: str) -> str:
        """`how` a child ended, if it is worth trying again: it served, or others do."""
        others = self._opened and any(other.ready for other in self._children)
        if not (served or others or self._told.is_set()):
            raise CannotServe(how)
        return how

    async def _listen(self, child: Child) -> None:
        """Do what its messages ask, until it hangs up or has nothing to hope for."""
        async for message in child.wire:
            match message["kind"]:
                case "ready":
                    self._on_ready(child)
                case "fault":
                    child.fault = message["why"]
                    return
                case "stopping":
                    child.stopping = True
                case "holds":
                    child.holds, child.holds_more = frozenset(message["names"]), message["more"]
                    self._count_holders()
                case "ask":
                    self._group.create_task(self._answer(child, message["id"]))
                case "report":
                    child.reported(message["id"], message["text"])

    def _count_holders(self) -> None:
        self._more = sum(child.holds_more for child in self._children)

    def _on_ready(self, child: Child) -> None:
        child.ready = True
        ready = sum(one.ready for one in self._children)
        if not self._opened and ready == len(self._shares):
            self._opened = True
            for one in self._children:
                one.wire.send("open")
            self._announce()

    async def _answer(self, child: Child, number: int) -> None:
        """Tell a child the numbers of all."""
        own = generate_latest(self._registry).decode()
        reports = await asyncio.gather(*(one.report() for one in self._children))
        text = await asyncio.to_thread(self._totals.with_workers, [own, *reports])
        child.wire.send("total", id=number, text=text)
