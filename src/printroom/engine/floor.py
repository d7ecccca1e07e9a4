"""The shop floor: what all runs of a process share, workers, loaded models and memory.

Model -> Link                          loaded at the first use          BadModel BadOption
Raster, links, target -> its result    planned, its memory reserved, streamed
                                       NeedsMemory Cancelled ModelFailed StepFailed
                                       BrokenPicture DiskFull Unwritable
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import numpy as np

from printroom.catalogue.card import Model
from printroom.catalogue.models import BUNDLED, Catalogue
from printroom.core.errors import NeedsMemory
from printroom.core.ledger import Ledger
from printroom.core.settings import Settings
from printroom.engine.channels import Rows
from printroom.engine.device import Device
from printroom.engine.links import SAME, Link
from printroom.engine.order import Order
from printroom.engine.plan import PACE, SLACK, Part, Plan, Room, default_budget, plan, resident
from printroom.engine.rasters import Raster
from printroom.engine.scheduler import Scheduler
from printroom.engine.stream import stream
from printroom.imaging.encode import PictureSpec
from printroom.imaging.tiling import ceil_to
from printroom.runtimes.onnx.session import OnnxSession

SERVING_TILE = 0.25
"""Seconds that a tile may take while others wait for their turn."""
SMALL = 64
"""Part of the budget below which a run is too small to look at the memory for it."""
WARM_SIDE = 64
"""Pixels along the side of the first picture that a model is shown."""
MOMENT = 1 << 18
"""Bytes of pixels up to which a codec is through in about a millisecond."""
WEIGHT_SECONDS = 5e-11
"""Seconds per pixel for each parameter, of a model that was not timed yet."""

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class Paper(Protocol[T_co]):
    """Takes the rows of one picture."""

    def write(self, rows: Rows, /) -> None:
        """The next rows; done with them when it returns."""

    def finish(self) -> T_co:
        """All rows came: what they make."""


class Target(Protocol[T_co]):
    """Where a result goes."""

    @property
    def bits(self) -> int:
        """Per sample of the rows that it takes."""

    @property
    def held(self) -> int:
        """Bytes of memory it holds beside the rows it is given."""

    def open(self) -> AbstractContextManager[Paper[T_co]]:
        """Left without `finish`, it leaves nothing behind."""


@dataclass(frozen=True)
class Sent(Generic[T]):
    """What came of a chain."""

    result: T
    tiles: int
    """Tiles computed."""


class Floor:
    """Workers, models and memory; close it."""

    def __init__(self, settings: Settings, *, serving: bool = False) -> None:
        """`serving`: many runs at once, each of them waited for, rather than one after the other.

        Raises BadOption for a device that is not here.
        """
        self.device = Device.parse(settings.device)
        self.workers = settings.workers or self.device.workers
        self.budget = settings.memory or default_budget()
        """Bytes for the whole process."""
        self.held = self.budget // 8 if serving else 0
        """Bytes of them that whoever serves may hold: what came in, and what goes out."""
        self.base = 0
        """Bytes the process takes with its models loaded and no run in progress."""
        self.ledger = Ledger(self.budget - self.held)
        """What runs take beside that."""
        self._serving = serving
        self._longest = SERVING_TILE if serving else math.inf
        self._lock = threading.RLock()
        self._links: dict[Path, Link] = {}
        self._sessions: dict[Path, OnnxSession] = {}
        self._scheduler: Scheduler | None = None
        self._models: dict[tuple[object, ...], Model] = {}
        self._best: dict[int, Model] = {}
        self._imported = settings.data / "models"
        self.catalogue = Catalogue((*settings.models, BUNDLED))

    @property
    def scheduler(self) -> Scheduler:
        """The workers, started at the first use."""
        with self._lock:
            if self._scheduler is None:
                self._scheduler = Scheduler(
                    self.workers,
                    clock=self.device.clock,
                    longest=self._longest,
                    batch_pixels=self.device.batch_pixels,
                )
            return self._scheduler

    def model(self, name: str | Path) -> Model:
        """The model of an id, or in an ONNX file. Raises NotFound or BadModel.

        Who serves is asked by strangers: files are named by a Path there, never by a text.
        """
        file = isinstance(name, Path) or (not self._serving and name.lower().endswith(".onnx"))
        key = (str(name), _stamp(Path(name)) if file else None)
        with self._lock:
            model = self._models.get(key)
            if model is None:
                model = self._models[key] = self._find(name, file)
                self._models[model.card.id, None] = model  # an imported one goes by its id, too
            return model

    def best(self, scale: int) -> Model:
        """The model that enlarges by `scale` when none is named. Raises ScaleNotOffered."""
        with self._lock:
            if scale not in self._best:
                self._best[scale] = self.catalogue.for_scale(scale)
            return self._best[scale]

    def link(self, model: Model) -> Link:
        """The one link of `model`, loaded at the first use."""
        with self._lock:
            link = self._links.get(model.weights)
            if link is None:
                session, card = self._load(model), model.card
                part = Part.of_model(card.geometry, session.signature.channels, card.costs)
                guess = min(4 * PACE, max(PACE / 64, card.parameters * WEIGHT_SECONDS))
                link = self._links[model.weights] = Link(card.id, session, part, guess)
            return link

    def warm(self, model: Model) -> None:
        """Load a model and run it."""
        session, geometry = self.link(model).session, model.card.geometry
        side = ceil_to(max(WARM_SIDE, geometry.least), geometry.align)
        height, width = geometry.fixed or (side, side)
        session.run(np.zeros((1, self.link(model).part.channels, height, width), np.float32))

    def plan(
        self, raster: Raster, links: Sequence[Link], bits: int, held: int, memory: int | None = None
    ) -> Plan:
        """How to cut a picture for a result of `bits` whose target holds so many bytes."""
        most, base = self.budget - self.held, self._settled()
        budget = min(most, memory or most)
        room = Room(
            workers=self.workers,
            budget=budget,
            base=base,
            idle=self.scheduler.idle_workers,
            codecs=raster.held + held,
            video=self.device.video,
            longest=self._longest,
        )
        parts, ends = tuple(self._part(link, len(links)) for link in links), (raster.bits, bits)
        half = base + self.ledger.half()
        if self._serving and half < budget:
            with suppress(NeedsMemory):
                return plan(raster.spec, parts, replace(room, budget=half), ends)
        return plan(raster.spec, parts, room, ends)

    def send(
        self, raster: Raster, links: Sequence[Link], target: Target[T], order: Order
    ) -> Sent[T]:
        """A picture through a chain to its target, in the caller's thread."""
        links = links or (SAME,)
        cut = self.plan(raster, links, target.bits, target.held, order.memory)
        share = cut.bytes - self.base
        with self.reserved(share, order):
            scheduler = self.scheduler
            with scheduler.run(order.priority, in_flight=cut.in_flight, aside=order.aside) as run:
                order.check()
                native = order.aside if _result_bytes(cut) > MOMENT else nullcontext
                with target.open() as paper, raster.open() as reader:

                    def read(rows: int) -> Rows:
                        order.check()
                        with native():
                            return reader.read(rows)

                    def write(rows: Rows) -> None:
                        with native():
                            paper.write(rows)

                    sessions = [link.session for link in links]
                    stream(read, write, cut, sessions, run, progress=order.tell)
                    with native():
                        return Sent(paper.finish(), cut.tiles)

    @contextmanager
    def reserved(self, share: int, order: Order) -> Iterator[None]:
        """Hold so many bytes inside the `with`, waiting for them if need be."""
        self._settled()
        with self.ledger.reserve(share, order.cancel, order.aside):
            self._make_room(share)
            yield

    def drain(self, timeout: float | None = None) -> bool:
        """Take no more runs and wait for those in progress; False if `timeout` seconds pass."""
        return self.scheduler.drain(timeout)

    def close(self) -> None:
        """Cancel what is in progress, stop the workers and give the models' memory back."""
        with self._lock:
            if self._scheduler is not None:
                self._scheduler.close()
            self._links.clear()
            while self._sessions:
                self._sessions.popitem()[1].close()

    def _find(self, name: str | Path, file: bool) -> Model:
        if not file:
            return self.catalogue.get(str(name))
        from printroom.catalogue.importing import import_onnx  # brings onnx: 0.1 CPU seconds

        return import_onnx(Path(name), self._imported)

    def _load(self, model: Model) -> OnnxSession:
        """Under the lock."""
        session = OnnxSession(model.weights, self.device.providers)
        self.base = self.base + session.resident_bytes if self._sessions else resident()
        self.ledger.total = self.budget - self.held - self.base
        self._sessions[model.weights] = session
        return session

    def _part(self, link: Link, links: int) -> Part:
        """With its pace, where that matters: servers keep tiles short, chains weigh their links."""
        if link.part.pace is not None or not (self._serving or links > 1):
            return link.part
        pace = self.scheduler.pace(link.session)
        return link.part.at(pace or (link.guess if links > 1 else None))

    def _settled(self) -> int:
        """The base, measured now if no model was loaded before."""
        with self._lock:
            if not self.base:
                self.base = resident()
                self.ledger.total = self.budget - self.held - self.base
            return self.base

    def _make_room(self, share: int) -> None:
        """Give back what earlier runs left in the models' arenas, if it is in this run's way."""
        small = (share - SLACK) * SMALL < self.budget
        if not small and resident() + share > self.budget:
            with self._lock:
                for session in self._sessions.values():
                    session.shrink()


def _result_bytes(cut: Plan) -> int:
    last = cut.links[-1]
    grid = last.grid
    return PictureSpec(grid.out_width, grid.out_height, last.bands, min(16, last.made)).raw_bytes


def _stamp(file: Path) -> tuple[int, int] | None:
    """What tells a model's file from the one that may lie there tomorrow."""
    if not file.is_file():
        return None
    found = file.stat()
    return found.st_mtime_ns, found.st_size
