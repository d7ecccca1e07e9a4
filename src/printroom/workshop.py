"""The composition root: settings in, every part joined by hand, no globals.

    source -> Image                NotFound NotAPicture BrokenPicture EmptyPicture TooManyPixels
    options -> Model, Format       ScaleNotOffered NotFound BadModel UnknownFormat FormatCannotHold
    Image, Model -> Enhanced       NeedsMemory Cancelled ModelFailed BrokenPicture
                                   Unwritable DiskFull
    Graph, values -> outputs       the same, and BadOption StepFailed

Whatever can be refused is refused from the header, before the first tile is computed.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from printroom.accounts.principal import LOCAL_ACCOUNT
from printroom.catalogue.card import Model
from printroom.core.errors import (
    BadOption,
    NotFound,
    PrintroomError,
    ScaleNotOffered,
    Unwritable,
)
from printroom.core.once import once
from printroom.core.settings import EMBEDDED, Settings
from printroom.core.visible import Visible
from printroom.engine.enhancement import (
    DEFAULTS,
    Enhanced,
    EnhanceOptions,
    PictureFile,
    Proposal,
    chosen_format,
    default_format,
    fixes_of,
)
from printroom.engine.floor import Floor
from printroom.engine.order import Order, Progress
from printroom.engine.rasters import Raster
from printroom.engine.scheduler import Aside
from printroom.imaging.encode import PictureSpec
from printroom.imaging.formats import Format, check_holds
from printroom.imaging.image import Image
from printroom.imaging.limits import Limits
from printroom.imaging.tiling import scaled

if TYPE_CHECKING:  # loaded by what runs pipelines: a picture that is only enlarged needs none of it
    from sqlalchemy import Connection

    from printroom.accounts.book import Accounts
    from printroom.assets.assets import Assets
    from printroom.catalogue.owned import OwnedModels
    from printroom.core.outbound import Outbound
    from printroom.database.engine import Database
    from printroom.delivery.delivering import Delivery
    from printroom.engine.explain import Explanation
    from printroom.engine.keeping import Keeper
    from printroom.engine.saving import Saving
    from printroom.engine.scheduler import Scheduler
    from printroom.isolation.sandboxed import Breach
    from printroom.jobs.queue import Queue
    from printroom.marketplace.market import Market
    from printroom.marketplace.money import Money
    from printroom.marketplace.terms import MarketTerms
    from printroom.pipelines.graph import Graph, Node
    from printroom.pipelines.models import ModelResolver
    from printroom.pipelines.registry import Registry
    from printroom.pipelines.shelf import Pipelines
    from printroom.pipelines.store import PipelineStore
    from printroom.steps.folders import StepFolders
    from printroom.steps.kept import Kept
    from printroom.storage.book import StoreBook

_log = logging.getLogger(__name__)
_SEEN_PIXELS, _SEEN_BYTES = 40 * 10**6, 64 * 2**20
"""Of a picture that the market looks at."""
FIXING = "enhance"
"""The pipeline that mends, and the node of it that says what ails a picture."""
FAULTS = "faults"


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
        self.visible_models: Visible = lambda *asked: self.market.visible("model", *asked)
        """Which models of others an account may use, beside its own."""
        self.floor = Floor(self.settings, serving=serving, owned=self._owned)
        self.floor.breached = self._breached
        self._home = "" if serving else LOCAL_ACCOUNT
        """Whose models may be named where nobody is: whoever has the machine at hand owns it."""
        self.device = self.floor.device
        self.budget = self.floor.budget
        self.held = self.floor.held
        self.catalogue = self.floor.catalogue
        self._closing = ExitStack()

    @property
    def scheduler(self) -> Scheduler:
        """The workers, started at the first use."""
        return self.floor.scheduler

    @once
    def steps(self) -> Registry:
        """The steps at hand: built in, of installed packages, and those that were added.

        Raises BadStep, or has all.
        """
        from printroom.steps.installed import at_hand  # brings them all

        return at_hand().beside(self.folders)

    @once
    def folders(self) -> StepFolders:
        """The steps in folders, each run in an environment of its own."""
        from printroom.steps.folders import StepFolders

        settings = self.settings
        made = StepFolders(settings.data, idle=settings.model_ttl, image=settings.image)
        self._closing.callback(made.close)
        return made

    @once
    def pipelines(self) -> PipelineStore:
        """The pipelines that come with printroom, and the published ones."""
        from printroom.pipelines.store import PipelineStore

        made = PipelineStore(lambda: self.database, lambda: self.accounts)
        made.visible = lambda *asked: self.market.visible("pipeline", *asked)
        return made

    @property
    def shelf(self) -> Pipelines:
        """The pipelines by name and from files, with the steps and models that they need."""
        from printroom.pipelines.shelf import Pipelines

        return Pipelines(self.pipelines, self.steps, self.models_of, self.folders.beside)

    def add_step(self, folder: Path, *, replaces: bool = False) -> Kept:
        """Check the step in `folder` and make its environment; pipelines may use it by its name.

        It is copied: what is changed in the folder afterwards changes nothing here. Raises BadStep,
        EnvironmentFailed, StepFailed, StepLost, Unwritable; BadStep for a name that another step
        has, unless this one `replaces` it.
        """
        from printroom.steps.installed import at_hand

        pinned = self.pipelines.used()
        return self.folders.add(folder, taken=at_hand(), pinned=pinned, replaces=replaces)

    def remove_step(self, name: str) -> Kept:
        """Take an added step away; published pipelines that use it go on. Raises NotFound."""
        return self.folders.remove(name, self.pipelines.used())

    def resolve(self, name: str, task: str | None, accounts: Sequence[str] = ()) -> str:
        """The id of the model `name`, which must be for `task` if that is said; for Graph.check.

        `accounts`: whose own models may be meant, too. Raises NotFound, BadModel, BadOption.
        """
        card = self.floor.model(name, accounts).card
        if task and task != ("upscale" if card.upscales else card.task):
            raise BadOption(f"{card.id} is for {card.task}, not for {task}", "name another")
        return card.id

    def models_of(self, account: str) -> ModelResolver:
        """The models that an account may use, for Graph.check of its pipelines."""
        return _ModelsOf(self, account)

    def graph(self, name: str | Path) -> Graph:
        """The pipeline `name`, or of a file, checked. Raises NotFound and BadPipeline."""
        return self.shelf.graph(name)

    def explain(
        self, graph: Graph, values: Mapping[str, Any], *, account: str = "", owner: str = ""
    ) -> Explanation:
        """What running a pipeline would take: stages, why each is one, memory and time.

        `account`, `owner`: as of `run_pipeline`.
        """
        from printroom.engine.explain import explain

        order = Order(account=account or self._home, owner=owner)
        return explain(graph, self.floor, values, order)

    def model_for(self, options: EnhanceOptions, account: str = "") -> Model | None:
        """What enlarges the picture; None where it is only mended.

        `account`: whose own models may be named. Raises NotFound, BadModel, ScaleNotOffered or
        BadOption.
        """
        scale = options.scale
        if options.model is None:
            if scale == 1:
                if not fixes_of(options.fix):
                    raise ScaleNotOffered(
                        "in its own size, with nothing to mend, a picture stays as it is",
                        "say what to mend, as fix=auto does, or take another scale",
                    )
                return None
            usual = 2 if options.look == "faithful" else 4
            return self.floor.best(usual if scale is None else scale, options.look)
        model = self.floor.model(options.model, Order(account=account or self._home).accounts)
        if _judges(model):
            task = model.card.task
            reason = f"{model.card.id} looks at a picture and answers with numbers"
            raise BadOption(reason, f"leave out the model, and say fix={task}")
        offered = model.card.geometry.scale
        if scale not in (None, offered):
            raise ScaleNotOffered(f"{model.card.id} enlarges by {offered}", f"leave out {scale}")
        return model

    def propose(self, source: Path | bytes, options: EnhanceOptions) -> Proposal:
        """What `enhance` would do, from the picture's header; raises what it would raise."""
        with self._open(source, options) as image:
            return self._propose(image, options, chosen_format(options.format, None))

    def warm(self) -> None:
        """Load the models of `settings.preload` (if none, the best that doubles) and run each."""
        names = self.settings.preload
        for model in [self.floor.model(name) for name in names] or [self.floor.best(2)]:
            self.floor.warm(model)

    def enhance(
        self,
        source: Path | bytes,
        target: Path | None = None,
        options: EnhanceOptions = DEFAULTS,
        progress: Progress | None = None,
        cancel: threading.Event | None = None,
        aside: Aside = nullcontext,
        account: str = "",
    ) -> Enhanced:
        """Enlarge, and mend, the picture `source` (a file, or its bytes) into `target`, or bytes.

        The target appears whole or not at all, in place of what was there. `aside` is entered
        while this thread waits, or is in native code for more than a moment. `account`: whose own
        models may be named; empty = nobody's. Raises PrintroomError; Cancelled once `cancel` is
        set.
        """
        began = time.monotonic()
        named = chosen_format(options.format, target)
        _check_place(target)
        whose = account or self._home
        order = Order(options.priority, options.memory, progress, cancel, aside, whose)
        with self._open(source, options) as image:
            proposal = self._propose(image, options, named, account)
            metadata = image.metadata.only(options.metadata)
            spec = PictureSpec(proposal.width, proposal.height, image.bands, image.depth)
            file = PictureFile(target, spec, proposal.format, options.quality, metadata)
            made = self._enhanced(image, proposal.model, options.fix, file, order)
        return replace(made, seconds=time.monotonic() - began)

    def run_pipeline(
        self,
        graph: Graph,
        values: Mapping[str, Any],
        folder: Path,
        progress: Progress | None = None,
        cancel: threading.Event | None = None,
        *,
        pixels: int | None = None,
        saving: Saving | None = None,
        keeper: Keeper | None = None,
        account: str = "",
        owner: str = "",
    ) -> Mapping[str, Any]:
        """Run a pipeline; its outputs by name, those that are absent left out.

        A picture is the path of a file `<output>.<suffix>` in `folder`, which is made when it is
        needed, a list of pictures `<output>-1.<suffix>` and so on; any other value is itself. Files
        appear whole or not at all. `pixels`: the largest picture to take, None = the workshop's
        limit; `saving`: how pictures are written; `keeper`: what outlasts this process; `account`:
        whose run it is; `owner`: whose pipeline it is, if another's. Raises PrintroomError;
        Cancelled once `cancel` is set.
        """
        from printroom.engine.flow import Desk
        from printroom.engine.pipeline import Running
        from printroom.engine.saving import Saving, Writer

        whose = account or self._home
        order = Order(progress=progress, cancel=cancel, account=whose, owner=owner)
        with closing(Desk(self.floor, order)) as desk:
            outputs = Running(graph, desk, self._limits(pixels), keeper).run(values)
            writer = Writer(folder, saving or Saving())
            return {name: writer.written(value, name) for name, value in outputs.items()}

    @once
    def database(self) -> Database:
        """Where runs and accounts are kept. Raises BadOption, DatabaseUnavailable, Unwritable."""
        from printroom.database.engine import Database
        from printroom.database.url import embedded

        made = Database.open(self.settings.database_url or embedded(self.settings.data))
        self._closing.callback(made.close)
        return made

    @once
    def accounts(self) -> Accounts:
        """Who may do what. Raises what `database` does, and DatabaseMismatch."""
        from printroom.accounts.book import Accounts

        made = Accounts(self.database)
        made.claims.append(self._has_models)
        made.claims.append(self.pipelines.has_any)
        return made

    @once
    def queue(self) -> Queue:
        """The jobs in it; what they use is counted when they end.

        Raises what `accounts` does, and BadOption for prices that are none.
        """
        from printroom.accounts.metering import Metering
        from printroom.accounts.prices import Prices
        from printroom.jobs.queue import Queue

        settings = self.settings
        self.accounts  # noqa: B018  its tables are there before the first run ends
        made = Queue(self.database, lease=settings.jobs_lease, keep=settings.jobs_keep)
        made.ends.append(Metering(Prices.parse(settings.prices)))
        made.ends.append(self.terms)
        self._closing.callback(made.close)
        return made

    @once
    def market(self) -> Market:
        """What accounts offer each other. Raises what `accounts` and `owned` do."""
        from printroom.marketplace.market import Market

        self.owned  # noqa: B018  whose tables it looks into
        made = Market(self.database, self.terms.rules, _Goods(self))
        self.owned.holds.append(_on_sale)
        return made

    @once
    def money(self) -> Money:
        """The market's money in and out. Raises what `market` does, and BadOption."""
        from printroom.marketplace.money import Money
        from printroom.marketplace.payments.choosing import provider_of

        return Money(self.market, provider_of(self.settings))

    @once
    def terms(self) -> MarketTerms:
        """On which terms accounts run what others offer."""
        from printroom.marketplace.rules import Rules
        from printroom.marketplace.terms import MarketTerms

        return MarketTerms(lambda: self.market, Rules.of(self.settings))

    @once
    def assets(self) -> Assets:
        """Files and results. Raises what `database` does, DatabaseMismatch, NotFound, BadOption."""
        from printroom.assets.assets import Assets

        return Assets.at(self.settings.assets, self.settings.data, self.database)

    @once
    def owned(self) -> OwnedModels:
        """The models that accounts have. Raises what `accounts` and `assets` do."""
        from printroom.catalogue.owned import OwnedModels

        self.accounts  # noqa: B018  whose tables have the handles that models are named by
        cache = self.settings.data / "cache"
        made = OwnedModels(self.assets, cache, lambda: self.visible_models)
        self._closing.callback(made.close)
        return made

    @once
    def outbound(self) -> Outbound:
        """A client for addresses that strangers name."""
        from printroom.core.outbound import Outbound

        made = Outbound(self.settings.outbound_allow)
        self._closing.callback(made.close)
        return made

    def stores(self, account: str = "local") -> StoreBook:
        """The stores of an account by name; "local" = the installation's own, which needs no
        database. Raises what `database` does, and DatabaseMismatch.
        """
        from printroom.storage.book import Guest, StoreBook

        if account == "local":
            return StoreBook(self.settings.data)
        from printroom.delivery.store_pages import TablePages

        guest = Guest(TablePages(self.database, account), self.settings.endpoints)
        return StoreBook(self.settings.data, guest=guest)

    @once
    def delivery(self) -> Delivery:
        """What gives files and results out. Raises what `assets` does, BadOption, Unwritable."""
        from printroom.delivery.installed import installed
        from printroom.delivery.through import Passage

        passage = Passage(self._own_graph, self._passed, self.settings.data / "variants/through")
        made = installed(self.assets, self.settings, passage)
        self._closing.callback(made.close)
        return made

    def _own_graph(self, name: str) -> Graph:
        return self.shelf.published(name, LOCAL_ACCOUNT).closed()

    def _passed(self, graph: Graph, values: Mapping[str, Any], folder: Path) -> Mapping[str, Any]:
        """Run a pipeline for what is given out: nothing is lost on the way."""
        from printroom.engine.saving import saving_of

        saving, most = saving_of("tiff", None, "strip"), self.settings.http_pixels
        return self.run_pipeline(
            graph, values, folder, pixels=most, saving=saving, account=LOCAL_ACCOUNT
        )

    def _breached(self, breach: Breach) -> None:
        """A model of an account crossed a limit."""
        try:
            self.owned.breached(breach.model, breach.limit, breach.reason)
        except PrintroomError as error:  # what it did to its run is told all the same
            _log.warning("that %s crossed a limit is not noted: %s", breach.model, error)

    def _has_models(self, account: str) -> bool:
        """Whether an account has something under its handle: for `accounts`."""
        return self.owned.claimed(account)

    def _owned(self) -> OwnedModels | None:
        """None where nobody has made a database yet: there is none to be made for a look."""
        settings = self.settings
        if settings.database_url is None and not (settings.data / EMBEDDED).exists():
            return None
        return self.owned

    def drain(self, timeout: float | None = None) -> bool:
        """Take no more runs and wait for those in progress; False if `timeout` seconds pass."""
        return self.floor.drain(timeout)

    def close(self) -> None:
        """Cancel what is in progress, stop the workers and give the models' memory back."""
        self.floor.close()
        self._closing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _limits(self, pixels: int | None = None) -> Limits:
        return Limits(pixels or self.settings.pixels, self.floor.ledger.total)

    def _open(self, source: Path | bytes, options: EnhanceOptions) -> Image:
        return Image.open(source, self._limits(options.pixels))

    def _propose(
        self, image: Image, options: EnhanceOptions, named: Format | None, account: str = ""
    ) -> Proposal:
        model = self.model_for(options, account)
        width, height = image.width, image.height
        if model is not None:
            scale = model.card.geometry.scale
            width, height = scaled(width, scale), scaled(height, scale)
        if named is None:
            return Proposal(model, default_format(image.format, width, height), width, height)
        check_holds(named, width, height)
        return Proposal(model, named, width, height)

    def _enhanced(
        self, image: Image, model: Model | None, fix: str, file: PictureFile, order: Order
    ) -> Enhanced:
        if fixes_of(fix) or model is None:
            return self._mended(image, model, fix, file, order)
        self.floor.scheduler  # noqa: B018  its workers get ready while the model is loaded
        link = self.floor.link(model, order)
        sent = self.floor.send(Raster.of_image(image), (link,), file, order)
        return _told(file, sent.result, sent.tiles, model.card.id)

    def _mended(
        self, image: Image, model: Model | None, fix: str, file: PictureFile, order: Order
    ) -> Enhanced:
        """By the pipeline that looks for faults and mends them."""
        from printroom.engine.flow import Desk
        from printroom.engine.pipeline import Running

        scale = 1 if model is None else 2  # the model's own, whatever that is
        graph = self._fixing if model is None else _enlarging(self._fixing, model)
        with closing(Desk(self.floor, order)) as desk:
            running = Running(graph, desk)
            outputs = running.run({"image": image, "fix": fix, "scale": scale})
            result = outputs["image"].send(file)
            told = _told(
                file, result, desk.tiles, ", ".join(done.by for done in running.done if done.by)
            )
            seen = {ref.port: value for ref, value in running.values.items() if ref.node == FAULTS}
        report = {"why": seen["why"], **json.loads(seen["report"])}
        return replace(told, steps=tuple(running.done), report=report)

    @once
    def _fixing(self) -> Graph:
        return self.graph(FIXING)


@dataclass(frozen=True)
class _ModelsOf:
    """Implements `printroom.pipelines.models.ModelResolver` for one account."""

    workshop: Workshop
    account: str

    def resolve(self, name: str, task: str | None) -> str:
        """As `Workshop.resolve`."""
        return self.workshop.resolve(name, task, (self.account,))


@dataclass(frozen=True)
class _Goods:
    """Implements `printroom.marketplace.market.Goods`."""

    workshop: Workshop

    def models(self, account: str, pipeline: str) -> Sequence[str]:
        """The models of accounts in the newest version of an account's own pipeline."""
        found = self.workshop.pipelines.get(pipeline, account)
        if found.account != account:
            raise NotFound(f"there is no pipeline {pipeline[:80]!r} of yours", "publish it first")
        graph = self.workshop.shelf.ready(found)
        names = {name for node in graph.nodes for name in _models_in(node)}
        models = [self.workshop.floor.model(name, (account,)) for name in sorted(names)]
        return [model.card.id for model in models if model.kept is not None]

    def picture(self, account: str, file: str) -> bytes:
        """The bytes of an account's file. Raises BadOption for one that is not to be looked at."""
        assets = self.workshop.assets
        found = assets.get(account, file)
        pixels = (found.width or 0) * (found.height or 0)
        if not 0 < pixels <= _SEEN_PIXELS or found.size > _SEEN_BYTES:
            reason = f"{file} is no picture of at most {_SEEN_PIXELS // 10**6} megapixels"
            raise BadOption(reason, "take a smaller one")
        return assets.content(found).read(0, found.size)


def _on_sale(connection: Connection, account: str, name: str, version: int) -> str | None:
    """Why a model is not removed now: for `OwnedModels.holds`."""
    from printroom.marketplace import listings

    listing = listings.by_thing(connection, "model", account, name)
    if listing is None:
        return None
    offered = listings.offered(connection, listing.id).version
    return f"is on sale as {listing.id}" if offered in (None, version) else None


def _judges(model: Model) -> bool:
    """Whether it gives a step numbers to go by, and no picture."""
    geometry = model.card.geometry
    return model.card.task in ("lowlight", "colour") and bool(geometry.fixed) and not geometry.exact


def _models_in(node: Node) -> Iterator[str]:
    """The models that a step is given by name."""
    from printroom.pipelines.kinds import Model as ModelKind
    from printroom.pipelines.refs import Constant

    for name, binding in node.bindings.items():
        if isinstance(binding, Constant) and isinstance(node.step.inputs[name].kind, ModelKind):
            yield from filter(None, [str(binding.value or "")])


def _enlarging(graph: Graph, model: Model) -> Graph:
    """The same, with `model` where it enlarges."""
    from printroom.pipelines.refs import Constant

    def named(node: Node) -> Node:
        if node.step.name != "upscale":
            return node
        return replace(node, bindings={**node.bindings, "net": Constant(model.card.id)})

    return replace(graph, nodes=tuple(named(node) for node in graph.nodes))


def _told(file: PictureFile, result: Path | bytes, tiles: int, model: str) -> Enhanced:
    return Enhanced(
        path=result if isinstance(result, Path) else None,
        data=result if isinstance(result, bytes) else None,
        format=file.format.name,
        media_type=file.format.media_type,
        width=file.spec.width,
        height=file.spec.height,
        tiles=tiles,
        seconds=0.0,
        model=model,
    )


def _check_place(target: Path | None) -> None:
    """A result replaces a file, never a folder or a device."""
    if target is not None and target.exists() and not target.is_file():
        raise Unwritable(f"{target} is not a file", "name another output")
