"""One picture to be enhanced: what is asked, what it will become, and where it goes.

EnhanceOptions, header -> Proposal          UnknownFormat BadOption
Proposal -> PictureFile -> Encoder          DiskFull Unwritable
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from printroom.catalogue.card import LOOKS, Look, Model
from printroom.core.errors import BadOption
from printroom.engine.done import Done
from printroom.engine.scheduler import Priority
from printroom.imaging.encode import Encoder, PictureSpec, encoder_bytes
from printroom.imaging.formats import FORMATS, PNG, TIFF, Format, format_for
from printroom.imaging.metadata import Keep, Metadata

FIXES = ("dejpeg", "denoise", "lowlight", "colour", "deblur")
"""What can be mended, in the order in which it is."""
PNG_PIXELS = 100 * 10**6
"""A larger result whose format nobody chose becomes TIFF: PNG's compression is slow."""


@dataclass(frozen=True)
class EnhanceOptions:
    """What the caller of `enhance` may choose."""

    scale: int | None = None
    """Output pixels per input pixel along each side; None = the scale of `model`, or 2, or 4 for
    the sharp look."""
    format: str | None = None
    """Name or suffix of the format to write; None = the target's suffix, else that of the input
    where it can be written and holds the result, else PNG, or TIFF for large results."""
    quality: int | None = None
    """1 to 100, for lossy formats; None = the format's own default."""
    metadata: Keep = "keep"
    """Whether EXIF and XMP go with the picture; the colour profile always does."""
    model: str | Path | None = None
    """Id on the catalogue, or path of an ONNX file; None = the best model of that scale."""
    memory: int | None = None
    """Bytes the process may take for this run, within those of the workshop; None = all."""
    pixels: int | None = None
    """Largest picture to take, in pixels; None = the workshop's limit."""
    priority: Priority = Priority.INTERACTIVE
    """Interactive runs pass batch runs, tile by tile."""
    fix: str = "none"
    """What to mend first: "auto" = what it needs, "none", or some of FIXES with commas between.
    With fixes `scale` may be 1."""
    look: Look = "faithful"
    """What to enlarge with where no `model` is named: "sharp" invents detail that looks right."""


DEFAULTS = EnhanceOptions()


@dataclass(frozen=True)
class Proposal:
    """What `enhance` would make of a picture, known from its header."""

    model: Model | None
    """What enlarges it; None = it keeps its size."""
    format: Format
    width: int
    height: int

    def beside(self, source: Path) -> Path:
        """Where the result of `source` goes if nobody says: `photo@2x.jpg` beside `photo.jpg`."""
        kept = source.suffix.lower() in self.format.suffixes
        suffix = source.suffix if kept else self.format.suffixes[0]
        return source.with_name(f"{source.stem}{mark(self.model)}{suffix}")


@dataclass(frozen=True)
class Enhanced:
    """A finished picture: at `path`, or in `data` when no target was named."""

    path: Path | None
    data: bytes | None
    format: str
    """Name of the format written, as in `printroom.imaging.formats`."""
    media_type: str
    width: int
    height: int
    tiles: int
    """Tiles computed."""
    seconds: float
    """Wall time from opening to the finished file, waiting for memory included."""
    model: str
    """Id of the model used; of several, in order, with commas between."""
    steps: tuple[Done, ...] = ()
    """What was done to the picture, in order, where faults were looked for."""
    report: Mapping[str, Any] = field(default_factory=dict)
    """What was seen: `why` it was done, in a line, the `main` fault, and all `faults` by name."""


@dataclass(frozen=True)
class PictureFile:
    """Where a result goes: a `floor.Target`."""

    path: Path | None
    """None collects it in memory."""
    spec: PictureSpec
    format: Format
    quality: int | None = None
    metadata: Metadata = field(default_factory=Metadata)

    @property
    def bits(self) -> int:
        """Of the rows it takes."""
        return self.spec.depth

    @property
    def held(self) -> int:
        """Bytes of memory beside them."""
        return encoder_bytes(self.spec, self.format)

    def open(self) -> Encoder:
        """The file appears whole, at `finish`, or not at all."""
        return Encoder(self.path, self.spec, self.format, self.quality, self.metadata)


def mark(model: Model | None) -> str:
    """What a result's name has more than its source's: `@2x`, `@0.5x`; `@fixed` in its own size."""
    return "@fixed" if model is None else f"@{float(model.card.geometry.scale):g}x"


def fixes_of(text: str) -> tuple[str, ...]:
    """What `fix` asks for: ("auto",), (), or names of FIXES. Raises BadOption."""
    names = tuple(part.strip() for part in text.split(",") if part.strip())
    if names in (("auto",), ("none",)):
        return names if names == ("auto",) else ()
    if wrong := [name for name in names if name not in FIXES]:
        raise BadOption(
            f"there is no fix {wrong[0]!r}", f"say auto, none, or some of {', '.join(FIXES)}"
        )
    return names


def look_of(text: str) -> Look:
    """Raises BadOption for a look that there is not."""
    for look in LOOKS:
        if text == look:
            return look
    raise BadOption(f"there is no look {text!r}", f"say {' or '.join(LOOKS)}")


def chosen_format(name: str | None, target: Path | None) -> Format | None:
    """The format that the caller names, or the target's suffix; None where neither does.

    Raises UnknownFormat, and BadOption where the two disagree.
    """
    wanted = None if name is None else format_for(name)
    if target is None or not target.suffix:
        return wanted
    if wanted is None:
        return format_for(target)
    others = {suffix for known in FORMATS if known is not wanted for suffix in known.suffixes}
    if target.suffix.lower() in others:
        raise BadOption(
            f"{target} is not a name for {wanted.title}", f"end it in {wanted.suffixes[0]}"
        )
    return wanted


def default_format(source: str, width: int, height: int) -> Format:
    """That of the input, where we write it and it holds the result; else PNG, or TIFF if large."""
    for known in FORMATS:
        if known.name == source and known.writes and max(width, height) <= known.side:
            return known
    return PNG if width * height <= PNG_PIXELS else TIFF
