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
def session(model: str) -> OnnxSession:
    """`owner/name` or `owner/name@version` of the models that come with printroom, loaded."""
    return OnnxSession(Catalogue().get(model).weights)


@dataclass(frozen=True)
class Restored(Degradation):
    """What `model` makes of the picture; it must keep the size."""

    model: str
    """`owner/name`, or with `@version`."""

    def apply(self, picture: Picture, random: np.random.Generator) -> Picture:  # noqa: ARG002
        batch = np.ascontiguousarray(picture.transpose(2, 0, 1)[None])
        result = session(self.model).run(batch)
        if result.shape != batch.shape:
            raise BadOption(f"{self.model} changes the size", "name a model that keeps it")
        return np.ascontiguousarray(result[0].transpose(1, 2, 0))
