"""Tensors through a model's own graph, past any reading: for those who speak of tensors.

    Model -> Tensors.ports                       loads it                  BadModel NeedsMemory
    feed, names of outputs -> Tensors.infer      tensors by name           NeedsMemory Overloaded
                                                 Cancelled ModelFailed

What is inferred shares loaded models, memory and workers with all pictures in progress. A model
that takes and gives one picture computes the items of a batch as works of their own, so that they
share the workers' batches with tiles and with other callers; any other graph is run whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import ceil, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from printroom.catalogue.card import Model
from printroom.core.errors import BadModel, NeedsMemory
from printroom.core.session import ModelSession
from printroom.core.sizes import format_size
from printroom.engine.floor import Floor
from printroom.engine.order import Order
from printroom.engine.plan import UNMEASURED, network_bytes
from printroom.engine.resident import Resident
from printroom.engine.scheduler import Run
from printroom.engine.work import Work
from printroom.runtimes.onnx.session import GraphSession, OnnxSession
from printroom.runtimes.onnx.signature import Port

Array = NDArray[Any]
INPUT, OUTPUT = "input", "output"
"""Ports of models that are no ONNX graphs: sRGB from 0 to 1, as the house has pictures."""


@dataclass(frozen=True)
class Ports:
    """What a model takes and gives, as its graph says."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]


class Tensors:
    """One door for all models of a floor. Safe from many threads."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._known: dict[tuple[str, str], Ports] = {}

    def ports(self, model: Model, order: Order) -> Ports:
        """The ports of `model`; it is loaded to see them, once."""
        key = model.card.id, model.card.digest
        if key not in self._known:
            resident = self._resident(model)
            with self._floor.residency.lease((resident,), order):
                self._known[key] = _ports(_loaded(resident))
        return self._known[key]

    def infer(
        self, model: Model, feed: Mapping[str, Array], outputs: Sequence[str], order: Order
    ) -> dict[str, Array]:
        """Those outputs of what the model makes of `feed`, all of whose names are ports."""
        order.check()
        resident, share = self._resident(model), self._share(model, feed)
        with self._floor.using(resident, share, order):
            try:
                return self._computed(resident, feed, outputs, order)
            except MemoryError:
                raise _too_large(model, self._floor.base + 2 * share) from None

    def _computed(
        self, resident: Resident, feed: Mapping[str, Array], outputs: Sequence[str], order: Order
    ) -> dict[str, Array]:
        session, floor = _loaded(resident), self._floor
        with floor.scheduler.run(
            order.priority, in_flight=2 * floor.workers, aside=order.aside
        ) as run:
            if _by_item(session):
                return {outputs[0]: _items(run, resident, next(iter(feed.values())), order)}
            whole = _Whole(session, feed, outputs)
            run.wait(run.submit(_Item(whole, _NOTHING, whole.keep), last=True))
            return dict(zip(outputs, whole.results, strict=True))

    def _resident(self, model: Model) -> Resident:
        """A graph that is read as it is serves pictures and tensors; others are loaded apart.

        Raises BadModel for what draws and is a stranger's: its graph is behind walls.
        """
        if model.card.reading.generates and not model.in_process:
            reason = f"{model.card.id} draws pictures, and its tensors are not to be had"
            raise BadModel(reason, "use it by the step generate")
        bare = model.in_process and not model.card.reading.plain
        return self._floor.residency.of(replace(model, bare=bare))

    def _share(self, model: Model, feed: Mapping[str, Array]) -> int:
        """Bytes to reserve. Raises NeedsMemory for what can never be had."""
        costs = tuple(sorted(model.card.costs.items())) or UNMEASURED
        given = sum(array.nbytes for array in feed.values())
        made = ceil(given * model.card.geometry.scale**2)
        items, pixels = max(map(extent, feed.values()), key=prod)
        at_once = min(items, self._floor.workers)
        share = 2 * (given + made) + at_once * network_bytes(pixels, costs)
        if share > self._floor.ledger.total:
            raise _too_large(model, self._floor.base + share)
        return share


def _too_large(model: Model, needed: int) -> NeedsMemory:
    return NeedsMemory(
        f"{model.card.id} would take {format_size(needed)} with tensors of this size",
        "send smaller ones, or a picture of any size, which is cut into tiles",
        needed=needed,
    )


def _loaded(resident: Resident) -> ModelSession:
    assert resident.session is not None, "it is leased"
    return resident.session


def _by_item(session: ModelSession) -> bool:
    """Whether the items of a batch have nothing to do with each other."""
    return isinstance(session, OnnxSession) or not isinstance(session, GraphSession)


def _ports(session: ModelSession) -> Ports:
    if isinstance(session, GraphSession):
        return Ports(session.inputs, session.outputs)
    shape = ("n", session.channels, "h", "w")
    return Ports((Port(INPUT, "float", shape),), (Port(OUTPUT, "float", shape),))


def extent(array: Array) -> tuple[int, int]:
    """Items, and pixels of each as far as that can be told: what memory goes by."""
    if array.ndim != 4:
        return 1, array.size
    items, channels = array.shape[0], min(array.shape[1], array.shape[3])
    return items, array[0].size // max(1, channels)


def _items(run: Run, resident: Resident, batch: Array, order: Order) -> Array:
    """A batch of pictures, each a work of its own."""
    results: list[Array] = []

    def keep(index: int, result: Array) -> None:
        if not results:
            results.append(np.empty((len(batch), *result.shape[1:]), result.dtype))
        results[0][index] = result[0]

    works = [_Item(resident, batch[at : at + 1], partial(keep, at)) for at in range(len(batch))]
    run.wait(run.submit(works[0], last=True))  # the first one tells how large all are
    futures = []
    for work in works[1:]:
        order.check()
        futures.append(run.submit(work))
    for future in futures:
        run.wait(future)
    return results[0]


class _Whole:
    """A graph with all that it is to be given. Implements `core.session.Session`."""

    resident_bytes = 0

    def __init__(
        self, session: ModelSession, feed: Mapping[str, Array], outputs: Sequence[str]
    ) -> None:
        assert isinstance(session, GraphSession)
        self._session, self._feed, self._outputs = session, feed, outputs
        self.results: list[Array] = []

    def run(self, _batch: Array) -> Array:
        self.results = self._session.call(self._feed, self._outputs)
        return _NOTHING

    def keep(self, _result: Array) -> None:
        """It is kept already."""

    def close(self) -> None:
        """It is another's."""


_NOTHING: Array = np.empty((1, 1, 1, 1), np.float32)


class _Item:
    """Implements `engine.work.Work`: what cannot be cut."""

    def __init__(self, session: Any, given: Array, keep: Any) -> None:
        self.session, self._given, self.store = session, given, keep
        self.cost = float(max(1, given.size // max(1, given.shape[1])))
        _, channels, height, width = given.shape
        self.shape = (1, channels, height, width)

    def load(self) -> Array:
        """What was given."""
        return self._given

    def halve(self) -> Sequence[Work]:
        """Nothing smaller does the same."""
        return ()
