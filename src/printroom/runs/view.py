"""A run, and what is said of it, as clients see them: over HTTP, in webhooks, on the command line.

Job -> run_json        Event -> event_json
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from printroom.jobs.events import Event
from printroom.jobs.model import Job, State

STATUS: Mapping[State, str] = {
    "delayed": "queued",
    "queued": "queued",
    "running": "running",
    "done": "succeeded",
    "dead": "failed",
    "cancelled": "cancelled",
}
"""State of the job -> what clients see."""


_TERMS = ("listing", "offer", "quote", "entitlement")


def run_json(job: Job, position: int | None = None) -> dict[str, Any]:
    """Every member is always there; null where there is nothing to say yet."""
    payload, result = job.payload, job.result or {}
    place = f"/v1/runs/{job.id}"
    return {
        "id": job.id,
        "status": STATUS[job.state],
        "target": payload["target"],
        "input": {name: _shown(value) for name, value in payload["input"].items()},
        "files": payload.get("files") or {},
        "output": result.get("output"),
        "usage": result.get("usage"),
        "terms": shown_terms(payload.get("terms")),
        "error": error_json(job),
        "attempt": job.attempt,
        "position": position,
        "created_at": moment(job.created_at),
        "started_at": moment(job.started_at),
        "finished_at": moment(job.finished_at),
        "expires_at": moment(job.expires_at),
        "urls": {"get": place, "cancel": f"{place}/cancel", "events": f"{place}/events"},
    }


def shown_terms(terms: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """By what it is charged, where it runs what another account offers; null where it does not."""
    if terms is None:
        return None
    parts = [{name: part[name] for name in _TERMS} for part in terms["parts"]]
    return {name: terms[name] for name in _TERMS} | {"parts": parts}


def event_json(event: Event) -> dict[str, Any]:
    """One event; `number` counts from 1 within its run."""
    at = moment(event.at)
    return {"number": event.number, "type": event.kind, "at": at, "data": dict(event.data)}


def moment(seconds: float | None) -> str | None:
    """Seconds since 1970 as RFC 3339, in UTC, to the millisecond."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def error_json(job: Job) -> dict[str, Any] | None:
    """Why it failed, or why its latest attempt did; null when it went well."""
    if job.error_code is None or job.state == "done":
        return None
    return {"code": job.error_code, "message": job.error}


def _shown(value: Any) -> Any:
    """An input as it was given; of pictures that came with the request, the file they are."""
    if isinstance(value, list):
        return [_shown(one) for one in value]
    if isinstance(value, dict):
        return value.get("file") or value.get("url") or f"store://{value['store']}/{value['key']}"
    return value
