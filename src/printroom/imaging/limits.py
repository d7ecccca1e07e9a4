"""What a picture may cost before it is refused."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds that are judged from a picture's header, before a pixel is decoded."""

    pixels: int = 10**9
    """Most pixels (width x height) a picture may promise."""
    memory: int | None = None
    """Bytes that decoding may hold at once; None = as much as it takes."""
