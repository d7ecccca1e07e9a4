"""What learns and draws people in one process: handlers, and what they keep between jobs.

People, generator -> Hands -> handlers for `printroom.jobs.worker.Worker`
"""

from __future__ import annotations

from collections.abc import Callable

from printroom.core.scratch import Scratch
from printroom.jobs.needs import Offer
from printroom.people.adapters import Adapters
from printroom.people.easel import Easel
from printroom.people.people import People
from printroom.people.portraits import PortraitHandler
from printroom.people.training import TrainHandler
from printroom.runtimes.generation import PersonalizableGenerator


class Hands:
    """Of one process."""

    def __init__(
        self,
        people: People,
        generator: Callable[[], PersonalizableGenerator],
        scratch: Scratch,
        limit: int,
        ttl: float,
    ) -> None:
        """`generator`: loads it when first needed; `limit`, `ttl`: see `Adapters`."""
        self.adapters = Adapters(people.files, generator, limit, ttl)
        self.easel = Easel(generator)
        self.keeping = people.keeping(self.adapters)
        self.train = TrainHandler(people.assets, people.files, generator, scratch)
        self.draw = PortraitHandler(people.assets, self.adapters, self.easel, generator)

    def offer(self) -> Offer:
        """Who is here already: their runs come here first."""
        return Offer(models=self.adapters.names)
