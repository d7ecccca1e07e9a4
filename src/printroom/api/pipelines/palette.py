"""`GET /v1/steps`: what there is to build pipelines with.

Registry -> steps with their ports, kinds and what fits into each
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter

from printroom.api.access import Who
from printroom.api.pipelines import schemas
from printroom.api.pipelines.told import written
from printroom.core.errors import PrintroomError
from printroom.pipelines import kinds
from printroom.pipelines.about import about
from printroom.pipelines.declare import StepShape, StepType
from printroom.pipelines.kinds import Kind
from printroom.pipelines.notation import KINDS
from printroom.pipelines.registry import Registry
from printroom.workshop import Workshop

log = logging.getLogger("printroom.api")
_ANY: dict[str, Kind] = {
    "picture": kinds.Picture(),
    "text": kinds.Text(),
    "flag": kinds.Flag(),
    "number": kinds.Number(),
    "choice": kinds.Choice(("a", 1)),
    "tensor": kinds.Tensor(),
    "model": kinds.Model(),
    "list": kinds.ListOf(kinds.Text()),
}
"""One of each kind that takes as much as any of that kind."""


def routes(workshop: Workshop) -> APIRouter:
    """The route, over the steps of `workshop`."""
    router = APIRouter(tags=["pipelines"])

    @router.get(
        "/v1/steps", summary="Steps", operation_id="listSteps", response_model=schemas.Palette
    )
    def steps(who: Who) -> dict[str, Any]:
        """The steps that pipelines may use, and which kinds of ports fit each other.

        A wire fits if some value of one kind can be of the other; ranges and choices count too,
        which `POST /v1/pipelines/check` heeds.
        """
        who.need("pipelines:read")
        registry = workshop.steps.closed()
        steps = [step_json(one, registry) for one in offered(registry)]
        return {"steps": steps, "kinds": kinds_json()}

    return router


def offered(registry: Registry) -> Iterator[StepType]:
    """All steps that can be used; one that cannot is logged."""
    for name in registry.names():
        try:
            yield registry.get(name)
        except PrintroomError as error:
            log.warning("step %s cannot be used: %s", name, error)


def step_json(step: StepType, registry: Registry) -> dict[str, Any]:
    """A step of the palette."""
    _, _, digest = registry.pinned(step.name).partition("@")
    return {
        "name": step.name,
        "version": digest or None,
        "title": step.name.replace("-", " ").capitalize(),
        "description": step.description,
        "group": step.group,
        "shape": step.shape.value,
        "streams": step.shape is not StepShape.RUN,
        "inputs": written(step.inputs),
        "parameters": list(step.parameters),
        "outputs": written(step.outputs),
        "about": about(step.factory),
    }


def kinds_json() -> dict[str, Any]:
    """Each kind, and the kinds of which some value may go into it."""
    return {
        name: {
            "title": name.capitalize(),
            "accepts": [other for other, given in _ANY.items() if not kind.refuses(given)],
            "words": list(KINDS[name][1]),
        }
        for name, kind in _ANY.items()
    }
