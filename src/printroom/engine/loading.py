"""From a model of the catalogue to one that may take pictures: fetched, opened, tried.

    Model -> Weights.here -> a path -> open_model -> trial -> ModelSession
             what fetching raises      BadModel BadOption EnvironmentFailed

All of it happens once for however many ask at the same time (`residency`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from printroom.catalogue.card import Model
from printroom.catalogue.models import verified
from printroom.catalogue.opening import open_model
from printroom.core.errors import PrintroomError
from printroom.core.session import ModelSession
from printroom.core.settings import Settings
from printroom.engine.trial import trial
from printroom.runtimes.onnx.session import Provider

if TYPE_CHECKING:
    from printroom.catalogue.stored import StoredModels
    from printroom.isolation.house import Isolation


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


class Anywhere:
    """Implements `Weights` with the files that the catalogue lists, and those of stores."""

    def __init__(self, stored: StoredModels) -> None:
        self._here, self._stored = AtHand(), stored

    def here(self, model: Model) -> AbstractContextManager[Path]:
        """Raises what a store raises, and BadModel when they are not those of the card."""
        return (self._stored if model.stored else self._here).here(model)


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


class Loader:
    """Opens models for one device."""

    def __init__(
        self, providers: Sequence[Provider], data: Path, weights: Weights, *, tries: bool
    ) -> None:
        """`data`: a folder for the environments of other frameworks than ONNX's.

        `tries`: whether each model has to pass a trial before it takes pictures.
        """
        self._providers, self._data = providers, data
        self._weights, self._tries = weights, tries

    def __call__(self, model: Model) -> ModelSession:
        """The model, ready. Raises BadModel, for one that fails its trial, too, and NeedsMemory."""
        with self._weights.here(model) as weights:
            here = replace(model, weights=weights)
            house = None if model.card.runtime == "onnx" else self._isolation
            session = open_model(here, self._providers, house)
            if self._tries and not model.bare:  # nobody knows what it would take
                try:
                    trial(session, here)
                except BaseException:
                    with suppress(PrintroomError):
                        session.close()
                    raise
            return session

    @cached_property
    def _isolation(self) -> Isolation:
        from printroom.isolation.house import Isolation  # most have only ONNX

        return Isolation(self._data)
