"""Models of the catalogue as methods: pictures of floats through the engine.

    Model -> method_of -> Network: the model itself, from picture to picture
                       -> Mended:  a pipeline with the step that the model is part of

Raises ScaleNotOffered for a model of another scale; restoring, ModelFailed and NeedsMemory.

They run as for any user, tile by tile. Nothing is rounded on the way in, as the field's noise must
not be.
"""

from __future__ import annotations

from contextlib import closing

import numpy as np

from printroom.catalogue.card import Model
from printroom.core.errors import ScaleNotOffered
from printroom.engine.floor import Floor
from printroom.engine.flow import Desk
from printroom.engine.order import Order
from printroom.engine.pipeline import Running
from printroom.imaging.bicubic import bicubic
from printroom.pipelines.builder import pipeline
from printroom.pipelines.graph import Graph
from printroom.pipelines.models import ModelResolver
from printroom.pipelines.registry import Registry
from printroom.quality.pictures import Picture

IMAGE = "image"
"""The input and the output of a pipeline that mends."""
LOOKERS = ("lowlight", "colour")
"""Tasks whose models look at a thumbnail, and whose steps of that name do the rest."""
_YCC = (
    np.array([[65.481, 128.553, 24.966], [-37.797, -74.203, 112.0], [112.0, -93.786, -18.214]])
    / 255
)
_OFFSET = np.array([16, 128, 128]) / 255
"""BT.601 with the headroom of video, on 0..1, as MATLAB's `rgb2ycbcr`."""


def method_of(
    name: str, model: Model, scale: int, floor: Floor, steps: Registry, resolver: ModelResolver
) -> Network | Mended:
    """The model as a method that enlarges by `scale`."""
    if model.card.geometry.scale != scale:
        raise ScaleNotOffered(
            f"{name} enlarges by {model.card.geometry.scale}, the task by {scale}",
            "name another model or --scale",
        )
    task = model.card.task
    if task not in LOOKERS:
        return Network(name, model, floor)
    mending = pipeline("mending").input(IMAGE)
    mending.step("mended", task, image=f"${IMAGE}", net=model.card.id)
    spec = mending.output(IMAGE, "$mended.image").spec()
    return Mended(name, model.card.parameters, Graph.check(spec, steps, resolver), floor)


class Network:
    """Implements `printroom.quality.task.Method`."""

    def __init__(self, name: str, model: Model, floor: Floor) -> None:
        self.name = name
        self.parameters = model.card.parameters
        self._scale = model.card.geometry.scale
        self._link, self._floor = floor.link(model), floor

    def restore(self, picture: Picture, strength: float | None) -> Picture:  # noqa: ARG002
        """(H, W, C) -> (H * scale, W * scale, C).

        A model of one channel is shown the channels of colour one by one; one that enlarges gets Y
        alone, as the field does it, and chroma is enlarged by bicubic interpolation.
        """
        if self._link.part.channels == 1 and picture.shape[2] == 3 and self._scale != 1:
            return self._luma_only(picture)
        return self._run(picture)

    def _luma_only(self, picture: Picture) -> Picture:
        ycc = picture @ _YCC.T + _OFFSET
        large = bicubic(ycc, float(self._scale))
        large[..., :1] = self._run(ycc[..., :1].astype(np.float32))
        return np.asarray((large - _OFFSET) @ np.linalg.inv(_YCC).T, np.float32)

    def _run(self, picture: Picture) -> Picture:
        with closing(Desk(self._floor, Order())) as desk:
            planes = desk.alone(self._link, picture.transpose(2, 0, 1)[None])
        return np.ascontiguousarray(planes[0].transpose(1, 2, 0))


class Mended:
    """A pipeline that mends a picture, as a `Method`."""

    def __init__(self, name: str, parameters: int | None, graph: Graph, floor: Floor) -> None:
        """`graph`: from the picture `image` to the picture `image`, of the same size."""
        self.name, self.parameters = name, parameters
        self._graph, self._floor = graph, floor

    def restore(self, picture: Picture, strength: float | None) -> Picture:  # noqa: ARG002
        """(H, W, C) -> (H, W, C); grey is the mean of what became of it."""
        planes = np.ascontiguousarray(picture.transpose(2, 0, 1)[None])
        with closing(Desk(self._floor, Order())) as desk:
            flow = Running(self._graph, desk).run({IMAGE: planes})[IMAGE]
            result = flow.raster().planes()[0].transpose(1, 2, 0)
        made = result if picture.shape[2] == 3 else result.mean(2, keepdims=True)
        return np.ascontiguousarray(made, np.float32)
