"""What may be done to a picture on its way out, written in an address.

    ["w:801", "fit:cover", "p:thumb"] -> Options     BadOption
    Options -> ["fit:cover", "w:960"]                in one order, defaults left out

Widths, heights and qualities fall into buckets, the next larger one: a page that asks for 801, 802
and 803 pixels gets one picture. A preset stands for its options, and it alone may name a pipeline:
whoever runs the server says which networks an address may set to work.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from printroom.core.errors import BadOption

SIDES = (16, 32, 64, 96, 128, 160, 240, 320, 480, 640, 800, 960, 1280, 1600, 1920, 2560, 3840)
"""Pixels that a side can be asked for in."""
QUALITIES = (30, 40, 50, 60, 70, 75, 80, 85, 90, 95, 100)
Fit = Literal["contain", "cover"]
Wanted = Literal["auto", "jpeg", "png", "webp", "avif"]
_FAR = 10**6
_CROP = re.compile(r"(\d{1,7}),(\d{1,7}),(\d{1,7}),(\d{1,7})", re.A)
_NUMBER = re.compile(r"[1-9]\d{0,5}", re.A)
_PRESET = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.A)
_PIPELINE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}(?:@[1-9][0-9]{0,8})?", re.A)


@dataclass(frozen=True)
class Crop:
    """A part of the picture, in its own pixels, upright."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class Options:
    """What is wanted; a picture is never made larger than it is."""

    crop: Crop | None = None
    """`c:LEFT,TOP,WIDTH,HEIGHT`, cut out before anything else; what lies outside is left out."""
    width: int | None = None
    """`w:PIXELS`, at most; a bucket. None = whatever follows from the height."""
    height: int | None = None
    """`h:PIXELS`, at most; a bucket."""
    fit: Fit = "contain"
    """`fit:cover` fills width x height and cuts off, evenly, what stands over."""
    quality: int | None = None
    """`q:1..100`; None = the format's own."""
    format: Wanted = "auto"
    """`f:NAME`; auto = the best that the client says it reads."""
    through: str | None = None
    """`x:PIPELINE`, which the picture goes through before anything else; only where a preset does.
    """

    def parts(self) -> list[str]:
        """As they stand in an address."""
        found: list[str] = []
        if self.crop is not None:
            cut = self.crop
            found.append(f"c:{cut.left},{cut.top},{cut.width},{cut.height}")
        if self.fit != "contain":
            found.append(f"fit:{self.fit}")
        if self.format != "auto":
            found.append(f"f:{self.format}")
        sizes = (("h", self.height), ("q", self.quality), ("w", self.width))
        found += [f"{name}:{value}" for name, value in sizes if value is not None]
        return found if self.through is None else [*found, f"x:{self.through}"]


def parse_options(parts: Iterable[str], presets: Mapping[str, Options] | None = None) -> Options:
    """Raises BadOption for what is unknown, malformed, contradictory or said twice."""
    return _parsed(parts, presets or {}, {one.through for one in (presets or {}).values()})


def _parsed(
    parts: Iterable[str], presets: Mapping[str, Options], pipelines: Collection[str | None] | None
) -> Options:
    """`pipelines`: those that may be named; None = any."""
    given: dict[str, str] = {}
    for part in parts:
        name, colon, value = part.partition(":")
        if not colon or name not in ("c", "w", "h", "fit", "q", "f", "p", "x"):
            raise BadOption(f"{part[:40]!a} is no option", "there are c w h fit q f and p")
        if name in given:
            raise BadOption(f"{name} is said twice", "say it once")
        given[name] = value
    found = _preset(given["p"], presets) if "p" in given else Options()
    if "x" in given:
        found = replace(found, through=_pipeline(given["x"], pipelines))
    if "c" in given:
        found = replace(found, crop=_crop(given["c"]))
    if "w" in given:
        found = replace(found, width=_bucket("w", given["w"], SIDES))
    if "h" in given:
        found = replace(found, height=_bucket("h", given["h"], SIDES))
    if "q" in given:
        found = replace(found, quality=_bucket("q", given["q"], QUALITIES))
    if "fit" in given:
        found = replace(found, fit=_one_of("fit", given["fit"], get_args(Fit)))
    if "f" in given:
        found = replace(found, format=_one_of("f", given["f"], get_args(Wanted)))
    return _sensible(found)


def parse_presets(text: str) -> dict[str, Options]:
    """`thumb=w:320/h:320/fit:cover; large=w:1920` -> options by name. Raises BadOption."""
    found = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        name, equals, options = part.partition("=")
        if not equals or not _PRESET.fullmatch(name):
            raise BadOption(f"{part!a} is no preset", "write thumb=w:320/h:320/fit:cover")
        found[name] = _parsed(options.split("/"), {}, None)
    return found


def _sensible(options: Options) -> Options:
    """Without what has no effect, so that one picture has one address."""
    if options.fit == "cover" and None in (options.width, options.height):
        options = replace(options, fit="contain")
    if options.format == "png":
        options = replace(options, quality=None)
    return options


def _preset(name: str, presets: Mapping[str, Options]) -> Options:
    if name not in presets:
        known = ", ".join(presets) or "none"
        raise BadOption(f"there is no preset {name[:40]!a}", f"there is {known}")
    return presets[name]


def _pipeline(name: str, known: Collection[str | None] | None) -> str:
    if known is not None and name not in known:
        raise BadOption(f"x:{name[:40]!a} is in no preset", "name a preset, as p:NAME")
    if not _PIPELINE.fullmatch(name):
        raise BadOption(f"x:{name[:40]!a} is no pipeline", "write x:NAME, or x:NAME@VERSION")
    return name


def _crop(text: str) -> Crop:
    match = _CROP.fullmatch(text)
    if match is None or not int(match[3]) or not int(match[4]):
        raise BadOption(f"c:{text[:40]!a} is no part of a picture", "write c:LEFT,TOP,W,H")
    return Crop(*(min(int(group), _FAR) for group in match.groups()))


def _bucket(name: str, text: str, buckets: tuple[int, ...]) -> int:
    """The smallest bucket that is not below; the largest for what is above them all."""
    if not _NUMBER.fullmatch(text):
        raise BadOption(f"{name}:{text[:40]!a} is no number", f"write {name}:{buckets[-3]}")
    if name == "q" and int(text) > 100:
        raise BadOption(f"q:{text} is out of range", "choose 1 to 100")
    return buckets[min(bisect_left(buckets, int(text)), len(buckets) - 1)]


def _one_of(name: str, text: str, known: tuple[str, ...]) -> Any:
    if text not in known:
        raise BadOption(f"{name}:{text[:40]!a} is unknown", f"choose {', '.join(known)}")
    return text
