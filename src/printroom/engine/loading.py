"""From a model of the catalogue to one that may take pictures: fetched, opened, tried.

    Model -> Weights.here -> a path -> open_model -> trial -> ModelSession
             what fetching raises      BadModel BadOption EnvironmentFailed
                                       or open_sandboxed, for what a stranger made: and NoSandbox
                                       LimitCrossed

All of it happens once for however many ask at the same time (`residency`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from printroom.catalogue.card import Model
from printroom.catalogue.models import verified
from printroom.catalogue.opening import open_model, open_sandboxed
from printroom.core.errors import PrintroomError
from printroom.core.session import ModelSession
from printroom.core.settings import Settings
from printroom.engine.trial import trial
from printroom.runtimes.onnx.session import Provider

if TYPE_CHECKING:
    from printroom.catalogue.stored import StoredModels
    from printroom.isolation.house import Isolation
    from printroom.isolation.sandboxed import Breach


class Weights(Protocol):
    """Where weights come from when they are needed."""

    def here(self, model: Model) -> AbstractContextManager[Path]:
        """A file or folder of this machine with the weights of `model`, as its card's digest says.

        It is there inside the `with`, and may take its time to come: only those wait who want this
        model. Raises PrintroomError.
        """


class AtHand:
    """Implements `Weights` with the files that the catalogue lists."""

    @contextmanager
    def here(self, model: Model) -> Iterator[Path]:
        """Where they lie. Raises BadModel when they are not those of the card any more."""
        yield verified(model).weights


class Owned(Weights, Protocol):
    """The models that accounts have."""

    def find(self, name: str, accounts: Sequence[str], *, named: bool = False) -> Model:
        """The model `name`, if one of `accounts` may use it, or, if `named`, may name it.

        Raises NotFound, BadModel, NoAccess.
        """


class Anywhere:
    """Implements `Weights` with the files that the catalogue lists, those of stores, and those that
    accounts have.
    """

    def __init__(self, stored: StoredModels | None, owned: Callable[[], Owned | None]) -> None:
        self._here, self._stored, self._owned = AtHand(), stored, owned

    def here(self, model: Model) -> AbstractContextManager[Path]:
        """Raises what a store raises, and BadModel when they are not those of the card."""
        if model.kept is not None and (owned := self._owned()) is not None:
            return owned.here(model)
        if model.stored is not None and self._stored is not None:
            return self._stored.here(model)
        return self._here.here(model)


def stored_models(settings: Settings) -> StoredModels | None:
    """The models of `settings.model_stores`; None where there are none. Raises Unwritable."""
    if not settings.model_stores:
        return None
    from printroom.catalogue.stored import StoredModels  # brings what stores need
    from printroom.storage.book import StoreBook
    from printroom.storage.cache import BlockCache

    data = settings.data
    cache = BlockCache(data / "cache")
    return StoredModels(settings.model_stores, StoreBook(data), cache, data / "cards")


class _Held:
    """Implements `ModelSession` with another one, whose weights stay until it is closed."""

    def __init__(self, session: ModelSession, weights: ExitStack) -> None:
        self._session, self._weights = session, weights
        self.run, self.shrink = session.run, session.shrink

    @property
    def resident_bytes(self) -> int:
        return self._session.resident_bytes

    @property
    def channels(self) -> int:
        return self._session.channels

    def close(self) -> None:
        with self._weights:  # which go, even if it does not end as it should
            self._session.close()


class Loader:
    """Opens models for one device."""

    def __init__(
        self,
        providers: Sequence[Provider],
        data: Path,
        weights: Weights,
        *,
        tries: bool,
        breached: Callable[[Breach], None],
    ) -> None:
        """`data`: a folder for the environments of other frameworks than ONNX's.

        `tries`: whether each model has to pass a trial before it takes pictures. `breached`: told
        of each limit that a stranger's model crosses.
        """
        self._providers, self._data = providers, data
        self._weights, self._tries, self._breached = weights, tries, breached

    def __call__(self, model: Model) -> ModelSession:
        """The model, ready. Raises BadModel, for one that fails its trial, too, and NeedsMemory."""
        with ExitStack() as stack:
            here = replace(model, weights=stack.enter_context(self._weights.here(model)))
            session = self._opened(here)
            if self._tries and not model.bare:  # nobody knows what it would take
                try:
                    trial(session, here)
                except BaseException:
                    with suppress(PrintroomError):
                        session.close()
                    raise
            return session if model.trusted else _Held(session, stack.pop_all())

    def _opened(self, model: Model) -> ModelSession:
        if not model.trusted:
            return open_sandboxed(model, self._breached)
        house = None if model.in_process else self._isolation
        return open_model(model, self._providers, house)

    @cached_property
    def _isolation(self) -> Isolation:
        from printroom.isolation.house import Isolation  # most have only ONNX

        return Isolation(self._data)
