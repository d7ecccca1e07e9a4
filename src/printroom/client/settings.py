"""Where the server is, and with which key.

url, key, or the environment -> what httpx is given          BadOption
"""

from __future__ import annotations

import os
from urllib.parse import urlsplit

import httpx

from printroom.core.errors import BadOption

DEFAULT = "http://127.0.0.1:8000"
TIMEOUT = httpx.Timeout(connect=10, read=90, write=60, pool=None)
"""Seconds without a byte; the server waits for a run for less."""


def quiet(seconds: float) -> httpx.Timeout:
    """The same for a stream of which nothing is heard for so long."""
    return httpx.Timeout(connect=10, read=seconds, write=60, pool=None)


def base_of(url: str | None) -> str:
    """The server's address. Raises BadOption."""
    text = url or os.environ.get("PRINTROOM_SERVER", "").strip() or DEFAULT
    try:
        found = urlsplit(text)
        good = found.scheme in ("http", "https") and bool(found.hostname) and not found.query
    except ValueError:
        good = False
    if not good:
        raise BadOption(f"{text[:200]!r} is no address of a server", f"write it as {DEFAULT}")
    return text.rstrip("/")


def headers_of(key: str | None) -> dict[str, str]:
    """What goes with every request. Raises BadOption."""
    secret = key or os.environ.get("PRINTROOM_KEY", "").strip()
    if not secret.isascii() or not secret.isprintable() or " " in secret:
        raise BadOption("the key cannot be a key", "copy it whole")
    return {"User-Agent": "printroom-client"} | (
        {"Authorization": f"Bearer {secret}"} if secret else {}
    )
