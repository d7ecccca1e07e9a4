"""Which models the server has loaded: over all its processes, from the numbers for Prometheus.

    GET /v1/models/resident -> {"bytes", "limit", "models": [{"model", "bytes", ...}]}

Only what is loaded is listed. A model may be in several processes: its bytes add up.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from prometheus_client.parser import text_string_to_metric_families

from printroom.api.service import Service
from printroom.engine.numbers import MODELS

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


def resident(service: Service) -> APIRouter:
    """The route."""
    router = APIRouter()

    @router.get("/v1/models/resident", summary="Models that are loaded", tags=["models"])
    async def models() -> JSONResponse:
        """Loaded models over all processes, the last used first: bytes, uses, loads, evictions."""
        return JSONResponse(listed(await service.metrics()))

    return router


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
