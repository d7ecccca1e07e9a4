"""What one step of one run sees of the installation: a StepContext.

session(model)      NotFound BadModel
drawn(model, seed)  NotFound BadModel BadOption
ask(question)       AddressRefused FetchFailed
nearest(name, ...)  NotFound BadOption
secret(name)        NotFound: the environment has no PRINTROOM_SECRET_<NAME>
check()             Cancelled
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from printroom.catalogue.card import ModelCard
from printroom.core.errors import NotFound
from printroom.core.logs import told
from printroom.core.session import Session
from printroom.engine.enhancement import look_of
from printroom.engine.flow import Desk
from printroom.pipelines.step import Near, Planes

if TYPE_CHECKING:  # brings what asks other servers
    from printroom.core.calls import Question, Reply

SECRET = "PRINTROOM_SECRET_"
"""Secrets are environment variables of this name and their own, in capitals."""


class Context:
    """Implements `printroom.pipelines.step.StepContext`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._folder: Path | None = None

    @property
    def folder(self) -> Path:
        """Scratch of this step's own, removed at the end of the run."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(dir=self._desk.folder))
        return self._folder

    def session(self, model: str) -> Session:
        """The model, shared; it is loaded, and loaded again should it have been let go."""
        floor, order = self._desk.floor, self._desk.order
        return floor.link(floor.model(model, order.accounts), order).session

    def models(self, task: str, look: str = "faithful") -> Sequence[ModelCard]:
        """The models that may be taken for `task` without being named, the default first."""
        cards = (model.card for model in self._desk.floor.catalogue.models)
        return [
            card
            for card in cards
            if task == ("upscale" if card.upscales else card.task) and card.has(look_of(look))
        ]

    def drawn(self, model: str, seed: int, shows: str = "") -> Planes:
        """What a model makes of a seed, and of the name of a class."""
        floor, order = self._desk.floor, self._desk.order
        return floor.draw(floor.model(model, order.accounts), seed, shows, order)

    def ask(self, question: Question) -> Reply:
        """What another server answers, which whoever runs this one allows."""
        return self._desk.outside.ask(question, self.check)

    def nearest(self, collection: str, vector: NDArray[Any], most: int) -> Sequence[Near]:
        """What is nearest in a collection of whose pipeline it is, never of who else runs it."""
        order = self._desk.order
        return self._desk.outside.nearest(order.owner or order.account, collection, vector, most)

    def secret(self, name: str) -> str:
        """The text kept under `name`; the message of the error tells the variable, never a text."""
        variable = SECRET + re.sub(r"[^A-Z0-9]", "_", name.upper())
        try:
            return os.environ[variable]
        except KeyError:
            raise NotFound(f"there is no secret {name!r}", f"set {variable}") from None

    def progress(self, done: int, total: int) -> None:
        """Tell whoever waits how far a step is."""
        self._desk.order.tell(done, total)

    def log(self, text: str) -> None:
        """A line for whoever follows the run, among its events."""
        told(text)

    def check(self) -> None:
        """Raises Cancelled once the caller has taken the work back."""
        self._desk.order.check()
