"""What can be asked of a server about pipelines.

name -> pipeline -> what it takes and gives          NotFound
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from printroom.client.asking import Ask, Call, asked
from printroom.client.faults import strange


def pipelines() -> Call[list[dict[str, Any]]]:
    """The pipelines of the server."""
    found = (yield from asked(Ask("GET", "/v1/pipelines"))).json()
    try:
        return list(found["pipelines"])
    except (KeyError, TypeError):
        raise strange("a list of pipelines") from None


def pipeline(name: str) -> Call[dict[str, Any]]:
    """What one takes and gives. Raises NotFound."""
    reply = yield from asked(Ask("GET", f"/v1/pipelines/{quote(name, safe='@')}"))
    found = reply.json()
    if not isinstance(found, dict):
        raise strange("a pipeline")
    return found
