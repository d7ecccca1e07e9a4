"""Start-time fair queueing: whose turn it is, among many flows of different weight.

    push(flow, item, cost) -> [flow: item item item]  \
    push(flow, item, cost) -> [flow: item]             > heap by start tag -> take() -> items

Each flow's head carries a start tag: where the flow would be, had every flow been served all along
at its share. The smallest tag goes first, and becomes the virtual time `now`; serving an item moves
its flow's next tag on by cost / weight. A flow that was away starts at `now`: it neither owns the
past nor owes for it, so a newcomer waits for what is being served and for nothing that is queued.
A flow of weight 16 gets 16 times the service of a flow of weight 1, which is still served.

Invariants: a flow with items is in the heap exactly once; no tag in the heap is below `now`; `now`
never goes back. Not thread-safe; every operation is O(log flows).
(P. Goyal, H. Vin, H. Cheng, "Start-time Fair Queueing", IEEE/ACM ToN 5(5), 1997.)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from heapq import heappop, heappush
from itertools import count
from typing import Generic, TypeVar

T = TypeVar("T")

LOOK_AHEAD = 8
"""Flows that a batch may pass over while it looks for its like."""


class Flow(Generic[T]):
    """One customer's line. `weight` is its share of the service, relative to the others'."""

    __slots__ = ("finish", "items", "listed", "weight")

    def __init__(self, weight: float) -> None:
        self.weight = weight
        self.items: deque[tuple[T, float]] = deque()
        self.finish = 0.0
        """Virtual time at which all that it was served is paid for."""
        self.listed = False
        """Whether the heap holds an entry of it; a cleared flow's entry goes when it surfaces."""


class FairQueue(Generic[T]):
    """Flows of items, served in proportion to their weights."""

    def __init__(self) -> None:
        self.now = 0.0
        """Virtual time: the start tag of what was served last."""
        self.size = 0
        """Items waiting."""
        self._heap: list[tuple[float, float, int, Flow[T]]] = []
        self._arrivals = count()

    def push(self, flow: Flow[T], item: T, cost: float) -> None:
        """Append `item`; `cost` is the service it will take, above 0."""
        flow.items.append((item, cost))
        self.size += 1
        self._list(flow)

    def put_back(self, flow: Flow[T], item: T) -> None:
        """Return an item that was taken to the head of its line; its cost was paid already."""
        flow.items.appendleft((item, 0.0))
        self.size += 1
        self._list(flow)

    def clear(self, flow: Flow[T]) -> list[T]:
        """Remove and return what `flow` has waiting."""
        items = [item for item, _ in flow.items]
        flow.items.clear()
        self.size -= len(items)
        return items

    def next(self) -> Flow[T] | None:
        """The flow whose turn it is; None when nothing waits."""
        return self._surface()

    def take(
        self, key: Callable[[T], Hashable], wanted: Callable[[T], int], most: int = LOOK_AHEAD
    ) -> list[T]:
        """The next item, and up to `wanted(item)` in all of the same key near the head; [] if none.

        Only heads of lines are looked at, in their order, passing over at most `most` flows: a
        batch never reaches past a flow's own order, and each item is charged to its own flow.
        """
        flow = self._surface()
        if flow is None:
            return []
        self.now = max(self.now, self._heap[0][0])
        batch = [self._serve(flow)]
        size, like = wanted(batch[0]), key(batch[0])
        passed: list[tuple[float, float, int, Flow[T]]] = []
        while len(batch) < size and len(passed) < most:
            flow = self._surface()
            if flow is None:
                break
            if key(flow.items[0][0]) == like:
                batch.append(self._serve(flow))
            else:
                passed.append(heappop(self._heap))
        for entry in passed:
            heappush(self._heap, entry)
        return batch

    def _list(self, flow: Flow[T]) -> None:
        if not flow.listed:
            flow.listed = True
            start = max(self.now, flow.finish)
            heappush(self._heap, (start, -flow.weight, next(self._arrivals), flow))

    def _surface(self) -> Flow[T] | None:
        """The flow at the top of the heap, once emptied ones are dropped from it."""
        while self._heap:
            flow = self._heap[0][3]
            if flow.items:
                return flow
            heappop(self._heap)
            flow.listed = False
        return None

    def _serve(self, flow: Flow[T]) -> T:
        """Take the head of the flow at the top, and list the flow at its next tag."""
        start = heappop(self._heap)[0]
        item, cost = flow.items.popleft()
        self.size -= 1
        flow.finish = start + cost / flow.weight
        flow.listed = False
        if flow.items:
            self._list(flow)
        return item
