"""What one step of one run sees of the installation: a StepContext.

session(model)      NotFound BadModel
secret(name)        NotFound: the environment has no PRINTROOM_SECRET_<NAME>
check()             Cancelled
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from printroom.catalogue.card import ModelCard
from printroom.core.errors import NotFound
from printroom.core.logs import told
from printroom.core.session import Session
from printroom.engine.enhancement import look_of
from printroom.engine.flow import Desk

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
