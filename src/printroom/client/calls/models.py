"""What can be asked of a server about models.

models, model                 what there is for an account, and how it is
push_model, delete_model      an account's own                           NotFound
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from printroom.client.asking import Ask, Call, Page, asked, once, paged
from printroom.client.calls.files import upload
from printroom.client.faults import strange


def models(after: str | None, query: str = "") -> Call[Page[dict[str, Any]]]:
    """The models that may be used, by name; of one's own also those that are not ready."""
    return paged("/v1/models", dict, "models", query=query, after=after)


def model(name: str) -> Call[dict[str, Any]]:
    """A version of a model, `owner/name@version`, or the newest, and how it is. Raises NotFound."""
    return _one((yield from asked(Ask("GET", _place(name)))).json())


def push_model(
    content: Path | bytes, name: str, file: str = "model.onnx", **about: Any
) -> Call[dict[str, Any]]:
    """Give the server a model of one's own, under `name`; it can be used once it is `ready`.

    `file`: what bytes are called; `about`: title, description, licence, task, reading.
    """
    sent = yield from upload(content, "" if isinstance(content, Path) else file)
    said = {"name": name, **about}
    body = {"file": sent.id, **{name: value for name, value in said.items() if value}}
    return _one((yield from asked(Ask("POST", "/v1/models", json=body, headers=once()))).json())


def delete_model(name: str) -> Call[None]:
    """Have a version of one's own gone, or all of them. Raises NotFound."""
    yield from asked(Ask("DELETE", _place(name)))


def _place(name: str) -> str:
    return f"/v1/models/{quote(name, safe='/@')}"


def _one(found: Any) -> dict[str, Any]:
    if not isinstance(found, dict) or "state" not in found:
        raise strange("a model")
    return found
