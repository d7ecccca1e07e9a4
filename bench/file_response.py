"""Starlette's FileResponse for one file, as bare as it goes: what delivery is held against."""

from __future__ import annotations

import os
from typing import Any

from starlette.responses import FileResponse

FILE = os.environ["BENCH_FILE"]


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answers every request with the file."""
    response = FileResponse(FILE, media_type="image/jpeg")
    await response(scope, receive, send)
