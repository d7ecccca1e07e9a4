"""`printroom models resident`: which models a server has loaded.

URL -> GET /v1/models/resident -> a table, or JSON       NotFound BadOption
"""

from __future__ import annotations

import json
import os
from typing import Any
from urllib.parse import urlsplit

import typer

from printroom.cli.models import AsJson, Server, models
from printroom.cli.tables import table
from printroom.core.errors import BadOption, NotFound
from printroom.core.sizes import format_size

_PATH = "/v1/models/resident"
_PATIENCE = 10.0
"""Seconds until an answer must be there."""
_LONGEST = 1 << 22
"""Bytes of an answer that are read."""
_HEADER = ("MODEL", "BYTES", "LEFT BY RUNS", "PROCESSES", "LAST USED", "LOADS", "EVICTIONS")
_REMEDY = "name one with --server, or start one with printroom serve"


@models.command("resident")
def resident(server: Server = "http://127.0.0.1:8000", as_json: AsJson = False) -> None:
    """Which models a server has loaded, in bytes as measured; with --json as it answers."""
    answer = _asked(server)
    if as_json:
        typer.echo(json.dumps(answer, indent=2))
        return
    try:
        rows = [_row(one) for one in answer["models"]]
        total, limit = format_size(int(answer["bytes"])), format_size(int(answer["limit"]))
    except (KeyError, TypeError, ValueError):
        raise NotFound(f"{server} gives no list of models", _REMEDY) from None
    typer.echo(table([_HEADER, *rows]))
    typer.echo(f"{total} of {limit}")


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    used = "now" if one["in_use"] else f"{float(one['idle_seconds']):.0f} s ago"
    return (
        "".join(sign if sign.isprintable() else "?" for sign in str(one["model"])),
        format_size(int(one["bytes"])),
        format_size(int(one["left_bytes"])),
        str(int(one["processes"])),
        used + (", pinned" if one["pinned"] else ""),
        str(int(one["loads"])),
        str(int(one["evictions"])),
    )


def _asked(server: str) -> Any:
    """What the server answers. Raises BadOption for no address, NotFound for no such answer."""
    from http.client import HTTPException
    from urllib.error import URLError
    from urllib.request import Request, urlopen  # slow to load

    try:
        parts = urlsplit(server)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise BadOption(f"{server!r} is no address of a server", "write it as http://host:8000")
    headers = {"Accept": "application/json"}
    if key := os.environ.get("PRINTROOM_KEY", "").strip():
        headers["Authorization"] = f"Bearer {key}"
    request = Request(server.rstrip("/") + _PATH, headers=headers)
    try:
        with urlopen(request, timeout=_PATIENCE) as answer:
            data = answer.read(_LONGEST + 1)
            if len(data) > _LONGEST:
                raise ValueError("the answer is too long")
            found = json.loads(data)
    except URLError as error:
        raise NotFound(f"there is no such server at {server} ({error.reason})", _REMEDY) from None
    except (OSError, HTTPException, ValueError) as error:
        raise NotFound(f"{server} gives no list of models ({error})", _REMEDY) from None
    if not isinstance(found, dict):
        raise NotFound(f"{server} gives no list of models", _REMEDY)
    return found
