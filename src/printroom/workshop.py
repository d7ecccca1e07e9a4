"""The composition root: settings in, every part joined by hand, no globals.

    source -> Image                NotFound NotAPicture BrokenPicture EmptyPicture TooManyPixels
    options -> Model, Format       ScaleNotOffered NotFound BadModel UnknownFormat FormatCannotHold
    Image, Model -> TilePlan       NeedsMemory
    TilePlan -> its memory         Cancelled, while waiting for other runs
    tiles -> Enhanced              Cancelled ModelFailed BrokenPicture Unwritable DiskFull

Whatever can be refused is refused from the header, before the first tile is computed.
"""

from __future__ import annotations

import math
import threading
import time
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np

from printroom.catalogue.card import Model
from printroom.catalogue.models import BUNDLED, Catalogue
from printroom.core.errors import NeedsMemory, ScaleNotOffered, Unwritable
from printroom.core.ledger import Ledger
from printroom.core.settings import Settings
from printroom.engine.device import Device
from printroom.engine.enhancement import (
    DEFAULTS,
    Enhanced,
    Enhancement,
    EnhanceOptions,
    Progress,
    Proposal,
    chosen_format,
    default_format,
)
from printroom.engine.plan import Room, TilePlan, default_budget, plan, resident
from printroom.engine.scheduler import Aside, Scheduler
from printroom.imaging.encode import PictureSpec, encoder_bytes
from printroom.imaging.formats import Format, check_holds
from printroom.imaging.image import Image
from printroom.imaging.limits import Limits
from printroom.imaging.tiling import ceil_to, scaled
from printroom.runtimes.onnx.session import OnnxSession

SERVING_TILE = 0.25
"""Seconds that a tile may take while others wait for their turn."""
SMALL = 64
"""Part of the budget below which a run is too small to look at the memory for it."""
WARM_SIDE = 64
"""Pixels along the side of the first picture that a model is shown."""


class Workshop:
    """All parts, made when first needed and kept: close it, or use it in a `with`.

    `enhance` may be called from many threads; their tiles share the workers, and their plans the
    memory: each takes at most half of what is free, so that there is room for the next, unless it
    cannot do with less.
    """

    def __init__(self, settings: Settings | None = None, *, serving: bool = False) -> None:
        """`serving`: many runs at once, each of them waited for, rather than one after the other.

        Raises BadOption for a device that is not here.
        """
        self.settings = settings if settings is not None else Settings.read()
        self.device = Device.parse(self.settings.device)
        self.workers = self.settings.workers or self.device.workers
        self.budget = self.settings.memory or default_budget()
        """Bytes for the whole process."""
        self.held = self.budget // 8 if serving else 0
        """Bytes of them that whoever serves may hold: what came in, and what goes out."""
        self.catalogue = Catalogue((*self.settings.models, BUNDLED))
        self._serving = serving
        self._longest = SERVING_TILE if serving else math.inf
        self._lock = threading.RLock()
        self._models: dict[tuple[object, ...], Model] = {}
        self._sessions: dict[Path, OnnxSession] = {}
        self._scheduler: Scheduler | None = None
        self._base = 0
        """Bytes the process takes with its models loaded and no run in progress."""
        self._ledger = Ledger(self.budget - self.held)
        """What runs take beside that."""

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

    def model_for(self, options: EnhanceOptions) -> Model:
        """The model that `options` choose; raises NotFound, BadModel or ScaleNotOffered."""
        choice = (options.model, options.scale, _stamp(options.model))
        with self._lock:
            model = self._models.get(choice)
            if model is None:
                model = self._models[choice] = self._choose(options.model, options.scale)
            return model

    def propose(self, source: Path | bytes, options: EnhanceOptions) -> Proposal:
        """What `enhance` would do, from the picture's header; raises what it would raise."""
        with self._open(source, options) as image:
            return self._propose(image, options, chosen_format(options.format, None))

    def warm(self) -> None:
        """Load the models of `settings.preload` (if none, the best that doubles) and run each."""
        for name in self.settings.preload or (None,):
            model = self.model_for(EnhanceOptions(model=name))
            session, geometry = self._session(model), model.card.geometry
            side = ceil_to(max(WARM_SIDE, geometry.least), geometry.align)
            height, width = geometry.fixed or (side, side)
            session.run(np.zeros((1, session.signature.channels, height, width), np.float32))

    def enhance(
        self,
        source: Path | bytes,
        target: Path | None = None,
        options: EnhanceOptions = DEFAULTS,
        progress: Progress | None = None,
        cancel: threading.Event | None = None,
        aside: Aside = nullcontext,
    ) -> Enhanced:
        """Enlarge the picture `source` (a file, or its bytes) into `target`, or into bytes.

        The target appears whole or not at all, in place of what was there. `aside` is entered
        while this thread waits, or is in native code for more than a moment. Raises
        PrintroomError; Cancelled once `cancel` is set.
        """
        began = time.monotonic()
        named = chosen_format(options.format, target)
        _check_place(target)
        with self._open(source, options) as image:
            proposal = self._propose(image, options, named)
            scheduler = self.scheduler  # its workers get ready while the model is loaded
            session = self._session(proposal.model)
            tiles, share = self._plan(image, proposal, session, options)
            work = Enhancement(image, proposal, options, progress, cancel, aside)
            with self._ledger.reserve(share, cancel, aside):
                self._make_room(share)
                with scheduler.run(options.priority, in_flight=tiles.in_flight, aside=aside) as run:
                    result = work.stream(target, tiles, session, run)
        return Enhanced(
            path=result if isinstance(result, Path) else None,
            data=result if isinstance(result, bytes) else None,
            format=proposal.format.name,
            media_type=proposal.format.media_type,
            width=proposal.width,
            height=proposal.height,
            tiles=len(tiles.grid),
            seconds=time.monotonic() - began,
            model=proposal.model.card.id,
        )

    def drain(self, timeout: float | None = None) -> bool:
        """Take no more runs and wait for those in progress; False if `timeout` seconds pass."""
        return self.scheduler.drain(timeout)

    def close(self) -> None:
        """Cancel what is in progress, stop the workers and give the models' memory back."""
        with self._lock:
            if self._scheduler is not None:
                self._scheduler.close()
            while self._sessions:
                self._sessions.popitem()[1].close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self, source: Path | bytes, options: EnhanceOptions) -> Image:
        return Image.open(
            source, Limits(options.pixels or self.settings.pixels, self._ledger.total)
        )

    def _choose(self, name: str | Path | None, scale: int | None) -> Model:
        if name is None:
            return self.catalogue.for_scale(2 if scale is None else scale)
        if _is_file(name):
            from printroom.catalogue.importing import import_onnx  # brings onnx: 0.1 CPU seconds

            model = import_onnx(Path(name), self.settings.data / "models")
        else:
            model = self.catalogue.get(str(name))
        offered = model.card.geometry.scale
        if scale not in (None, offered):
            raise ScaleNotOffered(f"{model.card.id} enlarges by {offered}", f"leave out {scale}")
        return model

    def _session(self, model: Model) -> OnnxSession:
        """The one session of `model`, loaded at the first use."""
        with self._lock:
            session = self._sessions.get(model.weights)
            if session is None:
                session = OnnxSession(model.weights, self.device.providers)
                self._base = self._base + session.resident_bytes if self._sessions else resident()
                self._ledger.total = self.budget - self.held - self._base
                self._sessions[model.weights] = session
            return session

    def _propose(self, image: Image, options: EnhanceOptions, named: Format | None) -> Proposal:
        model = self.model_for(options)
        scale = model.card.geometry.scale
        width, height = scaled(image.width, scale), scaled(image.height, scale)
        if named is None:
            return Proposal(model, default_format(image.format, width, height), width, height)
        check_holds(named, width, height)
        return Proposal(model, named, width, height)

    def _plan(
        self, image: Image, proposal: Proposal, session: OnnxSession, options: EnhanceOptions
    ) -> tuple[TilePlan, int]:
        """How to cut the picture, and the bytes this run takes beside the process's own."""
        most = self.budget - self.held
        budget = min(most, options.memory or most)
        room = Room(
            workers=self.workers,
            budget=budget,
            base=self._base,
            idle=self.scheduler.idle_workers,
            codecs=image.need.bytes + encoder_bytes(proposal.spec(image), proposal.format),
            video=self.device.video,
            longest=self._longest,
            pace=self.scheduler.pace(session) if self._serving else None,
        )
        half = self._base + self._ledger.half()
        if self._serving and half < budget:
            with suppress(NeedsMemory):
                tiles = self._cut(image, proposal.model, session, replace(room, budget=half))
                return tiles, tiles.bytes - self._base
        tiles = self._cut(image, proposal.model, session, room)
        return tiles, tiles.bytes - self._base

    def _cut(self, image: Image, model: Model, session: OnnxSession, room: Room) -> TilePlan:
        card, spec = model.card, PictureSpec(image.width, image.height, image.bands, image.depth)
        return plan(spec, session.signature.channels, card.geometry, card.costs, room)

    def _make_room(self, share: int) -> None:
        """Give back what earlier runs left in the models' arenas, if it is in this run's way."""
        small = share * SMALL < self.budget
        if not small and resident() + share > self.budget:
            with self._lock:
                for session in self._sessions.values():
                    session.shrink()


def _is_file(name: str | Path | None) -> bool:
    return isinstance(name, Path) or (name or "").lower().endswith(".onnx")


def _stamp(name: str | Path | None) -> tuple[int, int] | None:
    """What tells a model's file from the one that may lie there tomorrow; None for an id."""
    if name is None or not _is_file(name) or not Path(name).is_file():
        return None
    found = Path(name).stat()
    return found.st_mtime_ns, found.st_size


def _check_place(target: Path | None) -> None:
    """A result replaces a file, never a folder or a device."""
    if target is not None and target.exists() and not target.is_file():
        raise Unwritable(f"{target} is not a file", "name another output")
