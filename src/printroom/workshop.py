"""The composition root: settings in, every part joined by hand, no globals.

picture, options -> Enhanced   what `printroom.engine.enhancing` raises
Graph, values -> outputs       the same, and BadOption StepFailed
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from printroom.accounts.principal import LOCAL_ACCOUNT
from printroom.core.errors import BadOption, PrintroomError
from printroom.core.once import once
from printroom.core.settings import EMBEDDED, Settings
from printroom.core.visible import Lending, Loan
from printroom.engine.enhancing import Enhancing
from printroom.engine.floor import Floor
from printroom.engine.order import Order, Progress
from printroom.imaging.limits import Limits

if TYPE_CHECKING:  # loaded by what runs pipelines: a picture that is only enlarged needs none of it
    from numpy.typing import NDArray

    from printroom.accounts.book import Accounts
    from printroom.assets.assets import Assets
    from printroom.catalogue.owned import OwnedModels
    from printroom.collections.collections import Collections
    from printroom.core.calls import Calls, Question, Reply
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
    from printroom.people.asking import Asking
    from printroom.people.people import People
    from printroom.pipelines.graph import Graph
    from printroom.pipelines.models import ModelResolver
    from printroom.pipelines.registry import Registry
    from printroom.pipelines.shelf import Pipelines
    from printroom.pipelines.step import Near
    from printroom.pipelines.store import PipelineStore
    from printroom.runtimes.generation import PersonalizableGenerator
    from printroom.steps.folders import StepFolders
    from printroom.steps.kept import Kept
    from printroom.storage.book import StoreBook

_log = logging.getLogger(__name__)
FIXING = "enhance"
"""The pipeline that mends."""


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
        self.lending: Lending = self._lent
        """Which models of others an account may use, beside its own."""
        self.floor = Floor(self.settings, serving=serving, owned=self._owned)
        self.floor.breached = self._breached
        self._home = "" if serving else LOCAL_ACCOUNT
        """Whose models may be named where nobody is: whoever has the machine at hand owns it."""
        pixels = self.settings.pixels
        enhancing = Enhancing(self.floor, pixels, self._home, lambda: self._fixing)
        self.enhance = enhancing.enhance
        """Enlarge, and mend, a picture: `printroom.engine.enhancing.Enhancing.enhance`."""
        self.propose = enhancing.propose
        """What `enhance` would do, from the picture's header."""
        self.model_for = enhancing.model_for
        """What enlarges a picture; None where it is only mended."""
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

        return at_hand(self.folders).beside(self.folders)

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
        made.visible = self._visible
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

        taken, pinned = at_hand(self.folders), self.pipelines.used()
        return self.folders.add(folder, taken=taken, pinned=pinned, replaces=replaces)

    def remove_step(self, name: str) -> Kept:
        """Take an added step away; published pipelines that use it go on. Raises NotFound."""
        return self.folders.remove(name, self.pipelines.used())

    def resolve(self, name: str, task: str | None, accounts: Sequence[str] = ()) -> str:
        """The id of the model `name`, which must be for `task` if that is said; for Graph.check.

        `accounts`: whose own models may be meant, too. Raises NotFound, BadModel, BadOption.
        """
        card = self.floor.model(name, accounts, named=True).card
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
        self,
        graph: Graph,
        values: Mapping[str, Any],
        *,
        account: str = "",
        owner: str = "",
        paid: tuple[str, ...] = (),
    ) -> Explanation:
        """What running a pipeline would take: stages, why each is one, memory and time.

        `account`, `owner`, `paid`: as of `run_pipeline`.
        """
        from printroom.engine.explain import explain

        order = Order(account=account or self._home, owner=owner, paid=paid)
        return explain(graph, self.floor, values, order)

    def warm(self) -> None:
        """Load the models of `settings.preload` (if none, the best that doubles) and run each."""
        names = self.settings.preload
        for model in [self.floor.model(name) for name in names] or [self.floor.best(2)]:
            self.floor.warm(model)

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
        paid: tuple[str, ...] = (),
    ) -> Mapping[str, Any]:
        """Run a pipeline; its outputs by name, those that are absent left out.

        A picture is the path of a file `<output>.<suffix>` in `folder`, which is made when it is
        needed, a list of pictures `<output>-1.<suffix>` and so on; any other value is itself. Files
        appear whole or not at all. `pixels`: the largest picture to take, None = the workshop's
        limit; `saving`: how pictures are written; `keeper`: what outlasts this process; `account`:
        whose run it is; `owner`: whose pipeline it is, if another's; `paid`: as of Order. Raises
        PrintroomError; Cancelled once `cancel` is set.
        """
        from printroom.engine.flow import Desk
        from printroom.engine.pipeline import Running
        from printroom.engine.saving import Saving, Writer

        whose = account or self._home
        order = Order(progress=progress, cancel=cancel, account=whose, owner=owner, paid=paid)
        limits = Limits(pixels or self.settings.pixels, self.floor.ledger.total)
        with closing(Desk(self.floor, order, self)) as desk:
            outputs = Running(graph, desk, limits, keeper).run(values)
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
        from printroom.marketplace.goods import Stock, on_sale
        from printroom.marketplace.market import Market

        owned = self.owned  # whose tables it looks into
        made = Market(self.database, self.terms.rules, Stock(self.shelf, self.floor, self.assets))
        owned.holds.append(on_sale)
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
    def people(self) -> People:
        """Consent, pictures and training. Raises what `queue` and `assets` do."""
        from printroom.people.checking import Checker
        from printroom.people.faces import Faces
        from printroom.people.files import Files
        from printroom.people.people import People

        settings = self.settings
        faces = Faces(settings.people_faces)
        files = Files.at(settings.people, settings.data, settings.people_ttl)
        made = People(
            self.queue,
            self.assets,
            files,
            lambda: Checker(self.generator, faces),
            settings.people_pictures,
            self._forget_delivered,
        )
        self._closing.callback(made.close)
        return made

    @once
    def asking(self) -> Asking:
        """Portraits, and styles of accounts. Raises what `people` does."""
        from printroom.people.asking import Asking
        from printroom.people.words import Words

        self.people  # noqa: B018  whose tables it looks into
        return Asking(self.queue, Words(self.settings.people_forbidden), self.outbound.check)

    @once
    def generator(self) -> PersonalizableGenerator:
        """What draws people, loaded when first needed. Raises BadOption."""
        from printroom.people.bases import base_named

        made = base_named(self.settings.people_base, self.settings.device)
        self._closing.callback(made.close)
        return made

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
        made = OwnedModels(self.assets, cache, lambda: self.lending)
        self._closing.callback(made.close)
        return made

    def ask(self, question: Question, check: Callable[[], None]) -> Reply:
        """For steps: what another server answers. Raises AddressRefused, FetchFailed."""
        return self.calls.ask(question, check)

    def nearest(
        self, account: str, collection: str, vector: NDArray[Any], most: int
    ) -> Sequence[Near]:
        """For steps: what is nearest in a collection of it. Raises NotFound, BadOption."""
        from printroom.pipelines.step import Near

        found = self.collections.nearest(account, collection, vector, most)
        return [Near(one.payload, one.distance) for one in found]

    @once
    def collections(self) -> Collections:
        """What accounts have to find the nearest of. Raises what `database` does."""
        from printroom.collections.collections import Collections

        return Collections(self.database)

    @once
    def calls(self) -> Calls:
        """What asks other servers on behalf of steps."""
        from printroom.core.calls import Calls, Hosts

        return Calls(self.outbound, Hosts(self.settings.steps_hosts))

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

    def loaded_generator(self) -> PersonalizableGenerator:
        """The same, for whoever asks for it when it is needed."""
        return self.generator

    def _forget_delivered(self) -> None:
        self.delivery.forget()

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

    def _lent(self, account: str, owner: str, name: str) -> Loan:
        return self.market.lent(account, owner, name)

    def _visible(self, account: str, owner: str, name: str) -> bool:
        return self.market.visible(account, owner, name)

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

    def reach(self, url: str) -> None:
        """Raises AddressRefused."""
        self.workshop.calls.hosts.check(url)
        self.workshop.outbound.check(url)

    def collection(self, name: str) -> None:
        """Raises NotFound."""
        self.workshop.collections.get(self.account, name)
