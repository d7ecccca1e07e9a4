"""A run as replicate's clients see it: a prediction.

Job, base, place -> prediction_json          place: picture among the outputs -> its address
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from printroom.jobs.model import Job, State
from printroom.pipelines.names import LOCAL, SHIPPED
from printroom.runs.view import moment

STATUS: Mapping[State, str] = {
    "delayed": "starting",
    "queued": "starting",
    "running": "processing",
    "done": "succeeded",
    "dead": "failed",
    "cancelled": "canceled",
}
"""State of the job -> what those clients see."""
DIALECT = "replicate"
"""What a run's payload says whose webhook is to be told in these words."""
Place = Callable[[Mapping[str, Any]], str]


def model_of(target: str) -> tuple[str, str]:
    """Owner and name of what a run does: `draw@3` is `local` and `draw`."""
    place, _, version = target.partition("@")
    owner, _, name = place.rpartition("/")
    return owner or (LOCAL if version else SHIPPED), name


def prediction_json(job: Job, base: str, place: Place) -> dict[str, Any]:
    """`base`: the address of replicate's API here, without a slash at its end."""
    payload, result = job.payload, job.result or {}
    here = f"{base}/v1/predictions/{job.id}"
    return {
        "id": job.id,
        "model": "/".join(model_of(payload["target"])),
        "version": payload["target"],
        "status": STATUS[job.state],
        "input": {name: shown(value, base) for name, value in payload["input"].items()},
        "output": output_of(result.get("output"), place),
        "logs": "",
        "error": job.error if job.state == "dead" else None,
        "metrics": _metrics(job),
        "created_at": moment(job.created_at),
        "started_at": moment(job.started_at),
        "completed_at": moment(job.finished_at),
        "urls": {"get": here, "cancel": f"{here}/cancel", "stream": f"{here}/stream"},
    }


def output_of(output: Mapping[str, Any] | None, place: Place) -> Any:
    """The only output by itself, several by name; pictures as addresses."""
    if not output:
        return None
    placed = {name: _placed(value, place) for name, value in output.items()}
    return next(iter(placed.values())) if len(placed) == 1 else placed


def shown(value: Any, base: str) -> Any:
    """An input as it was given; a picture that came with the request as the file it is."""
    if isinstance(value, list):
        return [shown(one, base) for one in value]
    if isinstance(value, dict):
        file = value.get("file")
        return content_of(base, file) if file else value.get("url")
    return value


def content_of(base: str, file: str) -> str:
    """Where the bytes of a file are, for whoever has the key."""
    return f"{base}/v1/files/{file}/content"


def _placed(value: Any, place: Place) -> Any:
    if isinstance(value, list):
        return [_placed(one, place) for one in value]
    if isinstance(value, dict) and {"file", "media_type", "digest"} <= set(value):
        return place(value)
    return value


def _metrics(job: Job) -> dict[str, float]:
    if job.started_at is None or job.finished_at is None:
        return {}
    return {"predict_time": max(0.0, job.finished_at - job.started_at)}
