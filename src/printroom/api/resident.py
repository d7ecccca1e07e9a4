"""Which models the server has loaded: over all its processes, from the numbers for Prometheus.

    GET /v1/models/resident -> {"bytes", "limit", "models": [{"model", "bytes", ...}]}

Only what is loaded is listed. A model may be in several processes: its bytes add up.
"""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from prometheus_client.parser import text_string_to_metric_families
from pydantic import BaseModel, Field

from printroom.api.access import Who
from printroom.api.service import Service
from printroom.engine.numbers import MODELS
from printroom.workshop import Workshop

_FIELDS = {
    "processes": ("printroom_model_processes", int),
    "bytes": ("printroom_model_bytes", int),
    "left_bytes": ("printroom_model_left_bytes", int),
    "in_use": ("printroom_model_leases", int),
    "pinned": ("printroom_model_pinned", bool),
    "idle_seconds": ("printroom_model_idle_seconds", float),
    "loads": ("printroom_model_loads_total", int),
    "evictions": ("printroom_model_evictions_total", int),
    "load_seconds": ("printroom_model_load_seconds_total", float),
}
"""Field of a model -> the number it comes from, and its kind."""


class Resident(BaseModel):
    """A model that is loaded."""

    model: str = Field(examples=["printroom/upscale-x2@5"])
    processes: int
    bytes: int
    left_bytes: int = Field(description="That its runs left allocated.")
    in_use: int
    pinned: bool
    idle_seconds: float
    loads: int
    evictions: int
    load_seconds: float


class Residents(BaseModel):
    """All of them, the last used first."""

    bytes: int
    limit: int = Field(description="Bytes that they may take.")
    models: list[Resident]


def resident(service: Service) -> APIRouter:
    """The route."""
    router = APIRouter()

    @router.get(
        "/v1/models/resident",
        summary="Models that are loaded",
        tags=["models"],
        operation_id="listResidentModels",
        responses={200: {"model": Residents}},
    )
    async def models(who: Who) -> JSONResponse:
        """Loaded models over all processes, the last used first: bytes, uses, loads, evictions.

        Those of other accounts are counted, and named to whoever runs the server alone.
        """
        found = listed(await service.metrics())
        if not who.may("admin"):
            theirs = {one["model"] for one in found["models"]}
            shown = await asyncio.to_thread(_shown, service.workshop, who.account, theirs)
            found["models"] = [one for one in found["models"] if one["model"] in shown]
        return JSONResponse(found)

    return router


def _shown(workshop: Workshop, account: str, ids: set[str]) -> set[str]:
    """Those of the server, and of the account."""
    server = {model.card.name for model in workshop.catalogue.models}
    shown = {one for one in ids if one.partition("@")[0] in server}
    if shown == ids:
        return shown
    handle = workshop.accounts.handle(account)
    return shown | {one for one in ids if one.startswith(f"{handle}/")}


def listed(numbers: str) -> dict[str, Any]:
    """What the numbers of a server say of its models."""
    found: dict[str, dict[str, float]] = {}
    limit = 0
    for family in text_string_to_metric_families(numbers):
        for sample in family.samples:
            found.setdefault(sample.name, {})[sample.labels.get("model", "")] = sample.value
            limit = int(sample.value) if sample.name == MODELS else limit
    models = [
        {"model": model}
        | {
            field: kind(found.get(name, {}).get(model, 0))
            for field, (name, kind) in _FIELDS.items()
        }
        for model in found.get("printroom_model_processes", {})
    ]
    models.sort(key=lambda one: one["idle_seconds"])
    return {"bytes": sum(one["bytes"] for one in models), "limit": limit, "models": models}
