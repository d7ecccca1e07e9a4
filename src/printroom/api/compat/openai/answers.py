"""Pictures as OpenAI's clients expect them.

    files of pictures, Asked -> a file with JSON, or with server-sent events

Pictures are written as base64 piece by piece, so that a large one is never in memory. An address is
a `data:` URI: it needs no other request, and nobody else can ask for it.
"""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from printroom.api.compat.openai.asked import Asked
from printroom.api.pipelines.answers import JSON, Answer
from printroom.imaging.image import Image

EVENTS = "text/event-stream"
_PIECE = 3 * 2**18
"""Bytes that become base64 at once; a multiple of three."""
_NOTHING = {
    "total_tokens": 0,
    "input_tokens": 0,
    "output_tokens": 0,
    "input_tokens_details": {"text_tokens": 0, "image_tokens": 0},
}
"""Nothing here is counted in tokens."""


def answer(pictures: Sequence[Path], asked: Asked, event: str, folder: Path) -> Answer:
    """The answer, in a file of `folder`; `event`: what a finished picture is called in a stream."""
    path = folder / "answer"
    about = _about(pictures[0], asked)
    with path.open("w", encoding="ascii") as file:
        file.writelines(
            _stream(pictures, about, event) if asked.stream else _object(pictures, asked, about)
        )
    return Answer(path, EVENTS if asked.stream else JSON)


def _about(picture: Path, asked: Asked) -> dict[str, Any]:
    with Image.open(picture) as image:
        size = f"{image.width}x{image.height}"
    quality = asked.more.get("quality")
    return {"size": size, "output_format": asked.format.name} | (
        {"quality": quality} if isinstance(quality, str) else {}
    )


def _object(pictures: Sequence[Path], asked: Asked, about: dict[str, Any]) -> Iterator[str]:
    head = {"created": int(time.time()), **about}
    yield json.dumps(head)[:-1] + ', "data": ['
    for number, picture in enumerate(pictures):
        yield ", {" if number else "{"
        if asked.inline:
            yield '"b64_json": "'
        else:
            yield f'"url": "data:{asked.format.media_type};base64,'
        yield from _base64(picture)
        yield '"}'
    yield "]}"


def _stream(pictures: Sequence[Path], about: dict[str, Any], event: str) -> Iterator[str]:
    for picture in pictures:
        head = {
            "type": event,
            "created_at": int(time.time()),
            "background": "auto",
            "quality": "auto",
            "usage": _NOTHING,
            **about,
        }
        yield f'event: {event}\ndata: {json.dumps(head)[:-1]}, "b64_json": "'
        yield from _base64(picture)
        yield '"}\n\n'


def _base64(picture: Path) -> Iterator[str]:
    with picture.open("rb") as file:
        while piece := file.read(_PIECE):
            yield b64encode(piece).decode("ascii")
