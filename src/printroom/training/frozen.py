"""An earlier model of a chain, frozen, as a degradation: later models learn on what it leaves.

picture -> the picture as the model restores it: NotFound, when there is no such model
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from printroom.catalogue.models import Catalogue
from printroom.core.errors import BadOption
from printroom.runtimes.onnx.session import OnnxSession
from printroom.training.degradations.base import Degradation, Picture


@cache
def loaded(model: str) -> tuple[OnnxSession, int]:
    """A model that comes with printroom, by `owner/name` or with `@version`, and its alignment."""
    found = Catalogue().get(model)
    return OnnxSession(found.weights), found.card.geometry.align


@dataclass(frozen=True)
class Restored(Degradation):
    """What `model` makes of the picture; it must keep the size."""

    model: str
    """`owner/name`, or with `@version`."""

    def apply(self, picture: Picture, random: np.random.Generator) -> Picture:  # noqa: ARG002
        session, align = loaded(self.model)
        height, width = picture.shape[:2]
        more = ((0, -height % align), (0, -width % align), (0, 0))
        batch = np.pad(picture, more, mode="reflect").transpose(2, 0, 1)[None]
        result = session.run(np.ascontiguousarray(batch))
        if result.shape != batch.shape:
            raise BadOption(f"{self.model} changes the size", "name a model that keeps it")
        return np.ascontiguousarray(result[0, :, :height, :width].transpose(1, 2, 0))
