"""What the results of a run are called: after what they were made of.

    holiday.jpg, twice as large -> holiday-2x.png        holiday.jpg, mended -> holiday-mend.png
    of several outputs          -> holiday-mask.png      without a name      -> mend.png

Names come from strangers: only what `assets.plain` leaves of their last part is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from printroom.assets.assets import plain

_LONGEST = 120
"""Letters of a name before what is added to it."""
_SCALES = range(2, 17)


@dataclass(frozen=True)
class Source:
    """The picture that results are called after."""

    stem: str = ""
    """Its name without a suffix; empty = it has none."""
    width: int | None = None
    height: int | None = None

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> Source:
        """The first picture of a run's inputs that has a name."""
        files = payload.get("files") or {}
        for value in payload["input"].values():
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, dict) and (found := _source(one, files)).stem:
                    return found
        return cls()


def result_name(
    source: Source, pipeline: str, output: str, suffix: str, size: tuple[int, int], *, only: bool
) -> str:
    """`pipeline`: as in the job's `target`. `only`: whether there is no other picture."""
    bare = pipeline.partition("@")[0].rpartition("/")[2]
    if not only:
        return f"{source.stem or bare}-{output}{suffix}"
    if not source.stem:
        return f"{bare}{suffix}"
    return f"{source.stem}-{_enlarged(source, size) or bare}{suffix}"


def _enlarged(source: Source, size: tuple[int, int]) -> str:
    if source.width and source.height:
        for scale in _SCALES:
            if size == (source.width * scale, source.height * scale):
                return f"{scale}x"
    return ""


def _source(picture: Mapping[str, Any], files: Mapping[str, Any]) -> Source:
    if "file" in picture:
        known = files.get(picture["file"]) or {}
        name = known.get("name") or ""
        return Source(stem_of(name), known.get("width"), known.get("height"))
    if "url" in picture:
        return Source(stem_of(unquote(urlsplit(picture["url"]).path)))
    return Source(stem_of(str(picture.get("key", ""))))


def stem_of(name: str) -> str:
    """The last part of a name, without its suffix, as far as it can name a file anywhere.

    >>> stem_of("holiday.jpg"), stem_of("../a/b:c*.tar.gz"), stem_of("..."), stem_of(".png")
    ('holiday', 'b_c_.tar', '', 'png')
    """
    last = plain(name).rpartition("/")[2].strip(". ")
    stem = last.rpartition(".")[0] or last
    return "".join("_" if letter in '<>:"|?*' else letter for letter in stem)[:_LONGEST].strip(". ")
