"""One picture to be enhanced: what is asked, what it will become, and the doing of it.

EnhanceOptions, header -> Proposal          UnknownFormat BadOption
Proposal, TilePlan -> file or bytes         Cancelled ModelFailed BrokenPicture DiskFull Unwritable
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path

from printroom.catalogue.card import Model
from printroom.core.errors import BadOption, Cancelled
from printroom.core.session import Session
from printroom.engine.plan import TilePlan
from printroom.engine.scheduler import Aside, Priority, Run
from printroom.engine.stream import stream
from printroom.engine.strips import Rows
from printroom.imaging.encode import Encoder, PictureSpec
from printroom.imaging.formats import FORMATS, PNG, TIFF, Format, format_for
from printroom.imaging.image import Image

Progress = Callable[[int, int], None]
"""Called with tiles done and tiles in all, in the thread that called `enhance`."""
MOMENT = 1 << 18
"""Bytes of pixels up to which a codec is through in about a millisecond."""
PNG_PIXELS = 100 * 10**6
"""A larger result whose format nobody chose becomes TIFF: PNG's compression is slow."""


@dataclass(frozen=True)
class EnhanceOptions:
    """What the caller of `enhance` may choose."""

    scale: int | None = None
    """Output pixels per input pixel along each side; None = the scale of `model`, or 2."""
    format: str | None = None
    """Name or suffix of the format to write; None = the target's suffix, else that of the input
    where it can be written and holds the result, else PNG, or TIFF for large results."""
    quality: int | None = None
    """1 to 100, for lossy formats; None = the format's own default."""
    keep_metadata: bool = True
    """Whether EXIF and XMP go with the picture; the colour profile always does."""
    model: str | Path | None = None
    """Id on the catalogue, or path of an ONNX file; None = the best model of that scale."""
    memory: int | None = None
    """Bytes the process may take for this run, within those of the workshop; None = all."""
    pixels: int | None = None
    """Largest picture to take, in pixels; None = the workshop's limit."""
    priority: Priority = Priority.INTERACTIVE
    """Interactive runs pass batch runs, tile by tile."""


DEFAULTS = EnhanceOptions()


@dataclass(frozen=True)
class Proposal:
    """What `enhance` would make of a picture, known from its header."""

    model: Model
    format: Format
    width: int
    height: int

    def beside(self, source: Path) -> Path:
        """Where the result of `source` goes if nobody says: `photo@2x.jpg` beside `photo.jpg`."""
        kept = source.suffix.lower() in self.format.suffixes
        suffix = source.suffix if kept else self.format.suffixes[0]
        return source.with_name(f"{source.stem}{mark(self.model)}{suffix}")

    def spec(self, image: Image) -> PictureSpec:
        """Shape of the result of `image`."""
        return PictureSpec(self.width, self.height, image.bands, image.depth)


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
    """Id of the model used."""


@dataclass
class Enhancement:
    """One picture on its way through; stops between tiles once `cancel` is set."""

    image: Image
    proposal: Proposal
    options: EnhanceOptions
    progress: Progress | None
    cancel: threading.Event | None
    aside: Aside

    def stream(
        self, target: Path | None, tiles: TilePlan, session: Session, run: Run
    ) -> Path | bytes:
        """Do it; returns what the Encoder makes of it."""
        image, kept = self.image, self.image.metadata
        if not self.options.keep_metadata:
            kept = kept.stripped()
        spec = self.proposal.spec(image)
        written = self.proposal.format, self.options.quality, kept
        self._check()
        native = self.aside if spec.raw_bytes > MOMENT else nullcontext
        with Encoder(target, spec, *written) as encoder, closing(image.rows()) as reader:

            def read(rows: int) -> Rows:
                self._check()
                with native():
                    return reader.read(rows)

            def write(rows: Rows) -> None:
                with native():
                    encoder.write(rows)

            stream(read, write, tiles, session, run, progress=self._tell)
            with native():
                return encoder.finish()

    def _tell(self, done: int, tiles: int) -> None:
        self._check()
        if self.progress is not None:
            self.progress(done, tiles)

    def _check(self) -> None:
        if self.cancel is not None and self.cancel.is_set():
            raise Cancelled("the work was cancelled")


def mark(model: Model) -> str:
    """What a result's name has more than its source's: `@2x`, `@0.5x`."""
    return f"@{float(model.card.geometry.scale):g}x"


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
