"""What a server process has loaded, told to its parent whenever it changes.

    Residency -> Told -> wire: holds(names, more)

The names are ids of models with and without version, and the addresses of pipelines all of whose
models are loaded. `more`: whether it has any that it may let go, beside those it was started with.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import suppress

from printroom.api.peek import PIPELINES
from printroom.api.wire import Wire
from printroom.core.errors import PrintroomError
from printroom.pipelines.store import Published
from printroom.workshop import Workshop

_MOST = 200
"""Pipelines, those last published, whose addresses are told."""
_log = logging.getLogger("printroom.api")


class Told:
    """Runs until it is cancelled. `now` may be called from any thread."""

    def __init__(self, workshop: Workshop, wire: Wire) -> None:
        self._workshop, self._wire = workshop, wire
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._needed: dict[str, frozenset[str]] = {}
        """Models of each published version of a pipeline."""
        workshop.floor.residency.changed = self.now

    def now(self) -> None:
        """A model came or went."""
        with suppress(RuntimeError):  # the loop has ended: nobody listens any more
            self._loop.call_soon_threadsafe(self._changed.set)

    async def run(self) -> None:
        """Tell the parent each time."""
        last: tuple[list[str], bool] | None = None
        while True:
            await self._changed.wait()
            self._changed.clear()
            names, more = await asyncio.to_thread(self._held)
            if (names, more) != last:
                last = names, more
                self._wire.send("holds", names=names, more=more)

    def _held(self) -> tuple[list[str], bool]:
        loaded = [one for one in self._workshop.floor.residency.facts() if one.bytes]
        ids = {one.model for one in loaded}
        more = any(not one.pinned for one in loaded)
        names = ids | {name.partition("@")[0] for name in ids}
        if more:  # else nobody asks
            names |= set(self._served(ids))
        return sorted(names), more

    def _served(self, ids: set[str]) -> Iterator[str]:
        """Addresses of pipelines that load nothing."""
        for found in self._known():
            try:
                if self._models(found) <= ids:
                    yield PIPELINES + found.id.partition("@")[0]
            except PrintroomError as error:  # a step or a model of it is not here
                _log.debug("pipeline %s: %s", found.id, error)

    def _known(self) -> list[Published]:
        """What comes with printroom, and what was published last."""
        store = self._workshop.pipelines
        try:
            return [*store.bundled(), *store.newest(_MOST)]
        except PrintroomError as error:  # the database is away for a moment
            _log.debug("pipelines are not known: %s", error)
            return store.bundled()

    def _models(self, found: Published) -> frozenset[str]:
        key = found.id
        if key not in self._needed:
            graph = self._workshop.shelf.ready(found)
            accounts = (found.account,) if found.account else ()
            self._needed[key] = frozenset(
                self._workshop.floor.model(name, accounts).card.id
                for node in graph.nodes
                for name in node.models
            )
        return self._needed[key]
