"""The shop floor: what all runs of a process share, workers, loaded models and memory.

Model -> Link                          loaded at the first use          BadModel BadOption
Raster, links, target -> its result    its models leased, planned, its memory reserved, streamed
                                       NeedsMemory Overloaded Cancelled ModelFailed StepFailed
                                       BrokenPicture DiskFull Unwritable

One ledger has the memory of all runs and of all models. Models that no run uses give way to runs.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import numpy as np

from printroom.catalogue.card import Look, Model
from printroom.catalogue.models import BUNDLED, Catalogue
from printroom.core.errors import BadModel, NeedsMemory, NotFound, PrintroomError
from printroom.core.ledger import Crowded, Ledger
from printroom.core.session import ModelSession
from printroom.core.settings import Settings
from printroom.core.tallies import Tallies
from printroom.core.tracing import tracer_to
from printroom.engine.channels import Rows
from printroom.engine.device import Device
from printroom.engine.links import SAME, Link
from printroom.engine.loading import Anywhere, Loader, Owned, Weights, stored_models
from printroom.engine.order import Order
from printroom.engine.plan import MIB, PACE, SLACK, Part, Plan, Room, default_budget, plan, resident
from printroom.engine.rasters import Raster
from printroom.engine.residency import ALONE, Residency
from printroom.engine.resident import Resident, believable
from printroom.engine.scheduler import Run, Scheduler
from printroom.engine.stream import stream
from printroom.engine.trial import trial
from printroom.imaging.encode import PictureSpec
from printroom.isolation.grants import CardLedger, Grant
from printroom.pipelines.step import Planes
from printroom.runtimes.onnx.generator import conditions

if TYPE_CHECKING:  # most have only models of their own
    from printroom.isolation.sandboxed import Breach

SERVING_TILE = 0.13
"""Seconds that a tile should take at most while others wait for their turn. We promise a quarter
of a second; tiles were seen to take 1.7 times as long as planned when all cores were busy."""
SMALL = 64
"""Part of the budget below which a run is too small to look at the memory for it."""
MOMENT = 1 << 18
"""Bytes of pixels up to which a codec is through in about a millisecond."""
WEIGHT_SECONDS = 5e-11
"""Seconds per pixel for each parameter, of a model that was not timed yet."""

DRAWN = 4 * 3 * 4
"""Bytes for each pixel of a picture that a model draws: four copies of three planes."""

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

    def __init__(
        self,
        settings: Settings,
        *,
        serving: bool = False,
        weights: Weights | None = None,
        owned: Callable[[], Owned | None] = lambda: None,
    ) -> None:
        """`serving`: many runs at once, each of them waited for, rather than one after the other.

        `weights`: where models come from; None = they lie here, in `settings.model_stores`, or are
        some account's. `owned`: gives those of accounts, None = there can be none; called when
        one is asked for. Raises BadOption for a device that is not here.
        """
        self.device = Device.parse(settings.device, settings.gpu_share)
        self.tallies = Tallies()
        """How long things took here."""
        self.tracer = tracer_to(settings.traces)
        """Where spans of work go."""
        self.workers = settings.workers or self.device.workers
        self.budget = settings.memory or default_budget()
        """Bytes for the whole process."""
        self.held = self.budget // 8 if serving else 0
        """Bytes of them that whoever serves may hold: what came in, and what goes out."""
        self.bare = 0
        """Bytes the process takes with no model loaded and no run in progress."""
        self.ledger = Ledger(self.budget - self.held, self._give_way)
        """What runs and models take beside that."""
        self._serving = serving
        stored = stored_models(settings)
        self._owned = owned
        weights = weights or Anywhere(stored, owned)
        self.breached: Callable[[Breach], None] = lambda _breach: None
        """Told of each limit that a stranger's model crosses."""
        self._loader = Loader(
            self.device.providers,
            settings.data,
            weights,
            tries=serving,
            breached=self._crossed,
        )
        self.residency = Residency(
            self._load,
            self.ledger,
            most=settings.model_memory,
            ttl=settings.model_ttl,
            beside=lambda: self.bare + self.held + SLACK,
        )
        """The models that are loaded."""
        self._longest = SERVING_TILE if serving else math.inf
        self._lock, self._finding = threading.RLock(), threading.RLock()
        self._links: dict[Resident, Link] = {}
        self._cards = CardLedger(settings.data / "cards")
        self._grant: Grant | None = None
        """Our share of the card, from the first model that is loaded on."""
        self._holding = threading.Lock()
        self._framework = False
        """Whether the base has onnxruntime in it."""
        self._scheduler: Scheduler | None = None
        self._models: dict[tuple[object, ...], Model] = {}
        self._best: dict[tuple[int, Look], Model] = {}
        self._imported = settings.data / "models"
        folders = (*settings.models, BUNDLED, self._imported)
        self.catalogue = Catalogue(folders, stored.models if stored else tuple)

    @property
    def scheduler(self) -> Scheduler:
        """The workers, started at the first use."""
        if self._scheduler is not None:
            return self._scheduler
        with self._lock:
            if self._scheduler is None:
                self._scheduler = Scheduler(
                    self.workers,
                    clock=self.device.clock,
                    longest=self._longest,
                    batch_pixels=self.device.batch_pixels,
                )
            return self._scheduler

    @property
    def base(self) -> int:
        """Bytes the process takes with its models loaded and no run in progress."""
        return self.bare + self.ledger.kept

    def model(
        self, name: str | Path, accounts: Sequence[str] = (), *, named: bool = False
    ) -> Model:
        """The model of an id, or in an ONNX file. Raises NotFound, BadModel, NoAccess.

        `accounts`: whose own models may be meant, too, or what was paid for; the server's come
        first. `named`: as of `OwnedModels.find`, whoever will run it. Who serves is asked
        by strangers: files are named by a Path there, never by a text.
        """
        try:
            return self._at_hand(name)
        except NotFound as missing:
            owned = self._owned() if accounts else None
            if owned is None:
                raise
            try:
                # asks the database: not under a lock
                return owned.find(str(name), accounts, named=named)
            except NotFound:
                raise missing from None  # which says what the server has

    def has(self, name: str) -> bool:
        """Whether the model of that id is the server's own, rather than an account's."""
        try:
            self._at_hand(name)
        except PrintroomError:
            return False
        return True

    def _at_hand(self, name: str | Path) -> Model:
        file = isinstance(name, Path) or (not self._serving and name.lower().endswith(".onnx"))
        key = (str(name), _stamp(Path(name)) if file else None)
        with self._finding:
            model = self._models.get(key)
            if model is None:
                model = self._models[key] = self._find(name, file)
                self._models[model.card.id, None] = model  # an imported one goes by its id, too
            return model

    def best(self, scale: int, look: Look = "faithful") -> Model:
        """The model that enlarges by `scale` when none is named. Raises ScaleNotOffered."""
        with self._finding:
            if (scale, look) not in self._best:
                self._best[scale, look] = self.catalogue.for_scale(scale, look)
            return self._best[scale, look]

    def paces(self) -> dict[str, float]:
        """Seconds per input pixel that models were seen to take on one worker, by their ids."""
        with self._lock:
            scheduler, links = self._scheduler, list(self._links.values())
        if scheduler is None:
            return {}
        found = {link.name: scheduler.pace(link.session) for link in links}
        return {name: pace for name, pace in found.items() if pace is not None}

    def link(self, model: Model, order: Order = ALONE) -> Link:
        """The one link of `model`, which is loaded for it at the first use.

        Raises BadModel for one that draws: no picture passes through it.
        """
        if model.card.reading.generates and not model.bare:
            remedy = "use it by the step generate, or `printroom models draw`"
            raise BadModel(f"{model.card.id} draws pictures and takes none", remedy)
        resident = self.residency.of(model)
        link = self._links.get(resident)
        if link is None:
            self._settled()
            with self.residency.lease((resident,), order):
                link = self._linked(resident)
            with self._lock:
                known = self.residency.knows
                self._links = {one: link for one, link in self._links.items() if known(one)}
                link = self._links.setdefault(resident, link)
        return link

    def draw(self, model: Model, seed: int, shows: str = "", order: Order = ALONE) -> Planes:
        """A picture (1, 3, h, w) that `model` makes of a seed, and of the name of a class.

        `shows`: empty = the first class. Raises BadModel for one that takes a picture, BadOption.
        """
        card = model.card
        if not card.reading.generates:
            raise BadModel(f"{card.id} takes a picture and draws none", "use a step that gives one")
        numbers = conditions(card.reading, seed, shows)
        height, width = card.geometry.fixed or (0, 0)
        resident = self.residency.of(model)
        with self.using(resident, DRAWN * height * width, order):
            return np.asarray(resident.run(numbers), np.float32)

    def warm(self, model: Model) -> None:
        """Load a model, keep it whatever happens, and have it prove itself. Raises BadModel."""
        resident = self.residency.of(model)
        self.link(model)
        with self.residency.lease((resident,)):
            self.residency.pin(resident)
            if not self._serving and resident.session is not None:  # who serves has tried it
                trial(resident.session, model)

    def plan(
        self, raster: Raster, links: Sequence[Link], bits: int, held: int, memory: int | None = None
    ) -> Plan:
        """How to cut a picture for a result of `bits` whose target holds so many bytes."""
        self._settled()
        return self._plan(raster, links, bits, held, memory, self._fixed(links))

    def send(
        self, raster: Raster, links: Sequence[Link], target: Target[T], order: Order
    ) -> Sent[T]:
        """A picture through a chain to its target, in the caller's thread."""
        links, models = links or (SAME,), _models(links)
        self._settled()
        with ExitStack() as stack:
            cut = self._begun(stack, raster, links, target, order)
            run = stack.enter_context(
                self.scheduler.run(order.priority, in_flight=cut.in_flight, aside=order.aside)
            )
            order.check()
            with self._timed(links, cut):
                result = _streamed(raster, links, target, order, cut, run)
        if len(models) == 1 and not self._small(cut.bytes - self.base):
            self.residency.note(models[0], resident() - self.bare)
        return Sent(result, cut.tiles)

    @contextmanager
    def reserved(self, share: int, order: Order) -> Iterator[None]:
        """Hold so many bytes inside the `with`, waiting for them if need be."""
        self._settled()
        with ExitStack() as stack:
            try:
                self._reserve(stack, share, order)
            except Crowded:
                with self.residency.alone(order):
                    self._reserve_alone(stack, share, order)
            yield

    @contextmanager
    def using(self, resident: Resident, share: int, order: Order) -> Iterator[None]:
        """Have a model loaded, and so many bytes reserved, inside the `with`.

        Waits for both. Raises NeedsMemory, Overloaded, Cancelled, what loading raises.
        """
        self._settled()
        with ExitStack() as stack:
            try:
                self._leased(stack, resident, share, order, self._reserve)
            except Crowded:
                with self.residency.alone(order):
                    self._leased(stack, resident, share, order, self._reserve_alone)
            yield

    @contextmanager
    def timed(self, step: str, node: str) -> Iterator[None]:
        """A step of a pipeline, at its place `node`, for the log book; also one that fails."""
        began = time.monotonic()
        try:
            with self.tracer.span(f"step {step}", {"step": step, "node": node}):
                yield
        finally:
            self.tallies.add("printroom_step_seconds", time.monotonic() - began, step=step)

    def drain(self, timeout: float | None = None) -> bool:
        """Take no more runs and wait for those in progress; False if `timeout` seconds pass."""
        return self.scheduler.drain(timeout)

    def close(self) -> None:
        """Cancel what is in progress, stop the workers and give the models' memory back."""
        with self._lock:
            if self._scheduler is not None:
                self._scheduler.close()
            self._links.clear()
        self.residency.close()
        with self._holding:
            if self._grant is not None:
                self._grant.close()
                self._grant = None
        self.tracer.close()

    def _crossed(self, breach: Breach) -> None:
        self.breached(breach)  # who hears of it may have come later

    @contextmanager
    def _timed(self, links: Sequence[Link], cut: Plan) -> Iterator[None]:
        """A picture on its way through a chain, for the log book."""
        chain, began = ", ".join(link.name for link in links), time.monotonic()
        with self.tracer.span("chain", {"chain": chain, "tiles": cut.tiles}):
            yield
        self.tallies.add("printroom_chain_seconds", time.monotonic() - began, chain=chain)

    def _find(self, name: str | Path, file: bool) -> Model:
        if not file:
            return self.catalogue.get(str(name))
        from printroom.catalogue.importing import import_onnx  # brings onnx: 0.1 CPU seconds

        return import_onnx(Path(name), self._imported)

    def _load(self, model: Model) -> ModelSession:
        """What the residency loads by. The first model brings its framework along."""
        if model.in_process:
            with self._holding:
                self._grant = self._grant or self.device.hold(self._cards)
        session = self._loader(model)
        if not self._framework and model.in_process:
            with self._lock:
                self._framework = True
                loaded = believable(model, session.resident_bytes)
                self._settle(max(self.bare, resident() - loaded))
        return session

    def _linked(self, resident: Resident) -> Link:
        card = resident.model.card
        part = Part.of_model(card.geometry, resident.channels, card.costs)
        guess = min(4 * PACE, max(PACE / 64, card.parameters * WEIGHT_SECONDS))
        return Link(card.id, resident, part, guess)

    def _fixed(self, links: Sequence[Link]) -> int:
        """Bytes the process takes beside a run: models in use, its own, and all that is no model.

        Idle models are left out, since they give way.
        """
        return self.bare + self.residency.fixed(_models(links))

    def _plan(
        self,
        raster: Raster,
        links: Sequence[Link],
        bits: int,
        held: int,
        memory: int | None,
        base: int,
    ) -> Plan:
        most = self.budget - self.held
        budget, video = min(most, memory or most), self.device.video
        room = Room(
            workers=self.workers,
            budget=budget,
            base=base,
            idle=self.scheduler.idle_workers,
            codecs=raster.held + held,
            video=video,
            longest=self._longest,
        )
        parts, ends = tuple(self._part(link, len(links)) for link in links), (raster.bits, bits)
        half = base + self.ledger.half(base - self.bare)
        if self._serving and half < budget:
            with suppress(NeedsMemory):
                return plan(raster.spec, parts, replace(room, budget=half), ends)
        return plan(raster.spec, parts, room, ends)

    def _begun(
        self,
        stack: ExitStack,
        raster: Raster,
        links: Sequence[Link],
        target: Target[T],
        order: Order,
    ) -> Plan:
        """A plan, with its models leased and its memory reserved until the stack is left.

        What does not fit beside the models that others use waits until it is alone; those that
        begin later then make do with what it leaves.
        """
        try:
            return self._placed(stack, raster, links, target, order)
        except Crowded:
            with self.residency.alone(order):
                return self._placed(stack, raster, links, target, order)

    def _placed(
        self,
        stack: ExitStack,
        raster: Raster,
        links: Sequence[Link],
        target: Target[T],
        order: Order,
    ) -> Plan:
        """Raises Crowded when it does not fit beside the models of others."""
        models = _models(links)
        with ExitStack() as own:
            own.enter_context(self.residency.lease(models, order))
            base = self._fixed(links)
            try:
                cut = self._plan(raster, links, target.bits, target.held, order.memory, base)
            except NeedsMemory:
                if self.residency.busy(models):
                    raise Crowded from None
                raise
            self._reserve(own, cut.bytes - base, order)
            stack.push(own.pop_all())
            return cut

    def _leased(
        self,
        stack: ExitStack,
        resident: Resident,
        share: int,
        order: Order,
        reserve: Callable[[ExitStack, int, Order], None],
    ) -> None:
        with ExitStack() as own:
            own.enter_context(self.residency.lease((resident,), order))
            reserve(own, share, order)
            stack.push(own.pop_all())

    def _reserve(self, stack: ExitStack, share: int, order: Order) -> None:
        """Have the bytes held until the stack is left. Raises Crowded."""
        stack.enter_context(self.ledger.reserve(share, order.cancel, order.aside))
        self._make_room(share)

    def _reserve_alone(self, stack: ExitStack, share: int, order: Order) -> None:
        """With no model in use. Raises NeedsMemory."""
        try:
            self._reserve(stack, share, order)
        except Crowded:
            needed = self._fixed(()) + self.held + share
            raise NeedsMemory(
                f"{share / MIB:,.0f} MiB do not fit beside the models that are kept loaded",
                f"allow at least {math.ceil(needed / MIB):,} MiB",
                needed=needed,
            ) from None

    def _give_way(self, short: int) -> bool:
        return self.residency.make_room(short)

    def _part(self, link: Link, links: int) -> Part:
        """With its pace, where that matters: servers keep tiles short, chains weigh their links."""
        if link.part.pace is not None or not (self._serving or links > 1):
            return link.part
        pace = self.scheduler.pace(link.session)
        return link.part.at(pace or (link.guess if links > 1 else None))

    def _settled(self) -> None:
        """Measure what the process takes, if no model was loaded before."""
        if not self.bare:
            with self._lock:
                if not self.bare:
                    self._settle(resident())

    def _settle(self, bare: int) -> None:
        self.bare = bare
        self.ledger.resize(self.budget - self.held - bare)

    def _small(self, share: int) -> bool:
        return (share - SLACK) * SMALL < self.budget

    def _make_room(self, share: int) -> None:
        """Give back what earlier runs left in the models' arenas, if it is in this run's way."""
        if not self._small(share) and resident() + share > self.budget:
            self.residency.shrink()


def _models(links: Sequence[Link]) -> tuple[Resident, ...]:
    return tuple(link.session for link in links if isinstance(link.session, Resident))


def _streamed(
    raster: Raster, links: Sequence[Link], target: Target[T], order: Order, cut: Plan, run: Run
) -> T:
    native = order.aside if _result_bytes(cut) > MOMENT else nullcontext
    with target.open() as paper, raster.open() as reader:

        def read(rows: int) -> Rows:
            order.check()
            with native():
                return reader.read(rows)

        def write(rows: Rows) -> None:
            with native():
                paper.write(rows)

        sessions, taps = [link.session for link in links], [link.tap for link in links]
        stream(read, write, cut, sessions, run, progress=order.tell, taps=taps)
        with native():
            return paper.finish()


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
