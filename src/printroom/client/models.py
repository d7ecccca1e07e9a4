"""What can be asked of a server about models: calls that either client carries out.

listed, model                 what there is for an account, and how it is
pushed, deleted               an account's own
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from printroom.client.asking import Ask, Call, asked
from printroom.client.calls import upload
from printroom.client.faults import strange
from printroom.client.sources import Source


def listed(query: str, after: str | None) -> Call[tuple[list[dict[str, Any]], str | None]]:
    """A page of models, and what the next one is asked with."""
    params = {name: value for name, value in (("query", query), ("after", after)) if value}
    found = (yield from asked(Ask("GET", "/v1/models", params=params))).json()
    try:
        return list(found["data"]), found["next"]
    except (KeyError, TypeError):
        raise strange("a page of models") from None


def model(name: str) -> Call[dict[str, Any]]:
    """A version of a model, or the newest."""
    return _one((yield from asked(Ask("GET", _place(name)))).json())


def pushed(source: Source, about: Mapping[str, Any]) -> Call[dict[str, Any]]:
    """The next version of an account's own model, still to be examined."""
    file = yield from upload(source)
    body = {"file": file.id, **{name: value for name, value in about.items() if value}}
    headers = {"Idempotency-Key": f"client-{secrets.token_hex(16)}"}
    return _one((yield from asked(Ask("POST", "/v1/models", json=body, headers=headers))).json())


def deleted(name: str) -> Call[None]:
    """A version of an account's own model is gone, or all of them."""
    yield from asked(Ask("DELETE", _place(name)))


def _place(name: str) -> str:
    return f"/v1/models/{quote(name, safe='/@')}"


def _one(found: Any) -> dict[str, Any]:
    if not isinstance(found, dict) or "state" not in found:
        raise strange("a model")
    return found
