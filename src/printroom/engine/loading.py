"""From a model of the catalogue to one that may take pictures: fetched, opened, tried.

    Model -> Weights.here -> a path -> open_model -> trial -> ModelSession
             what fetching raises      BadModel BadOption EnvironmentFailed

All of it happens once for however many ask at the same time (`residency`).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from printroom.catalogue.card import Model
from printroom.catalogue.models import verified
from printroom.catalogue.opening import open_model
from printroom.core.errors import PrintroomError
from printroom.core.session import ModelSession
from printroom.engine.trial import trial
from printroom.runtimes.onnx.session import Provider

if TYPE_CHECKING:
    from printroom.isolation.house import Isolation


class Weights(Protocol):
    """Where weights come from when they are needed."""

    def here(self, model: Model) -> Path:
        """A file or folder of this machine with the weights of `model`, as its card's digest says.

        It may take its time: only those wait who want this model. Raises PrintroomError.
        """


class AtHand:
    """Implements `Weights` with the files that the catalogue lists."""

    def here(self, model: Model) -> Path:
        """Where they lie. Raises BadModel when they are not those of the card any more."""
        return verified(model).weights


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
        here = replace(model, weights=self._weights.here(model))
        house = None if model.card.runtime == "onnx" else self._isolation
        session = open_model(here, self._providers, house)
        if self._tries:
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
