"""Where the pictures of a run are, for replicate's clients.

picture -> its address, signed, good for an hour          behind https
picture -> a data: URI, for small ones                    else: they take no other for a file
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from printroom.api.compat.replicate.asked import Base
from printroom.api.runs.desk import Desk
from printroom.jobs.model import Job
from printroom.runs.prediction import prediction_json

INLINE = 4 * 2**20
"""Bytes of a picture in a `data:` URI, at most."""
_SECONDS = 3600


def predicted(desk: Desk, job: Job, base: Base) -> dict[str, Any]:
    """The run as a prediction; in a thread."""
    return prediction_json(job, base.address, lambda picture: _place(desk, job, base, picture))


def _place(desk: Desk, job: Job, base: Base, picture: Mapping[str, Any]) -> str:
    if not base.secure and picture["bytes"] <= INLINE:
        assets = desk.runs.assets
        content = assets.content(assets.get(job.account, picture["file"]))
        data = content.read(0, picture["bytes"])
        return f"data:{picture['media_type']};base64,{b64encode(data).decode()}"
    path, _ = desk.service.workshop.delivery.link(picture["digest"], job.account, _SECONDS)
    return base.origin + path
