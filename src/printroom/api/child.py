"""One of several server processes: `python -m printroom.api.child`, started by `fleet` alone.

    stdin: Orders, pickled; a wire to the parent; a door through which connections come
      -> a whole server, until SIGTERM, the parent's word, or the parent's end

It listens nowhere itself. What it cannot start for is told to the parent as a sentence.
"""

from __future__ import annotations

import asyncio
import pickle
import socket
import sys
from contextlib import suppress
from itertools import count

from printroom.api.admission import stopping
from printroom.api.held import Told
from printroom.api.limits import HttpLimits
from printroom.api.load import Load
from printroom.api.server import Server, listen_to_signals, loop_factory
from printroom.api.service import Service
from printroom.api.shares import Orders
from printroom.api.wire import Wire, receive_connection
from printroom.core.errors import PrintroomError
from printroom.core.logs import configure
from printroom.workshop import Workshop

_PATIENCE = 5.0
"""Seconds until a process that waits for the numbers of all shows its own."""


class Parent:
    """The other processes, through the one that started us."""

    def __init__(self, wire: Wire, opened: bool) -> None:
        self.opened = opened
        """Whether all have been ready once."""
        self._wire = wire
        self._asked: dict[int, asyncio.Future[str]] = {}
        self._numbers = count()

    async def metrics(self, own: str) -> str:
        """The numbers of all processes; `own` when the parent does not answer."""
        number = next(self._numbers)
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        self._wire.send("ask", id=number)
        try:
            async with asyncio.timeout(_PATIENCE):
                return await answer
        except TimeoutError:
            return own
        finally:
            del self._asked[number]

    async def obey(self, service: Service, told: asyncio.Event) -> None:
        """Do what it says; when it is gone, that means to stop."""
        async for message in self._wire:
            match message["kind"]:
                case "open":
                    self.opened = True
                case "report":
                    self._wire.send("report", id=message["id"], text=service.meters.text())
                case "total":
                    answer = self._asked.get(message["id"])
                    if answer is not None and not answer.done():
                        answer.set_result(message["text"])
                case "drain":
                    told.set()
                case "abandon":
                    service.abandon(stopping())
        told.set()


async def _serve(orders: Orders, end: socket.socket) -> None:
    share = orders.share
    wire = await Wire.over(end)
    try:
        with Workshop(share.settings, serving=True) as workshop:
            limits = share.limits or HttpLimits.of(share.settings, workshop.held)
            parent, load = Parent(wire, orders.opened), Load(orders.load)
            service = Service(workshop, limits, asyncio.get_running_loop(), load, parent)
            try:
                await _attend(service, parent, wire, orders.door)
            finally:
                service.close()
    except PrintroomError as error:
        wire.send("fault", why=str(error))
    finally:
        wire.close()


async def _attend(service: Service, parent: Parent, wire: Wire, door: int) -> None:
    server, told = Server(service), listen_to_signals(service)
    tasks = {
        asyncio.create_task(parent.obey(service, told)),
        asyncio.create_task(Told(service.workshop, wire).run()),
    }

    def take() -> None:
        try:
            while True:
                connection = receive_connection(entry)
                if connection is None:
                    service.load.lost()
                    continue
                task = asyncio.create_task(server.take(connection))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
        except BlockingIOError:
            return
        except EOFError:
            service.loop.remove_reader(entry)

    def loaded() -> None:
        if service.fault is None:
            wire.send("ready")
        else:
            wire.send("fault", why=service.fault)

    async def say_so() -> None:
        await told.wait()
        wire.send("stopping")

    tasks.add(asyncio.create_task(say_so()))
    with socket.socket(fileno=door) as entry:
        entry.setblocking(False)
        service.loop.add_reader(entry, take)
        service.warm(then=loaded)
        await server.run_until(told)
        service.loop.remove_reader(entry)


def main() -> None:
    """Serve as stdin says."""
    orders: Orders = pickle.load(sys.stdin.buffer)
    configure(orders.share.settings.log_format)
    end = socket.socket(fileno=orders.wire)
    with suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(orders, end))


if __name__ == "__main__":
    main()
