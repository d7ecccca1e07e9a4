"""Which format a client is sent, where the address leaves that open.

    Accept -> "avif", "webp" or "plain"

Only what is named counts: `*/*` is sent by clients that read nothing new. Plain is JPEG, or PNG for
a picture with transparency. The words are the three classes that a cache need keep apart.
"""

from __future__ import annotations

from typing import Literal

from printroom.delivery.options import Options
from printroom.imaging.formats import AVIF, JPEG, PNG, WEBP, Format

Class = Literal["avif", "webp", "plain", "jpeg", "png"]
"""What is asked for, before the picture is seen."""
_NAMED: dict[Class, Format] = {"avif": AVIF, "webp": WEBP, "jpeg": JPEG, "png": PNG}


def class_of(options: Options, accept: str | None) -> Class:
    """The address's own word, else the best that `Accept` names."""
    if options.format != "auto":
        return options.format
    newer: tuple[Class, ...] = ("avif", "webp")
    for name in newer:
        if _welcome(accept or "", f"image/{name}"):
            return name
    return "plain"


def format_of(wanted: Class, alpha: bool) -> Format:
    """The format of a class, for a picture with transparency or without."""
    return _NAMED.get(wanted) or (PNG if alpha else JPEG)


def _welcome(accept: str, media: str) -> bool:
    """Whether `media` is named, and not with a weight of 0."""
    for part in accept.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        if name == media:
            weights = [p[2:].strip() for p in parameters if p.startswith("q=")]
            return not weights or weights[0].strip("0.") != ""
    return False
