"""What a request for pictures says.

    Content-Type, body -> Asked          BadParameter BadOption BodyTooLarge

JSON, or a form; what OpenAI's clients send by habit and nothing here depends on is left out, what
they do not know themselves is for the pipeline.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from printroom.api.pipelines.inputs import MOST_TEXT, Form, Store
from printroom.api.problems import BadParameter
from printroom.imaging.formats import Format, format_for

MOST_PICTURES = 10
"""Pictures in one answer."""
FORMATS = ("png", "jpeg", "webp")
_PICTURES = ("image", "image[]", "mask")
_OURS = ("model", "prompt", "n", "size", "response_format", "output_format", "stream")
_HABITS = ("user", "safety_identifier", "moderation", "partial_images", "output_compression")
"""Said to OpenAI alone."""
HINTS = (
    *("quality", "background", "style", "input_fidelity", "complexity", "svg", "markup"),
    *("frame_count", "frame_duration_ms"),
)
"""For pipelines that have an input of that name; others do without."""
_SIZE = re.compile(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})")


@dataclass(frozen=True)
class Asked:
    """A request, before it is held against a pipeline."""

    model: str
    """Name of a pipeline; empty = none was named."""
    prompt: str
    images: Sequence[bytes | Path]
    mask: bytes | Path | None
    count: int
    size: tuple[int, int] | None
    """(width, height); None = the pipeline's own."""
    format: Format
    inline: bool
    """Whether pictures come as base64 rather than as addresses."""
    stream: bool
    more: Mapping[str, Any] = field(default_factory=dict)
    """Values for other inputs of the pipeline, by name."""
    texts: bool = False
    """Whether those are texts of a form."""

    @classmethod
    def of(cls, form: Form, body: bytes | Path, store: Store) -> Asked:
        """`store` keeps the bytes of pictures."""
        raw, pictures = form.split(body, _PICTURES, store)
        known = {name: value for name, value in raw.items() if value is not None}
        more = {
            name: value
            for name, value in known.items()
            if name not in (*_OURS, *_HABITS) and not (name in HINTS and value == "auto")
        }
        masks = pictures.get("mask", [])
        if len(masks) > 1:
            raise BadParameter("there are several masks", "send one", params=["mask"])
        return cls(
            model=_text(known, "model"),
            prompt=_text(known, "prompt"),
            images=[*pictures.get("image", []), *pictures.get("image[]", [])],
            mask=masks[0] if masks else None,
            count=_count(known.get("n", 1)),
            size=_size(_text(known, "size") or "auto"),
            format=format_for(_one_of(known, "output_format", FORMATS)),
            inline=_one_of(known, "response_format", ("b64_json", "url")) == "b64_json",
            stream=known.get("stream", False) in (True, "true"),
            more=more,
            texts=form.multipart,
        )


def _text(raw: Mapping[str, Any], name: str) -> str:
    value = raw.get(name, "")
    if not isinstance(value, str) or len(value) > MOST_TEXT:
        raise BadParameter(f"{name} is no text, or too long", "send a text", params=[name])
    return value


def _count(value: Any) -> int:
    text = str(value)
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) <= MOST_PICTURES):
        raise BadParameter(
            f"n is {text[:20]!r}", f"ask for 1 to {MOST_PICTURES} pictures", params=["n"]
        )
    return int(text)


def _size(text: str) -> tuple[int, int] | None:
    if text == "auto":
        return None
    found = _SIZE.fullmatch(text)
    if found is None:
        raise BadParameter(f"size is {text[:20]!r}", "write 1024x1024, or auto", params=["size"])
    return int(found[1]), int(found[2])


def _one_of(raw: Mapping[str, Any], name: str, offered: Sequence[str]) -> str:
    """The first of those offered where nothing is said."""
    value = raw.get(name, offered[0])
    if value not in offered:
        raise BadParameter(
            f"{name} is {str(value)[:20]!r}", f"choose {', '.join(offered)}", params=[name]
        )
    return str(value)
