"""What a file is, from its first bytes; only of pictures more than the media type is known.

bytes, path -> Look          never raises: what cannot be read is a file like any other
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from printroom.core.errors import PrintroomError
from printroom.imaging.formats import sniff
from printroom.imaging.limits import Limits

_HEAD = 256
"""Bytes that tell the format."""
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,64}/[a-z0-9!#$&^_.+-]{1,64}", re.ASCII)
_OTHER = "application/octet-stream"


class Look(NamedTuple):
    """What was seen."""

    media_type: str
    width: int | None = None
    height: int | None = None


def looked_at(source: bytes | Path, told: str) -> Look:
    """`told`: the media type that somebody says it has."""
    head = source[:_HEAD] if isinstance(source, bytes) else _head(source)
    found = sniff(head)
    if found is None:
        plain = told.partition(";")[0].strip().lower()
        known = _TYPE.fullmatch(plain) and not plain.startswith(("image/", "multipart/"))
        return Look(plain if known else _OTHER)
    from printroom.imaging.image import Image  # brings libvips

    try:
        with Image.open(source, Limits(pixels=2**62)) as image:
            return Look(found.media_type, image.width, image.height)
    except PrintroomError:
        return Look(found.media_type)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)
